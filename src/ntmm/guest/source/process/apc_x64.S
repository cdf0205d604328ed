/* apc_x64.S: where the kernel makes a thread call a user APC. */
#if defined(__x86_64__)
    .text

/* rsp CONTEXT to go on with; its home words hold three arguments and the routine, and are the routine's home space. */
    .globl KiUserApcDispatcher
KiUserApcDispatcher:
    cld
    mov (%rsp), %rcx
    mov 8(%rsp), %rdx
    mov 0x10(%rsp), %r8
    mov %rsp, %r9
    call *0x18(%rsp)
    mov %rsp, %rcx
    mov $1, %edx
    call *__imp_NtContinue(%rip)
    int3
#endif
