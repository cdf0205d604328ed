/* entry_x64.S: the exception code that needs registers: entry from the kernel, capturing a CONTEXT. */
#if defined(__x86_64__)
    .text

#define C_FLAGS 0x30
#define C_MXCSR 0x34
#define C_EFLAGS 0x44
#define C_RSP 0x98
#define C_RBP 0xA0
#define C_RIP 0xF8
#define C_FLOAT 0x100
#define C_SIZE 0x4D0
#define R_ADDRESS 0x10
#define CONTEXT_FULL 0x10000B
#define RECORD_AT 0x4F0

/* The kernel starts us here: rsp CONTEXT, rsp+0x4F0 EXCEPTION_RECORD. */
    .globl KiUserExceptionDispatcher
KiUserExceptionDispatcher:
    cld
    mov %rsp, %rdx
    lea RECORD_AT(%rsp), %rcx
    and $-16, %rsp
    sub $0x20, %rsp
    call dispatch_and_continue
    int3

/* Fills the CONTEXT at RCX with all but RSP and RIP (RCX itself as it is); keeps every register. */
capture:
    movl $CONTEXT_FULL, C_FLAGS(%rcx)
    mov %cs, 0x38(%rcx)
    mov %ds, 0x3A(%rcx)
    mov %es, 0x3C(%rcx)
    mov %fs, 0x3E(%rcx)
    mov %gs, 0x40(%rcx)
    mov %ss, 0x42(%rcx)
    mov %rax, 0x78(%rcx)
    mov %rcx, 0x80(%rcx)
    mov %rdx, 0x88(%rcx)
    mov %rbx, 0x90(%rcx)
    mov %rbp, C_RBP(%rcx)
    mov %rsi, 0xA8(%rcx)
    mov %rdi, 0xB0(%rcx)
    mov %r8, 0xB8(%rcx)
    mov %r9, 0xC0(%rcx)
    mov %r10, 0xC8(%rcx)
    mov %r11, 0xD0(%rcx)
    mov %r12, 0xD8(%rcx)
    mov %r13, 0xE0(%rcx)
    mov %r14, 0xE8(%rcx)
    mov %r15, 0xF0(%rcx)
    fxsave C_FLOAT(%rcx)
    stmxcsr C_MXCSR(%rcx)
    pushfq
    pop %rax
    mov %eax, C_EFLAGS(%rcx)
    mov 0x78(%rcx), %rax
    ret

/* void RtlCaptureContext(CONTEXT *): the caller's context after the return from here. */
    .globl RtlCaptureContext
RtlCaptureContext:
    call capture
    mov (%rsp), %rax
    mov %rax, C_RIP(%rcx)
    lea 8(%rsp), %rax
    mov %rax, C_RSP(%rcx)
    mov 0x78(%rcx), %rax
    ret

/* void RtlRaiseException(EXCEPTION_RECORD *): the context is the one that follows the return from here. */
    .globl RtlRaiseException
RtlRaiseException:
    push %rbx
    sub $(C_SIZE + 0x20), %rsp
    mov %rcx, %rbx
    lea 0x20(%rsp), %rcx
    call capture
    mov (C_SIZE + 0x20)(%rsp), %rax
    mov %rax, 0x90(%rcx)
    mov (C_SIZE + 0x28)(%rsp), %rax
    mov %rax, C_RIP(%rcx)
    mov %rax, R_ADDRESS(%rbx)
    lea (C_SIZE + 0x30)(%rsp), %rax
    mov %rax, C_RSP(%rcx)
    mov %rcx, %rdx
    mov %rbx, %rcx
    call raise_with_context
    int3
#endif
