/* Shows threads and what they wait for: stacks, priorities, contexts, locks, events, mutexes, timers, with error codes. */
#include <windows.h>

#include "check.h"

static volatile LONG counter;
static HANDLE gate;

static DWORD WINAPI count_to(void *limit)
{
    for (int i = 0; i < (int)(INT_PTR)limit; i++)
        InterlockedIncrement(&counter);
    return 7;
}

static HANDLE start(LPTHREAD_START_ROUTINE routine, void *parameter, DWORD flags)
{
    return CreateThread(NULL, 0, routine, parameter, flags, NULL);
}

static DWORD finish(HANDLE thread)
{
    DWORD code = 0;
    WaitForSingleObject(thread, INFINITE);
    GetExitCodeThread(thread, &code);
    CloseHandle(thread);
    return code;
}

static DWORD WINAPI measure_stack(void *unused)
{
    MEMORY_BASIC_INFORMATION here;
    VirtualQuery(&unused, &here, sizeof here);
    return (DWORD)((char *)((NT_TIB *)NtCurrentTeb())->StackBase - (char *)here.AllocationBase);
}

static void stacks(void)
{
    section("Stacks");
    HANDLE thread = CreateThread(NULL, 0x300000, measure_stack, NULL, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    check_equal(finish(thread), 0x300000, "the size is what is reserved, if the flag says so");
    thread = CreateThread(NULL, 0x8000, measure_stack, NULL, 0, NULL);
    check_equal(finish(thread), 0x100000, "else it is what is committed of the program's own reserve");
    check_equal((INT_PTR)CreateThread(NULL, 0, measure_stack, NULL, 0x80000000, NULL), 0, "an unknown flag is refused");
    check_equal(GetLastError(), ERROR_INVALID_PARAMETER, "with INVALID_PARAMETER");
}

static volatile LONG order[4], places;

static DWORD WINAPI note_order(void *number)
{
    order[InterlockedIncrement(&places) - 1] = (LONG)(INT_PTR)number;
    return 0;
}

static void priorities(void)
{
    section("Priorities");
    HANDLE low = start(note_order, (void *)1, CREATE_SUSPENDED), high = start(note_order, (void *)2, CREATE_SUSPENDED);
    check_equal(GetThreadPriority(low), THREAD_PRIORITY_NORMAL, "a thread begins with normal priority");
    check(SetThreadPriority(low, THREAD_PRIORITY_LOWEST), "it can be lowered");
    check(SetThreadPriority(high, THREAD_PRIORITY_HIGHEST), "or raised");
    check_equal((DWORD)GetThreadPriority(low), (DWORD)THREAD_PRIORITY_LOWEST, "and is told back");
    check_equal(SetThreadPriority(low, 9), 0, "9 is none");
    check_equal(GetLastError(), ERROR_INVALID_PARAMETER, "INVALID_PARAMETER");
    ResumeThread(low);
    ResumeThread(high);
    WaitForSingleObject(low, INFINITE);
    WaitForSingleObject(high, INFINITE);
    check(order[0] == 2 && order[1] == 1, "of two ready threads the higher one runs first");
    CloseHandle(low);
    CloseHandle(high);
    check_equal(GetPriorityClass(GetCurrentProcess()), NORMAL_PRIORITY_CLASS, "the process is of the normal class");
    check(SetPriorityClass(GetCurrentProcess(), BELOW_NORMAL_PRIORITY_CLASS), "and can change it");
    check_equal(GetPriorityClass(GetCurrentProcess()), BELOW_NORMAL_PRIORITY_CLASS, "it is told back");
    SetPriorityClass(GetCurrentProcess(), NORMAL_PRIORITY_CLASS);
    check_equal(SetPriorityClass(GetCurrentProcess(), 3), 0, "3 is no class");
}

static DWORD WINAPI spin(void *unused)
{
    (void)unused;
    for (;;)
        counter++;
}

static void suspending(void)
{
    CONTEXT context;
    section("Suspending a thread that spins");
    counter = 0;
    HANDLE thread = start(spin, NULL, 0);
    while (counter < 1000)
        Sleep(1);
    check_equal(SuspendThread(thread), 0, "it ran: the processor was shared");
    check_equal(SuspendThread(thread), 1, "the suspend count was 1");
    LONG seen = counter;
    Sleep(50);
    check_equal(counter, seen, "a suspended thread does nothing");
    context.ContextFlags = CONTEXT_CONTROL | CONTEXT_INTEGER;
    check(GetThreadContext(thread, &context), "its registers can be read");
#ifdef _WIN64
    context.Rip = (DWORD64)(ULONG_PTR)ExitThread;
    context.Rcx = 42;
    context.Rsp = (context.Rsp & ~15ull) - 8;
#else
    DWORD *stack = (DWORD *)(ULONG_PTR)(context.Esp & ~15u) - 2;
    stack[0] = 0;
    stack[1] = 42;
    context.Esp = (DWORD)(ULONG_PTR)stack;
    context.Eip = (DWORD)(ULONG_PTR)ExitThread;
#endif
    check(SetThreadContext(thread, &context), "and changed: it is to call ExitThread(42)");
    check_equal(ResumeThread(thread), 2, "resuming tells the old count");
    check_equal(ResumeThread(thread), 1, "twice");
    check_equal(finish(thread), 42, "it did");
}

static CRITICAL_SECTION section_lock;
static DWORD WINAPI try_enter(void *unused)
{
    (void)unused;
    return TryEnterCriticalSection(&section_lock);
}
static DWORD WINAPI enter_and_count(void *unused)
{
    for (int i = 0; i < 200; i++) {
        EnterCriticalSection(&section_lock);
        LONG seen = counter;
        if (i % 50 == 0)
            Sleep(0);
        counter = seen + 1;
        LeaveCriticalSection(&section_lock);
    }
    (void)unused;
    return 0;
}

static void critical_sections(void)
{
    section("Critical sections");
    check(InitializeCriticalSectionAndSpinCount(&section_lock, 4000), "a section with a spin count");
    EnterCriticalSection(&section_lock);
    EnterCriticalSection(&section_lock);
    check_equal((ULONG_PTR)section_lock.OwningThread, GetCurrentThreadId(), "the owner's id lies in it");
    check_equal(section_lock.RecursionCount, 2, "and how often it entered");
    check_equal(finish(start(try_enter, NULL, 0)), 0, "another thread cannot enter");
    LeaveCriticalSection(&section_lock);
    LeaveCriticalSection(&section_lock);
    check_equal((ULONG_PTR)section_lock.OwningThread, 0, "it has no owner any more");
    check_equal((DWORD)section_lock.LockCount, (DWORD)-1, "LockCount is -1");
    counter = 0;
    HANDLE threads[4];
    for (int i = 0; i < 4; i++)
        threads[i] = start(enter_and_count, NULL, 0);
    check_equal(WaitForMultipleObjects(4, threads, TRUE, INFINITE), 0, "four threads go in and out");
    check_equal(counter, 800, "and none loses a count");
    for (int i = 0; i < 4; i++)
        CloseHandle(threads[i]);
    DeleteCriticalSection(&section_lock);
}

static DWORD WINAPI wait_at_gate(void *milliseconds)
{
    DWORD result = WaitForSingleObject(gate, (DWORD)(ULONG_PTR)milliseconds);
    if (result == WAIT_OBJECT_0)
        InterlockedIncrement(&counter);
    return result;
}

static void events(void)
{
    HANDLE threads[3], manual = CreateEventA(NULL, TRUE, FALSE, NULL), automatic = CreateEventA(NULL, FALSE, TRUE, NULL);
    section("Events");
    check_equal(WaitForSingleObject(automatic, 0), WAIT_OBJECT_0, "an auto-reset event is taken by a wait");
    check_equal(WaitForSingleObject(automatic, 0), WAIT_TIMEOUT, "and then it is clear");
    counter = 0;
    gate = manual;
    for (int i = 0; i < 3; i++)
        threads[i] = start(wait_at_gate, (void *)(ULONG_PTR)INFINITE, 0);
    Sleep(20);
    check(PulseEvent(manual), "a pulse");
    check_equal(WaitForMultipleObjects(3, threads, TRUE, 1000), 0, "releases all that wait at a manual-reset event");
    check_equal(WaitForSingleObject(manual, 0), WAIT_TIMEOUT, "and leaves it clear");
    for (int i = 0; i < 3; i++)
        CloseHandle(threads[i]);
    check_equal(SetEvent(GetCurrentThread()), 0, "a thread is no event");
    gate = automatic;
    threads[0] = start(wait_at_gate, (void *)(ULONG_PTR)INFINITE, 0);
    Sleep(5);
    check_equal(SignalObjectAndWait(automatic, threads[0], 1000, FALSE), WAIT_OBJECT_0, "signal one object, wait for another");
    check_equal(finish(threads[0]), WAIT_OBJECT_0, "the other thread got the signal");
    HANDLE pair[2] = {manual, automatic};
    SetEvent(automatic);
    check_equal(WaitForMultipleObjects(2, pair, TRUE, 10), WAIT_TIMEOUT, "waiting for all takes nothing before all are there");
    check_equal(WaitForMultipleObjects(2, pair, FALSE, 10), WAIT_OBJECT_0 + 1, "waiting for one says which");
    check_equal(WaitForMultipleObjects(0, pair, FALSE, 0), WAIT_FAILED, "waiting for nothing fails");
    check_equal(GetLastError(), ERROR_INVALID_PARAMETER, "INVALID_PARAMETER");
    check_equal(WaitForSingleObject((HANDLE)(ULONG_PTR)0x7770, 0), WAIT_FAILED, "so does a handle that is none");
    check_equal(GetLastError(), ERROR_INVALID_HANDLE, "INVALID_HANDLE");
    CloseHandle(manual);
    CloseHandle(automatic);
}

static DWORD WINAPI take_and_die(void *mutex)
{
    return WaitForSingleObject(mutex, INFINITE);
}

static void mutexes(void)
{
    LONG before = -1;
    HANDLE mutex = CreateMutexA(NULL, FALSE, NULL), semaphore = CreateSemaphoreA(NULL, 1, 3, NULL);
    section("Mutexes and semaphores");
    check_equal(ReleaseMutex(mutex), 0, "only its owner releases a mutex");
    check_equal(GetLastError(), ERROR_NOT_OWNER, "NOT_OWNER");
    check_equal(finish(start(take_and_die, mutex, 0)), WAIT_OBJECT_0, "a thread takes it and ends");
    check_equal(WaitForSingleObject(mutex, 0), WAIT_ABANDONED, "the next owner is told that it was abandoned");
    check_equal(WaitForSingleObject(mutex, 0), WAIT_OBJECT_0, "and may take it again");
    check(ReleaseMutex(mutex) && ReleaseMutex(mutex), "twice taken, twice released");
    check(ReleaseSemaphore(semaphore, 2, &before) && before == 1, "a semaphore counts to its maximum");
    check_equal(ReleaseSemaphore(semaphore, 1, NULL), 0, "not further");
    check_equal(GetLastError(), ERROR_TOO_MANY_POSTS, "TOO_MANY_POSTS");
    for (int i = 0; i < 3; i++)
        WaitForSingleObject(semaphore, 0);
    check_equal(WaitForSingleObject(semaphore, 0), WAIT_TIMEOUT, "three waits take it all");
    CloseHandle(mutex);
    CloseHandle(semaphore);
}

static SRWLOCK slim = SRWLOCK_INIT;
static CONDITION_VARIABLE filled = CONDITION_VARIABLE_INIT, emptied = CONDITION_VARIABLE_INIT;
static int items, taken;

static DWORD WINAPI consume(void *count)
{
    for (int i = 0; i < (int)(INT_PTR)count; i++) {
        AcquireSRWLockExclusive(&slim);
        while (!items)
            SleepConditionVariableSRW(&filled, &slim, INFINITE, 0);
        items--;
        taken++;
        ReleaseSRWLockExclusive(&slim);
        WakeConditionVariable(&emptied);
    }
    return 0;
}
static DWORD WINAPI read_shared(void *unused)
{
    AcquireSRWLockShared(&slim);
    int seen = taken;
    ReleaseSRWLockShared(&slim);
    (void)unused;
    return (DWORD)seen;
}

static void slim_locks(void)
{
    HANDLE threads[3];
    section("Slim locks and condition variables");
    for (int i = 0; i < 3; i++)
        threads[i] = start(consume, (void *)40, 0);
    for (int i = 0; i < 120; i++) {
        AcquireSRWLockExclusive(&slim);
        while (items == 5)
            SleepConditionVariableSRW(&emptied, &slim, INFINITE, 0);
        items++;
        ReleaseSRWLockExclusive(&slim);
        WakeConditionVariable(&filled);
    }
    check_equal(WaitForMultipleObjects(3, threads, TRUE, INFINITE), 0, "three consumers end");
    check(taken == 120 && items == 0, "with all that was made");
    for (int i = 0; i < 3; i++)
        CloseHandle(threads[i]);
    AcquireSRWLockShared(&slim);
    check(TryAcquireSRWLockShared(&slim), "readers share a lock");
    check(!TryAcquireSRWLockExclusive(&slim), "a writer does not");
    check_equal(finish(start(read_shared, NULL, 0)), 120, "another thread reads meanwhile");
    ReleaseSRWLockShared(&slim);
    ReleaseSRWLockShared(&slim);
    AcquireSRWLockExclusive(&slim);
    check_equal(SleepConditionVariableSRW(&filled, &slim, 20, 0), 0, "a sleep ends with its time");
    check_equal(GetLastError(), ERROR_TIMEOUT, "ERROR_TIMEOUT");
    check(!TryAcquireSRWLockShared(&slim), "and the lock is held again");
    ReleaseSRWLockExclusive(&slim);
}

static INIT_ONCE once = INIT_ONCE_STATIC_INIT, asynchronous = INIT_ONCE_STATIC_INIT;
static BOOL CALLBACK initialize(INIT_ONCE *unused, void *parameter, void **context)
{
    (void)unused;
    counter++;
    Sleep(10);
    *context = parameter;
    return TRUE;
}
static DWORD WINAPI use_once(void *unused)
{
    void *context = NULL;
    (void)unused;
    return InitOnceExecuteOnce(&once, initialize, (void *)0x40, &context) && context == (void *)0x40;
}

static void one_time(void)
{
    HANDLE threads[3];
    BOOL pending = FALSE;
    void *context = NULL;
    DWORD good = 1;
    section("One-time initialization");
    counter = 0;
    for (int i = 0; i < 3; i++)
        threads[i] = start(use_once, NULL, 0);
    for (int i = 0; i < 3; i++)
        good &= finish(threads[i]);
    check(good && counter == 1, "three threads initialize once, and all see the result");
    check(InitOnceBeginInitialize(&asynchronous, INIT_ONCE_ASYNC, &pending, &context) && pending, "begun asynchronously");
    check(InitOnceBeginInitialize(&asynchronous, INIT_ONCE_ASYNC, &pending, &context) && pending, "twice");
    check(InitOnceComplete(&asynchronous, INIT_ONCE_ASYNC, (void *)0x80), "the first to complete wins");
    check(!InitOnceComplete(&asynchronous, INIT_ONCE_ASYNC, (void *)0xC0), "the second does not");
    check(InitOnceBeginInitialize(&asynchronous, INIT_ONCE_CHECK_ONLY, &pending, &context) && !pending &&
              context == (void *)0x80,
          "and finds what the first made");
}

static DWORD tls_index, fls_index;
static void CALLBACK fls_ended(void *value) { counter += (LONG)(INT_PTR)value; }
static DWORD WINAPI use_slots(void *unused)
{
    (void)unused;
    if (TlsGetValue(tls_index))
        return 1;
    TlsSetValue(tls_index, (void *)5);
    FlsSetValue(fls_index, (void *)11);
    return TlsGetValue(tls_index) != (void *)5;
}

static void slots(void)
{
    section("Thread-local and fiber-local slots");
    counter = 0;
    tls_index = TlsAlloc();
    fls_index = FlsAlloc(fls_ended);
    TlsSetValue(tls_index, (void *)3);
    check_equal(finish(start(use_slots, NULL, 0)), 0, "each thread has its own value");
    check_equal(counter, 11, "the callback is told of an ending thread's value");
    check(TlsGetValue(tls_index) == (void *)3, "this thread's is untouched");
    FlsSetValue(fls_index, (void *)20);
    FlsFree(fls_index);
    check_equal(counter, 31, "and of values whose index is freed");
    check(TlsFree(tls_index) && !TlsFree(tls_index), "an index is freed once");
    check_equal(GetLastError(), ERROR_INVALID_PARAMETER, "then INVALID_PARAMETER");
}

static int timer_calls;
static ULONGLONG timer_time;

static VOID CALLBACK note_timer(void *count, DWORD low, DWORD high)
{
    ULONGLONG time = (ULONGLONG)high << 32 | low;
    if (time > timer_time)
        ++*(int *)count;
    timer_time = time;
}

static void timers(void)
{
    LARGE_INTEGER due = {.QuadPart = -300000}; /* 30 ms */
    HANDLE timer = CreateWaitableTimerA(NULL, FALSE, NULL);
    section("Waitable timers");
    check_equal(WaitForSingleObject(timer, 0), WAIT_TIMEOUT, "a new timer is not set");
    DWORD before = GetTickCount();
    check(SetWaitableTimer(timer, &due, 20, NULL, NULL, FALSE), "due in 30 ms, then every 20");
    for (int i = 0; i < 4; i++)
        WaitForSingleObject(timer, INFINITE);
    DWORD passed = GetTickCount() - before;
    check(passed >= 75 && passed <= 125, "four waits take 90 ms");
    check(CancelWaitableTimer(timer), "stopped");
    check_equal(WaitForSingleObject(timer, 100), WAIT_TIMEOUT, "it does not come again");
    due.QuadPart = -1000000; /* 100 ms: longer than the routine may wait for its pages */
    timer_calls = 0;
    check(SetWaitableTimer(timer, &due, 100, note_timer, &timer_calls, FALSE), "with a routine, after 100 ms and every 100");
    Sleep(350);
    check_equal(timer_calls, 0, "a wait that is not alertable calls none");
    check(SleepEx(1000, TRUE) == WAIT_IO_COMPLETION && timer_calls == 1, "an alertable wait calls it, once for all of them");
    for (int i = 0; i < 3; i++)
        SleepEx(1000, TRUE);
    check(timer_calls == 4, "then each time");
    CancelWaitableTimer(timer);
    check(SleepEx(200, TRUE) == 0 && timer_calls == 4, "and not any more");
    CloseHandle(timer);
    check_equal(WaitForSingleObject(timer, 0), WAIT_FAILED, "a closed handle is none");
}

/* Windows has these since version 8, in a library of their own. */
static BOOL(WINAPI *wait_on_address)(volatile void *address, void *compare, SIZE_T size, DWORD milliseconds);
static void(WINAPI *wake_by_address_all)(void *address);

static volatile LONG word;
static DWORD WINAPI change_word(void *unused)
{
    Sleep(10);
    word = 1;
    wake_by_address_all((void *)&word);
    (void)unused;
    return 0;
}

static void addresses(void)
{
    LONG zero = 0;
    HMODULE library = LoadLibraryA("api-ms-win-core-synch-l1-2-0.dll");
    section("Waiting on an address");
    *(FARPROC *)&wait_on_address = GetProcAddress(library, "WaitOnAddress");
    *(FARPROC *)&wake_by_address_all = GetProcAddress(library, "WakeByAddressAll");
    if (!check(wait_on_address && wake_by_address_all, "the library is there"))
        return;
    HANDLE thread = start(change_word, NULL, 0);
    check(wait_on_address(&word, &zero, sizeof word, INFINITE), "until it changes");
    check_equal(word, 1, "it did");
    finish(thread);
    LONG one = 1;
    check_equal(wait_on_address(&word, &one, sizeof word, 10), 0, "or the time is up");
    check_equal(GetLastError(), ERROR_TIMEOUT, "ERROR_TIMEOUT");
    check_equal(wait_on_address(&word, &one, 3, 10), 0, "three bytes cannot be compared");
    check_equal(GetLastError(), ERROR_INVALID_PARAMETER, "INVALID_PARAMETER");
}

typedef struct __attribute__((aligned(16))) ENTRY {
    SLIST_ENTRY link;
    int number;
} ENTRY;

static void lists(void)
{
    static SLIST_HEADER head;
    static ENTRY entries[3];
    section("Singly linked lists");
    InitializeSListHead(&head);
    for (int i = 0; i < 3; i++) {
        entries[i].number = i;
        InterlockedPushEntrySList(&head, &entries[i].link);
    }
    check_equal(QueryDepthSList(&head), 3, "three entries");
    check_equal((DWORD)((ENTRY *)InterlockedPopEntrySList(&head))->number, 2, "last in, first out");
    check(InterlockedFlushSList(&head) == &entries[1].link, "all others at once");
    check(!InterlockedPopEntrySList(&head), "and the list is empty");
}

int main(void)
{
    stacks();
    priorities();
    suspending();
    critical_sections();
    events();
    mutexes();
    slim_locks();
    one_time();
    slots();
    timers();
    addresses();
    lists();
    section("Starting threads");
    counter = 0;
    HANDLE suspended = start(count_to, (void *)1000, CREATE_SUSPENDED);
    Sleep(20);
    check_equal(counter, 0, "a thread created suspended waits");
    ResumeThread(suspended);
    check_equal(finish(suspended), 7, "and answers its exit code");
    check_equal(counter, 1000, "when it has done its work");
    return verdict();
}
