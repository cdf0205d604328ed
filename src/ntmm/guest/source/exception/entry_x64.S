/* entry_x64.S: the exception code that needs registers: entry from the kernel, capturing and loading a CONTEXT, calling handlers. */
#if defined(__x86_64__)
    .text

#define C_FLAGS 0x30
#define C_MXCSR 0x34
#define C_CS 0x38
#define C_SS 0x42
#define C_EFLAGS 0x44
#define C_RSP 0x98
#define C_RBP 0xA0
#define C_RIP 0xF8
#define C_FLOAT 0x100
#define C_SIZE 0x4D0
#define R_ADDRESS 0x10
#define R_PARAMETERS 0x20
#define CONTEXT_FULL 0x10000B
#define RECORD_AT 0x4F0
#define MACHINE_FRAME_AT 0x590
#define FRAME_SIZE 0x5C0

/* A CONTEXT on the stack as a frame: its saved registers are those that calls preserve, and above it lies a machine frame
   (RIP, CS, EFLAGS, RSP, SS). The unwinder goes from such a frame to the interrupted code. */
    .macro described_by_context
    .seh_pushframe
    .seh_stackalloc MACHINE_FRAME_AT
    .seh_savereg %rbx, 0x90
    .seh_savereg %rbp, 0xA0
    .seh_savereg %rsi, 0xA8
    .seh_savereg %rdi, 0xB0
    .seh_savereg %r12, 0xD8
    .seh_savereg %r13, 0xE0
    .seh_savereg %r14, 0xE8
    .seh_savereg %r15, 0xF0
    .seh_savexmm %xmm6, 0x200
    .seh_savexmm %xmm7, 0x210
    .seh_savexmm %xmm8, 0x220
    .seh_savexmm %xmm9, 0x230
    .seh_savexmm %xmm10, 0x240
    .seh_savexmm %xmm11, 0x250
    .seh_savexmm %xmm12, 0x260
    .seh_savexmm %xmm13, 0x270
    .seh_savexmm %xmm14, 0x280
    .seh_savexmm %xmm15, 0x290
    .seh_endprologue
    .endm

/* The kernel starts us here: rsp CONTEXT, rsp+0x4F0 EXCEPTION_RECORD, rsp+0x590 machine frame. The CONTEXT's first 0x30
   bytes are home space for our calls. */
    .globl KiUserExceptionDispatcher
    .seh_proc KiUserExceptionDispatcher
KiUserExceptionDispatcher:
    described_by_context
    cld
    mov %rsp, %rdx
    lea RECORD_AT(%rsp), %rcx
    call dispatch_and_continue
    int3
    .seh_endproc

/* int call_*_handler(record, frame, context, dispatcher): calls the dispatcher's language handler from a frame that has a
   handler itself, which finds the dispatcher at its frame + 0x20 */
    .macro handler_call name, handler
    .globl \name
    .seh_proc \name
\name:
    sub $0x28, %rsp
    .seh_stackalloc 0x28
    .seh_handler \handler, @except, @unwind
    .seh_endprologue
    mov %r9, 0x20(%rsp)
    call *0x30(%r9)
    nop
    add $0x28, %rsp
    ret
    .seh_endproc
    .endm

    handler_call call_search_handler, search_call_handler
    handler_call call_unwind_handler, unwind_call_handler

/* void load_context(CONTEXT *): goes on with all registers of a CONTEXT (its debug registers aside) */
    .globl load_context
load_context:
    testb $8, C_FLAGS(%rcx)
    jz 1f
    fxrstor C_FLOAT(%rcx)
    ldmxcsr C_MXCSR(%rcx)
1:  sub $0x30, %rsp
    mov C_RIP(%rcx), %rax
    mov %rax, (%rsp)
    movzwl C_CS(%rcx), %eax
    mov %rax, 8(%rsp)
    mov C_EFLAGS(%rcx), %eax
    mov %rax, 0x10(%rsp)
    mov C_RSP(%rcx), %rax
    mov %rax, 0x18(%rsp)
    movzwl C_SS(%rcx), %eax
    mov %rax, 0x20(%rsp)
    mov 0x78(%rcx), %rax
    mov 0x88(%rcx), %rdx
    mov 0x90(%rcx), %rbx
    mov C_RBP(%rcx), %rbp
    mov 0xA8(%rcx), %rsi
    mov 0xB0(%rcx), %rdi
    mov 0xB8(%rcx), %r8
    mov 0xC0(%rcx), %r9
    mov 0xC8(%rcx), %r10
    mov 0xD0(%rcx), %r11
    mov 0xD8(%rcx), %r12
    mov 0xE0(%rcx), %r13
    mov 0xE8(%rcx), %r14
    mov 0xF0(%rcx), %r15
    mov 0x80(%rcx), %rcx
    iretq

/* void consolidate_frames(CONTEXT *, EXCEPTION_RECORD *): calls the routine that the record's first parameter names, from a
   frame that unwinds to the context; goes on there, at the address that the routine answered */
    .globl consolidate_frames
consolidate_frames:
    mov %rcx, %rsi
    mov %rdx, %rbx
    sub $FRAME_SIZE, %rsp
    and $-16, %rsp
    mov %rsp, %rdi
    mov $(C_SIZE / 8), %ecx
    cld
    rep movsq
    mov C_RIP(%rsp), %rax
    mov %rax, MACHINE_FRAME_AT(%rsp)
    mov C_RSP(%rsp), %rax
    mov %rax, (MACHINE_FRAME_AT + 0x18)(%rsp)
    jmp consolidated_frame
    .seh_proc consolidated_frame
consolidated_frame:
    described_by_context
    mov %rbx, %rcx
    call *R_PARAMETERS(%rbx)
    mov %rax, C_RIP(%rsp)
    mov %rsp, %rcx
    jmp load_context
    .seh_endproc

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
    .seh_proc RtlRaiseException
RtlRaiseException:
    push %rbx
    .seh_pushreg %rbx
    sub $(C_SIZE + 0x20), %rsp
    .seh_stackalloc C_SIZE + 0x20
    .seh_endprologue
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
    .seh_endproc
#endif
