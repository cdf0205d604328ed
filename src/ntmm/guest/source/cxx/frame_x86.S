/* frame_x86.S: the entry of __CxxFrameHandler3, and calls of a program's catch blocks, destructor blocks, destructors and
   copy constructors. */
#if defined(__i386__)
    .text

/* int __CxxFrameHandler3(record, registration, context, dispatcher), EAX the function's tables */
    .globl ___CxxFrameHandler3
___CxxFrameHandler3:
    cld
    push %eax
    pushl 16(%esp)
    pushl 16(%esp)
    pushl 16(%esp)
    call _handle_in_frame
    add $16, %esp
    ret

    .macro enter_call
    push %ebp
    mov %esp, %ebp
    push %ebx
    push %esi
    push %edi
    .endm

    .macro leave_call
    pop %edi
    pop %esi
    pop %ebx
    pop %ebp
    ret
    .endm

/* void *call_catch_block(block, locals): answers where the program goes on */
    .globl _call_catch_block
_call_catch_block:
    enter_call
    mov 8(%ebp), %eax
    push %ebp
    mov 12(%ebp), %ebp
    call *%eax
    pop %ebp
    leave_call

/* void continue_behind_catch(continuation, registration) */
    .globl _continue_behind_catch
_continue_behind_catch:
    mov 4(%esp), %eax
    mov 8(%esp), %ebp
    mov -4(%ebp), %esp
    add $12, %ebp
    jmp *%eax

/* void call_cleanup(block, locals) */
    .globl _call_cleanup
_call_cleanup:
    enter_call
    mov 8(%ebp), %eax
    pushl $_cleanup_handler
    pushl %fs:0
    mov %esp, %fs:0
    push %ebp
    mov 12(%ebp), %ebp
    call *%eax
    pop %ebp
    popl %fs:0
    add $4, %esp
    leave_call

/* void call_member(function, object, source, is_most_derived): the last two only for copy constructors */
    .globl _call_member
_call_member:
    enter_call
    pushl $_cleanup_handler
    pushl %fs:0
    mov %esp, %fs:0
    mov 8(%ebp), %eax
    mov 12(%ebp), %ecx
    cmpl $0, 16(%ebp)
    je 1f
    cmpl $0, 20(%ebp)
    je 2f
    pushl 20(%ebp)
2:  pushl 16(%ebp)
1:  call *%eax
    lea -20(%ebp), %esp
    popl %fs:0
    add $4, %esp
    leave_call
#endif
