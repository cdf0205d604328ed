/* Shows threads that spin without a system call: each gets its share of the processor, and time passes for sleepers. */
#include <windows.h>

#include "check.h"

#define THREADS 2
#define TURNS 6

/* ---- handing a turn round: whoever has not got it spins ---- */

static volatile LONG turn;
static volatile LONG turns_taken[THREADS];

static DWORD WINAPI take_turns(void *parameter)
{
    LONG own = (LONG)(LONG_PTR)parameter;

    for (int i = 0; i < TURNS; i++) {
        while (turn != own)
            ;
        turns_taken[own]++;
        turn = (own + 1) % THREADS;
    }
    return (DWORD)own;
}

static void handing_round(void)
{
    HANDLE threads[THREADS];

    section("Two threads hand a turn round, each spinning until it has it");
    for (LONG_PTR i = 0; i < THREADS; i++)
        threads[i] = CreateThread(NULL, 0, take_turns, (void *)i, 0, NULL);
    check_equal(WaitForMultipleObjects(THREADS, threads, TRUE, INFINITE), WAIT_OBJECT_0, "both end");
    for (int i = 0; i < THREADS; i++) {
        check_equal(turns_taken[i], TURNS, "all turns of one thread");
        CloseHandle(threads[i]);
    }
}

/* ---- a thread that spins until another, which sleeps, tells it to stop ---- */

static volatile LONG stop;
static volatile LONG rounds;

static DWORD WINAPI spin(void *parameter)
{
    while (!stop)
        rounds++;
    return (DWORD)(LONG_PTR)parameter;
}

static void sleeping(void)
{
    HANDLE thread = CreateThread(NULL, 0, spin, (void *)7, 0, NULL);
    DWORD before = GetTickCount(), passed, exit_code = 0;

    section("A thread spins while another sleeps");
    check_equal(WaitForSingleObject(thread, 50), WAIT_TIMEOUT, "the wait for it times out");
    passed = GetTickCount() - before;
    check(passed >= 30 && passed < 100, "when about 50 milliseconds have passed");
    check(rounds > 0, "it has run meanwhile");
    stop = 1;
    WaitForSingleObject(thread, INFINITE);
    GetExitCodeThread(thread, &exit_code);
    check_equal(exit_code, 7, "it ends when told to");
    CloseHandle(thread);
}

/* ---- ending a thread that never traps ---- */

static volatile LONG forever;

static DWORD WINAPI never_end(void *parameter)
{
    for (;;)
        forever++;
    return (DWORD)(LONG_PTR)parameter;
}

static void suspending_and_ending(void)
{
    HANDLE thread = CreateThread(NULL, 0, never_end, NULL, 0, NULL);
    DWORD exit_code = 0;
    LONG seen;

    section("A spinning thread is suspended, resumed and ended");
    while (!forever)
        ;
    SuspendThread(thread);
    seen = forever;
    Sleep(20);
    check(forever == seen, "suspended, it does not run");
    ResumeThread(thread);
    Sleep(20);
    check(forever != seen, "resumed, it runs");
    TerminateThread(thread, 9);
    check_equal(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0, "ended, it is signalled");
    GetExitCodeThread(thread, &exit_code);
    check_equal(exit_code, 9, "with the status given");
    CloseHandle(thread);
}

int main(void)
{
    handing_round();
    sleeping();
    suspending_and_ending();
    return verdict();
}
