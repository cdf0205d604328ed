/* start.c: where the kernel starts the first thread and every other one, and the frame that catches what nobody else did. */
#include "process.h"
#include "codes.h"
#include "crt.h"
#include "heap.h"
#include "text.h"

void publish_locks(void);

#define PE_OFFSET 0x3C
#define HEAP_RESERVE_OFFSET (IS_64 ? 0x70 : 0x68) /* SizeOfHeapReserve from "PE\0\0"; the commit size follows */

static void make_process_heap(void) {
    const u8 *image = peb()->ImageBaseAddress;
    const usize *sizes = (const usize *)(image + *(const u32 *)(image + PE_OFFSET) + HEAP_RESERVE_OFFSET);
    HEAP *heap = RtlCreateHeap(HEAP_GROWABLE, NULL, sizes[0], sizes[1], NULL, NULL);
    if (!heap)
        heap = RtlCreateHeap(HEAP_GROWABLE, NULL, 0, 0, NULL, NULL);
    if (!heap)
        NtTerminateProcess(CURRENT_PROCESS, STATUS_NO_MEMORY);
    peb()->ProcessHeap = heap;
}

#if defined(__i386__)
void WINAPI RtlUnwind(void *target, void *address, EXCEPTION_RECORD *record, void *value);

/* Laid out like the frames of _except_handler3, with no __try entered. */
typedef struct OUTERMOST_FRAME {
    EXCEPTION_REGISTRATION Registration;
    void *Scopes;
    i32 TryLevel;
} OUTERMOST_FRAME;

static int outermost_handler(EXCEPTION_RECORD *record, OUTERMOST_FRAME *frame, CONTEXT *context, void *dispatcher) {
    EXCEPTION_POINTERS pointers = {record, context};
    (void)dispatcher;
    if (record->ExceptionFlags & EXCEPTION_UNWIND)
        return CONTINUE_SEARCH;
    i32 answer = UnhandledExceptionFilter(&pointers);
    if (answer == EXCEPTION_EXECUTE_HANDLER) {
        u32 code = record->ExceptionCode;
        RtlUnwind(frame, NULL, NULL, NULL);
        RtlExitUserProcess(code);
    }
    return answer == EXCEPTION_CONTINUE_EXECUTION ? CONTINUE_EXECUTION : CONTINUE_SEARCH;
}

#define ENTER_OUTERMOST_FRAME                                                                    \
    OUTERMOST_FRAME outermost = {{CHAIN_END, (void *)outermost_handler}, NULL, -1};              \
    *(EXCEPTION_REGISTRATION *volatile *)&teb()->ExceptionList = &outermost.Registration;        \
    __asm__ volatile("" : : "r"(&outermost) : "memory")
#define PROCESS_START WINAPI NtmmProcessStart
#define THREAD_START WINAPI NtmmThreadStart
#else
#include "unwind.h"

extern const u8 outermost_exit[]; /* start_x64.S: ends the process with the code in EAX */

/* The handler of the frames in start_x64.S, which call the functions below. */
int outermost_handler(EXCEPTION_RECORD *record, void *frame, CONTEXT *context, DISPATCHER_CONTEXT *dispatcher) {
    EXCEPTION_POINTERS pointers = {record, context};
    if (record->ExceptionFlags & EXCEPTION_UNWIND)
        return CONTINUE_SEARCH;
    i32 answer = UnhandledExceptionFilter(&pointers);
    if (answer == EXCEPTION_EXECUTE_HANDLER)
        RtlUnwindEx(frame, (void *)outermost_exit, record, (void *)(uptr)record->ExceptionCode, dispatcher->ContextRecord,
                    NULL);
    return answer == EXCEPTION_CONTINUE_EXECUTION ? CONTINUE_EXECUTION : CONTINUE_SEARCH;
}

#define ENTER_OUTERMOST_FRAME
#define PROCESS_START start_process
#define THREAD_START start_thread
#endif

static void initialize_process(NTMM_START *block) {
    publish_locks();
    make_process_heap();
    crt_initialize();
    enter_loader();
    bool32 accepted = call_initializers(block, DLL_PROCESS_ATTACH, (void *)1);
    leave_loader();
    if (!accepted)
        RtlExitUserProcess((u32)STATUS_DLL_INIT_FAILED);
}

static void initialize_thread(NTMM_START *block) {
    enter_loader();
    call_initializers(block, DLL_THREAD_ATTACH, NULL);
    leave_loader();
}

/* Threads of NtCreateThread go on with the registers that their creator has given. */
static NORETURN void go_on(NTMM_START *block) {
    for (CONTEXT *context = block->Parameter;;)
        NtContinue(context, TRUE);
}

NORETURN void WINAPI NtmmProcessThunk(NTMM_START *block) {
    initialize_process(block);
    go_on(block);
}

NORETURN void WINAPI NtmmThreadThunk(NTMM_START *block) {
    initialize_thread(block);
    go_on(block);
}

NORETURN void PROCESS_START(NTMM_START *block) {
    ENTER_OUTERMOST_FRAME;
    initialize_process(block);
    NtTestAlert();
    RtlExitUserProcess((u32)call_unchecked(block->StartAddress, (uptr)peb(), 0, 0));
}

NORETURN void THREAD_START(NTMM_START *block) {
    ENTER_OUTERMOST_FRAME;
    void *start = block->StartAddress;
    uptr parameter = (uptr)block->Parameter;
    initialize_thread(block);
    NtTestAlert(); /* APCs that were queued before the thread ran come before its routine */
    ExitThread((u32)call_unchecked(start, parameter, 0, 0));
}
