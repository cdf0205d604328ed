/* apc_x86.S: where the kernel makes a thread call a user APC. */
#if defined(__i386__)
    .text

/* [esp] routine, [esp+4] three arguments, [esp+0x10] CONTEXT to go on with. */
    .globl _KiUserApcDispatcher
_KiUserApcDispatcher:
    cld
    lea 0x10(%esp), %edi
    pop %eax
    call *%eax
    push $1
    push %edi
    call *__imp__NtContinue@8
    int3
#endif
