/* frame_x64.c: __CxxFrameHandler3 on x64, the handler of functions with try blocks or destructors.

   Catch blocks and destructor calls are functions of their own with the same tables; the instruction pointer tells their
   state. To catch, the unwinder is asked to consolidate frames: it leaves all frames up to the one with the try block,
   calls run_catch on top of it, and goes on in it where the catch block says.

   While frames are unwound, the state word of the function's frame holds the state reached, so that an unwind that takes
   over goes on there; STATE_UNKNOWN otherwise. */
#if defined(__x86_64__)
#include "codes.h"
#include "cxx.h"
#include "unwind.h"

/* frame_x64.S */
void *call_catch_block(void *block, void *locals, ACTIVE_CATCH *active);

enum { CONSOLIDATE_ROUTINE, CONSOLIDATE_ACTIVE, CONSOLIDATE_BLOCK, CONSOLIDATE_STATE, CONSOLIDATE_PARAMETERS };
#define ANY_STATE 0x7FFFFFFF
#define ACTIVE_OF(frame) (*(ACTIVE_CATCH **)((u8 *)(frame) + 0x20)) /* where call_catch_block keeps it */

static i32 state_at(const CXX_FRAME *frame, u64 pc) {
    const STATE_AT *addresses = in_image(frame->Base, frame->Info->Addresses);
    i32 state = NO_STATE;
    for (u32 index = 0; addresses && index < frame->Info->AddressCount; index++) {
        if (pc - frame->Base < addresses[index].Address)
            break;
        state = addresses[index].State;
    }
    return state;
}

/* In a catch block, only the states of that block count, and objects lie in the frame of the function around it. */
static void narrow_to_catch_block(CXX_FRAME *frame, const DISPATCHER_CONTEXT *dispatcher) {
    const TRY *tries = in_image(frame->Base, frame->Info->Tries);
    for (u32 index = 0; tries && index < frame->Info->TryCount; index++) {
        const CATCH *catches = in_image(frame->Base, tries[index].Catches);
        for (i32 number = 0; catches && number < tries[index].Count; number++) {
            if (catches[number].Handler != dispatcher->FunctionEntry->BeginAddress)
                continue;
            frame->Lowest = tries[index].High;
            frame->Highest = tries[index].CatchHigh;
            frame->Locals = *(u8 **)(frame->Locals + catches[number].ParentFrame);
            return;
        }
    }
}

static void describe(CXX_FRAME *frame, void *establisher, const FUNCTION_INFO *info, const DISPATCHER_CONTEXT *dispatcher) {
    *frame = (CXX_FRAME){dispatcher->ImageBase, info, establisher, NULL, NO_STATE, ANY_STATE};
    narrow_to_catch_block(frame, dispatcher);
    if (info->StateWord)
        frame->StateWord = (i32 *)(frame->Locals + info->StateWord);
}

static i32 current_state(const CXX_FRAME *frame, void *establisher, u64 pc) {
    const ACTIVE_CATCH *active = catch_over(establisher);
    if (active)
        return active->OuterState;
    if (frame->StateWord && *frame->StateWord != STATE_UNKNOWN)
        return *frame->StateWord;
    return state_at(frame, pc);
}

static void *run_catch(EXCEPTION_RECORD *record) {
    ACTIVE_CATCH *active = (ACTIVE_CATCH *)record->ExceptionInformation[CONSOLIDATE_ACTIVE];
    enter_catch(active);
    void *continuation =
        call_catch_block((void *)record->ExceptionInformation[CONSOLIDATE_BLOCK], active->Frame.Locals, active);
    leave_catch(active, NULL);
    return continuation;
}

static bool32 is_ours(const EXCEPTION_RECORD *record) {
    return record->ExceptionCode == (u32)STATUS_UNWIND_CONSOLIDATE && record->NumberParameters == CONSOLIDATE_PARAMETERS &&
           record->ExceptionInformation[CONSOLIDATE_ROUTINE] == (uptr)run_catch;
}

