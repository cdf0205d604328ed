/* Shows programs that go on: after stack overflow, floating-point faults, by longjmp; and handlers that come and go. */
#include <setjmp.h>
#include <string.h>
#include <windows.h>

#include "check.h"
#include "probes.h"

extern const int _fltused; /* what Microsoft's own library would bring along for floating point */
const int _fltused = 0;

static char events[256]; /* what ran, in order */

static int note(const char *event)
{
    if (events[0])
        strcat(events, ", ");
    strcat(events, event);
    return 0;
}

static void check_events(const char *expected, const char *what)
{
    check(strcmp(events, expected) == 0, "%s", what);
    printf("      %s\n", events);
    events[0] = 0;
}

static void raise_own(void)
{
    RaiseException(0xE0001234, 0, 0, NULL);
}

/* ---- stack overflow ---- */

static const volatile unsigned no_end = ~0u;

__attribute__((noinline)) static unsigned descend(unsigned depth)
{
    volatile char frame[256];

    frame[0] = (char)depth;
    return depth == no_end ? 0 : descend(depth + 1) + (unsigned)frame[0];
}

static DWORD overflow(void)
{
    __try {
        descend(1);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return 0;
}

static void stack_overflow(void)
{
    int (*reset)(void) = (int (*)(void))(void *)GetProcAddress(LoadLibraryA("msvcrt.dll"), "_resetstkoflw");

    section("Stack overflow");
    check_equal(reset(), 0, "there is nothing to reset before one");
    for (int turn = 0; turn < 3; turn++) {
        check_equal(overflow(), 0xC00000FD, "it is caught");
        check_equal(reset(), 1, "and the guard page made again");
    }
}

/* ---- floating point ---- */

static EXCEPTION_RECORD caught;
static const unsigned short unmasked = 0x0260, masked = 0x027F;

static LONG CALLBACK mask_again(EXCEPTION_POINTERS *pointers)
{
    CONTEXT *context = pointers->ContextRecord;

    caught = *pointers->ExceptionRecord;
#ifdef _WIN64
    context->FltSave.ControlWord = masked;
    context->FltSave.StatusWord = 0;
#else
    *(WORD *)context->ExtendedRegisters = masked;
    *(WORD *)(context->ExtendedRegisters + 2) = 0;
#endif
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void floating_point(void)
{
    void *handler = AddVectoredExceptionHandler(1, mask_again);
    static const double largest = 1e308;
    volatile double square;

    section("Floating point");
    __asm__ volatile("fldcw %0\nfld1\nfldz\nfdivrp\nfwait\nfstp %%st(0)" : : "m"(unmasked));
    check(caught.ExceptionCode == 0xC000008E && caught.NumberParameters == 1, "the x87 unit divides by zero");
    __asm__ volatile("fldcw %1\nfldl %2\nfmull %2\nfstpl %0\nfwait\nfldcw %1" : "=m"(square) : "m"(masked), "m"(largest));
    check(square > largest, "without an exception if it is masked");
    RemoveVectoredExceptionHandler(handler);
}

/* ---- longjmp ---- */

static jmp_buf place;

__attribute__((noinline)) static void jump_from_inside(void)
{
    __try {
        __try {
            longjmp(place, 5);
        } __finally {
            note("inner");
        }
    } __finally {
        note("outer");
    }
}

__attribute__((noinline)) static int jump(void)
{
    volatile int got;

    __try {
#ifdef _WIN64
        got = _setjmpex(place, __builtin_frame_address(0));
#else
        got = _setjmp3(place, 0);
#endif
        if (!got)
            jump_from_inside();
    } __finally {
        note("own");
    }
    return got;
}

static void jumps(void)
{
    section("longjmp");
    check_equal((unsigned)jump(), 5, "out of two __try blocks of a callee");
    check_events("inner, outer, own", "runs their __finally blocks, and leaves the function's own for its end");
}

/* ---- finally within finally ---- */

__attribute__((noinline)) static void raise_while_unwinding(void)
{
    __try {
        __try {
            raise_own();
        } __finally {
            note("first");
            RaiseException(0xE0005678, 0, 0, NULL);
        }
    } __finally {
        note(AbnormalTermination() ? "second" : "wrong");
    }
}

static void overtaken(void)
{
    section("An exception in a __finally block");
    __try {
        raise_while_unwinding();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        note(GetExceptionCode() == 0xE0005678 ? "handler" : "wrong handler");
    }
    check_events("first, second, handler", "the blocks around it still run, once");
}

/* ---- handlers that come and go ---- */

static void *self, *added;

static LONG CALLBACK removes_itself(EXCEPTION_POINTERS *pointers)
{
    (void)pointers;
    note(RemoveVectoredExceptionHandler(self) ? "removed" : "wrong");
    return EXCEPTION_CONTINUE_SEARCH;
}

static LONG CALLBACK continues(EXCEPTION_POINTERS *pointers)
{
    (void)pointers;
    note("continues");
    return EXCEPTION_CONTINUE_EXECUTION;
}

static LONG CALLBACK adds_another(EXCEPTION_POINTERS *pointers)
{
    (void)pointers;
    note("adds");
    if (!added)
        added = AddVectoredExceptionHandler(0, continues);
    return EXCEPTION_CONTINUE_SEARCH;
}

static LONG CALLBACK follows(EXCEPTION_POINTERS *pointers)
{
    (void)pointers;
    note("follows");
    return EXCEPTION_CONTINUE_SEARCH;
}

static void coming_and_going(void)
{
    void *adder, *follower;

    section("Handlers that come and go");
    self = AddVectoredExceptionHandler(1, removes_itself);
    adder = AddVectoredExceptionHandler(0, adds_another);
    follower = AddVectoredContinueHandler(1, follows);
    raise_own();
    check_events("removed, adds, continues, follows", "one removes itself, one adds another, a continue handler comes last");
    raise_own();
    check_events("adds, continues, follows", "the next time the first is gone");
    check(RemoveVectoredExceptionHandler(adder) && RemoveVectoredExceptionHandler(added)
              && RemoveVectoredContinueHandler(follower),
          "all are removed");
}

/* ---- the end ---- */

static LONG WINAPI execute(EXCEPTION_POINTERS *pointers)
{
    (void)pointers;
    printf("filter\n");
    fflush(stdout);
    return EXCEPTION_EXECUTE_HANDLER;
}

/* In a thread, as around main the run-time has a handler of its own, which ends the program at once. */
static DWORD WINAPI die(void *unused)
{
    (void)unused;
    __try {
        raise_own();
    } __finally {
        printf("finally\n");
        fflush(stdout);
    }
    return 0;
}

static void die_of(const char *how)
{
    if (strcmp(how, "filter") == 0)
        SetUnhandledExceptionFilter(execute);
    else if (strcmp(how, "quiet") == 0)
        SetErrorMode(SEM_NOGPFAULTERRORBOX);
    WaitForSingleObject(CreateThread(NULL, 0, die, NULL, 0, NULL), INFINITE);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        die_of(argv[1]);
        return 1;
    }
    stack_overflow();
    floating_point();
    jumps();
    overtaken();
    coming_and_going();
    return verdict();
}
