/* Shows table-based unwinding on x64: from every instruction, through made code, by longjmp; with arguments, bad tables. */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "check.h"

#ifndef __x86_64__
#error "unwind tables exist on x64 only"
#endif

extern const int _fltused; /* what Microsoft's own library would bring along for floating point */
const int _fltused = 0;

/* ---- from every instruction ---- */

/* void run_stepped(function, first, second): calls a function with the trap flag set and known values in the registers that
   calls preserve. */
__asm__(".text\n.globl run_stepped\n.globl stepped_end\n.globl stepped_return\n.seh_proc run_stepped\nrun_stepped:\n"
        "pushq %rbx\n.seh_pushreg %rbx\npushq %rbp\n.seh_pushreg %rbp\npushq %rsi\n.seh_pushreg %rsi\n"
        "pushq %rdi\n.seh_pushreg %rdi\npushq %r12\n.seh_pushreg %r12\npushq %r13\n.seh_pushreg %r13\n"
        "pushq %r14\n.seh_pushreg %r14\npushq %r15\n.seh_pushreg %r15\nsubq $0x48, %rsp\n.seh_stackalloc 0x48\n"
        "movups %xmm6, 0x30(%rsp)\n.seh_savexmm %xmm6, 0x30\n.seh_endprologue\n"
        "movq %rcx, %rax\nmovq %rdx, %rcx\nmovq %r8, %rdx\n"
        "movl $0x3B, %ebx\nmovl $0x3C, %ebp\nmovl $0x3D, %esi\nmovl $0x3E, %edi\nmovl $0x3F, %r12d\nmovl $0x40, %r13d\n"
        "movl $0x41, %r14d\nmovl $0x42, %r15d\nmovd %ebx, %xmm6\n"
        "pushfq\norl $0x100, (%rsp)\npopfq\ncall *%rax\nstepped_return:\nnop\n"
        "pushfq\nandl $~0x100, (%rsp)\npopfq\nstepped_end:\nmovups 0x30(%rsp), %xmm6\naddq $0x48, %rsp\n"
        "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rdi\npopq %rsi\npopq %rbp\npopq %rbx\nret\n.seh_endproc\n");
void run_stepped(void *function, void *first, void *second);
extern char stepped_return[], stepped_end[];

/* A function with most unwind codes: pushes, a large frame, a frame register, saved registers, two epilogues. */
__asm__(".text\n.globl with_frame\n.seh_proc with_frame\nwith_frame:\n"
        "pushq %rbp\n.seh_pushreg %rbp\npushq %r12\n.seh_pushreg %r12\n"
        "subq $0x1008, %rsp\n.seh_stackalloc 0x1008\nleaq 0x80(%rsp), %rbp\n.seh_setframe %rbp, 0x80\n"
        "movq %rbx, 0x100(%rsp)\n.seh_savereg %rbx, 0x100\nmovaps %xmm6, 0x110(%rsp)\n.seh_savexmm %xmm6, 0x110\n"
        "movq %r15, 0xF00(%rsp)\n.seh_savereg %r15, 0xF00\n.seh_endprologue\n"
        "xorl %ebx, %ebx\nxorl %r12d, %r12d\nxorl %r15d, %r15d\npxor %xmm6, %xmm6\nsubq $0x40, %rsp\n"
        "testq %rcx, %rcx\njnz 1f\n"
        "movq 0x80(%rbp), %rbx\nmovaps 0x90(%rbp), %xmm6\nmovq 0xE80(%rbp), %r15\n"
        "leaq 0xF88(%rbp), %rsp\npopq %r12\npopq %rbp\nret\n"
        "1:\nmovq 0x80(%rbp), %rbx\nmovaps 0x90(%rbp), %xmm6\nmovq 0xE80(%rbp), %r15\n"
        "leaq 0xF88(%rbp), %rsp\npopq %r12\npopq %rbp\njmp just_return\n.seh_endproc\n"
        "just_return:\nret\n");
void with_frame(void *which);

static unsigned steps, strays;
static ULONG64 stepped_stack;

static int is_run_stepped(const CONTEXT *context)
{
    return context->Rbx == 0x3B && context->Rbp == 0x3C && context->Rsi == 0x3D && context->Rdi == 0x3E && context->R12 == 0x3F
        && context->R13 == 0x40 && context->R14 == 0x41 && context->R15 == 0x42 && (DWORD)context->Xmm6.Low == 0x3B
        && context->Rsp == stepped_stack;
}

