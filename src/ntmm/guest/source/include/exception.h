/* exception.h: EXCEPTION_RECORD, CONTEXT and the parts of exception dispatching (winnt.h layouts). */
#pragma once
#include "teb.h"

#define EXCEPTION_NONCONTINUABLE 0x01
#define EXCEPTION_UNWINDING 0x02
#define EXCEPTION_EXIT_UNWIND 0x04
#define EXCEPTION_STACK_INVALID 0x08
#define EXCEPTION_NESTED_CALL 0x10
#define EXCEPTION_TARGET_UNWIND 0x20
#define EXCEPTION_COLLIDED_UNWIND 0x40
#define EXCEPTION_UNWIND (EXCEPTION_UNWINDING | EXCEPTION_EXIT_UNWIND)
#define EXCEPTION_MAXIMUM_PARAMETERS 15

#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

enum disposition { CONTINUE_EXECUTION, CONTINUE_SEARCH, NESTED_EXCEPTION, COLLIDED_UNWIND };

typedef struct EXCEPTION_RECORD {
    u32 ExceptionCode, ExceptionFlags;
    struct EXCEPTION_RECORD *ExceptionRecord;
    void *ExceptionAddress;
    u32 NumberParameters;
    uptr ExceptionInformation[EXCEPTION_MAXIMUM_PARAMETERS];
} EXCEPTION_RECORD;

#if defined(__i386__)
typedef struct CONTEXT {
    u32 ContextFlags, Dr0, Dr1, Dr2, Dr3, Dr6, Dr7;
    u8 FloatSave[112];
    u32 SegGs, SegFs, SegEs, SegDs, Edi, Esi, Ebx, Edx, Ecx, Eax, Ebp, Eip, SegCs, EFlags, Esp, SegSs;
    u8 ExtendedRegisters[512];
} CONTEXT;
_Static_assert(sizeof(CONTEXT) == 0x2CC && offsetof(CONTEXT, Esp) == 0xC4, "CONTEXT layout");
#define CONTEXT_FULL 0x10007
#else
typedef struct __attribute__((aligned(16))) CONTEXT {
    u64 Home[6];
    u32 ContextFlags, MxCsr;
    u16 SegCs, SegDs, SegEs, SegFs, SegGs, SegSs;
    u32 EFlags;
    u64 Dr0, Dr1, Dr2, Dr3, Dr6, Dr7;
    u64 Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi, R8, R9, R10, R11, R12, R13, R14, R15, Rip;
    u8 FltSave[512];
    u8 VectorRegister[416];
    u64 VectorControl, DebugControl, LastBranchToRip, LastBranchFromRip, LastExceptionToRip, LastExceptionFromRip;
} CONTEXT;
_Static_assert(sizeof(CONTEXT) == 0x4D0 && offsetof(CONTEXT, Rip) == 0xF8, "CONTEXT layout");
#define CONTEXT_FULL 0x10000B
#endif

typedef struct EXCEPTION_POINTERS {
    EXCEPTION_RECORD *ExceptionRecord;
    CONTEXT *ContextRecord;
} EXCEPTION_POINTERS;

typedef i32(WINAPI *exception_filter)(EXCEPTION_POINTERS *);

/* vectored.c: each list answers EXCEPTION_CONTINUE_EXECUTION or EXCEPTION_CONTINUE_SEARCH */
i32 call_vectored_handlers(EXCEPTION_RECORD *record, CONTEXT *context);
void call_vectored_continue_handlers(EXCEPTION_RECORD *record, CONTEXT *context);

/* frames_x86.c, frames_x64.c: what remains of the search after the vectored handlers; TRUE if the exception was handled */
bool32 dispatch_to_frames(EXCEPTION_RECORD *record, CONTEXT *context);

/* raise.c: reports a status as an exception that cannot be continued */
NORETURN void raise_status(u32 code);
NORETURN void raise_noncontinuable(u32 code, EXCEPTION_RECORD *about);

bool32 WINAPI RtlDispatchException(EXCEPTION_RECORD *record, CONTEXT *context);
void WINAPI RtlRaiseException(EXCEPTION_RECORD *record);
void WINAPI RtlCaptureContext(CONTEXT *context);
i32 WINAPI UnhandledExceptionFilter(EXCEPTION_POINTERS *pointers);
