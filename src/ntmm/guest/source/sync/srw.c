/* srw.c: slim reader/writer locks and one-time initialization. A thread that has to wait gives its time away. */
#include "codes.h"
#include "sync.h"

#define OWNED_EXCLUSIVE 1
#define ONE_READER 2

typedef struct SRWLOCK {
    uptr State; /* OWNED_EXCLUSIVE, or the number of readers times ONE_READER */
} SRWLOCK;

void back_off(u32 round) {
    i64 interval = -10000; /* 1 ms */
    if (round < 8)
        NtYieldExecution();
    else
        NtDelayExecution(FALSE, &interval);
}

static bool32 replace(SRWLOCK *lock, uptr expected, uptr value) {
    return __atomic_compare_exchange_n(&lock->State, &expected, value, FALSE, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

void WINAPI RtlInitializeSRWLock(SRWLOCK *lock) { lock->State = 0; }
u8 WINAPI RtlTryAcquireSRWLockExclusive(SRWLOCK *lock) { return (u8)replace(lock, 0, OWNED_EXCLUSIVE); }

void WINAPI RtlAcquireSRWLockExclusive(SRWLOCK *lock) {
    for (u32 round = 0; !replace(lock, 0, OWNED_EXCLUSIVE); round++)
        back_off(round);
}

u8 WINAPI RtlTryAcquireSRWLockShared(SRWLOCK *lock) {
    for (;;) {
        uptr state = __atomic_load_n(&lock->State, __ATOMIC_SEQ_CST);
        if (state & OWNED_EXCLUSIVE)
            return FALSE;
        if (replace(lock, state, state + ONE_READER))
            return TRUE;
    }
}

void WINAPI RtlAcquireSRWLockShared(SRWLOCK *lock) {
    for (u32 round = 0; !RtlTryAcquireSRWLockShared(lock); round++)
        back_off(round);
}

void WINAPI RtlReleaseSRWLockExclusive(SRWLOCK *lock) { __atomic_store_n(&lock->State, 0, __ATOMIC_SEQ_CST); }

void WINAPI RtlReleaseSRWLockShared(SRWLOCK *lock) { __atomic_sub_fetch(&lock->State, ONE_READER, __ATOMIC_SEQ_CST); }

/* One-time initialization: 0 not begun, 1 in progress, the context with bit 1 set when done (its low 2 bits are ours). */
#define INIT_PENDING 1
#define INIT_DONE 2
#define INIT_ASYNC 2u
#define INIT_CHECK_ONLY 1u
#define INIT_FAILED 4u

typedef struct INIT_ONCE {
    uptr State;
} INIT_ONCE;

typedef bool32(WINAPI *init_function)(INIT_ONCE *, void *parameter, void **context);

bool32 WINAPI InitOnceBeginInitialize(INIT_ONCE *once, u32 flags, bool32 *pending, void **context) {
    for (u32 round = 0;; round++) {
        uptr state = __atomic_load_n(&once->State, __ATOMIC_SEQ_CST), nothing = 0;
        if (state & INIT_DONE) {
            *pending = FALSE;
            if (context)
                *context = (void *)(state & ~(uptr)3);
            return TRUE;
        }
        if (flags & INIT_CHECK_ONLY) {
            set_last_error(ERROR_INVALID_PARAMETER);
            return FALSE;
        }
        *pending = TRUE;
        if (flags & INIT_ASYNC || __atomic_compare_exchange_n(&once->State, &nothing, INIT_PENDING, FALSE,
                                                              __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return TRUE;
        back_off(round);
    }
}

bool32 WINAPI InitOnceComplete(INIT_ONCE *once, u32 flags, void *context) {
    uptr expected = flags & INIT_ASYNC ? 0 : INIT_PENDING;
    uptr value = flags & INIT_FAILED ? 0 : (uptr)context | INIT_DONE;
    if (__atomic_compare_exchange_n(&once->State, &expected, value, FALSE, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        return TRUE;
    set_last_error(ERROR_INVALID_PARAMETER);
    return FALSE;
}

bool32 WINAPI InitOnceExecuteOnce(INIT_ONCE *once, init_function function, void *parameter, void **context) {
    bool32 pending;
    void *made = NULL;
    if (!InitOnceBeginInitialize(once, 0, &pending, &made))
        return FALSE;
    if (pending) {
        if (!function(once, parameter, &made)) {
            InitOnceComplete(once, INIT_FAILED, NULL);
            return FALSE;
        }
        InitOnceComplete(once, 0, made);
    }
    if (context)
        *context = made;
    return TRUE;
}

void WINAPI RtlRunOnceInitialize(INIT_ONCE *once) { once->State = 0; }
