/* specific_handler_x64.c: __C_specific_handler, the handler of functions with __try on x64.

   Its table lists the __try blocks, inner ones first. Filters and __finally blocks are functions of their own that get the
   establisher frame; an __except block is a place in the function itself. */
#if defined(__x86_64__)
#include "cxx.h"
#include "unwind.h"

typedef struct SCOPE {
    u32 Begin, End;
    u32 Handler; /* the filter (1: always execute), or the __finally block */
    u32 Target;  /* the __except block; 0: a __finally */
} SCOPE;

typedef struct SCOPE_TABLE {
    u32 Count;
    SCOPE Scopes[];
} SCOPE_TABLE;

#define ALWAYS 1

typedef i32 (*filter_function)(EXCEPTION_POINTERS *, void *frame);
typedef void (*finally_function)(u8 is_abnormal, void *frame);

static bool32 holds(const SCOPE *scope, u64 at) { return at >= scope->Begin && at < scope->End; }

static int search(EXCEPTION_RECORD *record, void *frame, CONTEXT *context, DISPATCHER_CONTEXT *dispatcher) {
    const SCOPE_TABLE *table = dispatcher->HandlerData;
    u64 base = dispatcher->ImageBase, pc = dispatcher->ControlPc - base;
    EXCEPTION_POINTERS pointers = {record, context};
    for (u32 index = dispatcher->ScopeIndex; index < table->Count; index++) {
        const SCOPE *scope = &table->Scopes[index];
        if (!holds(scope, pc) || !scope->Target)
            continue;
        i32 answer = scope->Handler == ALWAYS ? 1 : ((filter_function)(base + scope->Handler))(&pointers, frame);
        if (answer < 0)
            return CONTINUE_EXECUTION;
        if (answer > 0) {
            destroy_thrown_object(record);
            RtlUnwindEx(frame, (void *)(base + scope->Target), record, (void *)(uptr)record->ExceptionCode,
                        dispatcher->ContextRecord, dispatcher->HistoryTable);
        }
    }
    return CONTINUE_SEARCH;
}

/* The unwind ends in this frame, at a place within the same __try block: neither that nor outer ones are left. */
static bool32 stays_inside(const SCOPE_TABLE *table, const SCOPE *scope, u64 target) {
    for (u32 index = 0; index < table->Count; index++) {
        const SCOPE *other = &table->Scopes[index];
        if (holds(other, target) && other->Target == scope->Target && other->Handler == scope->Handler)
            return TRUE;
    }
    return FALSE;
}

static void unwind(EXCEPTION_RECORD *record, void *frame, DISPATCHER_CONTEXT *dispatcher) {
    const SCOPE_TABLE *table = dispatcher->HandlerData;
    u64 base = dispatcher->ImageBase, pc = dispatcher->ControlPc - base, target = dispatcher->TargetIp - base;
    bool32 is_target = (record->ExceptionFlags & EXCEPTION_TARGET_UNWIND) != 0;
    for (u32 index = dispatcher->ScopeIndex; index < table->Count; index++) {
        const SCOPE *scope = &table->Scopes[index];
        if (!holds(scope, pc))
            continue;
        if (is_target && (stays_inside(table, scope, target) || (scope->Target && scope->Target == target)))
            return;
        if (!scope->Target) {
            dispatcher->ScopeIndex = index + 1;
            ((finally_function)(base + scope->Handler))(TRUE, frame);
        }
    }
}

int __C_specific_handler(EXCEPTION_RECORD *record, void *frame, CONTEXT *context, DISPATCHER_CONTEXT *dispatcher) {
    if (!(record->ExceptionFlags & EXCEPTION_UNWIND))
        return search(record, frame, context, dispatcher);
    unwind(record, frame, dispatcher);
    return CONTINUE_SEARCH;
}

/* __finally blocks ask whether they were entered by an unwind; compilers pass them that as their first argument. */
int _local_unwind(void *frame, void *target) {
    RtlUnwind(frame, target, NULL, NULL);
    return 0;
}
#endif
