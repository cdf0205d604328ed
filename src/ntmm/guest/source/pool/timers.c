/* timers.c: timer queues. One thread waits for the next timer of all queues; callbacks run in the pool, or in that thread
   where the program asks for it. */
#include "pool.h"

#define IN_TIMER_THREAD 0x20
#define ONLY_ONCE 8
#define NEVER (~0ull)
#define MILLISECOND 10000u
#define ERROR_IO_PENDING 997

typedef void(WINAPI *timer_callback)(void *context, u8 fired);

typedef struct QUEUE {
    i32 Running; /* callbacks of its timers that have not returned */
} QUEUE;
typedef struct TIMER {
    struct TIMER *Next;
    QUEUE *Queue;
    timer_callback Callback;
    void *Context;
    u64 Due; /* FILETIME */
    u32 Period, Flags;
    i32 Running;
    bool32 IsDeleted;
    handle Completion;
} TIMER;

static CRITICAL_SECTION lock = CRITICAL_SECTION_FREE;
static TIMER *timers;
static QUEUE usual_queue;
static u32 changes; /* what the timer thread waits for */
static bool32 has_thread;

static u64 now(void) {
    u64 time;
    GetSystemTimeAsFileTime(&time);
    return time;
}

static void tell_thread(void) {
    __atomic_add_fetch(&changes, 1, __ATOMIC_SEQ_CST);
    RtlWakeAddressAll(&changes);
}

/* Takes a timer out of the list and frees it. Call with the lock held, when none of its callbacks runs. */
static void destroy(TIMER *timer) {
    for (TIMER **at = &timers; *at; at = &(*at)->Next)
        if (*at == timer) {
            *at = timer->Next;
            break;
        }
    if (timer->Completion && timer->Completion != BLOCKING)
        NtSetEvent(timer->Completion, NULL);
    process_free(timer);
}

static void run_timer(void *context) {
    TIMER *timer = context;
    timer->Callback(timer->Context, TRUE);
    RtlEnterCriticalSection(&lock);
    QUEUE *queue = timer->Queue;
    atomic_add(&timer->Running, -1);
    RtlWakeAddressAll(&timer->Running);
    if (timer->IsDeleted && !timer->Running && timer->Completion != BLOCKING)
        destroy(timer);
    pool_count_down(&queue->Running);
    RtlLeaveCriticalSection(&lock);
}

static TIMER *due_timer(u64 time) {
    for (TIMER *timer = timers; timer; timer = timer->Next)
        if (!timer->IsDeleted && timer->Due <= time)
            return timer;
    return NULL;
}

static u64 next_due(void) {
    u64 due = NEVER;
    for (TIMER *timer = timers; timer; timer = timer->Next)
        if (!timer->IsDeleted && timer->Due < due)
            due = timer->Due;
    return due;
}

static void start_due(void) {
    u64 time = now();
    for (TIMER *timer; (timer = due_timer(time));) {
        bool32 repeats = timer->Period && !(timer->Flags & ONLY_ONCE);
        timer->Due = repeats ? time + (u64)timer->Period * MILLISECOND : NEVER;
        atomic_add(&timer->Running, 1);
        atomic_add(&timer->Queue->Running, 1);
        RtlLeaveCriticalSection(&lock);
        if (timer->Flags & IN_TIMER_THREAD || !pool_submit(run_timer, timer))
            run_timer(timer);
        RtlEnterCriticalSection(&lock);
    }
}

static u32 WINAPI run_thread(void *unused) {
    (void)unused;
    for (;;) {
        u32 seen = __atomic_load_n(&changes, __ATOMIC_SEQ_CST);
        RtlEnterCriticalSection(&lock);
        start_due();
        u64 due = next_due(), time = now();
        RtlLeaveCriticalSection(&lock);
        i64 interval = due > time ? -(i64)(due - time) : 0;
        RtlWaitOnAddress(&changes, &seen, sizeof seen, due == NEVER ? NULL : &interval);
    }
    return 0;
}

