/* srw.c: slim reader/writer locks. A thread that has to wait does so on the lock's address (RtlWaitOnAddress). */
#include "codes.h"
#include "sync.h"

#define OWNED_EXCLUSIVE 1
#define CONTENDED 2 /* threads may wait: who gives the lock up wakes them */
#define ONE_READER 4

static bool32 replace(SRWLOCK *lock, uptr expected, uptr value) {
    return __atomic_compare_exchange_n(&lock->State, &expected, value, FALSE, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* Marks the lock as contended and waits until it changes. */
static void wait_for_change(SRWLOCK *lock, uptr state) {
    uptr waiting = state | CONTENDED;
    if (state == waiting || replace(lock, state, waiting))
        RtlWaitOnAddress(&lock->State, &waiting, sizeof waiting, NULL);
}

void WINAPI RtlInitializeSRWLock(SRWLOCK *lock) { lock->State = 0; }
u8 WINAPI RtlTryAcquireSRWLockExclusive(SRWLOCK *lock) { return (u8)replace(lock, 0, OWNED_EXCLUSIVE); }

void WINAPI RtlAcquireSRWLockExclusive(SRWLOCK *lock) {
    while (!replace(lock, 0, OWNED_EXCLUSIVE)) {
        uptr state = __atomic_load_n(&lock->State, __ATOMIC_SEQ_CST);
        if (state & ~(uptr)CONTENDED)
            wait_for_change(lock, state);
        else if (replace(lock, state, state | OWNED_EXCLUSIVE))
            return;
    }
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

/* Behind writers that wait already, so that readers cannot keep them out for ever. */
void WINAPI RtlAcquireSRWLockShared(SRWLOCK *lock) {
    for (;;) {
        uptr state = __atomic_load_n(&lock->State, __ATOMIC_SEQ_CST);
        if (state & OWNED_EXCLUSIVE || (state & CONTENDED && state >= ONE_READER))
            wait_for_change(lock, state);
        else if (replace(lock, state, state + ONE_READER))
            return;
    }
}

void WINAPI RtlReleaseSRWLockExclusive(SRWLOCK *lock) {
    if (__atomic_exchange_n(&lock->State, 0, __ATOMIC_SEQ_CST) & CONTENDED)
        RtlWakeAddressAll(&lock->State);
}

void WINAPI RtlReleaseSRWLockShared(SRWLOCK *lock) {
    if (__atomic_sub_fetch(&lock->State, ONE_READER, __ATOMIC_SEQ_CST) == CONTENDED && replace(lock, CONTENDED, 0))
        RtlWakeAddressAll(&lock->State);
}
