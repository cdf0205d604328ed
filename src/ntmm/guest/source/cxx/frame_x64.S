/* frame_x64.S: calls of a program's catch blocks, destructor blocks, destructors and copy constructors, from frames that
   have handlers (frame_x64.c). */
#if defined(__x86_64__)
    .text

/* void *call_catch_block(block, locals, active): blocks find the function's frame in RDX */
    .globl call_catch_block
    .seh_proc call_catch_block
call_catch_block:
    sub $0x28, %rsp
    .seh_stackalloc 0x28
    .seh_handler catch_block_handler, @unwind
    .seh_endprologue
    mov %r8, 0x20(%rsp)
    mov %rcx, %rax
    mov %rdx, %rcx
    call *%rax
    nop
    add $0x28, %rsp
    ret
    .seh_endproc

/* void call_cleanup(block, locals) */
    .globl call_cleanup
    .seh_proc call_cleanup
call_cleanup:
    sub $0x28, %rsp
    .seh_stackalloc 0x28
    .seh_handler cleanup_handler, @except
    .seh_endprologue
    mov %rcx, %rax
    mov %rdx, %rcx
    call *%rax
    nop
    add $0x28, %rsp
    ret
    .seh_endproc

/* void call_member(function, object, source, is_most_derived): the last two only for copy constructors */
    .globl call_member
    .seh_proc call_member
call_member:
    sub $0x28, %rsp
    .seh_stackalloc 0x28
    .seh_handler cleanup_handler, @except
    .seh_endprologue
    mov %rcx, %rax
    mov %rdx, %rcx
    mov %r8, %rdx
    mov %r9, %r8
    call *%rax
    nop
    add $0x28, %rsp
    ret
    .seh_endproc
#endif
