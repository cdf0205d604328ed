/* call_x86.S: uptr call_unchecked(function, first, second, third): a call that survives a wrong calling convention. */
#if defined(__i386__)
    .text
    .globl _call_unchecked
_call_unchecked:
    push %ebp
    mov %esp, %ebp
    push %ebx
    push %esi
    push %edi
    pushl 20(%ebp)
    pushl 16(%ebp)
    pushl 12(%ebp)
    call *8(%ebp)
    lea -12(%ebp), %esp
    pop %edi
    pop %esi
    pop %ebx
    pop %ebp
    ret
#endif
