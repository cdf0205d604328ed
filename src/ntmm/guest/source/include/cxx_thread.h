/* cxx_thread.h: what the C run-time keeps of C++ exceptions for each thread. */
#pragma once
#include "exception.h"

typedef void (*translator_function)(u32 code, EXCEPTION_POINTERS *);

typedef struct CXX_THREAD {
    struct ACTIVE_CATCH *Catches; /* the catch blocks being executed, innermost first */
    i32 Uncaught;                 /* exceptions thrown and not yet caught */
    translator_function Translator;
    void *CurrentException, *CurrentContext; /* EXCEPTION_RECORD and CONTEXT of the innermost one's exception */
} CXX_THREAD;

CXX_THREAD *cxx_thread(void);
