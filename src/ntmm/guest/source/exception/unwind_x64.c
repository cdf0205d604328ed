/* unwind_x64.c: RtlUnwindEx: leaves frames up to a target, calling their handlers to clean up, and resumes in the target. */
#if defined(__x86_64__)
#include "codes.h"
#include "jump_x64.h"
#include "system.h"
#include "text.h"
#include "unwind.h"

int call_unwind_handler(EXCEPTION_RECORD *, u64 frame, CONTEXT *, DISPATCHER_CONTEXT *);

/* entry_x64.S: loads all registers; calls a routine on top of a frame that unwinds to a context, then loads that context
   with what the routine answered as the instruction pointer */
NORETURN void load_context(CONTEXT *context);
NORETURN void consolidate_frames(CONTEXT *context, EXCEPTION_RECORD *record);

typedef struct UNWIND {
    EXCEPTION_RECORD *Record;
    u64 Target; /* 0: all frames, at a thread's end */
    u64 Value;
    CONTEXT *Current;     /* of the frame that is being left ... */
    CONTEXT *Next;        /* ... and of its caller */
    DISPATCHER_CONTEXT Dispatcher;
} UNWIND;

NORETURN void RtlRestoreContext(CONTEXT *context, EXCEPTION_RECORD *record) {
    if (record && record->NumberParameters) {
        if (record->ExceptionCode == (u32)STATUS_UNWIND_CONSOLIDATE)
            consolidate_frames(context, record);
        if (record->ExceptionCode == (u32)STATUS_LONGJUMP)
            take_from_jump_buffer(context, (JUMP_BUFFER *)record->ExceptionInformation[0]);
    }
    load_context(context);
}

/* From Current to Next, which gets the caller's registers. */
static void step_up(UNWIND *unwind, u32 wanted) {
    DISPATCHER_CONTEXT *dispatcher = &unwind->Dispatcher;
    *unwind->Next = *unwind->Current;
    FRAME_STEP step = {.ImageBase = dispatcher->ImageBase, .ControlPc = dispatcher->ControlPc,
                       .Function = dispatcher->FunctionEntry, .Context = unwind->Next,
                       .Low = (u64)teb()->StackLimit, .High = (u64)teb()->StackBase};
    if (!unwind_one_frame(&step, wanted))
        raise_noncontinuable((u32)STATUS_BAD_FUNCTION_TABLE, unwind->Record);
    if (wanted) {
        dispatcher->EstablisherFrame = step.Frame;
        dispatcher->LanguageHandler = step.Handler;
        dispatcher->HandlerData = step.HandlerData;
    }
}

static void check_frame(const UNWIND *unwind) {
    u64 frame = unwind->Dispatcher.EstablisherFrame;
    if (!is_frame_in_stack(frame) || (unwind->Target && unwind->Target < frame))
        raise_noncontinuable((u32)STATUS_BAD_STACK, unwind->Record);
}

/* The frame's handler was already being called by an unwind that an exception has overtaken: goes on from there. */
static void take_over_unwind(UNWIND *unwind) {
    *unwind->Current = *unwind->Dispatcher.ContextRecord;
    unwind->Dispatcher.ContextRecord = unwind->Current;
    step_up(unwind, 0);
}

static void call_handler(UNWIND *unwind) {
    EXCEPTION_RECORD *record = unwind->Record;
    DISPATCHER_CONTEXT *dispatcher = &unwind->Dispatcher;
    dispatcher->ScopeIndex = 0;
    for (u32 collided = 0;; collided = EXCEPTION_COLLIDED_UNWIND) {
        u32 target = dispatcher->EstablisherFrame == unwind->Target ? EXCEPTION_TARGET_UNWIND : 0;
        record->ExceptionFlags |= target | collided;
        if (target)
            unwind->Current->Rax = unwind->Value;
        dispatcher->ContextRecord = unwind->Current;
        int answer = call_unwind_handler(record, dispatcher->EstablisherFrame, unwind->Current, dispatcher);
        record->ExceptionFlags &= ~(u32)(EXCEPTION_TARGET_UNWIND | EXCEPTION_COLLIDED_UNWIND);
        if (answer == CONTINUE_SEARCH)
            return;
        if (answer != COLLIDED_UNWIND)
            raise_noncontinuable((u32)STATUS_INVALID_DISPOSITION, record);
        take_over_unwind(unwind);
    }
}

static void leave_leaf(UNWIND *unwind) {
    u64 pc = unwind->Current->Rip;
    *unwind->Next = *unwind->Current;
    unwind->Dispatcher.EstablisherFrame = unwind->Current->Rsp;
    if (!unwind_leaf_frame(unwind->Next, (u64)teb()->StackLimit, (u64)teb()->StackBase) || unwind->Next->Rip == pc)
        raise_noncontinuable((u32)STATUS_BAD_FUNCTION_TABLE, unwind->Record);
}

/* FALSE at the target, whose registers Current then holds. */
static bool32 leave_frame(UNWIND *unwind) {
    DISPATCHER_CONTEXT *dispatcher = &unwind->Dispatcher;
    dispatcher->ControlPc = unwind->Current->Rip;
    dispatcher->FunctionEntry = RtlLookupFunctionEntry(dispatcher->ControlPc, &dispatcher->ImageBase, NULL);
    if (dispatcher->FunctionEntry) {
        step_up(unwind, UNW_UHANDLER);
        check_frame(unwind);
        if (dispatcher->LanguageHandler)
            call_handler(unwind);
    } else {
        leave_leaf(unwind);
    }
    if (dispatcher->EstablisherFrame == unwind->Target)
        return FALSE;
    CONTEXT *left = unwind->Current;
    unwind->Current = unwind->Next;
    unwind->Next = left;
    return TRUE;
}

static NORETURN void resume(UNWIND *unwind, void *ip) {
    EXCEPTION_RECORD *record = unwind->Record;
    if (!unwind->Target || unwind->Dispatcher.EstablisherFrame != unwind->Target) {
        NtRaiseException(record, unwind->Current, FALSE);
        raise_noncontinuable((u32)STATUS_BAD_STACK, record);
    }
    unwind->Current->Rax = unwind->Value;
    if (record->ExceptionCode != (u32)STATUS_UNWIND_CONSOLIDATE)
        unwind->Current->Rip = (u64)ip;
    RtlRestoreContext(unwind->Current, record);
}

void RtlUnwindEx(void *frame, void *ip, EXCEPTION_RECORD *record, void *value, CONTEXT *context, void *history) {
    CONTEXT second;
    EXCEPTION_RECORD made = {(u32)STATUS_UNWIND, 0, NULL, NULL, 0, {0}};
    UNWIND unwind = {record ? record : &made, (u64)frame, (u64)value, context, &second, {.TargetIp = (u64)ip}};
    unwind.Dispatcher.HistoryTable = history;
    RtlCaptureContext(context);
    made.ExceptionAddress = (void *)context->Rip;
    unwind.Record->ExceptionFlags |= EXCEPTION_UNWINDING | (frame ? 0 : EXCEPTION_EXIT_UNWIND);
    while (is_frame_in_stack(unwind.Current->Rsp) && leave_frame(&unwind))
        ;
    resume(&unwind, ip);
}

void RtlUnwind(void *frame, void *ip, EXCEPTION_RECORD *record, void *value) {
    CONTEXT context;
    RtlUnwindEx(frame, ip, record, value, &context, NULL);
}
#endif
