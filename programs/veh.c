/* Shows vectored exception handlers: every kind of exception with its status and address, order, repair, nesting. */
#include <string.h>
#include <windows.h>

#include "check.h"
#include "instructions.h"

#define PAGE 4096

static void kinds_of_exception(void)
{
    section("Each exception, its status and its address");
    for (unsigned i = 0; i < INSTRUCTION_COUNT; i++) {
        arm(FAULT_SKIP, instructions[i].resume);
        instructions[i].run();
        probe.armed = FALSE;
        check(fault.count == 1 && fault.code == instructions[i].status && fault.flags == 0
                  && fault.instruction == instructions[i].address
                  && (fault.code == 0xC0000095 || fault.program_counter == instructions[i].address),
              "%s: 0x%08X", instructions[i].name, (unsigned)instructions[i].status);
    }
    try_read((void *)0x1234);
    check(was_violation(0xC0000005, probe_read_at, 0, (void *)0x1234), "a wild read: 0xC0000005 at address 0x1234");
    try_write((void *)0x5678, 1);
    check(was_violation(0xC0000005, probe_write_at, 1, (void *)0x5678), "a wild write: 0xC0000005 at address 0x5678");
#ifdef _WIN64
    try_read((void *)0x1234567812345678);
    check(was_violation(0xC0000005, probe_read_at, 0, (void *)-1), "a read at a non-canonical address names address -1");
    try_read((void *)0xFFFFF80000000000);
    check(was_violation(0xC0000005, probe_read_at, 0, (void *)0xFFFFF80000000000), "a read of kernel memory");
#else
    try_read((void *)0x80000000);
    check(was_violation(0xC0000005, probe_read_at, 0, (void *)0x80000000), "a read of kernel memory");
#endif
}

/* ---- single steps ---- */

PROBE(five_steps, SET_TRAP_FLAG, "nop\nnop\nnop\nnop\nnop");
void five_steps(void);

static unsigned steps;
static int steps_in_order = 1;

