/* Shows the thread pool: work items, timer queues, registered waits, work objects, and fibers. */
#include <windows.h>

#include "check.h"

static volatile LONG counter;
static HANDLE done;

static DWORD WINAPI add_one(void *unused)
{
    (void)unused;
    if (InterlockedIncrement(&counter) == 50)
        SetEvent(done);
    return 0;
}

static void work_items(void)
{
    section("Work items");
    for (int i = 0; i < 50; i++)
        QueueUserWorkItem(add_one, NULL, WT_EXECUTEDEFAULT);
    check_equal(WaitForSingleObject(done, 5000), WAIT_OBJECT_0, "fifty items are worked on");
    check_equal(counter, 50, "each once");
}

static void CALLBACK tick(void *event, BOOLEAN fired)
{
    InterlockedIncrement(&counter);
    if (fired && event)
        SetEvent(event);
}

static void timer_queues(void)
{
    HANDLE timer, queue = CreateTimerQueue();
    section("Timer queues");
    counter = 0;
    check(CreateTimerQueueTimer(&timer, queue, tick, done, 20, 0, WT_EXECUTEONLYONCE), "a timer for one time");
    check_equal(WaitForSingleObject(done, 5000), WAIT_OBJECT_0, "fires");
    Sleep(100);
    check_equal(counter, 1, "once");
    check(DeleteTimerQueueTimer(queue, timer, INVALID_HANDLE_VALUE), "and is deleted");
    counter = 0;
    check(CreateTimerQueueTimer(&timer, queue, tick, NULL, 10, 10, WT_EXECUTEINTIMERTHREAD), "a timer with a period");
    Sleep(105);
    check(counter >= 6 && counter <= 11, "fires again and again");
    check(ChangeTimerQueueTimer(queue, timer, INFINITE, 0), "until it is changed");
    check(DeleteTimerQueueEx(queue, INVALID_HANDLE_VALUE), "and its queue deleted");
    LONG seen = counter;
    Sleep(50);
    check_equal(counter, seen, "then it is quiet");
}

static void CALLBACK waited(void *timed_out_event, BOOLEAN timed_out)
{
    InterlockedIncrement(&counter);
    if (timed_out)
        SetEvent(timed_out_event);
}

static void registered_waits(void)
{
    HANDLE wait, event = CreateEventA(NULL, FALSE, FALSE, NULL);
    section("Registered waits");
    counter = 0;
    check(RegisterWaitForSingleObject(&wait, event, waited, done, 50, WT_EXECUTEDEFAULT), "a wait is registered");
    SetEvent(event);
    Sleep(10);
    check_equal(counter, 1, "the callback is called for a signal");
    check_equal(WaitForSingleObject(done, 5000), WAIT_OBJECT_0, "and for a time without one");
    check(UnregisterWaitEx(wait, INVALID_HANDLE_VALUE), "the wait is taken back");
    LONG seen = counter;
    SetEvent(event);
    Sleep(100);
    check_equal(counter, seen, "then nobody is called");
    check(!UnregisterWait(NULL) && GetLastError() == ERROR_INVALID_HANDLE, "a null wait is INVALID_HANDLE");
    CloseHandle(event);
}

static void CALLBACK submitted(PTP_CALLBACK_INSTANCE instance, void *context, PTP_WORK work)
{
    (void)work;
    if (InterlockedIncrement((LONG *)context) == 20)
        SetEventWhenCallbackReturns(instance, done);
}

static void work_objects(void)
{
    LONG count = 0;
    PTP_WORK work = CreateThreadpoolWork(submitted, &count, NULL);
    section("Work objects");
    for (int i = 0; i < 20; i++)
        SubmitThreadpoolWork(work);
    WaitForThreadpoolWorkCallbacks(work, FALSE);
    check_equal(count, 20, "twenty submissions, twenty callbacks");
    check_equal(WaitForSingleObject(done, 0), WAIT_OBJECT_0, "the event is set when the callback has returned");
    CloseThreadpoolWork(work);
}

static void *main_fiber, *other_fiber;
static int steps;

static void CALLBACK fiber(void *parameter)
{
    for (;;) {
        steps = steps * 10 + (int)(INT_PTR)parameter;
        SwitchToFiber(main_fiber);
    }
}

static void fibers(void)
{
    volatile double kept = 1.5;
    section("Fibers");
    check(!IsThreadAFiber(), "a thread is no fiber");
    main_fiber = ConvertThreadToFiber((void *)7);
    check(main_fiber && IsThreadAFiber(), "until it becomes one");
    check(GetFiberData() == (void *)7, "with its parameter");
    other_fiber = CreateFiber(0x10000, fiber, (void *)3);
    for (int i = 0; i < 3; i++) {
        SwitchToFiber(other_fiber);
        steps = steps * 10 + 1;
        kept += 1;
    }
    check_equal((DWORD)steps, 313131, "two fibers take turns");
    check(kept == 4.5, "and keep their own variables");
    DeleteFiber(other_fiber);
    check(ConvertFiberToThread() && !IsThreadAFiber(), "a thread again");
}

int main(void)
{
    done = CreateEventA(NULL, FALSE, FALSE, NULL);
    work_items();
    timer_queues();
    registered_waits();
    work_objects();
    fibers();
    return verdict();
}
