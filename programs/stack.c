/* Shows a thread's stack: growth through its guard page, its three regions, and STATUS_STACK_OVERFLOW caught twice. */
#include <windows.h>

#include "check.h"
#include "probes.h"
#include "regions.h"

#define PAGE 4096
#define STACK_SIZE 0x100000 /* as linked: 1 MB reserved, one page committed */

static NT_TIB *thread_block(void)
{
    return (NT_TIB *)NtCurrentTeb();
}

static char *stack_bottom(void)
{
    return region_at(thread_block()->StackLimit).AllocationBase;
}

/* The stack, from its lowest address: reserved, guard, committed. */
static void check_shape(const char *when)
{
    char *bottom = stack_bottom();
    char *top = thread_block()->StackBase;
    MEMORY_BASIC_INFORMATION reserved = region_at(bottom);
    MEMORY_BASIC_INFORMATION guard = region_at(bottom + reserved.RegionSize);
    MEMORY_BASIC_INFORMATION used = region_at((char *)guard.BaseAddress + guard.RegionSize);

    check(reserved.State == MEM_RESERVE && guard.State == MEM_COMMIT && guard.Protect == (PAGE_READWRITE | PAGE_GUARD)
              && used.State == MEM_COMMIT && used.Protect == PAGE_READWRITE
              && (char *)used.BaseAddress + used.RegionSize == top,
          "%s: reserved, guard, committed", when);
    check(thread_block()->StackLimit == used.BaseAddress, "%s: StackLimit is where committed memory begins", when);
}

static SIZE_T committed(void)
{
    return (char *)thread_block()->StackBase - (char *)thread_block()->StackLimit;
}

/* ---- growth ---- */

static unsigned descend(unsigned depth);
/* Called through a pointer that may change, so that the compiler cannot turn the recursion into a loop. */
static unsigned (*volatile next_call)(unsigned) = descend;
static volatile char *volatile lowest_frame; /* the frame's address goes out, so that it is laid out whole */

static unsigned descend(unsigned depth)
{
    volatile char frame[1000];

    lowest_frame = frame;
    frame[0] = (char)depth;
    frame[999] = 1;
    return depth == 0 ? 0 : next_call(depth - 1) + (unsigned)frame[999];
}

__attribute__((noinline))
static unsigned large_frame(void)
{
    volatile char frame[100 * 1024];

    frame[0] = 5;
    return (unsigned)frame[0];
}

static void growth(void)
{
    SIZE_T before = committed();

    section("Growth");
    check_equal((char *)thread_block()->StackBase - stack_bottom(), STACK_SIZE, "the stack reserves 1 MB");
    check(region_at(&before).State == MEM_COMMIT && region_at(&before).AllocationBase == stack_bottom(),
          "a local variable lies in it");
    check_shape("at the start");
    check(before <= 5 * PAGE, "at most five pages are committed at the start");
    before = committed();
    check_equal(try_read((char *)thread_block()->StackLimit - 1), 0, "a touch of the guard page raises nothing");
    check_equal(committed(), before + PAGE, "and commits one more page");
    check_shape("after that");
    check_equal(descend(50), 50, "50 calls of 1000 bytes each");
    check(committed() >= 50000 && committed() < 50000 + 8 * PAGE, "commit 50000 bytes, rounded up");
    check_shape("after 50 calls");
    check_equal(descend(500), 500, "500 calls");
    check(committed() >= 500000 && committed() < 500000 + 20 * PAGE, "commit 500000 bytes");
    check_equal(large_frame(), 5, "a frame of 100 KB probes page by page");
    check_shape("after 500 calls");
}

static void beyond_the_guard(void)
{
    SIZE_T before = committed();
    char *target = stack_bottom() + 4 * PAGE;

    section("Beyond the guard page");
    try_read(target);
    check(was_violation(STATUS_ACCESS_VIOLATION, probe_read_at, 0, target), "reserved stack cannot be touched out of order");
    check_equal(committed(), before, "and does not grow by it");
}

/* ---- overflow ---- */

/* int run_guarded(void (*run)(void)): 0 when run returned, 1 when a handler resumed at run_guarded_recover. */
int run_guarded(void (*run)(void));
extern char run_guarded_recover[];
extern ULONG_PTR run_guarded_stack;
ULONG_PTR run_guarded_stack;

