/* Shows a long sleep: a thread with its registers full waits for 40 seconds, its kernel stack may be paged out, and all is as it was. */
#include <windows.h>

#include "check.h"

#define SECONDS 40
#define STACK_WORDS 3000

typedef LONG(NTAPI *delay_execution)(BOOLEAN alertable, const LARGE_INTEGER *interval);

/* What a thread keeps in its registers over a system call: on x64 without xmm0 to xmm5, which a call may change.
 * integer   x86: ebx, esi, edi, ebp          x64: rbx, rbp, rsi, rdi, r12 to r15
 * xmm       x86: xmm0 to xmm7                x64: xmm6 to xmm15
 */
struct registers {
    ULONG_PTR integer[8];
    double x87[8];
    unsigned xmm[10][4];
    unsigned x87_control;
    unsigned sse_control;
};

#ifdef _WIN64
#define INTEGERS 8
#define VECTORS 10
#else
#define INTEGERS 4
#define VECTORS 8
#endif

/* Loads the registers as wanted, calls delay(FALSE, interval) and stores what it finds afterwards. */
void sleep_with_registers(delay_execution delay, const LARGE_INTEGER *interval, const struct registers *wanted,
                          struct registers *seen);

#ifdef _WIN64
__asm__(".text\n.p2align 4\n.globl sleep_with_registers\n"
        "sleep_with_registers:\n"
        "pushq %rbp\npushq %rbx\npushq %rsi\npushq %rdi\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n"
        "subq $216, %rsp\n"
        "movups %xmm6, 48(%rsp)\nmovups %xmm7, 64(%rsp)\nmovups %xmm8, 80(%rsp)\nmovups %xmm9, 96(%rsp)\n"
        "movups %xmm10, 112(%rsp)\nmovups %xmm11, 128(%rsp)\nmovups %xmm12, 144(%rsp)\nmovups %xmm13, 160(%rsp)\n"
        "movups %xmm14, 176(%rsp)\nmovups %xmm15, 192(%rsp)\n"
        "fnstcw 208(%rsp)\nstmxcsr 212(%rsp)\n"
        "movq %r9, 32(%rsp)\n"
        "movq %rcx, %rax\n"
        "fldcw 288(%r8)\nldmxcsr 292(%r8)\n"
        "fldl 64(%r8)\nfldl 72(%r8)\nfldl 80(%r8)\nfldl 88(%r8)\nfldl 96(%r8)\nfldl 104(%r8)\nfldl 112(%r8)\nfldl 120(%r8)\n"
        "movups 128(%r8), %xmm6\nmovups 144(%r8), %xmm7\nmovups 160(%r8), %xmm8\nmovups 176(%r8), %xmm9\n"
        "movups 192(%r8), %xmm10\nmovups 208(%r8), %xmm11\nmovups 224(%r8), %xmm12\nmovups 240(%r8), %xmm13\n"
        "movups 256(%r8), %xmm14\nmovups 272(%r8), %xmm15\n"
        "movq (%r8), %rbx\nmovq 8(%r8), %rbp\nmovq 16(%r8), %rsi\nmovq 24(%r8), %rdi\n"
        "movq 32(%r8), %r12\nmovq 40(%r8), %r13\nmovq 48(%r8), %r14\nmovq 56(%r8), %r15\n"
        "xorl %ecx, %ecx\n"
        "callq *%rax\n"
        "movq 32(%rsp), %rax\n"
        "movq %rbx, (%rax)\nmovq %rbp, 8(%rax)\nmovq %rsi, 16(%rax)\nmovq %rdi, 24(%rax)\n"
        "movq %r12, 32(%rax)\nmovq %r13, 40(%rax)\nmovq %r14, 48(%rax)\nmovq %r15, 56(%rax)\n"
        "fnstcw 288(%rax)\nstmxcsr 292(%rax)\n"
        "fstpl 120(%rax)\nfstpl 112(%rax)\nfstpl 104(%rax)\nfstpl 96(%rax)\nfstpl 88(%rax)\nfstpl 80(%rax)\nfstpl 72(%rax)\nfstpl 64(%rax)\n"
        "movups %xmm6, 128(%rax)\nmovups %xmm7, 144(%rax)\nmovups %xmm8, 160(%rax)\nmovups %xmm9, 176(%rax)\n"
        "movups %xmm10, 192(%rax)\nmovups %xmm11, 208(%rax)\nmovups %xmm12, 224(%rax)\nmovups %xmm13, 240(%rax)\n"
        "movups %xmm14, 256(%rax)\nmovups %xmm15, 272(%rax)\n"
        "fldcw 208(%rsp)\nldmxcsr 212(%rsp)\n"
        "movups 48(%rsp), %xmm6\nmovups 64(%rsp), %xmm7\nmovups 80(%rsp), %xmm8\nmovups 96(%rsp), %xmm9\n"
        "movups 112(%rsp), %xmm10\nmovups 128(%rsp), %xmm11\nmovups 144(%rsp), %xmm12\nmovups 160(%rsp), %xmm13\n"
        "movups 176(%rsp), %xmm14\nmovups 192(%rsp), %xmm15\n"
        "addq $216, %rsp\n"
        "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rdi\npopq %rsi\npopq %rbx\npopq %rbp\n"
        "retq\n");
