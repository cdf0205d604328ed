/* sync.h: critical sections and the other user-mode locks, in Windows' layouts. */
#pragma once
#include "system.h"

typedef struct CRITICAL_SECTION {
    void *DebugInfo;
    i32 LockCount; /* -1: free; else the number of threads inside and waiting, and of repeated entries, less one */
    i32 RecursionCount;
    uptr OwningThread;
    handle LockSemaphore; /* an auto-reset event, made when a thread first has to wait */
    uptr SpinCount;
} CRITICAL_SECTION;

#define NO_DEBUG_INFO ((void *)(iptr)-1)
#define CRITICAL_SECTION_FREE {NO_DEBUG_INFO, -1, 0, 0, NULL, 0}

status WINAPI RtlInitializeCriticalSection(CRITICAL_SECTION *section);
status WINAPI RtlDeleteCriticalSection(CRITICAL_SECTION *section);
status WINAPI RtlEnterCriticalSection(CRITICAL_SECTION *section);
status WINAPI RtlLeaveCriticalSection(CRITICAL_SECTION *section);
u32 WINAPI RtlTryEnterCriticalSection(CRITICAL_SECTION *section);

u32 WINAPI TlsAlloc(void);
void *WINAPI TlsGetValue(u32 index);
bool32 WINAPI TlsSetValue(u32 index, void *value);

/* fls.c: calls the callbacks of an ending thread's values */
void fls_finish_thread(void);
void tls_finish_thread(void);

static inline i32 atomic_add(i32 *target, i32 value) { return __atomic_add_fetch(target, value, __ATOMIC_SEQ_CST); }
static inline bool32 atomic_replace(i32 *target, i32 expected, i32 value) {
    return __atomic_compare_exchange_n(target, &expected, value, FALSE, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
static inline bool32 atomic_replace_pointer(void **target, void *expected, void *value) {
    return __atomic_compare_exchange_n(target, &expected, value, FALSE, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* yield.c: gives other threads time; longer the more often it had to */
void back_off(u32 round);

typedef struct SRWLOCK {
    uptr State;
} SRWLOCK;
#define SRWLOCK_FREE {0}

void WINAPI RtlAcquireSRWLockExclusive(SRWLOCK *lock);
void WINAPI RtlAcquireSRWLockShared(SRWLOCK *lock);
void WINAPI RtlReleaseSRWLockExclusive(SRWLOCK *lock);
void WINAPI RtlReleaseSRWLockShared(SRWLOCK *lock);

/* A timeout in milliseconds as the Nt services take it: NULL for INFINITE, else `interval`, made relative. */
static inline i64 *timeout_of(u32 milliseconds, i64 *interval) {
    *interval = -10000ll * milliseconds;
    return milliseconds == 0xFFFFFFFFu ? NULL : interval;
}

typedef struct SLIST_ENTRY {
    struct SLIST_ENTRY *Next;
} SLIST_ENTRY;

/* 32 bit: next, depth 16, sequence 16. 64 bit: depth 16 and sequence 48 in the first word, next in the second. */
typedef union SLIST_HEADER {
    struct {
#if defined(__i386__)
        SLIST_ENTRY *Next;
        u16 Depth, Sequence;
#else
        u64 Depth : 16, Sequence : 48;
        SLIST_ENTRY *Next;
#endif
    };
#if defined(__i386__)
    u64 Whole;
#else
    unsigned __int128 Whole;
#endif
} SLIST_HEADER;

SLIST_ENTRY *WINAPI RtlInterlockedFlushSList(SLIST_HEADER *list);

void *WINAPI RtlEncodePointer(void *pointer);
void *WINAPI RtlDecodePointer(void *pointer);
