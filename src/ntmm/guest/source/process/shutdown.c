/* shutdown.c: the ends of threads and of the process (ExitThread, ExitProcess). */
#include "process.h"
#include "codes.h"
#include "crt.h"
#include "sync.h"

bool32 is_shutting_down;

/* Ends the other threads, tells the images, flushes the run-time's streams, ends the process. */
void WINAPI RtlExitUserProcess(u32 code) {
    if (!is_shutting_down) {
        enter_loader();
        NtTerminateProcess(NULL, (status)code);
        is_shutting_down = TRUE;
        tell_images(DLL_PROCESS_DETACH, (void *)1);
        crt_flush_streams();
    }
    for (;;)
        NtTerminateProcess(CURRENT_PROCESS, (status)code);
}

void WINAPI ExitThread(u32 code) {
    fls_finish_thread();
    tell_images(DLL_THREAD_DETACH, NULL);
    crt_free_thread();
    tls_finish_thread();
    for (;;)
        NtTerminateThread(CURRENT_THREAD, (status)code);
}
