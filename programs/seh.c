/* Shows structured exception handling (on x86 by frames, on x64 by tables): filters, handlers, finally blocks, unwinding and continuing. */
#include <string.h>
#include <windows.h>

#include "check.h"
#include "instructions.h"

#define PAGE 4096

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

/* ---- every kind of exception is caught, with its status and address ---- */

static EXCEPTION_RECORD caught;
static const void *caught_program_counter;

static int keep(const EXCEPTION_POINTERS *pointers)
{
    caught = *pointers->ExceptionRecord;
    caught_program_counter = (const void *)PROGRAM_COUNTER(pointers->ContextRecord);
    return EXCEPTION_EXECUTE_HANDLER;
}

static int catches(void (*run)(void))
{
    __try {
        run();
    } __except (keep(GetExceptionInformation())) {
        return 1;
    }
    return 0;
}

static int catches_read(const volatile void *address)
{
    __try {
        probe_read(address);
    } __except (keep(GetExceptionInformation())) {
        return 1;
    }
    return 0;
}

static void kinds_of_exception(void)
{
    section("Each exception, its status and its address");
    for (unsigned i = 0; i < INSTRUCTION_COUNT; i++) {
        int was_caught = catches(instructions[i].run);

        check(was_caught && caught.ExceptionCode == instructions[i].status
                  && caught.ExceptionAddress == instructions[i].address && caught.ExceptionFlags == 0
                  && (caught.ExceptionCode == 0xC0000095 || caught_program_counter == instructions[i].address),
              "%s: 0x%08X", instructions[i].name, (unsigned)instructions[i].status);
    }
    check(catches_read((void *)0x1234) && caught.ExceptionCode == 0xC0000005 && caught.ExceptionAddress == probe_read_at
              && caught.NumberParameters == 2 && caught.ExceptionInformation[0] == 0
              && caught.ExceptionInformation[1] == 0x1234,
          "a wild read: 0xC0000005 at address 0x1234");
}

/* ---- order ---- */

static void innermost(void)
{
    __try {
        divide_by_zero();
    } __except (note("inner filter"), EXCEPTION_CONTINUE_SEARCH) {
        note("inner handler");
    }
}

static void middle(void)
{
    __try {
        innermost();
    } __finally {
        note(AbnormalTermination() ? "finally (abnormal)" : "finally");
    }
}

static void search_then_unwind(void)
{
    __try {
        middle();
        note("not reached");
    } __except (note("outer filter"), EXCEPTION_EXECUTE_HANDLER) {
        note("outer handler");
    }
    check_events("inner filter, outer filter, finally (abnormal), outer handler", "filters run first, then finally blocks, then the handler");
}

static void nothing(void)
{
}

static int normal_end(void (*run)(void))
{
    int result = 0;

    __try {
        run();
        result = 1;
        __leave;
    } __finally {
        note(AbnormalTermination() ? "finally (abnormal)" : "finally");
    }
    return result;
}

static void raise_in_handler(void)
{
    __try {
        __try {
            divide_by_zero();
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            note("first handler");
            illegal_instruction();
        }
    } __except (keep(GetExceptionInformation())) {
        note("second handler");
    }
    check_events("first handler, second handler", "an exception in a handler goes to the frame outside");
    check_equal(caught.ExceptionCode, 0xC000001D, "with its own status");
}

static void unwind_into_fault(void)
{
    __try {
        divide_by_zero();
    } __finally {
        note("finally");
        illegal_instruction();
    }
}

static void raise_in_finally(void)
{
    __try {
        unwind_into_fault();
    } __except (note(GetExceptionCode() == 0xC0000094 ? "filter of the first" : "filter of the second"), keep(GetExceptionInformation())) {
        note("handler");
    }
    check_events("filter of the first, finally, filter of the second, handler", "an exception in a finally block replaces the first one");
    check_equal(caught.ExceptionCode, 0xC000001D, "whose handler sees the second status");
}

static int depth_reached;

static void descend(int depth)
{
    __try {
        depth_reached = depth;
        if (depth == 100)
            divide_by_zero();
        descend(depth + 1);
    } __finally {
        depth_reached--;
    }
}

