/* start_x64.S: the outermost frames of 64-bit threads: their handler asks the top-level filter (start.c). */
#if defined(__x86_64__)
    .text

    .macro outermost_frame name, body
    .globl \name
    .seh_proc \name
\name:
    sub $0x28, %rsp
    .seh_stackalloc 0x28
    .seh_handler outermost_handler, @except
    .seh_endprologue
    call \body
    int3
    .seh_endproc
    .endm

    outermost_frame NtmmProcessStart, start_process
    outermost_frame NtmmThreadStart, start_thread

/* Where the top-level filter's EXCEPTION_EXECUTE_HANDLER leads, in one of the frames above: EAX is the exception's code. */
    .globl outermost_exit
outermost_exit:
    mov %eax, %ecx
    call RtlExitUserProcess
    int3
#endif
