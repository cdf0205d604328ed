/* jump_x86.S: setjmp. _JUMP_BUFFER: Ebp 0, Ebx 4, Edi 8, Esi C, Esp 10, Eip 14, Registration 18, TryLevel 1C,
   Cookie 20, UnwindFunc 24, UnwindData 28. */
#if defined(__i386__)
    .text
#define COOKIE 0x56433230

/* int _setjmp3(buffer, count, unwind_function, try_level, ...) */
    .globl __setjmp3
__setjmp3:
    mov 4(%esp), %edx
    mov %ebp, 0(%edx)
    mov %ebx, 4(%edx)
    mov %edi, 8(%edx)
    mov %esi, 0xC(%edx)
    mov %esp, 0x10(%edx)
    mov (%esp), %eax
    mov %eax, 0x14(%edx)
    movl $COOKIE, 0x20(%edx)
    movl $0, 0x24(%edx)
    movl $-1, 0x1C(%edx)
    mov %fs:0, %eax
    mov %eax, 0x18(%edx)
    cmp $-1, %eax
    je 3f
    mov 8(%esp), %ecx
    test %ecx, %ecx
    jz 1f
    push 12(%esp)
    popl 0x24(%edx)
    dec %ecx
    jz 1f
    push 16(%esp)
    popl 0x1C(%edx)
    dec %ecx
    jz 3f
    push %esi
    push %edi
    lea 28(%esp), %esi
    lea 0x28(%edx), %edi
    cmp $6, %ecx
    jbe 2f
    mov $6, %ecx
2:  rep movsl
    pop %edi
    pop %esi
    jmp 3f
1:  mov 0xC(%eax), %eax
    mov %eax, 0x1C(%edx)
3:  xor %eax, %eax
    ret

/* int _setjmp(buffer): no cookie, the try level of the innermost frame */
    .globl __setjmp
__setjmp:
    mov 4(%esp), %edx
    mov %ebp, 0(%edx)
    mov %ebx, 4(%edx)
    mov %edi, 8(%edx)
    mov %esi, 0xC(%edx)
    mov %esp, 0x10(%edx)
    mov (%esp), %eax
    mov %eax, 0x14(%edx)
    movl $-1, 0x1C(%edx)
    mov %fs:0, %eax
    mov %eax, 0x18(%edx)
    cmp $-1, %eax
    je 1f
    mov 0xC(%eax), %eax
    mov %eax, 0x1C(%edx)
1:  xor %eax, %eax
    ret

/* void resume_jump(buffer, value): what longjmp does last */
    .globl _resume_jump
_resume_jump:
    mov 4(%esp), %edx
    mov 8(%esp), %eax
    mov 0(%edx), %ebp
    mov 4(%edx), %ebx
    mov 8(%edx), %edi
    mov 0xC(%edx), %esi
    mov 0x10(%edx), %esp
    add $4, %esp
    jmp *0x14(%edx)
#endif
