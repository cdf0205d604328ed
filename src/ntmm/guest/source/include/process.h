/* process.h: starting and ending processes and threads, and calling images' entry points. */
#pragma once
#include "system.h"

/* shutdown.c: set once the process is ending; only one thread is left then, and locks are not waited for */
extern bool32 is_shutting_down;

/* call_x86.S, images.c: calls a function that may or may not take its arguments off the stack */
uptr call_unchecked(void *function, uptr first, uptr second, uptr third);

/* images.c: calls TLS callbacks and entry points; FALSE if one refused DLL_PROCESS_ATTACH */
bool32 call_initializers(NTMM_START *block, u32 reason, void *reserved);
void tell_images(u32 reason, void *reserved);
void enter_loader(void);
void leave_loader(void);

NORETURN void WINAPI RtlExitUserProcess(u32 code);
NORETURN void WINAPI ExitThread(u32 code);
