/* compiler_x86.S: what 32-bit compilers call for 64-bit shifts, float conversion and large stack frames. */
#if defined(__i386__)
    .text

/* EDX:EAX shifted by CL */
    .globl _allshl_guest
_allshl_guest:
    cmp $64, %cl
    jae 2f
    cmp $32, %cl
    jae 1f
    shld %cl, %eax, %edx
    shl %cl, %eax
    ret
1:  mov %eax, %edx
    xor %eax, %eax
    and $31, %cl
    shl %cl, %edx
    ret
2:  xor %eax, %eax
    xor %edx, %edx
    ret

    .globl _allshr_guest
_allshr_guest:
    cmp $64, %cl
    jae 2f
    cmp $32, %cl
    jae 1f
    shrd %cl, %edx, %eax
    sar %cl, %edx
    ret
1:  mov %edx, %eax
    sar $31, %edx
    and $31, %cl
    sar %cl, %eax
    ret
2:  sar $31, %edx
    mov %edx, %eax
    ret

    .globl _aullshr_guest
_aullshr_guest:
    cmp $64, %cl
    jae 2f
    cmp $32, %cl
    jae 1f
    shrd %cl, %edx, %eax
    shr %cl, %edx
    ret
1:  mov %edx, %eax
    xor %edx, %edx
    and $31, %cl
    shr %cl, %eax
    ret
2:  xor %eax, %eax
    xor %edx, %edx
    ret

/* st(0) truncated to EDX:EAX */
    .globl _ftol_guest
_ftol_guest:
    sub $12, %esp
    fnstcw 8(%esp)
    movzwl 8(%esp), %eax
    or $0xC00, %eax
    mov %ax, 10(%esp)
    fldcw 10(%esp)
    fistpll (%esp)
    fldcw 8(%esp)
    mov (%esp), %eax
    mov 4(%esp), %edx
    add $12, %esp
    ret

/* Lowers ESP by EAX bytes, touching every page on the way (_chkstk, _alloca_probe). */
    .globl _chkstk_guest
    .globl __alloca
_chkstk_guest:
__alloca:
    push %ecx
    lea 8(%esp), %ecx
1:  cmp $0x1000, %eax
    jb 2f
    sub $0x1000, %ecx
    testl %eax, (%ecx)
    sub $0x1000, %eax
    jmp 1b
2:  sub %eax, %ecx
    testl %eax, (%ecx)
    mov %esp, %eax
    mov %ecx, %esp
    mov (%eax), %ecx
    jmp *4(%eax)
#endif
