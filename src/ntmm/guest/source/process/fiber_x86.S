/* fiber_x86.S: void switch_stacks(void **save, void *load) */
#if defined(__i386__)
    .text
    .globl _switch_stacks
_switch_stacks:
    mov 4(%esp), %eax
    mov 8(%esp), %ecx
    push %ebp
    push %ebx
    push %esi
    push %edi
    mov %esp, (%eax)
    mov %ecx, %esp
    pop %edi
    pop %esi
    pop %ebx
    pop %ebp
    ret
    .globl _first_switch
_first_switch:
    call _run_fiber
#endif
