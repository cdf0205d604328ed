/* thread_information.c: what a thread reads in its own TEB and PEB: last error, ids, pseudo handles, encoded pointers. */
#include "sync.h"

u32 WINAPI RtlGetLastWin32Error(void) { return teb()->LastErrorValue; }
void WINAPI RtlSetLastWin32Error(u32 code) { set_last_error(code); }
handle WINAPI GetCurrentProcess(void) { return CURRENT_PROCESS; }
handle WINAPI GetCurrentThread(void) { return CURRENT_THREAD; }
u32 WINAPI GetCurrentProcessId(void) { return (u32)teb()->UniqueProcess; }
u32 WINAPI GetCurrentThreadId(void) { return (u32)teb()->UniqueThread; }
TEB *WINAPI NtCurrentTeb(void) { return teb(); }
PEB *WINAPI RtlGetCurrentPeb(void) { return peb(); }
void *WINAPI GetProcessHeap(void) { return peb()->ProcessHeap; }
void WINAPI DebugBreak(void) { __asm__ volatile("int3"); }
bool32 WINAPI IsDebuggerPresent(void) { return peb()->BeingDebugged; }

u32 WINAPI RtlSetLastWin32ErrorAndNtStatusFromNtStatus(status value) {
    u32 code = RtlNtStatusToDosError(value);
    set_last_error(code);
    return code;
}

/* Windows mixes pointers with a process cookie; the cookie here comes from the process id, so that runs repeat. */
static uptr cookie(void) { return (uptr)0x5DA3F02E * (teb()->UniqueProcess | 1); }

void *WINAPI RtlEncodePointer(void *pointer) { return (void *)((uptr)pointer ^ cookie()); }
void *WINAPI RtlDecodePointer(void *pointer) { return (void *)((uptr)pointer ^ cookie()); }
