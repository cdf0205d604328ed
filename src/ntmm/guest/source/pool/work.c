/* work.c: the queue and its workers; QueueUserWorkItem. A worker that finds nothing to do for ten seconds ends. */
#include "pool.h"

#define MOST_WORKERS 500
#define IDLE_MILLISECONDS 10000

typedef struct ITEM {
    struct ITEM *Next;
    pool_function Function;
    void *Context;
} ITEM;
typedef struct CONDITION {
    uptr State;
} CONDITION;

bool32 WINAPI SleepConditionVariableCS(CONDITION *variable, CRITICAL_SECTION *section, u32 milliseconds);
void WINAPI RtlWakeConditionVariable(CONDITION *variable);

static CRITICAL_SECTION lock = CRITICAL_SECTION_FREE;
static CONDITION arrived;
static ITEM *first, **last = &first;
static u32 workers, idle, waiting;

static ITEM *take(void) {
    ITEM *item = first;
    if (item) {
        first = item->Next;
        waiting--;
        if (!first)
            last = &first;
    }
    return item;
}

static u32 WINAPI run_worker(void *unused) {
    (void)unused;
    RtlEnterCriticalSection(&lock);
    for (;;) {
        ITEM *item = take();
        if (item) {
            RtlLeaveCriticalSection(&lock);
            item->Function(item->Context);
            process_free(item);
            RtlEnterCriticalSection(&lock);
            continue;
        }
        idle++;
        bool32 has_arrived = SleepConditionVariableCS(&arrived, &lock, IDLE_MILLISECONDS);
        idle--;
        if (!has_arrived && !first)
            break;
    }
    workers--;
    RtlLeaveCriticalSection(&lock);
    return 0;
}

/* Another worker, if there are more items than idle ones. Call with the lock held. */
static void ensure_worker(void) {
    u32 id;
    if (idle >= waiting || workers >= MOST_WORKERS)
        return;
    handle thread = CreateThread(NULL, 0, (void *)run_worker, NULL, 0, &id);
    if (thread) {
        workers++;
        NtClose(thread);
    }
}

bool32 pool_submit(pool_function function, void *context) {
    ITEM *item = process_allocate_zeroed(sizeof *item);
    if (!item)
        return FALSE;
    *item = (ITEM){NULL, function, context};
    RtlEnterCriticalSection(&lock);
    *last = item;
    last = &item->Next;
    waiting++;
    ensure_worker();
    bool32 is_served = workers != 0;
    RtlLeaveCriticalSection(&lock);
    RtlWakeConditionVariable(&arrived);
    return is_served;
}

u32 pool_cancel(pool_function function, const void *context) {
    u32 count = 0;
    RtlEnterCriticalSection(&lock);
    for (ITEM **at = &first; *at;) {
        ITEM *item = *at;
        if (item->Function == function && item->Context == context) {
            *at = item->Next;
            process_free(item);
            waiting--;
            count++;
        } else {
            at = &item->Next;
        }
    }
    last = &first;
    while (*last)
        last = &(*last)->Next;
    RtlLeaveCriticalSection(&lock);
    return count;
}

void pool_wait_for_none(i32 *number) {
    for (i32 seen; (seen = __atomic_load_n(number, __ATOMIC_SEQ_CST)) > 0;)
        RtlWaitOnAddress(number, &seen, sizeof seen, NULL);
}
void pool_count_down(i32 *number) {
    if (atomic_add(number, -1) == 0)
        RtlWakeAddressAll(number);
}

typedef struct USER_WORK {
    u32(WINAPI *Function)(void *);
    void *Context;
} USER_WORK;

static void run_user_work(void *context) {
    USER_WORK work = *(USER_WORK *)context;
    process_free(context);
    work.Function(work.Context);
}

bool32 WINAPI QueueUserWorkItem(u32(WINAPI *function)(void *), void *context, u32 flags) {
    USER_WORK *work = process_allocate(sizeof *work);
    (void)flags; /* ask for threads that do I/O or work for long: every worker may */
    if (work) {
        *work = (USER_WORK){function, context};
        if (pool_submit(run_user_work, work))
            return TRUE;
    }
    process_free(work);
    set_last_error(ERROR_NOT_ENOUGH_MEMORY);
    return FALSE;
}