static bool32 ensure_thread(void) {
    u32 id;
    if (has_thread)
        return TRUE;
    handle thread = CreateThread(NULL, 0, (void *)run_thread, NULL, 0, &id);
    if (!thread)
        return FALSE;
    NtClose(thread);
    return has_thread = TRUE;
}

QUEUE *WINAPI CreateTimerQueue(void) {
    QUEUE *queue = process_allocate_zeroed(sizeof *queue);
    if (!queue)
        set_last_error(ERROR_NOT_ENOUGH_MEMORY);
    return queue;
}

bool32 WINAPI CreateTimerQueueTimer(TIMER **result, QUEUE *queue, timer_callback callback, void *context, u32 due,
                                    u32 period, u32 flags) {
    TIMER *timer = process_allocate_zeroed(sizeof *timer);
    RtlEnterCriticalSection(&lock);
    bool32 done = timer && ensure_thread();
    if (done) {
        *timer = (TIMER){timers, queue ? queue : &usual_queue, callback, context, NEVER, period, flags, 0, FALSE, NULL};
        if (due != INFINITE)
            timer->Due = now() + (u64)due * MILLISECOND;
        *result = timers = timer;
    }
    RtlLeaveCriticalSection(&lock);
    if (done) {
        tell_thread();
        return TRUE;
    }
    process_free(timer);
    set_last_error(ERROR_NOT_ENOUGH_MEMORY);
    return FALSE;
}

/* A timer for one time that has fired already is not set again. */
bool32 WINAPI ChangeTimerQueueTimer(QUEUE *queue, TIMER *timer, u32 due, u32 period) {
    (void)queue;
    RtlEnterCriticalSection(&lock);
    bool32 is_over = timer->Due == NEVER && !timer->Period;
    timer->Period = period;
    if (!is_over)
        timer->Due = due == INFINITE ? NEVER : now() + (u64)due * MILLISECOND;
    RtlLeaveCriticalSection(&lock);
    tell_thread();
    return TRUE;
}

/* Without an event, a timer whose callback runs is IO_PENDING: it goes when the callback returns. */
bool32 WINAPI DeleteTimerQueueTimer(QUEUE *queue, TIMER *timer, handle completion) {
    (void)queue;
    if (!timer) {
        set_last_error(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    RtlEnterCriticalSection(&lock);
    timer->IsDeleted = TRUE;
    timer->Completion = completion;
    bool32 runs = timer->Running > 0;
    if (!runs)
        destroy(timer);
    RtlLeaveCriticalSection(&lock);
    if (!runs)
        return TRUE;
    if (completion == BLOCKING) {
        pool_wait_for_none(&timer->Running);
        RtlEnterCriticalSection(&lock);
        destroy(timer);
        RtlLeaveCriticalSection(&lock);
        return TRUE;
    }
    set_last_error(ERROR_IO_PENDING);
    return FALSE;
}

bool32 WINAPI DeleteTimerQueueEx(QUEUE *queue, handle completion) {
    if (!queue) {
        set_last_error(ERROR_INVALID_HANDLE);
        return FALSE;
    }
    RtlEnterCriticalSection(&lock);
    for (TIMER **at = &timers; *at;) {
        TIMER *timer = *at;
        if (timer->Queue == queue && !timer->Running) {
            *at = timer->Next;
            process_free(timer);
            continue;
        }
        timer->IsDeleted |= timer->Queue == queue;
        at = &timer->Next;
    }
    bool32 runs = queue->Running > 0;
    RtlLeaveCriticalSection(&lock);
    if (runs && completion)
        pool_wait_for_none(&queue->Running);
    if (completion && completion != BLOCKING)
        NtSetEvent(completion, NULL);
    if (runs && !completion) {
        set_last_error(ERROR_IO_PENDING);
        return FALSE;
    }
    process_free(queue);
    return TRUE;
}
bool32 WINAPI DeleteTimerQueue(QUEUE *queue) { return DeleteTimerQueueEx(queue, NULL); }
