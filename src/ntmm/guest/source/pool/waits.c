/* waits.c: RegisterWaitForSingleObject: a thread for each registered wait, which also calls the callback. */
#include "pool.h"

#define ONLY_ONCE 8
#define ERROR_IO_PENDING 997

typedef struct WAIT {
    handle Object, Stop, Completion;
    void(WINAPI *Callback)(void *context, u8 timed_out);
    void *Context;
    u32 Milliseconds, Flags, Thread;
    i32 Runs;      /* 1 while its thread goes on */
    i32 IsCalling; /* 1 while the callback runs */
    i32 Owners;    /* the thread, and the program until it unregisters */
} WAIT;

static void release(WAIT *wait) {
    if (atomic_add(&wait->Owners, -1))
        return;
    if (wait->Completion && wait->Completion != BLOCKING)
        NtSetEvent(wait->Completion, NULL);
    NtClose(wait->Stop);
    process_free(wait);
}

static u32 WINAPI run_wait(void *context) {
    WAIT *wait = context;
    handle objects[2] = {wait->Stop, wait->Object};
    for (;;) {
        u32 result = WaitForMultipleObjects(2, objects, FALSE, wait->Milliseconds);
        if (result == 0 || (result != 1 && result != STATUS_TIMEOUT))
            break;
        __atomic_store_n(&wait->IsCalling, 1, __ATOMIC_SEQ_CST);
        wait->Callback(wait->Context, result == STATUS_TIMEOUT);
        __atomic_store_n(&wait->IsCalling, 0, __ATOMIC_SEQ_CST);
        if (wait->Flags & ONLY_ONCE)
            break;
    }
    pool_count_down(&wait->Runs);
    release(wait);
    return 0;
}

static bool32 start(WAIT *wait) {
    if (!SUCCEEDED(NtCreateEvent(&wait->Stop, EVENT_ALL_ACCESS, NULL, SYNCHRONIZATION_EVENT, FALSE)))
        return FALSE;
    handle thread = CreateThread(NULL, 0, (void *)run_wait, wait, 0, &wait->Thread);
    if (thread)
        NtClose(thread);
    else
        NtClose(wait->Stop);
    return thread != NULL;
}

bool32 WINAPI RegisterWaitForSingleObject(WAIT **result, handle object, void(WINAPI *callback)(void *, u8), void *context,
                                          u32 milliseconds, u32 flags) {
    WAIT *wait = process_allocate_zeroed(sizeof *wait);
    if (wait) {
        *wait = (WAIT){object, NULL, NULL, callback, context, milliseconds, flags, 0, 1, 0, 2};
        if (start(wait)) {
            *result = wait;
            return TRUE;
        }
    }
    process_free(wait);
    set_last_error(ERROR_NOT_ENOUGH_MEMORY);
    return FALSE;
}

/* Without BLOCKING, a wait whose callback runs is IO_PENDING; the event is set when it has returned. */
bool32 WINAPI UnregisterWaitEx(WAIT *wait, handle completion) {
    if (!wait) {
        set_last_error(ERROR_INVALID_HANDLE);
        return FALSE;
    }
    bool32 is_inside = wait->Thread == (u32)teb()->UniqueThread;
    bool32 is_calling = __atomic_load_n(&wait->IsCalling, __ATOMIC_SEQ_CST);
    wait->Completion = completion;
    wait->Flags |= ONLY_ONCE;
    NtSetEvent(wait->Stop, NULL);
    if (completion == BLOCKING && !is_inside)
        pool_wait_for_none(&wait->Runs);
    release(wait);
    if (!is_calling || completion == BLOCKING)
        return TRUE;
    set_last_error(ERROR_IO_PENDING);
    return FALSE;
}
bool32 WINAPI UnregisterWait(WAIT *wait) { return UnregisterWaitEx(wait, NULL); }
