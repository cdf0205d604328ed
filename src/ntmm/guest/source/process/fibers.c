/* fibers.c: fibers: stacks that a thread switches between by itself. Their stacks are committed whole. */
#include "codes.h"
#include "heap.h"
#include "process.h"

#define DEALLOCATION_STACK (IS_64 ? 0x1478 : 0xE0C)
#define DEFAULT_STACK 0x100000
#define ERROR_ALREADY_FIBER 1280
#define ERROR_NOT_A_FIBER 1281

/* TEB.FiberData points here; GetFiberData reads the first field. */
typedef struct FIBER {
    void *Parameter;
    void *ExceptionList, *StackBase, *StackLimit, *Allocation;
    void *StackPointer; /* of a fiber that does not run: its saved registers lie there */
    void(WINAPI *Start)(void *);
    bool32 OwnsStack;
} FIBER;

/* fiber_x86.S, fiber_x64.S: saves the callee's registers and the stack pointer, and loads those of another fiber */
void switch_stacks(void **save, void *load);
void first_switch(void);

static void **allocation(void) { return (void **)((u8 *)teb() + DEALLOCATION_STACK); }

static FIBER *running(void) {
    FIBER *fiber = teb()->FiberData;
    return (uptr)fiber > 0x1E00 ? fiber : NULL; /* 0x1E00 is what a TEB holds that never had a fiber */
}

bool32 WINAPI IsThreadAFiber(void) { return running() != NULL; }

void *WINAPI ConvertThreadToFiber(void *parameter) {
    if (running()) {
        set_last_error(ERROR_ALREADY_FIBER);
        return NULL;
    }
    FIBER *fiber = process_allocate_zeroed(sizeof *fiber);
    if (!fiber) {
        set_last_error(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    fiber->Parameter = parameter;
    return teb()->FiberData = fiber;
}
void *WINAPI ConvertThreadToFiberEx(void *parameter, u32 flags) { return (void)flags, ConvertThreadToFiber(parameter); }

bool32 WINAPI ConvertFiberToThread(void) {
    FIBER *fiber = running();
    if (!fiber) {
        set_last_error(ERROR_NOT_A_FIBER);
        return FALSE;
    }
    teb()->FiberData = NULL;
    process_free(fiber);
    return TRUE;
}

/* Where a new fiber begins; a fiber whose function returns ends its thread. */
NORETURN void run_fiber(void) {
    FIBER *fiber = running();
    fiber->Start(fiber->Parameter);
    ExitThread(0);
}

static bool32 make_stack(FIBER *fiber, usize size) {
    void *base = NULL;
    size = (size + 0xFFFF) & ~(usize)0xFFFF;
    if (!SUCCEEDED(NtAllocateVirtualMemory(CURRENT_PROCESS, &base, 0, &size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)))
        return FALSE;
    fiber->Allocation = fiber->StackLimit = base;
    fiber->StackBase = (u8 *)base + size;
    fiber->OwnsStack = TRUE;
    fiber->ExceptionList = CHAIN_END;
    /* What switch_stacks pops: registers, which do not matter, and an address to return to. */
    usize saved = IS_64 ? 29 : 4;
    void **top = (void **)fiber->StackBase - 8;
    top[0] = (void *)first_switch;
    fiber->StackPointer = top - saved;
    return TRUE;
}

void *WINAPI CreateFiberEx(usize commit, usize reserve, u32 flags, void(WINAPI *start)(void *), void *parameter) {
    FIBER *fiber = process_allocate_zeroed(sizeof *fiber);
    usize size = reserve > commit ? reserve : commit;
    (void)flags; /* asks for the floating-point state, which always changes with the fiber */
    if (fiber && make_stack(fiber, size ? size : DEFAULT_STACK)) {
        fiber->Start = start;
        fiber->Parameter = parameter;
        return fiber;
    }
    process_free(fiber);
    set_last_error(ERROR_NOT_ENOUGH_MEMORY);
    return NULL;
}
void *WINAPI CreateFiber(usize size, void(WINAPI *start)(void *), void *parameter) {
    return CreateFiberEx(size, 0, 0, start, parameter);
}

void WINAPI SwitchToFiber(FIBER *to) {
    FIBER *from = running();
    from->ExceptionList = teb()->ExceptionList;
    from->StackBase = teb()->StackBase;
    from->StackLimit = teb()->StackLimit;
    from->Allocation = *allocation();
    teb()->FiberData = to;
    teb()->ExceptionList = to->ExceptionList;
    teb()->StackBase = to->StackBase;
    teb()->StackLimit = to->StackLimit;
    *allocation() = to->Allocation;
    switch_stacks(&from->StackPointer, to->StackPointer);
}

/* Deleting the running fiber ends its thread. */
void WINAPI DeleteFiber(FIBER *fiber) {
    usize size = 0;
    if (fiber == running())
        ExitThread(1);
    if (fiber->OwnsStack)
        NtFreeVirtualMemory(CURRENT_PROCESS, &fiber->Allocation, &size, MEM_RELEASE);
    process_free(fiber);
}
