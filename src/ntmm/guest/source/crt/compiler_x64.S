/* compiler_x64.S: what 64-bit compilers call for large stack frames: touches the pages that RAX bytes of stack will use. */
#if defined(__x86_64__)
    .text
    .globl chkstk_guest
    .globl ___chkstk_ms
chkstk_guest:
___chkstk_ms:
    push %rcx
    push %rax
    lea 0x18(%rsp), %rcx
1:  cmp $0x1000, %rax
    jb 2f
    sub $0x1000, %rcx
    testl %eax, (%rcx)
    sub $0x1000, %rax
    jmp 1b
2:  sub %rax, %rcx
    testl %eax, (%rcx)
    pop %rax
    pop %rcx
    ret
#endif
