/* except_handler_x86.c: _except_handler3 and _except_handler4, the handlers of frames that compilers make for __try on 32 bit.

   The frame of a function with __try, as its registration sees it:

       -8 stack pointer of the function's body     +0 Next      +8 scope table
       -4 EXCEPTION_POINTERS while filters run     +4 handler   +12 try level    +16 the function's EBP

   The try level indexes the scope table: the innermost __try, or -1 (handler 3), -2 (handler 4) outside of all. Handler 4's
   frames keep the table's address xored with the image's security cookie, and the table begins with where two further
   cookies lie, which are checked before the table is believed. */
#if defined(__i386__)
#include "codes.h"
#include "cxx.h"
#include "system.h"

typedef struct SCOPE {
    i32 Enclosing; /* try level around this one */
    void *Filter;  /* NULL: a __finally */
    void *Handler;
} SCOPE;

/* Offsets from the function's EBP; a cookie is stored xored with the address of the word at the second offset. */
typedef struct COOKIE_SCOPES {
    i32 GsCookie, GsCookieXor; /* -2: the function has no such cookie */
    i32 EhCookie, EhCookieXor;
    SCOPE Scopes[];
} COOKIE_SCOPES;

typedef struct TRY_FRAME {
    EXCEPTION_REGISTRATION Registration;
    void *Scopes;
    i32 TryLevel;
} TRY_FRAME;

#define NO_TRY_3 (-1)
#define NO_TRY_4 (-2)
#define NO_COOKIE (-2)

typedef void(__attribute__((fastcall)) * cookie_check)(u32 cookie);

/* A frame with its scope table decoded */
typedef struct TRY_BLOCKS {
    TRY_FRAME *Frame;
    const SCOPE *Scopes;
    i32 NoTry;
} TRY_BLOCKS;

/* What stands on the chain while __finally blocks run; _abnormal_termination knows it. */
typedef struct LOCAL_UNWIND {
    EXCEPTION_REGISTRATION Registration;
    const TRY_BLOCKS *Blocks;
    i32 Target, Level;
} LOCAL_UNWIND;

/* entry_x86.S: calls a filter or __finally block with the function's EBP; jumps into an __except block with it */
int call_in_frame(void *code, TRY_FRAME *frame);
NORETURN void jump_in_frame(void *code, TRY_FRAME *frame);

void WINAPI RtlUnwind(void *target, void *address, EXCEPTION_RECORD *record, void *value);

void _global_unwind2(TRY_FRAME *frame) { RtlUnwind(frame, NULL, NULL, NULL); }

static TRY_BLOCKS blocks_3(TRY_FRAME *frame) { return (TRY_BLOCKS){frame, frame->Scopes, NO_TRY_3}; }
static TRY_BLOCKS blocks_4(TRY_FRAME *frame, const u32 *cookie) {
    const COOKIE_SCOPES *table = (const COOKIE_SCOPES *)((u32)frame->Scopes ^ *cookie);
    return (TRY_BLOCKS){frame, table->Scopes, NO_TRY_4};
}

static void unwind_local(const TRY_BLOCKS *blocks, i32 target);

/* An exception leaves a __finally block: those that have not run yet run first. */
static int local_unwind_handler(EXCEPTION_RECORD *record, LOCAL_UNWIND *unwind, CONTEXT *context, void *dispatcher) {
    (void)context;
    (void)dispatcher;
    if (record->ExceptionFlags & EXCEPTION_UNWIND)
        unwind_local(unwind->Blocks, unwind->Blocks->NoTry);
    return CONTINUE_SEARCH;
}

/* Runs the __finally blocks between the current try level and `target`. */
static void unwind_local(const TRY_BLOCKS *blocks, i32 target) {
    LOCAL_UNWIND unwind = {{teb()->ExceptionList, (void *)local_unwind_handler}, blocks, target, 0};
    TRY_FRAME *frame = blocks->Frame;
    *(EXCEPTION_REGISTRATION *volatile *)&teb()->ExceptionList = &unwind.Registration;
    while (frame->TryLevel != blocks->NoTry && frame->TryLevel != target) {
        const SCOPE *scope = &blocks->Scopes[frame->TryLevel];
        frame->TryLevel = unwind.Level = scope->Enclosing;
        if (!scope->Filter)
            call_in_frame(scope->Handler, frame);
    }
    *(EXCEPTION_REGISTRATION *volatile *)&teb()->ExceptionList = unwind.Registration.Next;
}

