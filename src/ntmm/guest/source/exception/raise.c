/* raise.c: RaiseException, RtlRaiseStatus, and the exceptions that guest code raises itself. */
#include "codes.h"
#include "system.h"
#include "text.h"

/* The body of RtlRaiseException (entry_*.S), which captured its caller's context; returns if there is nothing to continue. */
void raise_with_context(EXCEPTION_RECORD *record, CONTEXT *context) {
    status result;
    context->ContextFlags = CONTEXT_FULL;
    if (peb()->BeingDebugged)
        result = NtRaiseException(record, context, TRUE);
    else if (RtlDispatchException(record, context))
        result = NtContinue(context, FALSE);
    else
        result = NtRaiseException(record, context, FALSE);
    raise_noncontinuable((u32)result, record);
}

void WINAPI RaiseException(u32 code, u32 flags, u32 count, const uptr *arguments) {
    EXCEPTION_RECORD record = {code, flags & EXCEPTION_NONCONTINUABLE, NULL, (void *)RaiseException, 0, {0}};
    if (arguments) {
        record.NumberParameters = count < EXCEPTION_MAXIMUM_PARAMETERS ? count : EXCEPTION_MAXIMUM_PARAMETERS;
        memcpy(record.ExceptionInformation, arguments, record.NumberParameters * sizeof(uptr));
    }
    RtlRaiseException(&record);
}

void WINAPI RtlRaiseStatus(status code) { raise_noncontinuable((u32)code, NULL); }

void raise_noncontinuable(u32 code, EXCEPTION_RECORD *about) {
    for (;;) {
        EXCEPTION_RECORD record = {code, EXCEPTION_NONCONTINUABLE, about, (void *)raise_noncontinuable, 0, {0}};
        RtlRaiseException(&record);
    }
}

void raise_status(u32 code) { raise_noncontinuable(code, NULL); }
