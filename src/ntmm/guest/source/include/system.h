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

typedef struct SECURITY_ATTRIBUTES {
    u32 Length;
    void *Descriptor;
    bool32 Inherit;
} SECURITY_ATTRIBUTES;

/* The caller's record of an asynchronous request; its first two words are the status block. */
typedef struct OVERLAPPED {
    uptr Internal, InternalHigh;
    i64 Offset __attribute__((aligned(sizeof(void *))));
    handle Event;
} OVERLAPPED;

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
IMPORT status WINAPI NtTestAlert(void);
IMPORT status WINAPI NtQueueApcThread(handle, void *routine, void *first, void *second, void *third);
IMPORT status WINAPI NtReadFile(handle, handle event, void *apc, void *context, void *status_block, void *buffer,
                                u32 size, i64 *offset, u32 *key);
IMPORT status WINAPI NtWriteFile(handle, handle event, void *apc, void *context, void *status_block, void *buffer,
                                 u32 size, i64 *offset, u32 *key);
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

IMPORT u32 WINAPI NtmmTextOfSid(const void *sid, wchar *text, u32 size, u32 *needed);
IMPORT u32 WINAPI NtmmSidOfText(const wchar *text, void *sid, u32 size, u32 *needed);
IMPORT u32 WINAPI NtmmSidOfAccount(const wchar *name, void *sid, u32 size, u32 *needed);
IMPORT u32 WINAPI NtmmTextOfDescriptor(const void *, u32 information, wchar *text, u32 size, u32 *needed);
IMPORT u32 WINAPI NtmmDescriptorOfText(const wchar *text, void *, u32 size, u32 *needed);
IMPORT status WINAPI NtQuerySecurityObject(handle, u32 information, void *, u32 size, u32 *needed);
IMPORT status WINAPI NtSetSecurityObject(handle, u32 information, const void *);

IMPORT handle WINAPI OpenEventW(u32 access, bool32 inherit, const wchar *);
IMPORT handle WINAPI OpenMutexW(u32 access, bool32 inherit, const wchar *);
IMPORT handle WINAPI OpenSemaphoreW(u32 access, bool32 inherit, const wchar *);
IMPORT handle WINAPI OpenWaitableTimerW(u32 access, bool32 inherit, const wchar *);
IMPORT handle WINAPI OpenFileMappingW(u32 access, bool32 inherit, const wchar *);
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
IMPORT bool32 WINAPI IsBadReadPtr(const void *, usize);
IMPORT u32 WINAPI GetFileAttributesW(const wchar *);
IMPORT handle WINAPI CreateThread(void *security, usize stack, void *start, void *parameter, u32 flags, u32 *id);
IMPORT void WINAPI GetSystemTimeAsFileTime(u64 *);
IMPORT u32 WINAPI GetTickCount(void);
IMPORT u32 WINAPI SetErrorMode(u32 mode);
IMPORT i32 WINAPI WideCharToMultiByte(u32 page, u32 flags, const wchar *, i32, char *, i32, const char *, bool32 *);
IMPORT i32 WINAPI MultiByteToWideChar(u32 page, u32 flags, const char *, i32, wchar *, i32);
IMPORT u32 WINAPI RtlNtStatusToDosError(status);

IMPORT status WINAPI NtmmRandomBytes(void *, u32 size);
IMPORT bool32 WINAPI GetFileAttributesExA(const char *, u32 level, void *data);
IMPORT bool32 WINAPI GetFileAttributesExW(const wchar *, u32 level, void *data);
IMPORT bool32 WINAPI SetFileAttributesA(const char *, u32);
IMPORT bool32 WINAPI SetFileAttributesW(const wchar *, u32);
IMPORT bool32 WINAPI GetFileInformationByHandle(handle, void *information);
IMPORT bool32 WINAPI SetFileTime(handle, const u64 *created, const u64 *accessed, const u64 *written);
IMPORT bool32 WINAPI CreateDirectoryA(const char *, void *security);
IMPORT bool32 WINAPI CreateDirectoryW(const wchar *, void *security);
IMPORT bool32 WINAPI RemoveDirectoryA(const char *);
IMPORT bool32 WINAPI RemoveDirectoryW(const wchar *);
IMPORT bool32 WINAPI SetCurrentDirectoryA(const char *);
IMPORT bool32 WINAPI SetCurrentDirectoryW(const wchar *);
IMPORT u32 WINAPI GetCurrentDirectoryA(u32 room, char *);
IMPORT u32 WINAPI GetCurrentDirectoryW(u32 room, wchar *);
IMPORT u32 WINAPI GetFullPathNameA(const char *, u32 room, char *, char **name);
IMPORT u32 WINAPI GetFullPathNameW(const wchar *, u32 room, wchar *, wchar **name);
IMPORT u32 WINAPI GetLogicalDrives(void);
IMPORT bool32 WINAPI GetDiskFreeSpaceA(const char *, u32 *sectors, u32 *bytes, u32 *free, u32 *total);
IMPORT handle WINAPI FindFirstFileA(const char *, void *data);
IMPORT handle WINAPI FindFirstFileW(const wchar *, void *data);
IMPORT bool32 WINAPI FindNextFileA(handle, void *data);
IMPORT bool32 WINAPI FindNextFileW(handle, void *data);
IMPORT bool32 WINAPI FindClose(handle);
IMPORT bool32 WINAPI SetEnvironmentVariableW(const wchar *name, const wchar *value);
IMPORT u32 WINAPI NtmmFolderPath(i32 folder, wchar *path);
IMPORT bool32 WINAPI DuplicateHandle(handle from, handle, handle to, handle *copy, u32 access, bool32 inherit, u32 options);
IMPORT bool32 WINAPI SetStdHandle(u32 which, handle);
IMPORT bool32 WINAPI LockFile(handle, u32 low, u32 high, u32 size_low, u32 size_high);
IMPORT bool32 WINAPI UnlockFile(handle, u32 low, u32 high, u32 size_low, u32 size_high);
IMPORT u32 WINAPI SetErrorMode(u32);
IMPORT bool32 WINAPI CreateProcessA(const char *program, char *line, void *, void *, bool32 inherit, u32 flags, void *environment,
                                    const char *folder, void *startup, void *created);
IMPORT bool32 WINAPI CreatePipe(handle *reader, handle *writer, SECURITY_ATTRIBUTES *, u32 size);
IMPORT bool32 WINAPI GetExitCodeProcess(handle, u32 *code);
IMPORT u32 WINAPI WaitForSingleObject(handle, u32 milliseconds);
IMPORT status WINAPI RtlWaitOnAddress(const void *address, const void *compare, usize size, i64 *timeout);
IMPORT void WINAPI RtlWakeAddressSingle(const void *address);
IMPORT void WINAPI RtlWakeAddressAll(const void *address);
IMPORT u32 WINAPI NtmmFormatMessageA(u32 flags, const void *source, u32 number, u32 language, char *, u32 room, void *arguments);
IMPORT u32 WINAPI NtmmFormatMessageW(u32 flags, const void *source, u32 number, u32 language, wchar *, u32 room, void *arguments);
IMPORT u32 WINAPI WaitForMultipleObjects(u32 count, const handle *, bool32 all, u32 milliseconds);
IMPORT bool32 WINAPI ReleaseMutex(handle);
IMPORT bool32 WINAPI ReleaseSemaphore(handle, i32 count, i32 *previous);
