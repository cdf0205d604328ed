/* condition_variable.c: condition variables over critical sections and slim locks.

   The low half of the state counts threads that sleep, so that waking costs no trap without any; the high half counts
   wakes, and is what a sleeping thread waits for. */
#include "codes.h"
#include "sync.h"

typedef struct CONDITION_VARIABLE {
    union {
        uptr State;
        struct {
            u16 Sleepers, Wakes;
        };
    };
} CONDITION_VARIABLE;

void WINAPI RtlInitializeConditionVariable(CONDITION_VARIABLE *variable) { variable->State = 0; }

void WINAPI RtlWakeConditionVariable(CONDITION_VARIABLE *variable) {
    if (!__atomic_load_n(&variable->Sleepers, __ATOMIC_SEQ_CST))
        return;
    __atomic_add_fetch(&variable->Wakes, 1, __ATOMIC_SEQ_CST);
    RtlWakeAddressSingle(&variable->Wakes);
}

void WINAPI RtlWakeAllConditionVariable(CONDITION_VARIABLE *variable) {
    if (!__atomic_load_n(&variable->Sleepers, __ATOMIC_SEQ_CST))
        return;
    __atomic_add_fetch(&variable->Wakes, 1, __ATOMIC_SEQ_CST);
    RtlWakeAddressAll(&variable->Wakes);
}

static u16 begin(CONDITION_VARIABLE *variable) {
    u16 wakes = __atomic_load_n(&variable->Wakes, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&variable->Sleepers, 1, __ATOMIC_SEQ_CST);
    return wakes;
}

static status sleep(CONDITION_VARIABLE *variable, u16 wakes, i64 *timeout) {
    status result = RtlWaitOnAddress(&variable->Wakes, &wakes, sizeof wakes, timeout);
    __atomic_sub_fetch(&variable->Sleepers, 1, __ATOMIC_SEQ_CST);
    return result;
}

status WINAPI RtlSleepConditionVariableCS(CONDITION_VARIABLE *variable, CRITICAL_SECTION *section, i64 *timeout) {
    u16 wakes = begin(variable);
    RtlLeaveCriticalSection(section);
    status result = sleep(variable, wakes, timeout);
    RtlEnterCriticalSection(section);
    return result;
}

#define SHARED 1
status WINAPI RtlSleepConditionVariableSRW(CONDITION_VARIABLE *variable, SRWLOCK *lock, i64 *timeout, u32 flags) {
    u16 wakes = begin(variable);
    if (flags & SHARED)
        RtlReleaseSRWLockShared(lock);
    else
        RtlReleaseSRWLockExclusive(lock);
    status result = sleep(variable, wakes, timeout);
    if (flags & SHARED)
        RtlAcquireSRWLockShared(lock);
    else
        RtlAcquireSRWLockExclusive(lock);
    return result;
}

static bool32 answer(status result) {
    if (result != STATUS_TIMEOUT)
        return TRUE;
    set_last_error(ERROR_TIMEOUT);
    return FALSE;
}

bool32 WINAPI SleepConditionVariableCS(CONDITION_VARIABLE *variable, CRITICAL_SECTION *section, u32 milliseconds) {
    i64 interval;
    return answer(RtlSleepConditionVariableCS(variable, section, timeout_of(milliseconds, &interval)));
}
bool32 WINAPI SleepConditionVariableSRW(CONDITION_VARIABLE *variable, SRWLOCK *lock, u32 milliseconds, u32 flags) {
    i64 interval;
    return answer(RtlSleepConditionVariableSRW(variable, lock, timeout_of(milliseconds, &interval), flags));
}

bool32 WINAPI WaitOnAddress(const void *address, const void *compare, usize size, u32 milliseconds) {
    i64 interval;
    status result = RtlWaitOnAddress(address, compare, size, timeout_of(milliseconds, &interval));
    if (result == STATUS_INVALID_PARAMETER) {
        set_last_error(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    return answer(result);
}
void WINAPI WakeByAddressSingle(const void *address) { RtlWakeAddressSingle(address); }
void WINAPI WakeByAddressAll(const void *address) { RtlWakeAddressAll(address); }
