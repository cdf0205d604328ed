/* unwind.h: table-based unwinding on x64: .pdata and .xdata, and what the parts of the unwinder share (winnt.h layouts). */
#pragma once
#include "exception.h"

#if defined(__x86_64__)
typedef struct RUNTIME_FUNCTION {
    u32 BeginAddress, EndAddress; /* relative to the image's base */
    u32 UnwindData;               /* so is this; with bit 0 set it is another RUNTIME_FUNCTION's */
} RUNTIME_FUNCTION;

typedef union UNWIND_CODE {
    struct {
        u8 CodeOffset;
        u8 Operation : 4, Info : 4;
    };
    u16 Number;
} UNWIND_CODE;

typedef struct UNWIND_INFO {
    u8 Version : 3, Flags : 5;
    u8 SizeOfProlog, CountOfCodes;
    u8 FrameRegister : 4, FrameOffset : 4;
    UNWIND_CODE Codes[];
} UNWIND_INFO;

enum { UNW_EHANDLER = 1, UNW_UHANDLER = 2, UNW_CHAININFO = 4 };
enum { REGISTER_RSP = 4 };

typedef struct M128 {
    u64 Low, High;
} M128;

/* KNONVOLATILE_CONTEXT_POINTERS: where each register's value was found */
typedef struct CONTEXT_POINTERS {
    M128 *Xmm[16];
    u64 *Integer[16];
} CONTEXT_POINTERS;

struct DISPATCHER_CONTEXT;
typedef int (*language_handler)(EXCEPTION_RECORD *, void *frame, CONTEXT *, struct DISPATCHER_CONTEXT *);

typedef struct DISPATCHER_CONTEXT {
    u64 ControlPc, ImageBase;
    RUNTIME_FUNCTION *FunctionEntry;
    u64 EstablisherFrame, TargetIp;
    CONTEXT *ContextRecord;
    language_handler LanguageHandler;
    void *HandlerData;
    void *HistoryTable;
    u32 ScopeIndex, Fill;
} DISPATCHER_CONTEXT;
_Static_assert(sizeof(DISPATCHER_CONTEXT) == 0x50, "DISPATCHER_CONTEXT layout");

/* One function's frame on its way to its caller's. Stack is read only between Low and High. */
typedef struct FRAME_STEP {
    u64 ImageBase, ControlPc;
    RUNTIME_FUNCTION *Function;
    CONTEXT *Context; /* the function's registers before, its caller's after */
    CONTEXT_POINTERS *Pointers;
    u64 Low, High;
    u32 Extent; /* answer: how far from ImageBase the tables may reach */
    u64 Frame; /* answers: the establisher frame, and the handler if one of the wanted kind is active */
    language_handler Handler;
    void *HandlerData;
    bool32 IsMachineFrame; /* set while unwinding: the return address has been taken */
} FRAME_STEP;

static inline u64 *integer_register(CONTEXT *context, u32 number) { return &context->Rax + number; }
static inline M128 *xmm_register(CONTEXT *context, u32 number) { return (M128 *)(context->FltSave + 160) + number; }

/* function_tables_x64.c */
RUNTIME_FUNCTION *RtlLookupFunctionEntry(u64 pc, u64 *image_base, void *history);
u32 extent_of_image(u64 base); /* its size; all ones for a base that is no image's */
/* virtual_unwind_x64.c: FALSE if the tables or the stack are bad; the context is then of no use */
bool32 unwind_one_frame(FRAME_STEP *step, u32 wanted);
bool32 unwind_leaf_frame(CONTEXT *context, u64 low, u64 high);
bool32 read_stack(const FRAME_STEP *step, u64 at, u64 *value);
/* epilogue_x64.c: TRUE if the step's control address lies in an epilogue, which has then been carried out */
bool32 finish_epilogue(FRAME_STEP *step, const UNWIND_INFO *info, bool32 *failed);

void RtlUnwindEx(void *frame, void *ip, EXCEPTION_RECORD *record, void *value, CONTEXT *context, void *history);
void RtlUnwind(void *frame, void *ip, EXCEPTION_RECORD *record, void *value);
NORETURN void RtlRestoreContext(CONTEXT *context, EXCEPTION_RECORD *record);

static inline bool32 is_frame_in_stack(u64 frame) {
    return frame >= (u64)teb()->StackLimit && frame < (u64)teb()->StackBase && frame % 8 == 0;
}
#endif