#else
__asm__(".text\n.p2align 4\n.globl _sleep_with_registers\n"
        "_sleep_with_registers:\n"
        "pushl %ebp\npushl %ebx\npushl %esi\npushl %edi\n"
        "subl $8, %esp\n"
        "fnstcw (%esp)\nstmxcsr 4(%esp)\n"
        "movl 36(%esp), %eax\n"
        "fldcw 256(%eax)\nldmxcsr 260(%eax)\n"
        "fldl 32(%eax)\nfldl 40(%eax)\nfldl 48(%eax)\nfldl 56(%eax)\nfldl 64(%eax)\nfldl 72(%eax)\nfldl 80(%eax)\nfldl 88(%eax)\n"
        "movups 96(%eax), %xmm0\nmovups 112(%eax), %xmm1\nmovups 128(%eax), %xmm2\nmovups 144(%eax), %xmm3\n"
        "movups 160(%eax), %xmm4\nmovups 176(%eax), %xmm5\nmovups 192(%eax), %xmm6\nmovups 208(%eax), %xmm7\n"
        "movl (%eax), %ebx\nmovl 4(%eax), %esi\nmovl 8(%eax), %edi\nmovl 12(%eax), %ebp\n"
        "pushl 32(%esp)\n"
        "pushl $0\n"
        "calll *36(%esp)\n"
        "movl 40(%esp), %eax\n"
        "movl %ebx, (%eax)\nmovl %esi, 4(%eax)\nmovl %edi, 8(%eax)\nmovl %ebp, 12(%eax)\n"
        "fnstcw 256(%eax)\nstmxcsr 260(%eax)\n"
        "fstpl 88(%eax)\nfstpl 80(%eax)\nfstpl 72(%eax)\nfstpl 64(%eax)\nfstpl 56(%eax)\nfstpl 48(%eax)\nfstpl 40(%eax)\nfstpl 32(%eax)\n"
        "movups %xmm0, 96(%eax)\nmovups %xmm1, 112(%eax)\nmovups %xmm2, 128(%eax)\nmovups %xmm3, 144(%eax)\n"
        "movups %xmm4, 160(%eax)\nmovups %xmm5, 176(%eax)\nmovups %xmm6, 192(%eax)\nmovups %xmm7, 208(%eax)\n"
        "fldcw (%esp)\nldmxcsr 4(%esp)\n"
        "addl $8, %esp\n"
        "popl %edi\npopl %esi\npopl %ebx\npopl %ebp\n"
        "retl\n");
#endif

static struct registers wanted, seen;
static unsigned stack_wrong;

static void choose_values(void)
{
    for (unsigned i = 0; i < 8; i++) {
        wanted.integer[i] = (ULONG_PTR)0x0123456789ABCDEFull * (2 * i + 1);
        wanted.x87[i] = 1.0 / (i + 3);
    }
    for (unsigned i = 0; i < 10; i++)
        for (unsigned j = 0; j < 4; j++)
            wanted.xmm[i][j] = 0x9E3779B9u * (4 * i + j + 1);
    wanted.x87_control = 0x0F7F; /* rounds towards zero */
    wanted.sse_control = 0x7F80;
}

static DWORD WINAPI sleeper(void *interval)
{
    volatile unsigned words[STACK_WORDS];
    delay_execution delay = (delay_execution)(void *)GetProcAddress(GetModuleHandleA("ntdll"), "NtDelayExecution");

    for (unsigned i = 0; i < STACK_WORDS; i++)
        words[i] = i * 2654435761u;
    sleep_with_registers(delay, interval, &wanted, &seen);
    for (unsigned i = 0; i < STACK_WORDS; i++)
        stack_wrong += words[i] != i * 2654435761u;
    return 0x5EE9;
}

static void compare(void)
{
    unsigned integers = 0, floats = 0, vectors = 0;

    for (unsigned i = 0; i < INTEGERS; i++)
        integers += seen.integer[i] == wanted.integer[i];
    for (unsigned i = 0; i < 8; i++)
        floats += seen.x87[i] == wanted.x87[i];
    for (unsigned i = 0; i < VECTORS; i++)
        for (unsigned j = 0; j < 4; j++)
            vectors += seen.xmm[i][j] == wanted.xmm[i][j];
    check_equal(integers, INTEGERS, "the integer registers are as they were");
    check_equal(floats, 8, "so is the x87 stack");
    check_equal(vectors, 4 * VECTORS, "so are the SSE registers");
    check_equal(seen.x87_control & 0xFFFF, wanted.x87_control, "so is the x87 control word");
    check_equal(seen.sse_control & 0xFFC0, wanted.sse_control & 0xFFC0, "so is MXCSR");
    check_equal(stack_wrong, 0, "so is the thread's own stack");
}

int main(void)
{
    LARGE_INTEGER interval = {.QuadPart = -10000000ll * SECONDS};
    DWORD before = GetTickCount(), code = 0;
    HANDLE thread;

    choose_values();
    thread = CreateThread(NULL, 0, sleeper, &interval, 0, NULL);
    check(thread != NULL, "a thread sleeps for %u seconds", SECONDS);
    check_equal(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0, "the main thread waits for it");
    check(GetTickCount() - before >= SECONDS * 1000 - 16, "that long");
    check(GetExitCodeThread(thread, &code) && code == 0x5EE9, "the thread has ended by itself");
    compare();
    return verdict();
}
