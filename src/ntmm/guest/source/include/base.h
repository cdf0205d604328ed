/* base.h: the types and calling conventions that all guest code uses. */
#pragma once

typedef signed char i8;
typedef unsigned char u8;
typedef short i16;
typedef unsigned short u16;
typedef int i32;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;
typedef __UINTPTR_TYPE__ uptr;
typedef __INTPTR_TYPE__ iptr;
typedef __SIZE_TYPE__ usize;
typedef u16 wchar;
typedef i32 status;   /* NTSTATUS: negative values are errors */
typedef i32 bool32;   /* BOOL */
typedef void *handle;

typedef __builtin_va_list va_list;
#define va_start __builtin_va_start
#define va_arg __builtin_va_arg
#define va_copy __builtin_va_copy
#define va_end __builtin_va_end
#define offsetof __builtin_offsetof

#define NULL ((void *)0)
#define TRUE 1
#define FALSE 0

#if defined(NTMM_HOST)
#define WINAPI
#define IMPORT extern
#elif defined(__i386__)
#define WINAPI __attribute__((stdcall))
#define IMPORT __attribute__((dllimport)) extern
#else
#define WINAPI
#define IMPORT __attribute__((dllimport)) extern
#endif

#define IS_64 (sizeof(void *) == 8)
#define NORETURN __attribute__((noreturn))
#define NOINLINE __attribute__((noinline))
#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#define CURRENT_PROCESS ((handle)(iptr)-1)
#define CURRENT_THREAD ((handle)(iptr)-2)

#define PAGE_SIZE 0x1000u
#define SUCCEEDED(value) ((status)(value) >= 0)

typedef struct LIST_ENTRY {
    struct LIST_ENTRY *Flink;
    struct LIST_ENTRY *Blink;
} LIST_ENTRY;

typedef struct UNICODE_STRING {
    u16 Length; /* bytes */
    u16 MaximumLength;
    wchar *Buffer;
} UNICODE_STRING;