/* Up to run_stepped, whose registers must be as it left them. */
static int leads_home(CONTEXT context)
{
    for (int frames = 0; frames < 64 && context.Rip; frames++) {
        DWORD64 base, frame;
        PVOID data;
        PRUNTIME_FUNCTION function = RtlLookupFunctionEntry(context.Rip, &base, NULL);

        if (context.Rip == (ULONG64)stepped_return)
            return is_run_stepped(&context);
        if (function) {
            RtlVirtualUnwind(UNW_FLAG_NHANDLER, base, context.Rip, function, &context, &data, &frame, NULL);
        } else {
            context.Rip = *(ULONG64 *)context.Rsp;
            context.Rsp += 8;
        }
    }
    return 0;
}

static LONG CALLBACK step(EXCEPTION_POINTERS *pointers)
{
    CONTEXT *context = pointers->ContextRecord;

    if (pointers->ExceptionRecord->ExceptionCode != STATUS_SINGLE_STEP)
        return EXCEPTION_CONTINUE_SEARCH;
    if (context->Rip == (ULONG64)stepped_end)
        return EXCEPTION_CONTINUE_EXECUTION;
    if (!stepped_stack)
        stepped_stack = context->Rsp + 8; /* the first step ends behind the call */
    if (context->Rip < (ULONG64)stepped_return || context->Rip >= (ULONG64)stepped_end)
        strays += !leads_home(*context), steps++;
    context->EFlags |= 0x100;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void step_through(void *function, void *first, void *second, const char *what)
{
    steps = strays = 0;
    stepped_stack = 0;
    run_stepped(function, first, second);
    check(steps > 5 && strays == 0, "%s", what);
    if (strays)
        printf("      %u of %u instructions lead astray\n", strays, steps);
}

static int compare(const void *left, const void *right)
{
    return *(const int *)left - *(const int *)right;
}

static void sort_some(int *numbers)
{
    qsort(numbers, 8, sizeof *numbers, compare);
}

static void print_some(char *text)
{
    snprintf(text, 64, "%5.3f %s %08x", 1.5, "text", 1234);
}

static void every_instruction(void)
{
    int numbers[8] = {3, 1, 4, 1, 5, 9, 2, 6};
    char text[64];
    void *handler = AddVectoredExceptionHandler(1, step);

    section("The caller is found from every instruction");
    step_through(with_frame, NULL, NULL, "of a function with a frame register and saved registers");
    step_through(with_frame, text, NULL, "and on its other way out");
    step_through(sort_some, numbers, NULL, "of qsort, which calls back into the program");
    step_through(print_some, text, NULL, "of snprintf");
    check(numbers[0] == 1 && numbers[7] == 9 && strcmp(text, "1.500 text 000004d2") == 0, "and they did their work");
    RemoveVectoredExceptionHandler(handler);
}

/* ---- made code ---- */

static void raise_own(void)
{
    RaiseException(0xE0001234, 0, 0, NULL);
}

/* sub rsp, 28h; call rcx; nop; add rsp, 28h; ret */
static const unsigned char code[] = {0x48, 0x83, 0xEC, 0x28, 0xFF, 0xD1, 0x90, 0x48, 0x83, 0xC4, 0x28, 0xC3};
static const unsigned char code_info[] = {0x01, 0x04, 0x01, 0x00, 0x04, 0x42, 0x00, 0x00};
enum { INFO_AT = 0x100, TABLE_AT = 0x400 };

static unsigned char *make_code(void)
{
    unsigned char *made = VirtualAlloc(NULL, 0x1000, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
    RUNTIME_FUNCTION *function = (RUNTIME_FUNCTION *)(made + TABLE_AT);

    memcpy(made, code, sizeof code);
    memcpy(made + INFO_AT, code_info, sizeof code_info);
    function->BeginAddress = 0;
    function->EndAddress = sizeof code;
    function->UnwindData = INFO_AT;
    return made;
}

static int finally_ran;

static void call_with_finally(unsigned char *made)
{
    __try {
        ((void (*)(void *))made)(raise_own);
    } __finally {
        finally_ran++;
    }
}

static int is_caught_through(unsigned char *made)
{
    __try {
        call_with_finally(made);
    } __except (GetExceptionCode() == 0xE0001234 ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        return 1;
    }
    return 0;
}

static unsigned asked;

static PRUNTIME_FUNCTION CALLBACK tell_function(DWORD64 pc, PVOID context)
{
    asked++;
    return pc < (DWORD64)context + sizeof code ? (PRUNTIME_FUNCTION)((unsigned char *)context + TABLE_AT) : NULL;
}

static void made_code(void)
{
    unsigned char *made = make_code();
    RUNTIME_FUNCTION *table = (RUNTIME_FUNCTION *)(made + TABLE_AT);
    DWORD64 base, identifier = (DWORD64)made | 3;

    section("Code made at run time");
    check(RtlLookupFunctionEntry((DWORD64)made, &base, NULL) == NULL, "nothing is known of it");
    check(RtlAddFunctionTable(table, 1, (DWORD64)made), "until its table is added");
    check(RtlLookupFunctionEntry((DWORD64)made + 5, &base, NULL) == table && base == (DWORD64)made, "then it is found");
    check(is_caught_through(made) && finally_ran == 1, "and an exception passes through it");
    check(RtlDeleteFunctionTable(table) && !RtlDeleteFunctionTable(table), "the table is deleted, once");
    check(RtlInstallFunctionTableCallback(identifier, (DWORD64)made, 0x100, tell_function, made, NULL), "a callback instead");
    check(is_caught_through(made) && finally_ran == 2 && asked >= 2, "is asked for the function");
    check(RtlDeleteFunctionTable((PRUNTIME_FUNCTION)identifier), "and is removed by its identifier");
    VirtualFree(made, 0, MEM_RELEASE);
}

/* ---- other ways to go on ---- */

static void capture_and_restore(void)
{
    volatile int visits = 0;
    CONTEXT context;

    RtlCaptureContext(&context);
    visits++;
    if (visits < 3)
        RtlRestoreContext(&context, NULL);
    check_equal(visits, 3, "RtlRestoreContext goes back to where RtlCaptureContext was, twice");
}

static jmp_buf place;

__attribute__((noinline)) static void jump_out(int value)
{
    __try {
        longjmp(place, value);
    } __finally {
        finally_ran++;
    }
}

static void jumps(void)
{
    volatile int got;

    finally_ran = 0;
    got = _setjmp(place, NULL);
    if (!got)
        jump_out(7);
    check(got == 7 && finally_ran == 0, "longjmp without a frame only loads registers");
}

__attribute__((noinline)) static int jump_with_unwinding(void)
{
    volatile int got = _setjmpex(place, __builtin_frame_address(0));

    if (!got)
        jump_out(9);
    return got;
}

static LONG consolidated;

static ULONG64 CALLBACK consolidate(EXCEPTION_RECORD *record)
{
    consolidated = (LONG)record->ExceptionInformation[1];
    return record->ExceptionInformation[2];
}

static void consolidating(void)
{
    volatile int visits = 0;
    CONTEXT context;
    EXCEPTION_RECORD record = {.ExceptionCode = 0x80000029, .NumberParameters = 3};

    RtlCaptureContext(&context);
    if (visits++ == 0) {
        record.ExceptionInformation[0] = (ULONG_PTR)consolidate;
        record.ExceptionInformation[1] = 55;
        record.ExceptionInformation[2] = context.Rip;
        RtlRestoreContext(&context, &record);
    }
    check(visits == 2 && consolidated == 55, "a consolidating record calls its routine first");
}

static void going_on(void)
{
    section("Other ways to go on");
    capture_and_restore();
    consolidating();
    jumps();
    finally_ran = 0;
    check(jump_with_unwinding() == 9 && finally_ran == 1, "longjmp with a frame runs the __finally blocks on the way");
}

/* ---- bad tables ---- */

static unsigned seed;

static unsigned random_number(void)
{
    seed = seed * 1664525 + 1013904223;
    return seed >> 8;
}

/* One to eight bytes of the table or of the unwind information become something else. */
static void spoil(unsigned char *made)
{
    for (unsigned count = random_number() % 8 + 1; count; count--) {
        unsigned at = random_number() % 2 ? INFO_AT + random_number() % 32 : TABLE_AT + random_number() % 12;

        made[at] = (unsigned char)random_number();
    }
}

static int with_bad_tables(unsigned number)
{
    unsigned char *made = make_code();

    seed = number;
    spoil(made);
    RtlAddFunctionTable((RUNTIME_FUNCTION *)(made + TABLE_AT), 1, (DWORD64)made);
    printf(is_caught_through(made) ? "caught\n" : "not caught\n");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return with_bad_tables((unsigned)atoi(argv[1]));
    every_instruction();
    made_code();
    going_on();
    return verdict();
}
