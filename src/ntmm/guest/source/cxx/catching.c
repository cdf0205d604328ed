/* catching.c: from an exception that reaches a function's frame to its catch block, and the list of those being executed. */
#include "codes.h"
#include "cxx.h"
#include "text.h"

/* A frame without tables that we know, or one compiled for C++ exceptions only, has nothing to do with the exception. */
bool32 wants_exception(const FUNCTION_INFO *info, const EXCEPTION_RECORD *record) {
    u32 code = record->ExceptionCode;
    if (!info || info->Magic < CXX_MAGIC || info->Magic > CXX_MAGIC_LAST)
        return FALSE;
    if (code == CXX_EXCEPTION || code == (u32)STATUS_UNWIND_CONSOLIDATE || code == (u32)STATUS_LONGJUMP)
        return TRUE;
    return info->Magic < CXX_MAGIC_LAST || !(info->Flags & FUNCTION_SYNCHRONOUS);
}

/* `throw;` stands for the exception that is being handled. */
const EXCEPTION_RECORD *thrown_record(const EXCEPTION_RECORD *record) {
    if (!is_cxx_exception(record) || record->ExceptionInformation[PARAMETER_INFO])
        return record;
    const ACTIVE_CATCH *current = cxx_thread()->Catches;
    if (!current)
        terminate();
    return &current->Record;
}

/* The translator usually throws a C++ exception in the place of the one at hand. */
static void translate(EXCEPTION_RECORD *record, CONTEXT *context) {
    EXCEPTION_POINTERS pointers = {record, context};
    translator_function translator = cxx_thread()->Translator;
    if (translator)
        translator(record->ExceptionCode, &pointers);
}

/* Fills `active` and prepares the caught object if a catch block of the frame takes the exception. */
bool32 search_tries(const CXX_FRAME *frame, EXCEPTION_RECORD *record, CONTEXT *context, i32 state, ACTIVE_CATCH *active,
                    const CATCH **block) {
    const EXCEPTION_RECORD *thrown = thrown_record(record);
    const CATCHABLE_TYPE *type;
    if (!is_cxx_exception(thrown)) {
        if (!frame->Info->TryCount || thrown->ExceptionCode == (u32)STATUS_BREAKPOINT)
            return FALSE;
        translate(record, context);
    }
    *block = find_catch(frame, thrown, state, &active->Try, &type);
    if (!*block) {
        if (frame->Lowest == NO_STATE && is_cxx_exception(thrown) && !is_allowed(frame, thrown))
            unexpected();
        return FALSE;
    }
    active->Frame = *frame;
    active->OuterState = state_around(frame, active->Try);
    active->Record = *thrown;
    active->Context = context;
    make_caught_object(frame, *block, thrown, type);
    return TRUE;
}

static void set_current(CXX_THREAD *thread, ACTIVE_CATCH *active) {
    thread->Catches = active;
    thread->CurrentException = active ? &active->Record : NULL;
    thread->CurrentContext = active ? active->Context : NULL;
}

void enter_catch(ACTIVE_CATCH *active) {
    CXX_THREAD *thread = cxx_thread();
    if (is_cxx_exception(&active->Record) && thread->Uncaught > 0)
        thread->Uncaught--;
    active->Outer = thread->Catches;
    set_current(thread, active);
}

static uptr object_of(const EXCEPTION_RECORD *record) {
    return record && is_cxx_exception(record) ? record->ExceptionInformation[PARAMETER_OBJECT] : 0;
}

static bool32 is_still_handled(const ACTIVE_CATCH *list, uptr object) {
    for (; list; list = list->Outer)
        if (object_of(&list->Record) == object)
            return TRUE;
    return FALSE;
}

/* Takes the catch block off the list, with those inside it. The thrown object ends with the last block that handles it,
   unless it is the exception that `passing` carries on. FALSE if the block had been left before. */
bool32 leave_catch(ACTIVE_CATCH *active, const EXCEPTION_RECORD *passing) {
    CXX_THREAD *thread = cxx_thread();
    const ACTIVE_CATCH *listed = thread->Catches;
    while (listed && listed != active)
        listed = listed->Outer;
    if (!listed)
        return FALSE;
    uptr object = object_of(&active->Record);
    if (passing)
        passing = thrown_record(passing);
    set_current(thread, active->Outer);
    if (object && object != object_of(passing) && !is_still_handled(thread->Catches, object))
        destroy_thrown_object(&active->Record);
    return TRUE;
}

/* The catch block that is being executed on top of a frame; NULL: none */
const ACTIVE_CATCH *catch_over(const void *target) {
    const ACTIVE_CATCH *active = cxx_thread()->Catches;
    while (active && active->Target != target)
        active = active->Outer;
    return active;
}
