/* callbacks.c: the pool's interface since Vista: work objects, simple callbacks, and what is done when a callback returns. */
#include "pool.h"

typedef struct INSTANCE {
    handle Event, Mutex, Semaphore;
    u32 SemaphoreCount;
    CRITICAL_SECTION *Section;
    void *Library;
} INSTANCE; /* TP_CALLBACK_INSTANCE */

bool32 WINAPI FreeLibrary(void *base);

static void finish(INSTANCE *instance) {
    if (instance->Section)
        RtlLeaveCriticalSection(instance->Section);
    if (instance->Mutex)
        ReleaseMutex(instance->Mutex);
    if (instance->Semaphore)
        ReleaseSemaphore(instance->Semaphore, (i32)instance->SemaphoreCount, NULL);
    if (instance->Event)
        NtSetEvent(instance->Event, NULL);
    if (instance->Library)
        FreeLibrary(instance->Library);
}

void WINAPI SetEventWhenCallbackReturns(INSTANCE *instance, handle event) { instance->Event = event; }
void WINAPI ReleaseMutexWhenCallbackReturns(INSTANCE *instance, handle mutex) { instance->Mutex = mutex; }
void WINAPI ReleaseSemaphoreWhenCallbackReturns(INSTANCE *instance, handle semaphore, u32 count) {
    instance->Semaphore = semaphore;
    instance->SemaphoreCount = count;
}
void WINAPI LeaveCriticalSectionWhenCallbackReturns(INSTANCE *instance, CRITICAL_SECTION *section) {
    instance->Section = section;
}
void WINAPI FreeLibraryWhenCallbackReturns(INSTANCE *instance, void *base) { instance->Library = base; }
bool32 WINAPI CallbackMayRunLong(INSTANCE *instance) { return (void)instance, TRUE; }
void WINAPI DisassociateCurrentThreadFromCallback(INSTANCE *instance) { (void)instance; }

typedef struct WORK {
    void(WINAPI *Callback)(INSTANCE *, void *context, struct WORK *);
    void *Context;
    i32 Pending; /* submitted and not finished */
    i32 IsClosed;
} WORK;

static void release(WORK *work) {
    if (work->IsClosed && !work->Pending)
        process_free(work);
}

static void run_work(void *context) {
    WORK *work = context;
    INSTANCE instance = {0};
    work->Callback(&instance, work->Context, work);
    finish(&instance);
    pool_count_down(&work->Pending);
    release(work);
}

WORK *WINAPI CreateThreadpoolWork(void(WINAPI *callback)(INSTANCE *, void *, WORK *), void *context, void *environment) {
    WORK *work = process_allocate_zeroed(sizeof *work);
    (void)environment; /* names a pool, a cleanup group: there is one pool */
    if (!work) {
        set_last_error(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    work->Callback = callback;
    work->Context = context;
    return work;
}

void WINAPI SubmitThreadpoolWork(WORK *work) {
    atomic_add(&work->Pending, 1);
    if (!pool_submit(run_work, work))
        raise_status((u32)STATUS_NO_MEMORY);
}

void WINAPI WaitForThreadpoolWorkCallbacks(WORK *work, bool32 cancel) {
    if (cancel)
        for (u32 count = pool_cancel(run_work, work); count; count--)
            pool_count_down(&work->Pending);
    pool_wait_for_none(&work->Pending);
}

void WINAPI CloseThreadpoolWork(WORK *work) {
    work->IsClosed = TRUE;
    release(work);
}

typedef struct SIMPLE {
    void(WINAPI *Callback)(INSTANCE *, void *context);
    void *Context;
} SIMPLE;

static void run_simple(void *context) {
    SIMPLE simple = *(SIMPLE *)context;
    INSTANCE instance = {0};
    process_free(context);
    simple.Callback(&instance, simple.Context);
    finish(&instance);
}

bool32 WINAPI TrySubmitThreadpoolCallback(void(WINAPI *callback)(INSTANCE *, void *), void *context, void *environment) {
    SIMPLE *simple = process_allocate(sizeof *simple);
    (void)environment;
    if (simple) {
        *simple = (SIMPLE){callback, context};
        if (pool_submit(run_simple, simple))
            return TRUE;
    }
    process_free(simple);
    set_last_error(ERROR_NOT_ENOUGH_MEMORY);
    return FALSE;
}
