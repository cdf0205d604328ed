/* frames_x86.c: frame-based exception handling of 32-bit Windows: the chain of registrations at FS:[0].

   A handler is called through a thunk (entry_x86.S) that puts a registration of its own on the chain. If the handler
   causes an exception, the search reaches that registration: it answers NESTED_EXCEPTION, and names the frame whose handler was
   running; during an unwind it answers COLLIDED_UNWIND, and the new unwind goes on where the old one was. */
#if defined(__i386__)
#include "codes.h"
#include "system.h"

typedef int (*frame_handler)(EXCEPTION_RECORD *, EXCEPTION_REGISTRATION *, CONTEXT *, EXCEPTION_REGISTRATION **dispatcher);

int call_search_handler(EXCEPTION_RECORD *, EXCEPTION_REGISTRATION *, CONTEXT *, EXCEPTION_REGISTRATION **, frame_handler);
int call_unwind_handler(EXCEPTION_RECORD *, EXCEPTION_REGISTRATION *, CONTEXT *, EXCEPTION_REGISTRATION **, frame_handler);

/* What the thunks put on the chain: a registration and, behind it, the frame whose handler is being called. */
typedef struct PROTECTED_CALL {
    EXCEPTION_REGISTRATION Registration;
    EXCEPTION_REGISTRATION *Frame;
} PROTECTED_CALL;

int search_call_handler(EXCEPTION_RECORD *record, PROTECTED_CALL *call, CONTEXT *context, EXCEPTION_REGISTRATION **dispatcher) {
    (void)context;
    if (record->ExceptionFlags & EXCEPTION_UNWIND)
        return CONTINUE_SEARCH;
    *dispatcher = call->Frame;
    return NESTED_EXCEPTION;
}

int unwind_call_handler(EXCEPTION_RECORD *record, PROTECTED_CALL *call, CONTEXT *context, EXCEPTION_REGISTRATION **dispatcher) {
    (void)context;
    if (!(record->ExceptionFlags & EXCEPTION_UNWIND))
        return CONTINUE_SEARCH;
    *dispatcher = call->Frame;
    return COLLIDED_UNWIND;
}

/* A registration lies on the thread's stack, on a multiple of four and below the next one; its handler does not. */
static bool32 is_frame_valid(EXCEPTION_REGISTRATION *frame) {
    u32 low = (u32)teb()->StackLimit, high = (u32)teb()->StackBase, at = (u32)frame;
    if (at < low || at + sizeof *frame > high || at % 4 || frame->Next <= frame)
        return FALSE;
    u32 handler = (u32)frame->Handler;
    return handler < low || handler >= high;
}

bool32 WINAPI RtlIsValidHandler(void *handler); /* valid_handler_x86.c */

bool32 dispatch_to_frames(EXCEPTION_RECORD *record, CONTEXT *context) {
    EXCEPTION_REGISTRATION *nested = NULL, *dispatcher = NULL;
    for (EXCEPTION_REGISTRATION *frame = teb()->ExceptionList; frame != CHAIN_END; frame = frame->Next) {
        if (!is_frame_valid(frame) || !RtlIsValidHandler(frame->Handler)) {
            record->ExceptionFlags |= EXCEPTION_STACK_INVALID;
            return FALSE;
        }
        int answer = call_search_handler(record, frame, context, &dispatcher, (frame_handler)frame->Handler);
        if (frame == nested) {
            record->ExceptionFlags &= ~(u32)EXCEPTION_NESTED_CALL;
            nested = NULL;
        }
        switch (answer) {
        case CONTINUE_EXECUTION:
            if (record->ExceptionFlags & EXCEPTION_NONCONTINUABLE)
                raise_noncontinuable((u32)STATUS_NONCONTINUABLE_EXCEPTION, record);
            return TRUE;
        case CONTINUE_SEARCH:
            break;
        case NESTED_EXCEPTION:
            record->ExceptionFlags |= EXCEPTION_NESTED_CALL;
            if (dispatcher > nested)
                nested = dispatcher;
            break;
        default:
            raise_noncontinuable((u32)STATUS_INVALID_DISPOSITION, record);
        }
    }
    return FALSE;
}

/* The body of RtlUnwind (entry_x86.S), which captured its caller's context. Calls the handlers of all frames above
   `target` (of all frames, if that is NULL) to clean up, and takes them off the chain. */
void unwind_frames(EXCEPTION_REGISTRATION *target, EXCEPTION_RECORD *record, CONTEXT *context) {
    EXCEPTION_RECORD made = {(u32)STATUS_UNWIND, 0, NULL, (void *)context->Eip, 0, {0}};
    EXCEPTION_REGISTRATION *dispatcher = NULL, *frame = teb()->ExceptionList;
    if (!record)
        record = &made;
    record->ExceptionFlags |= EXCEPTION_UNWINDING | (target ? 0 : EXCEPTION_EXIT_UNWIND);
    while (frame != CHAIN_END && frame != target) {
        if (target && target < frame)
            raise_noncontinuable((u32)STATUS_INVALID_UNWIND_TARGET, record);
        if (!is_frame_valid(frame))
            raise_noncontinuable((u32)STATUS_BAD_STACK, record);
        int answer = call_unwind_handler(record, frame, context, &dispatcher, (frame_handler)frame->Handler);
        if (answer == COLLIDED_UNWIND)
            frame = dispatcher;
        else if (answer != CONTINUE_SEARCH)
            raise_noncontinuable((u32)STATUS_INVALID_DISPOSITION, record);
        frame = frame->Next;
        teb()->ExceptionList = frame;
    }
    if (frame != target && target)
        NtRaiseException(record, context, FALSE);
}
#endif
