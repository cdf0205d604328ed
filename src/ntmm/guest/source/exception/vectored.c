/* vectored.c: the vectored exception and continue handlers of the process. */
#include "exception.h"
#include "heap.h"

typedef struct VECTORED_HANDLER {
    LIST_ENTRY Link;
    i32 References; /* calls in progress, plus one while listed */
    exception_filter Handler;
} VECTORED_HANDLER;

enum { EXCEPTION_LIST, CONTINUE_LIST };

static CRITICAL_SECTION list_lock = CRITICAL_SECTION_FREE;
static LIST_ENTRY lists[2] = {{&lists[0], &lists[0]}, {&lists[1], &lists[1]}};

static void *add(u32 list, u32 first, exception_filter handler) {
    VECTORED_HANDLER *entry = process_allocate(sizeof *entry);
    if (!entry)
        return NULL;
    entry->References = 1;
    entry->Handler = RtlEncodePointer((void *)handler);
    RtlEnterCriticalSection(&list_lock);
    LIST_ENTRY *next = first ? lists[list].Flink : &lists[list];
    entry->Link.Flink = next;
    entry->Link.Blink = next->Blink;
    next->Blink->Flink = &entry->Link;
    next->Blink = &entry->Link;
    RtlLeaveCriticalSection(&list_lock);
    return entry;
}

/* With the list locked: drops a reference, and the handler with the last one. */
static void release(VECTORED_HANDLER *entry) {
    if (--entry->References)
        return;
    entry->Link.Flink->Blink = entry->Link.Blink;
    entry->Link.Blink->Flink = entry->Link.Flink;
    process_free(entry);
}

static u32 remove(u32 list, void *handle) {
    u32 found = FALSE;
    RtlEnterCriticalSection(&list_lock);
    for (LIST_ENTRY *link = lists[list].Flink; link != &lists[list] && !found; link = link->Flink)
        found = link == handle && ((VECTORED_HANDLER *)link)->Handler;
    if (found) {
        ((VECTORED_HANDLER *)handle)->Handler = NULL;
        release(handle);
    }
    RtlLeaveCriticalSection(&list_lock);
    return found;
}

void *WINAPI RtlAddVectoredExceptionHandler(u32 first, exception_filter handler) {
    return add(EXCEPTION_LIST, first, handler);
}
u32 WINAPI RtlRemoveVectoredExceptionHandler(void *handle) { return remove(EXCEPTION_LIST, handle); }
void *WINAPI RtlAddVectoredContinueHandler(u32 first, exception_filter handler) {
    return add(CONTINUE_LIST, first, handler);
}
u32 WINAPI RtlRemoveVectoredContinueHandler(void *handle) { return remove(CONTINUE_LIST, handle); }

/* Calls handlers, with the list unlocked, until one answers EXCEPTION_CONTINUE_EXECUTION. */
static i32 call_list(u32 list, EXCEPTION_RECORD *record, CONTEXT *context) {
    EXCEPTION_POINTERS pointers = {record, context};
    i32 answer = EXCEPTION_CONTINUE_SEARCH;
    if (LIKELY(lists[list].Flink == &lists[list]))
        return answer;
    RtlEnterCriticalSection(&list_lock);
    for (LIST_ENTRY *link = lists[list].Flink, *next; link != &lists[list]; link = next) {
        VECTORED_HANDLER *entry = (VECTORED_HANDLER *)link;
        exception_filter handler = entry->Handler ? RtlDecodePointer((void *)entry->Handler) : NULL;
        entry->References++;
        RtlLeaveCriticalSection(&list_lock);
        if (handler)
            answer = handler(&pointers);
        RtlEnterCriticalSection(&list_lock);
        next = link->Flink;
        release(entry);
        if (answer == EXCEPTION_CONTINUE_EXECUTION)
            break;
    }
    RtlLeaveCriticalSection(&list_lock);
    return answer;
}

i32 call_vectored_handlers(EXCEPTION_RECORD *record, CONTEXT *context) {
    return call_list(EXCEPTION_LIST, record, context);
}

void call_vectored_continue_handlers(EXCEPTION_RECORD *record, CONTEXT *context) {
    call_list(CONTINUE_LIST, record, context);
}