static void unwind_many(void)
{
    __try {
        descend(1);
    } __except (depth_reached == 100 ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        note("handler");
    }
    check_events("handler", "the filter runs while all 100 frames still stand");
    check_equal(depth_reached, 0, "and 100 finally blocks run before the handler");
}

static void order(void)
{
    section("Order");
    search_then_unwind();
    check_equal(normal_end(nothing), 1, "__leave ends a block");
    check_events("finally", "through its finally block");
    raise_in_handler();
    raise_in_finally();
    unwind_many();
}

/* ---- continuing ---- */

#define SPARSE_PAGES 64

static char *sparse;
static unsigned commits;

static int commit_on_demand(const EXCEPTION_RECORD *record)
{
    char *address = (char *)record->ExceptionInformation[1];

    if (record->ExceptionCode != STATUS_ACCESS_VIOLATION || address < sparse || address >= sparse + SPARSE_PAGES * PAGE)
        return EXCEPTION_CONTINUE_SEARCH;
    if (!VirtualAlloc(address, 1, MEM_COMMIT, PAGE_READWRITE))
        return EXCEPTION_EXECUTE_HANDLER;
    commits++;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static int fill_sparsely(void)
{
    __try {
        for (unsigned i = 0; i < SPARSE_PAGES * PAGE; i += 7 * PAGE / 2)
            probe_write(sparse + i, i / 512 + 1);
    } __except (commit_on_demand(GetExceptionInformation()->ExceptionRecord)) {
        return 0;
    }
    return 1;
}

static void repair_and_continue(void)
{
    int right = 1;

    section("A filter that commits memory on demand");
    sparse = VirtualAlloc(NULL, SPARSE_PAGES * PAGE, MEM_RESERVE, PAGE_READWRITE);
    check(fill_sparsely(), "reserved memory is written all over");
    for (unsigned i = 0; i < SPARSE_PAGES * PAGE; i += 7 * PAGE / 2)
        right &= sparse[i] == (char)(i / 512 + 1);
    check(right, "each value is in its place");
    check_equal(commits, 19, "19 pages were committed, one for each fault");
    VirtualFree(sparse, 0, MEM_RELEASE);
}

static int resume_at(EXCEPTION_POINTERS *pointers, char *resume)
{
    PROGRAM_COUNTER(pointers->ContextRecord) = (ULONG_PTR)resume;
#ifdef _WIN64
    pointers->ContextRecord->Rax = 1234;
#else
    pointers->ContextRecord->Eax = 1234;
#endif
    return EXCEPTION_CONTINUE_EXECUTION;
}

static unsigned read_past_fault(void)
{
    __try {
        return probe_read(NULL);
    } __except (resume_at(GetExceptionInformation(), probe_read_end)) {
        return 0;
    }
}

static void raise_own(void)
{
    ULONG_PTR arguments[3] = {10, 20, 30};

    RaiseException(0xE0001234, 0, 3, arguments);
}

static void raise_final(void)
{
    RaiseException(0xE0005678, EXCEPTION_NONCONTINUABLE, 0, NULL);
}

static int insist(const EXCEPTION_RECORD *record)
{
    if (record->ExceptionCode != 0xE0005678) {
        caught = *record;
        return EXCEPTION_EXECUTE_HANDLER;
    }
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void continue_the_final(void)
{
    __try {
        raise_final();
    } __except (insist(GetExceptionInformation()->ExceptionRecord)) {
        note("handler");
    }
}

static void continuing(void)
{
    repair_and_continue();
    section("Other ways to go on");
    check_equal(read_past_fault(), 1234, "a filter sets registers and steps over the instruction");
    check(catches(raise_own) && caught.ExceptionCode == 0xE0001234 && caught.NumberParameters == 3
              && caught.ExceptionInformation[0] == 10 && caught.ExceptionInformation[2] == 30,
          "RaiseException hands over its code and arguments");
    continue_the_final();
    check_events("handler", "continuing a noncontinuable exception");
    check_equal(caught.ExceptionCode, 0xC0000025, "raises STATUS_NONCONTINUABLE_EXCEPTION");
}

int main(void)
{
    kinds_of_exception();
    order();
    continuing();
    return verdict();
}
