/* init_once.c: one-time initialization, synchronous (others wait) and asynchronous (the first that completes wins). */
#include "codes.h"
#include "sync.h"

/* The state: 0 not begun, 1 in progress, 3 in progress asynchronously; done: the context, whose low bits are 2. */
enum { NOT_BEGUN = 0, PENDING = 1, DONE = 2, PENDING_ASYNC = 3, STATE_BITS = 3 };
enum { CHECK_ONLY = 1, ASYNC = 2, FAILED = 4 };

typedef struct INIT_ONCE {
    uptr State;
} INIT_ONCE;
typedef u32(WINAPI *init_function)(INIT_ONCE *, void *parameter, void **context);

static bool32 replace(INIT_ONCE *once, uptr expected, uptr value) {
    return __atomic_compare_exchange_n(&once->State, &expected, value, FALSE, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

void WINAPI RtlRunOnceInitialize(INIT_ONCE *once) { once->State = NOT_BEGUN; }

/* SUCCESS: done, with its context; STATUS_PENDING: the caller is to initialize; UNSUCCESSFUL: not done (CHECK_ONLY). */
status WINAPI RtlRunOnceBeginInitialize(INIT_ONCE *once, u32 flags, void **context) {
    if (flags & ~(u32)(CHECK_ONLY | ASYNC) || (flags & CHECK_ONLY && flags & ASYNC))
        return STATUS_INVALID_PARAMETER;
    for (;;) {
        uptr state = __atomic_load_n(&once->State, __ATOMIC_SEQ_CST);
        uptr wanted = flags & ASYNC ? PENDING_ASYNC : PENDING;
        if ((state & STATE_BITS) == DONE) {
            if (context)
                *context = (void *)(state & ~(uptr)STATE_BITS);
            return STATUS_SUCCESS;
        }
        if (flags & CHECK_ONLY)
            return STATUS_UNSUCCESSFUL;
        if (state == NOT_BEGUN) {
            if (replace(once, NOT_BEGUN, wanted))
                return STATUS_PENDING;
        } else if ((state == PENDING_ASYNC) != (wanted == PENDING_ASYNC)) {
            return STATUS_INVALID_PARAMETER; /* begun the other way */
        } else if (state == PENDING_ASYNC) {
            return STATUS_PENDING;
        } else {
            RtlWaitOnAddress(&once->State, &state, sizeof state, NULL);
        }
    }
}

status WINAPI RtlRunOnceComplete(INIT_ONCE *once, u32 flags, void *context) {
    bool32 is_async = (flags & ASYNC) != 0, has_failed = (flags & FAILED) != 0;
    if (flags & ~(u32)(ASYNC | FAILED) || (is_async && has_failed) || (has_failed && context) ||
        (uptr)context & STATE_BITS)
        return STATUS_INVALID_PARAMETER;
    uptr expected = is_async ? PENDING_ASYNC : PENDING;
    if (!replace(once, expected, has_failed ? NOT_BEGUN : (uptr)context | DONE))
        return STATUS_UNSUCCESSFUL;
    RtlWakeAddressAll(&once->State);
    return STATUS_SUCCESS;
}

status WINAPI RtlRunOnceExecuteOnce(INIT_ONCE *once, init_function function, void *parameter, void **context) {
    void *made = NULL;
    status result = RtlRunOnceBeginInitialize(once, 0, &made);
    if (result == STATUS_PENDING) {
        if (!function(once, parameter, &made)) {
            RtlRunOnceComplete(once, FAILED, NULL);
            return STATUS_UNSUCCESSFUL;
        }
        result = RtlRunOnceComplete(once, 0, made);
    }
    if (SUCCEEDED(result) && context)
        *context = made;
    return result;
}

static bool32 answer(status result) {
    if (SUCCEEDED(result))
        return TRUE;
    set_last_error(result == STATUS_UNSUCCESSFUL ? ERROR_GEN_FAILURE : ERROR_INVALID_PARAMETER);
    return FALSE;
}

bool32 WINAPI InitOnceBeginInitialize(INIT_ONCE *once, u32 flags, bool32 *pending, void **context) {
    status result = RtlRunOnceBeginInitialize(once, flags, context);
    if (SUCCEEDED(result))
        *pending = result == STATUS_PENDING;
    return answer(result);
}
bool32 WINAPI InitOnceComplete(INIT_ONCE *once, u32 flags, void *context) {
    return answer(RtlRunOnceComplete(once, flags, context));
}

/* The function's own last error stays if it failed. */
bool32 WINAPI InitOnceExecuteOnce(INIT_ONCE *once, init_function function, void *parameter, void **context) {
    return SUCCEEDED(RtlRunOnceExecuteOnce(once, function, parameter, context));
}
