/* throw.c: throwing C++ exceptions, what ends a program that cannot go on, and the thrown object's end. */
#include "codes.h"
#include "crt.h"
#include "cxx.h"
#include "image_list.h"
#include "system.h"

typedef void (*handler_function)(void);

static handler_function terminate_handler, unexpected_handler;

handler_function set_terminate(handler_function handler) {
    return __atomic_exchange_n(&terminate_handler, handler, __ATOMIC_SEQ_CST);
}
handler_function set_unexpected(handler_function handler) {
    return __atomic_exchange_n(&unexpected_handler, handler, __ATOMIC_SEQ_CST);
}
handler_function _get_terminate(void) { return terminate_handler; }
handler_function _get_unexpected(void) { return unexpected_handler; }

NORETURN void terminate(void) {
    if (terminate_handler)
        terminate_handler();
    abort();
}

/* An exception that a function's specification does not allow. */
NORETURN void unexpected(void) {
    if (unexpected_handler)
        unexpected_handler();
    terminate();
}

CXX_THREAD *cxx_thread(void) { return &crt_thread()->Cxx; }

u8 __uncaught_exception(void) { return cxx_thread()->Uncaught != 0; }
int __uncaught_exceptions(void) { return cxx_thread()->Uncaught; }
int *__processing_throw(void) { return &cxx_thread()->Uncaught; }
void **__current_exception(void) { return &cxx_thread()->CurrentException; }
void **__current_exception_context(void) { return &cxx_thread()->CurrentContext; }

translator_function _set_se_translator(translator_function translator) {
    CXX_THREAD *thread = cxx_thread();
    translator_function old = thread->Translator;
    thread->Translator = translator;
    return old;
}

/* `throw object` and, with both NULL, `throw`. */
NORETURN void WINAPI _CxxThrowException(void *object, const THROW_INFO *info) {
    EXCEPTION_RECORD record = {CXX_EXCEPTION, EXCEPTION_NONCONTINUABLE, NULL, (void *)_CxxThrowException, 3, {CXX_MAGIC}};
    record.ExceptionInformation[PARAMETER_OBJECT] = (uptr)object;
    record.ExceptionInformation[PARAMETER_INFO] = (uptr)info;
#if defined(__x86_64__)
    record.NumberParameters = 4;
    RtlPcToFileHeader((void *)info, (void **)&record.ExceptionInformation[PARAMETER_BASE]);
#endif
    cxx_thread()->Uncaught++;
    RtlRaiseException(&record);
    terminate();
}

static const THROW_INFO *info_of(const EXCEPTION_RECORD *record) {
    return is_cxx_exception(record) ? (const THROW_INFO *)record->ExceptionInformation[PARAMETER_INFO] : NULL;
}

/* Nothing happens for other exceptions than C++'s. */
void destroy_thrown_object(const EXCEPTION_RECORD *record) {
    const THROW_INFO *info = info_of(record);
    void *object = info ? (void *)record->ExceptionInformation[PARAMETER_OBJECT] : NULL;
    if (object && info->Destructor)
        call_member(in_image(IS_64 ? record->ExceptionInformation[PARAMETER_BASE] : 0, info->Destructor), object, NULL, 0);
}

/* Also under this name, for other languages' run-times. */
void __DestructExceptionObject(EXCEPTION_RECORD *record, u8 may_throw) {
    (void)may_throw;
    if (record)
        destroy_thrown_object(record);
}
