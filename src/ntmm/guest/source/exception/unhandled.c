/* unhandled.c: the top-level filter: what happens to an exception that no handler took. */
#include "codes.h"
#include "system.h"
#include "sync.h"

static exception_filter top_level_filter;

exception_filter WINAPI SetUnhandledExceptionFilter(exception_filter filter) {
    return __atomic_exchange_n(&top_level_filter, filter, __ATOMIC_SEQ_CST);
}

#define NO_FAULT_BOX 2 /* SEM_NOGPFAULTERRORBOX */

static u32 error_mode(void) {
    u32 mode = SetErrorMode(0);
    SetErrorMode(mode);
    return mode;
}

/* Asks the program's filter. Without one, or when it leaves the question open: a process that wants no message box ends
   through its handlers (EXCEPTION_EXECUTE_HANDLER); else the exception reaches the kernel a second time, where Windows would
   show the box, and which ends the process and reports it. */
i32 WINAPI UnhandledExceptionFilter(EXCEPTION_POINTERS *pointers) {
    exception_filter filter = top_level_filter;
    if (peb()->BeingDebugged)
        return EXCEPTION_CONTINUE_SEARCH;
    i32 answer = filter ? filter(pointers) : EXCEPTION_CONTINUE_SEARCH;
    if (answer != EXCEPTION_CONTINUE_SEARCH)
        return answer;
    return error_mode() & NO_FAULT_BOX ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH;
}