void _local_unwind2(TRY_FRAME *frame, i32 target) {
    TRY_BLOCKS blocks = blocks_3(frame);
    unwind_local(&blocks, target);
}

void _local_unwind4(const u32 *cookie, TRY_FRAME *frame, i32 target) {
    TRY_BLOCKS blocks = blocks_4(frame, cookie);
    unwind_local(&blocks, target);
}

/* What longjmp calls for buffers that setjmp filled in a function with __try. */
void WINAPI _seh_longjmp_unwind(const u32 *buffer) { _local_unwind2((TRY_FRAME *)buffer[6], (i32)buffer[7]); }
void WINAPI _seh_longjmp_unwind4(const u32 *buffer) {
    _local_unwind4((const u32 *)buffer[10], (TRY_FRAME *)buffer[6], (i32)buffer[7]);
}

/* Called in a __finally block: does it run because of an unwind? */
int _abnormal_termination(void) {
    const LOCAL_UNWIND *top = (const LOCAL_UNWIND *)teb()->ExceptionList;
    return top->Registration.Handler == (void *)local_unwind_handler && top->Level == top->Blocks->Frame->TryLevel;
}

/* Does not return: the __except block resets the stack pointer itself. */
static NORETURN void run_handler(const TRY_BLOCKS *blocks, i32 level, EXCEPTION_RECORD *record) {
    TRY_FRAME *frame = blocks->Frame;
    const SCOPE *scope = &blocks->Scopes[level];
    destroy_thrown_object(record);
    RtlUnwind(frame, NULL, record, NULL);
    unwind_local(blocks, level);
    frame->TryLevel = scope->Enclosing;
    jump_in_frame(scope->Handler, frame);
}

static int handle_exception(const TRY_BLOCKS *blocks, EXCEPTION_RECORD *record, CONTEXT *context) {
    TRY_FRAME *frame = blocks->Frame;
    if (record->ExceptionFlags & EXCEPTION_UNWIND) {
        unwind_local(blocks, blocks->NoTry);
        return CONTINUE_SEARCH;
    }
    EXCEPTION_POINTERS pointers = {record, context};
    ((EXCEPTION_POINTERS **)frame)[-1] = &pointers;
    for (i32 level = frame->TryLevel; level != blocks->NoTry; level = blocks->Scopes[level].Enclosing) {
        if (!blocks->Scopes[level].Filter)
            continue;
        int answer = call_in_frame(blocks->Scopes[level].Filter, frame);
        if (answer < 0)
            return CONTINUE_EXECUTION;
        if (answer > 0)
            run_handler(blocks, level, record);
    }
    return CONTINUE_SEARCH;
}

int _except_handler3(EXCEPTION_RECORD *record, TRY_FRAME *frame, CONTEXT *context, void *dispatcher) {
    TRY_BLOCKS blocks = blocks_3(frame);
    (void)dispatcher;
    return handle_exception(&blocks, record, context);
}

/* The program's function ends the process if a cookie is not the image's. */
static void check_cookies(TRY_FRAME *frame, const u32 *cookie, cookie_check check) {
    const COOKIE_SCOPES *table = (const COOKIE_SCOPES *)((u32)frame->Scopes ^ *cookie);
    u8 *base = (u8 *)(frame + 1);
    if (table->GsCookie != NO_COOKIE)
        check((u32)(base + table->GsCookieXor) ^ *(u32 *)(base + table->GsCookie));
    check((u32)(base + table->EhCookieXor) ^ *(u32 *)(base + table->EhCookie));
}

/* What a program's own _except_handler4 calls, with its image's cookie and the function that checks one. */
int _except_handler4_common(const u32 *cookie, cookie_check check, EXCEPTION_RECORD *record, TRY_FRAME *frame, CONTEXT *context,
                            void *dispatcher) {
    (void)dispatcher;
    check_cookies(frame, cookie, check);
    TRY_BLOCKS blocks = blocks_4(frame, cookie);
    return handle_exception(&blocks, record, context);
}
#endif