#ifdef _WIN64
__asm__(".text\n.p2align 4\n.globl run_guarded\n.globl run_guarded_recover\n"
        "run_guarded:\n"
        "pushq %rbp\npushq %rbx\npushq %rsi\npushq %rdi\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n"
        "subq $40, %rsp\n"
        "movq %rsp, run_guarded_stack(%rip)\n"
        "callq *%rcx\n"
        "xorl %eax, %eax\n"
        "jmp 1f\n"
        "run_guarded_recover:\n"
        "movl $1, %eax\n"
        "1: addq $40, %rsp\n"
        "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rdi\npopq %rsi\npopq %rbx\npopq %rbp\n"
        "retq\n");
#else
__asm__(".text\n.p2align 4\n.globl _run_guarded\n.globl _run_guarded_recover\n"
        "_run_guarded:\n"
        "pushl %ebp\npushl %ebx\npushl %esi\npushl %edi\n"
        "movl %esp, _run_guarded_stack\n"
        "calll *20(%esp)\n"
        "xorl %eax, %eax\n"
        "jmp 1f\n"
        "_run_guarded_recover:\n"
        "movl $1, %eax\n"
        "1: popl %edi\npopl %esi\npopl %ebx\npopl %ebp\n"
        "retl\n");
#endif

static EXCEPTION_RECORD overflow;

static LONG CALLBACK recover(EXCEPTION_POINTERS *pointers)
{
    if (pointers->ExceptionRecord->ExceptionCode != STATUS_STACK_OVERFLOW)
        return EXCEPTION_CONTINUE_SEARCH;
    overflow = *pointers->ExceptionRecord;
    PROGRAM_COUNTER(pointers->ContextRecord) = (ULONG_PTR)run_guarded_recover;
    STACK_POINTER(pointers->ContextRecord) = run_guarded_stack;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static const volatile unsigned no_end = ~0u;

/* Small frames: the guard page is first touched near its top, which leaves the handler nearly a page. */
__attribute__((noinline))
static unsigned descend_forever(unsigned depth)
{
    volatile char frame[64];

    frame[0] = (char)depth;
    return depth == no_end ? 0 : descend_forever(depth + 1) + (unsigned)frame[0];
}

static void run_forever(void)
{
    descend_forever(1);
}

/* Makes the lowest committed page a guard page again, as _resetstkoflw of the C run-time does. */
static void restore_guard(void)
{
    DWORD old;
    char *bottom = stack_bottom();

    check(VirtualProtect(bottom + region_at(bottom).RegionSize, PAGE, PAGE_READWRITE | PAGE_GUARD, &old) && old == PAGE_READWRITE,
          "the lowest committed page is guarded again");
}

static void check_overflow(void)
{
    ULONG_PTR bottom = (ULONG_PTR)stack_bottom();

    check_equal(overflow.ExceptionCode, STATUS_STACK_OVERFLOW, "with status 0xC00000FD");
    check(overflow.NumberParameters == 2 && overflow.ExceptionInformation[0] == 1
              && overflow.ExceptionInformation[1] - bottom < 3 * PAGE,
          "by a write in the last pages of the stack");
}

static void overflows(void)
{
    void *handler = AddVectoredExceptionHandler(1, recover);

    section("Overflow");
    check_equal(run_guarded(run_forever), 1, "endless recursion is caught");
    check_overflow();
    check(committed() >= STACK_SIZE - 3 * PAGE, "all of the stack is committed but for its last pages");
    restore_guard();
    overflow.ExceptionCode = 0;
    check_equal(run_guarded(run_forever), 1, "and caught once more");
    check_overflow();
    restore_guard();
    RemoveVectoredExceptionHandler(handler);
}

#ifdef __i386__
static int keep(const EXCEPTION_RECORD *record)
{
    overflow = *record;
    return EXCEPTION_EXECUTE_HANDLER;
}

static int catches_overflow(void)
{
    __try {
        run_forever();
    } __except (keep(GetExceptionInformation()->ExceptionRecord)) {
        return 1;
    }
    return 0;
}

static void overflow_and_frames(void)
{
    section("The same with __try and __except");
    overflow.ExceptionCode = 0;
    check_equal(catches_overflow(), 1, "endless recursion is caught");
    check_overflow();
}
#endif

int main(void)
{
    growth();
    beyond_the_guard();
    overflows();
#ifdef __i386__
    overflow_and_frames();
#endif
    return verdict();
}