static LONG CALLBACK step(EXCEPTION_POINTERS *pointers)
{
    if (pointers->ExceptionRecord->ExceptionCode != STATUS_SINGLE_STEP)
        return EXCEPTION_CONTINUE_SEARCH;
    steps++;
    steps_in_order &= pointers->ExceptionRecord->ExceptionAddress == five_steps_at + steps;
    if (steps < 5)
        pointers->ContextRecord->EFlags |= 0x100;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void stepping(void)
{
    void *handler = AddVectoredExceptionHandler(1, step);

    section("Single steps");
    five_steps();
    check_equal(steps, 5, "five instructions, five exceptions");
    check(steps_in_order, "each at the next instruction");
    RemoveVectoredExceptionHandler(handler);
}

/* ---- repair ---- */

#define SPARSE_PAGES 64

static char *sparse;
static unsigned commits;

static LONG CALLBACK commit_on_demand(EXCEPTION_POINTERS *pointers)
{
    char *address = (char *)pointers->ExceptionRecord->ExceptionInformation[1];

    if (pointers->ExceptionRecord->ExceptionCode != STATUS_ACCESS_VIOLATION || address < sparse
        || address >= sparse + SPARSE_PAGES * PAGE || !VirtualAlloc(address, 1, MEM_COMMIT, PAGE_READWRITE))
        return EXCEPTION_CONTINUE_SEARCH;
    commits++;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void repair(void)
{
    void *handler = AddVectoredExceptionHandler(1, commit_on_demand);
    int right = 1;

    section("A handler that commits memory on demand");
    sparse = VirtualAlloc(NULL, SPARSE_PAGES * PAGE, MEM_RESERVE, PAGE_READWRITE);
    for (unsigned i = 0; i < SPARSE_PAGES * PAGE; i += 7 * PAGE / 2)
        ((volatile char *)sparse)[i] = (char)(i / 512 + 1);
    for (unsigned i = 0; i < SPARSE_PAGES * PAGE; i += 7 * PAGE / 2)
        right &= ((volatile char *)sparse)[i] == (char)(i / 512 + 1);
    check(right, "reserved memory is written all over, and each value is in its place");
    check_equal(commits, 19, "19 pages were committed, one for each fault");
    RemoveVectoredExceptionHandler(handler);
    VirtualFree(sparse, 0, MEM_RELEASE);
}

static const char right_letter = 'R';

static LONG CALLBACK mend_register(EXCEPTION_POINTERS *pointers)
{
    if (pointers->ExceptionRecord->ExceptionAddress != probe_read_at)
        return EXCEPTION_CONTINUE_SEARCH;
#ifdef _WIN64
    pointers->ContextRecord->Rcx = (ULONG_PTR)&right_letter;
#else
    pointers->ContextRecord->Ecx = (ULONG_PTR)&right_letter;
#endif
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void repair_register(void)
{
    void *handler = AddVectoredExceptionHandler(1, mend_register);

    check_equal(probe_read(NULL), 'R', "a handler mends a register, and the instruction is repeated");
    RemoveVectoredExceptionHandler(handler);
}

/* ---- order and nesting ---- */

#define OWN_CODE 0xE0001234

static char events[256];

static LONG note(const EXCEPTION_POINTERS *pointers, const char *event, LONG answer)
{
    if (pointers->ExceptionRecord->ExceptionCode != OWN_CODE)
        return EXCEPTION_CONTINUE_SEARCH;
    if (events[0])
        strcat(events, ", ");
    strcat(events, event);
    return answer;
}

static LONG CALLBACK first(EXCEPTION_POINTERS *pointers)
{
    return note(pointers, "first", EXCEPTION_CONTINUE_SEARCH);
}

static LONG CALLBACK second(EXCEPTION_POINTERS *pointers)
{
    return note(pointers, "second", EXCEPTION_CONTINUE_SEARCH);
}

static LONG CALLBACK last(EXCEPTION_POINTERS *pointers)
{
    const EXCEPTION_RECORD *record = pointers->ExceptionRecord;

    if (record->NumberParameters != 2 || record->ExceptionInformation[0] != 11 || record->ExceptionInformation[1] != 22)
        return EXCEPTION_CONTINUE_SEARCH;
    return note(pointers, "last", EXCEPTION_CONTINUE_EXECUTION);
}

static LONG WINAPI top_level(EXCEPTION_POINTERS *pointers)
{
    return note(pointers, "top level", EXCEPTION_CONTINUE_EXECUTION);
}

static void raise_own(ULONG_PTR value)
{
    ULONG_PTR arguments[2] = {value, 22};

    events[0] = 0;
    RaiseException(OWN_CODE, 0, 2, arguments);
}

static void check_events(const char *expected, const char *what)
{
    check(strcmp(events, expected) == 0, "%s", what);
    printf("      %s\n", events);
}

static void order(void)
{
    void *handlers[3];

    section("Order");
    handlers[1] = AddVectoredExceptionHandler(1, second);
    handlers[2] = AddVectoredExceptionHandler(0, last);
    handlers[0] = AddVectoredExceptionHandler(1, first);
    raise_own(11);
    check_events("first, second, last", "handlers run in the order of their list until one continues");
    check(RemoveVectoredExceptionHandler(handlers[1]) != 0, "one is removed");
    check(RemoveVectoredExceptionHandler(handlers[1]) == 0, "but only once");
    raise_own(11);
    check_events("first, last", "the others remain");
    SetUnhandledExceptionFilter(top_level);
    raise_own(12);
    check_events("first, top level", "an exception that no handler takes reaches the top-level filter");
    RemoveVectoredExceptionHandler(handlers[0]);
    RemoveVectoredExceptionHandler(handlers[2]);
}

static unsigned nested_level, deepest;

static LONG CALLBACK nested(EXCEPTION_POINTERS *pointers)
{
    if (pointers->ExceptionRecord->ExceptionCode != STATUS_ILLEGAL_INSTRUCTION)
        return EXCEPTION_CONTINUE_SEARCH;
    nested_level++;
    if (nested_level > deepest)
        deepest = nested_level;
    if (nested_level < 4)
        illegal_instruction();
    nested_level--;
    PROGRAM_COUNTER(pointers->ContextRecord) = (ULONG_PTR)illegal_instruction_end;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void nesting(void)
{
    void *handler = AddVectoredExceptionHandler(1, nested);

    section("Nesting");
    illegal_instruction();
    check_equal(deepest, 4, "exceptions within handlers, four deep");
    check_equal(nested_level, 0, "all continued");
    RemoveVectoredExceptionHandler(handler);
}

int main(void)
{
    kinds_of_exception();
    stepping();
    repair();
    repair_register();
    order();
    nesting();
    return verdict();
}
