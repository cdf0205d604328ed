/* except_handler_x86.c: _except_handler3, the handler of frames that compilers make for __try on 32 bit.

   The frame of a function with __try, as its registration sees it:

       -8 stack pointer of the function's body     +0 Next      +8 scope table
       -4 EXCEPTION_POINTERS while filters run     +4 handler   +12 try level    +16 the function's EBP

   The try level indexes the scope table: -1 outside of all __try, else the innermost one. */
#if defined(__i386__)
#include "codes.h"
#include "system.h"

typedef struct SCOPE {
    i32 Enclosing; /* try level around this one */
    void *Filter;  /* NULL: a __finally */
    void *Handler;
} SCOPE;

typedef struct TRY_FRAME {
    EXCEPTION_REGISTRATION Registration;
    SCOPE *Scopes;
    i32 TryLevel;
} TRY_FRAME;

#define NO_TRY (-1)

/* entry_x86.S: calls a filter or __finally block with the function's EBP; jumps into an __except block with it */
int call_in_frame(void *code, TRY_FRAME *frame);
NORETURN void jump_in_frame(void *code, TRY_FRAME *frame);

void WINAPI RtlUnwind(void *target, void *address, EXCEPTION_RECORD *record, void *value);

void _global_unwind2(TRY_FRAME *frame) { RtlUnwind(frame, NULL, NULL, NULL); }

/* Runs the __finally blocks between the current try level and `target`. */
void _local_unwind2(TRY_FRAME *frame, i32 target) {
    while (frame->TryLevel != NO_TRY && frame->TryLevel != target) {
        SCOPE *scope = &frame->Scopes[frame->TryLevel];
        frame->TryLevel = scope->Enclosing;
        if (!scope->Filter)
            call_in_frame(scope->Handler, frame);
    }
}

/* Does not return: the __except block resets the stack pointer itself. */
static NORETURN void run_handler(TRY_FRAME *frame, i32 level) {
    SCOPE *scope = &frame->Scopes[level];
    _global_unwind2(frame);
    _local_unwind2(frame, level);
    frame->TryLevel = scope->Enclosing;
    jump_in_frame(scope->Handler, frame);
}

int _except_handler3(EXCEPTION_RECORD *record, TRY_FRAME *frame, CONTEXT *context, void *dispatcher) {
    (void)dispatcher;
    if (record->ExceptionFlags & EXCEPTION_UNWIND) {
        _local_unwind2(frame, NO_TRY);
        return CONTINUE_SEARCH;
    }
    EXCEPTION_POINTERS pointers = {record, context};
    ((EXCEPTION_POINTERS **)frame)[-1] = &pointers;
    for (i32 level = frame->TryLevel; level != NO_TRY; level = frame->Scopes[level].Enclosing) {
        if (!frame->Scopes[level].Filter)
            continue;
        int answer = call_in_frame(frame->Scopes[level].Filter, frame);
        if (answer < 0)
            return CONTINUE_EXECUTION;
        if (answer > 0)
            run_handler(frame, level);
    }
    return CONTINUE_SEARCH;
}
#endif
