/* unhandled.c: the top-level filter: what happens to an exception that no handler took. */
#include "codes.h"
#include "system.h"
#include "sync.h"

static exception_filter top_level_filter;

exception_filter WINAPI SetUnhandledExceptionFilter(exception_filter filter) {
    return __atomic_exchange_n(&top_level_filter, filter, __ATOMIC_SEQ_CST);
}

/* Asks the program's filter. Without one, or when it leaves the question open, the answer is EXCEPTION_CONTINUE_SEARCH:
   the exception then reaches the kernel a second time, which ends the process and reports it. */
i32 WINAPI UnhandledExceptionFilter(EXCEPTION_POINTERS *pointers) {
    exception_filter filter = top_level_filter;
    return filter && !peb()->BeingDebugged ? filter(pointers) : EXCEPTION_CONTINUE_SEARCH;
}
