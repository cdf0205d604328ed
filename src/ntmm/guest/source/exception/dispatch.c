/* dispatch.c: the search for a handler: vectored handlers first, then what the architecture has (frames_*.c). */
#include "codes.h"
#include "system.h"

bool32 WINAPI RtlDispatchException(EXCEPTION_RECORD *record, CONTEXT *context) {
    if (call_vectored_handlers(record, context) != EXCEPTION_CONTINUE_EXECUTION && !dispatch_to_frames(record, context))
        return FALSE;
    call_vectored_continue_handlers(record, context);
    return TRUE;
}

/* The kernel enters KiUserExceptionDispatcher (entry_*.S) with an exception's record and context; this is its body.

   Continues the thread if a handler was found; otherwise the kernel gets the exception again and ends the process. */
NORETURN void dispatch_and_continue(EXCEPTION_RECORD *record, CONTEXT *context) {
    status result;
    if (RtlDispatchException(record, context))
        result = NtContinue(context, FALSE);
    else
        result = NtRaiseException(record, context, FALSE);
    raise_noncontinuable((u32)result, record);
}
