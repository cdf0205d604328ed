/* jump_x64.S: setjmp. _JUMP_BUFFER: Frame 0, Rbx 8, Rsp 10, Rbp 18, Rsi 20, Rdi 28, R12 30, R13 38, R14 40,
   R15 48, Rip 50, MxCsr 58, FpCsr 5C, Xmm6 to Xmm15 from 60. */
#if defined(__x86_64__)
    .text

/* int _setjmp(buffer, frame) */
    .globl _setjmp
_setjmp:
    mov %rdx, 0(%rcx)
    mov %rbx, 8(%rcx)
    lea 8(%rsp), %rax
    mov %rax, 0x10(%rcx)
    mov %rbp, 0x18(%rcx)
    mov %rsi, 0x20(%rcx)
    mov %rdi, 0x28(%rcx)
    mov %r12, 0x30(%rcx)
    mov %r13, 0x38(%rcx)
    mov %r14, 0x40(%rcx)
    mov %r15, 0x48(%rcx)
    mov (%rsp), %rax
    mov %rax, 0x50(%rcx)
    stmxcsr 0x58(%rcx)
    fnstcw 0x5C(%rcx)
    movdqu %xmm6, 0x60(%rcx)
    movdqu %xmm7, 0x70(%rcx)
    movdqu %xmm8, 0x80(%rcx)
    movdqu %xmm9, 0x90(%rcx)
    movdqu %xmm10, 0xA0(%rcx)
    movdqu %xmm11, 0xB0(%rcx)
    movdqu %xmm12, 0xC0(%rcx)
    movdqu %xmm13, 0xD0(%rcx)
    movdqu %xmm14, 0xE0(%rcx)
    movdqu %xmm15, 0xF0(%rcx)
    xor %eax, %eax
    ret

/* void resume_jump(buffer, value): what longjmp does if no frame is to be unwound */
    .globl resume_jump
resume_jump:
    mov %edx, %eax
    mov 8(%rcx), %rbx
    mov 0x18(%rcx), %rbp
    mov 0x20(%rcx), %rsi
    mov 0x28(%rcx), %rdi
    mov 0x30(%rcx), %r12
    mov 0x38(%rcx), %r13
    mov 0x40(%rcx), %r14
    mov 0x48(%rcx), %r15
    ldmxcsr 0x58(%rcx)
    fldcw 0x5C(%rcx)
    movdqu 0x60(%rcx), %xmm6
    movdqu 0x70(%rcx), %xmm7
    movdqu 0x80(%rcx), %xmm8
    movdqu 0x90(%rcx), %xmm9
    movdqu 0xA0(%rcx), %xmm10
    movdqu 0xB0(%rcx), %xmm11
    movdqu 0xC0(%rcx), %xmm12
    movdqu 0xD0(%rcx), %xmm13
    movdqu 0xE0(%rcx), %xmm14
    movdqu 0xF0(%rcx), %xmm15
    mov 0x10(%rcx), %rsp
    jmp *0x50(%rcx)
#endif
