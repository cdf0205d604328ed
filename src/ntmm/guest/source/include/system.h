/* system.h: the services that guest code traps into. imports.txt lists the same functions. */
#pragma once
#include "exception.h"

/* What a new thread, a library load or a process end must call; built by the loader. */
typedef struct INITIALIZER {
    void *Entry, *Base;
    void **TlsCallbacks; /* ends with NULL */
} INITIALIZER;

typedef struct NTMM_START {
    void *StartAddress;
    void *Parameter;
    uptr InitializerCount;
    INITIALIZER Initializers[];
} NTMM_START;

IMPORT status WINAPI NtAllocateVirtualMemory(handle, void **base, uptr zero_bits, usize *size, u32 type, u32 protect);
IMPORT status WINAPI NtFreeVirtualMemory(handle, void **base, usize *size, u32 type);
IMPORT status WINAPI NtProtectVirtualMemory(handle, void **base, usize *size, u32 protect, u32 *old);
IMPORT status WINAPI NtQueryVirtualMemory(handle, const void *, u32 kind, void *, usize size, usize *needed);
IMPORT status WINAPI NtQueryInformationProcess(handle, u32 kind, void *, u32 size, u32 *needed);
IMPORT status WINAPI NtContinue(CONTEXT *, u8 test_alert);
IMPORT status WINAPI NtRaiseException(EXCEPTION_RECORD *, CONTEXT *, u8 first_chance);
IMPORT status WINAPI NtTerminateProcess(handle, status);
IMPORT status WINAPI NtTerminateThread(handle, status);
IMPORT status WINAPI NtClose(handle);
IMPORT status WINAPI NtYieldExecution(void);
IMPORT status WINAPI NtDelayExecution(u8 alertable, i64 *interval);
IMPORT status WINAPI NtWaitForSingleObject(handle, u8 alertable, i64 *timeout);
IMPORT status WINAPI NtCreateEvent(handle *, u32 access, void *attributes, u32 type, u8 state);
IMPORT status WINAPI NtSetEvent(handle, i32 *previous);
IMPORT status WINAPI NtQuerySystemInformation(u32 kind, void *, u32 size, u32 *needed);
IMPORT status WINAPI NtmmLoadImage(const wchar *name, u32 flags, NTMM_START **block);
IMPORT status WINAPI NtmmUnloadImage(void *base, NTMM_START **block);
IMPORT status WINAPI NtmmListImages(u32 reason, NTMM_START **block);
IMPORT status WINAPI NtmmReleaseBlock(NTMM_START *block);
IMPORT i32 WINAPI NtmmFormatDouble(char *out, u32 size, const char *conversion, const double *value);
IMPORT i32 WINAPI NtmmParseDouble(const char *text, double *value);
IMPORT status WINAPI NtmmMath(u32 operation, const double *arguments, double *result);

IMPORT handle WINAPI CreateFileA(const char *, u32 access, u32 share, void *security, u32 how, u32 flags, handle);
IMPORT handle WINAPI CreateFileW(const wchar *, u32 access, u32 share, void *security, u32 how, u32 flags, handle);
IMPORT bool32 WINAPI ReadFile(handle, void *, u32, u32 *done, void *overlapped);
IMPORT bool32 WINAPI WriteFile(handle, const void *, u32, u32 *done, void *overlapped);
IMPORT bool32 WINAPI SetFilePointerEx(handle, i64 distance, i64 *position, u32 origin);
IMPORT bool32 WINAPI SetEndOfFile(handle);
IMPORT bool32 WINAPI FlushFileBuffers(handle);
IMPORT bool32 WINAPI CloseHandle(handle);
IMPORT u32 WINAPI GetFileType(handle);
IMPORT bool32 WINAPI DeleteFileA(const char *);
IMPORT bool32 WINAPI DeleteFileW(const wchar *);
IMPORT bool32 WINAPI MoveFileA(const char *, const char *);
IMPORT bool32 WINAPI MoveFileW(const wchar *, const wchar *);
IMPORT u32 WINAPI GetFileAttributesA(const char *);
IMPORT u32 WINAPI GetFileAttributesW(const wchar *);
IMPORT handle WINAPI CreateThread(void *security, usize stack, void *start, void *parameter, u32 flags, u32 *id);
IMPORT void WINAPI GetSystemTimeAsFileTime(u64 *);
IMPORT u32 WINAPI GetTickCount(void);
IMPORT u32 WINAPI SetErrorMode(u32 mode);
IMPORT i32 WINAPI WideCharToMultiByte(u32 page, u32 flags, const wchar *, i32, char *, i32, const char *, bool32 *);
IMPORT i32 WINAPI MultiByteToWideChar(u32 page, u32 flags, const char *, i32, wchar *, i32);
IMPORT u32 WINAPI RtlNtStatusToDosError(status);
