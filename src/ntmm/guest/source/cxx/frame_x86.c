/* frame_x86.c: __CxxFrameHandler3 on 32 bit, the handler of functions with try blocks or destructors.

   A function's frame, as its registration sees it:

       -4 stack pointer of the function's body     +0 Next     +4 handler     +8 state     +12 the function's EBP

   A catch block is called with that EBP, below a registration of ours (CATCH_GUARD): what it throws is looked for in the
   try blocks within it there, and later in those around it by the function's own registration. */
#if defined(__i386__)
#include "codes.h"
#include "cxx.h"

typedef struct CXX_REGISTRATION {
    EXCEPTION_REGISTRATION Registration;
    i32 State;
} CXX_REGISTRATION;

typedef struct CATCH_GUARD {
    EXCEPTION_REGISTRATION Registration;
    CXX_REGISTRATION *Function;
    ACTIVE_CATCH Active;
    u32 StackPointer;
} CATCH_GUARD;

#define ANY_STATE 0x7FFFFFFF
#define STACK_POINTER_OF(function) (((u32 *)(function))[-1])

/* frame_x86.S */
void *call_catch_block(void *block, void *locals);
NORETURN void continue_behind_catch(void *continuation, CXX_REGISTRATION *function);

void WINAPI RtlUnwind(void *target, void *address, EXCEPTION_RECORD *record, void *value);

static void describe(CXX_FRAME *frame, CXX_REGISTRATION *function, const FUNCTION_INFO *info) {
    *frame = (CXX_FRAME){0, info, (u8 *)function + sizeof *function, &function->State, NO_STATE, ANY_STATE};
}

/* The part of a function's frame that belongs to the catch block under a guard. */
static void describe_guarded(CXX_FRAME *frame, const CATCH_GUARD *guard) {
    *frame = guard->Active.Frame;
    frame->Lowest = guard->Active.Try->High;
    frame->Highest = guard->Active.Try->CatchHigh;
}

static int guard_handler(EXCEPTION_RECORD *record, CATCH_GUARD *guard, CONTEXT *context, void *dispatcher);

static NORETURN void run_catch(CXX_REGISTRATION *function, ACTIVE_CATCH *active, void *block) {
    CATCH_GUARD guard = {{teb()->ExceptionList, (void *)guard_handler}, function, *active, STACK_POINTER_OF(function)};
    *(EXCEPTION_REGISTRATION *volatile *)&teb()->ExceptionList = &guard.Registration;
    enter_catch(&guard.Active);
    void *continuation = call_catch_block(block, guard.Active.Frame.Locals);
    STACK_POINTER_OF(function) = guard.StackPointer;
    *(EXCEPTION_REGISTRATION *volatile *)&teb()->ExceptionList = guard.Registration.Next;
    leave_catch(&guard.Active, NULL);
    continue_behind_catch(continuation, function);
}

/* Does not return if a catch block takes the exception; `target` is the registration of the frame, or the guard. */
static void search(EXCEPTION_RECORD *record, CXX_FRAME *frame, CXX_REGISTRATION *function, void *target, CONTEXT *context) {
    ACTIVE_CATCH active = {.Target = target};
    const ACTIVE_CATCH *over = catch_over(target);
    const CATCH *block;
    if (!search_tries(frame, record, context, over ? over->OuterState : function->State, &active, &block))
        return;
    EXCEPTION_RECORD passing = active.Record;
    passing.ExceptionFlags = record->ExceptionFlags;
    RtlUnwind(target, NULL, &passing, NULL);
    unwind_states(frame, function->State, active.Try->Low);
    function->State = active.Try->High + 1;
    run_catch(function, &active, in_image(0, block->Handler));
}

static int guard_handler(EXCEPTION_RECORD *record, CATCH_GUARD *guard, CONTEXT *context, void *dispatcher) {
    CXX_FRAME frame;
    (void)dispatcher;
    describe_guarded(&frame, guard);
    if (!(record->ExceptionFlags & EXCEPTION_UNWIND)) {
        if (wants_exception(frame.Info, record))
            search(record, &frame, guard->Function, guard, context);
        return CONTINUE_SEARCH;
    }
    if (wants_exception(frame.Info, record))
        unwind_states(&frame, guard->Function->State, frame.Lowest);
    if (leave_catch(&guard->Active, record)) {
        guard->Function->State = guard->Active.OuterState;
        STACK_POINTER_OF(guard->Function) = guard->StackPointer;
    }
    return CONTINUE_SEARCH;
}

/* The body of __CxxFrameHandler3 (frame_x86.S), which gets the tables in EAX. */
int handle_in_frame(EXCEPTION_RECORD *record, CXX_REGISTRATION *function, CONTEXT *context, const FUNCTION_INFO *info) {
    CXX_FRAME frame;
    if (!wants_exception(info, record))
        return CONTINUE_SEARCH;
    describe(&frame, function, info);
    if (record->ExceptionFlags & EXCEPTION_UNWIND)
        unwind_states(&frame, function->State, NO_STATE);
    else
        search(record, &frame, function, function, context);
    return CONTINUE_SEARCH;
}

/* What longjmp calls for a buffer that setjmp filled in a function with C++ objects: the state to return to. */
void WINAPI __CxxLongjmpUnwind(const u32 *buffer) {
    CXX_REGISTRATION *function = (CXX_REGISTRATION *)buffer[6];
    const FUNCTION_INFO *info = (const FUNCTION_INFO *)buffer[10];
    CXX_FRAME frame;
    describe(&frame, function, info);
    unwind_states(&frame, function->State, (i32)buffer[7]);
}

/* The handler of the registrations that call_cleanup and call_member make. */
int cleanup_handler(EXCEPTION_RECORD *record, void *registration, CONTEXT *context, void *dispatcher) {
    (void)registration;
    (void)context;
    (void)dispatcher;
    if (!(record->ExceptionFlags & EXCEPTION_UNWIND) && is_cxx_exception(record))
        terminate();
    return CONTINUE_SEARCH;
}
#endif