/* The handler of call_catch_block's frame: an exception leaves the catch block. */
int catch_block_handler(EXCEPTION_RECORD *record, void *establisher, CONTEXT *context, DISPATCHER_CONTEXT *dispatcher) {
    ACTIVE_CATCH *active = ACTIVE_OF(establisher);
    (void)context;
    (void)dispatcher;
    if (!(record->ExceptionFlags & EXCEPTION_UNWIND))
        return CONTINUE_SEARCH;
    if (is_ours(record))
        record = &((ACTIVE_CATCH *)record->ExceptionInformation[CONSOLIDATE_ACTIVE])->Record;
    if (leave_catch(active, record) && active->Frame.StateWord)
        *active->Frame.StateWord = active->OuterState;
    return CONTINUE_SEARCH;
}

/* The handler of call_cleanup's and call_member's frames. */
int cleanup_handler(EXCEPTION_RECORD *record, void *establisher, CONTEXT *context, DISPATCHER_CONTEXT *dispatcher) {
    (void)establisher;
    (void)context;
    (void)dispatcher;
    if (!(record->ExceptionFlags & EXCEPTION_UNWIND) && is_cxx_exception(record))
        terminate();
    return CONTINUE_SEARCH;
}

static void unwind(EXCEPTION_RECORD *record, CXX_FRAME *frame, void *establisher, const DISPATCHER_CONTEXT *dispatcher) {
    i32 state = current_state(frame, establisher, dispatcher->ControlPc), target = frame->Lowest;
    bool32 is_target = (record->ExceptionFlags & EXCEPTION_TARGET_UNWIND) != 0;
    if (is_target)
        target = is_ours(record) ? (i32)record->ExceptionInformation[CONSOLIDATE_STATE] : state_at(frame, dispatcher->TargetIp);
    state = unwind_states(frame, state, target);
    if (frame->StateWord)
        *frame->StateWord = is_target || frame->Lowest != NO_STATE ? STATE_UNKNOWN : state;
}

static void search(EXCEPTION_RECORD *record, CXX_FRAME *frame, void *establisher, CONTEXT *context,
                   DISPATCHER_CONTEXT *dispatcher) {
    ACTIVE_CATCH active = {.Target = establisher};
    const CATCH *block;
    i32 state = current_state(frame, establisher, dispatcher->ControlPc);
    if (!search_tries(frame, record, context, state, &active, &block))
        return;
    EXCEPTION_RECORD consolidate = {(u32)STATUS_UNWIND_CONSOLIDATE, EXCEPTION_NONCONTINUABLE, record, NULL,
                                    CONSOLIDATE_PARAMETERS, {0}};
    consolidate.ExceptionInformation[CONSOLIDATE_ROUTINE] = (uptr)run_catch;
    consolidate.ExceptionInformation[CONSOLIDATE_ACTIVE] = (uptr)&active;
    consolidate.ExceptionInformation[CONSOLIDATE_BLOCK] = (uptr)in_image(frame->Base, block->Handler);
    consolidate.ExceptionInformation[CONSOLIDATE_STATE] = (uptr)(u32)active.Try->Low;
    RtlUnwindEx(establisher, (void *)dispatcher->ControlPc, &consolidate, NULL, dispatcher->ContextRecord,
                dispatcher->HistoryTable);
}

int __CxxFrameHandler3(EXCEPTION_RECORD *record, void *establisher, CONTEXT *context, DISPATCHER_CONTEXT *dispatcher) {
    const FUNCTION_INFO *info = in_image(dispatcher->ImageBase, *(const u32 *)dispatcher->HandlerData);
    CXX_FRAME frame;
    if (!wants_exception(info, record))
        return CONTINUE_SEARCH;
    describe(&frame, establisher, info, dispatcher);
    if (record->ExceptionFlags & EXCEPTION_UNWIND)
        unwind(record, &frame, establisher, dispatcher);
    else
        search(record, &frame, establisher, context, dispatcher);
    return CONTINUE_SEARCH;
}
#endif
