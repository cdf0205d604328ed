/* frames_x64.c: the search for a handler through the frames of 64-bit code, by the images' unwind tables.

   A handler is called through a thunk (entry_x64.S) whose frame has a handler itself. If the handler causes an exception,
   the search meets that frame: it answers NESTED_EXCEPTION, and names the frame whose handler was running. The thunk of
   the unwinder answers COLLIDED_UNWIND: the search goes on where that unwind was. */
#if defined(__x86_64__)
#include "codes.h"
#include "system.h"
#include "text.h"
#include "unwind.h"

int call_search_handler(EXCEPTION_RECORD *, u64 frame, CONTEXT *, DISPATCHER_CONTEXT *);

/* The thunks keep their dispatcher context here, counted from their establisher frame. */
#define DISPATCHER_OF(frame) (*(DISPATCHER_CONTEXT **)((u64)(frame) + 0x20))

int search_call_handler(EXCEPTION_RECORD *record, void *frame, CONTEXT *context, DISPATCHER_CONTEXT *dispatcher) {
    (void)context;
    if (record->ExceptionFlags & EXCEPTION_UNWIND)
        return CONTINUE_SEARCH;
    dispatcher->EstablisherFrame = DISPATCHER_OF(frame)->EstablisherFrame;
    return NESTED_EXCEPTION;
}

int unwind_call_handler(EXCEPTION_RECORD *record, void *frame, CONTEXT *context, DISPATCHER_CONTEXT *dispatcher) {
    (void)record;
    (void)context;
    u64 target = dispatcher->TargetIp;
    *dispatcher = *DISPATCHER_OF(frame);
    dispatcher->TargetIp = target;
    return COLLIDED_UNWIND;
}

typedef struct SEARCH {
    EXCEPTION_RECORD *Record;
    CONTEXT *Original;
    CONTEXT Context; /* of the frame that is looked at, then of its caller */
    DISPATCHER_CONTEXT Dispatcher;
    u64 Nested; /* the frame whose handler an outer search was calling */
} SEARCH;

/* Moves on to the caller; FALSE if the tables or the stack do not allow it. */
static bool32 step_up(SEARCH *search, u64 pc, u32 wanted) {
    DISPATCHER_CONTEXT *dispatcher = &search->Dispatcher;
    FRAME_STEP step = {.ImageBase = dispatcher->ImageBase, .ControlPc = pc, .Function = dispatcher->FunctionEntry,
                       .Context = &search->Context, .Low = (u64)teb()->StackLimit, .High = (u64)teb()->StackBase};
    if (!unwind_one_frame(&step, wanted))
        return FALSE;
    if (wanted) {
        dispatcher->EstablisherFrame = step.Frame;
        dispatcher->LanguageHandler = step.Handler;
        dispatcher->HandlerData = step.HandlerData;
    }
    return TRUE;
}

/* The search has met an unwind: takes over the frame it was at. FALSE if the search cannot go on from there. */
static bool32 take_over_unwind(SEARCH *search) {
    DISPATCHER_CONTEXT *dispatcher = &search->Dispatcher;
    search->Context = *dispatcher->ContextRecord;
    dispatcher->ContextRecord = &search->Context;
    return step_up(search, dispatcher->ControlPc, 0);
}

enum answer { GO_ON, HANDLED, GIVE_UP };

static enum answer call_handler(SEARCH *search) {
    EXCEPTION_RECORD *record = search->Record;
    DISPATCHER_CONTEXT *dispatcher = &search->Dispatcher;
    dispatcher->ScopeIndex = 0;
    for (u32 collided = 0;; collided = EXCEPTION_COLLIDED_UNWIND) {
        u64 frame = dispatcher->EstablisherFrame;
        record->ExceptionFlags = (record->ExceptionFlags & ~(u32)EXCEPTION_COLLIDED_UNWIND) | collided;
        int answer = call_search_handler(record, frame, search->Original, dispatcher);
        record->ExceptionFlags &= ~(u32)EXCEPTION_COLLIDED_UNWIND;
        if (frame == search->Nested) {
            record->ExceptionFlags &= ~(u32)EXCEPTION_NESTED_CALL;
            search->Nested = 0;
        }
        switch (answer) {
        case CONTINUE_EXECUTION:
            if (record->ExceptionFlags & EXCEPTION_NONCONTINUABLE)
                raise_noncontinuable((u32)STATUS_NONCONTINUABLE_EXCEPTION, record);
            return HANDLED;
        case CONTINUE_SEARCH:
            return GO_ON;
        case NESTED_EXCEPTION:
            record->ExceptionFlags |= EXCEPTION_NESTED_CALL;
            if (dispatcher->EstablisherFrame > search->Nested)
                search->Nested = dispatcher->EstablisherFrame;
            return GO_ON;
        case COLLIDED_UNWIND:
            if (!take_over_unwind(search))
                return GIVE_UP;
            break;
        default:
            raise_noncontinuable((u32)STATUS_INVALID_DISPOSITION, record);
        }
    }
}

static enum answer search_frame(SEARCH *search) {
    DISPATCHER_CONTEXT *dispatcher = &search->Dispatcher;
    u64 pc = search->Context.Rip;
    dispatcher->ControlPc = pc;
    dispatcher->FunctionEntry = RtlLookupFunctionEntry(pc, &dispatcher->ImageBase, NULL);
    if (!dispatcher->FunctionEntry) {
        bool32 moved = unwind_leaf_frame(&search->Context, (u64)teb()->StackLimit, (u64)teb()->StackBase);
        return moved && search->Context.Rip != pc ? GO_ON : GIVE_UP;
    }
    if (!step_up(search, pc, UNW_EHANDLER) || !is_frame_in_stack(dispatcher->EstablisherFrame)) {
        search->Record->ExceptionFlags |= EXCEPTION_STACK_INVALID;
        return GIVE_UP;
    }
    return dispatcher->LanguageHandler ? call_handler(search) : GO_ON;
}

bool32 dispatch_to_frames(EXCEPTION_RECORD *record, CONTEXT *context) {
    SEARCH search;
    search.Record = record;
    search.Original = context;
    search.Context = *context;
    search.Dispatcher = (DISPATCHER_CONTEXT){.ContextRecord = &search.Context};
    search.Nested = 0;
    enum answer answer = GO_ON;
    while (answer == GO_ON && is_frame_in_stack(search.Context.Rsp))
        answer = search_frame(&search);
    return answer == HANDLED;
}
#endif
