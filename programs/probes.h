/* probes.h: single instructions at known addresses, and a vectored handler that records what they raise.
 *
 * try_read, try_write and try_execute make one access. When it faults, the handler notes the exception record in
 * `fault` and either steps over the instruction (FAULT_SKIP) or lets it run again (FAULT_RETRY). So the exact
 * address of the faulting instruction can be checked: it is the label that stands before it.
 */
#ifndef PROBES_H
#define PROBES_H

#include <windows.h>

#ifdef _WIN64
#define PROGRAM_COUNTER(context) ((context)->Rip)
#define STACK_POINTER(context) ((context)->Rsp)
#define SYMBOL(name) #name
#define TAKE_ADDRESS ""
#define TAKE_VALUE ""
#define POINTER "%rcx"
#else
#define PROGRAM_COUNTER(context) ((context)->Eip)
#define STACK_POINTER(context) ((context)->Esp)
#define SYMBOL(name) "_" #name
#define TAKE_ADDRESS "movl 4(%esp), %ecx\n"
#define TAKE_VALUE "movl 8(%esp), %edx\n"
#define POINTER "%ecx"
#endif

/* A function of up to two arguments whose one interesting instruction lies between NAME_at and NAME_end. */
#define PROBE(name, before, instruction) \
    __asm__(".text\n.p2align 4\n.globl " SYMBOL(name) "\n.globl " SYMBOL(name##_at) "\n.globl " SYMBOL(name##_end) "\n" \
            SYMBOL(name) ":\n" before SYMBOL(name##_at) ":\n" instruction "\n" SYMBOL(name##_end) ":\nret\n"); \
    extern char name##_at[], name##_end[]

PROBE(probe_read, TAKE_ADDRESS, "movzbl (" POINTER "), %eax");
PROBE(probe_read_word, TAKE_ADDRESS, "movl (" POINTER "), %eax");
PROBE(probe_write, TAKE_ADDRESS TAKE_VALUE, "movb %dl, (" POINTER ")");
PROBE(probe_execute, TAKE_ADDRESS, "jmp *" POINTER);

unsigned probe_read(const volatile void *address);
unsigned probe_read_word(const volatile void *address);
void probe_write(volatile void *address, unsigned value);
unsigned probe_execute(const volatile void *code);

enum fault_answer { FAULT_SKIP, FAULT_RETRY };

static struct {
    unsigned count;
    DWORD code;
    DWORD flags;
    const void *instruction;
    const void *program_counter;
    DWORD parameter_count;
    ULONG_PTR access; /* 0 read, 1 write, 8 execute */
    ULONG_PTR address;
} fault;

static struct {
    BOOL armed;
    enum fault_answer answer;
    char *resume; /* NULL: return to the caller, as the probe itself would have done */
} probe;

static LONG CALLBACK record_fault(EXCEPTION_POINTERS *pointers)
{
    const EXCEPTION_RECORD *record = pointers->ExceptionRecord;
    CONTEXT *context = pointers->ContextRecord;

    if (!probe.armed)
        return EXCEPTION_CONTINUE_SEARCH;
    fault.count++;
    fault.code = record->ExceptionCode;
    fault.flags = record->ExceptionFlags;
    fault.instruction = record->ExceptionAddress;
    fault.program_counter = (const void *)PROGRAM_COUNTER(context);
    fault.parameter_count = record->NumberParameters;
    fault.access = record->NumberParameters > 0 ? record->ExceptionInformation[0] : (ULONG_PTR)-1;
    fault.address = record->NumberParameters > 1 ? record->ExceptionInformation[1] : (ULONG_PTR)-1;
    if (fault.count > 8) /* a retry that never ends is a failure, not a hang */
        probe.armed = FALSE;
    if (probe.answer == FAULT_RETRY)
        return EXCEPTION_CONTINUE_EXECUTION;
    if (probe.resume) {
        PROGRAM_COUNTER(context) = (ULONG_PTR)probe.resume;
    } else {
        PROGRAM_COUNTER(context) = *(ULONG_PTR *)STACK_POINTER(context);
        STACK_POINTER(context) += sizeof(ULONG_PTR);
    }
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void arm(enum fault_answer answer, char *resume)
{
    static void *handler;

    if (!handler)
        handler = AddVectoredExceptionHandler(1, record_fault);
    ZeroMemory(&fault, sizeof fault);
    probe.answer = answer;
    probe.resume = resume;
    probe.armed = TRUE;
}

/* Each returns the number of exceptions that the access raised. */
__attribute__((unused))
static unsigned try_read(const volatile void *address)
{
    arm(FAULT_SKIP, probe_read_end);
    probe_read(address);
    probe.armed = FALSE;
    return fault.count;
}

__attribute__((unused))
static unsigned try_write(volatile void *address, unsigned value)
{
    arm(FAULT_SKIP, probe_write_end);
    probe_write(address, value);
    probe.armed = FALSE;
    return fault.count;
}

__attribute__((unused))
static unsigned try_execute(const volatile void *code)
{
    arm(FAULT_SKIP, NULL);
    probe_execute(code);
    probe.armed = FALSE;
    return fault.count;
}

/* Whether the last exception was this access violation, with its two parameters and exact instruction. */
__attribute__((unused))
static int was_violation(DWORD code, const void *instruction, ULONG_PTR access, const volatile void *address)
{
    return fault.count == 1 && fault.code == code && fault.flags == 0 && fault.instruction == instruction
        && fault.parameter_count == 2 && fault.access == access && fault.address == (ULONG_PTR)address;
}

#endif
