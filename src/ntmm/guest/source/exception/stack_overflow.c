/* stack_overflow.c: _resetstkoflw: makes the guard page again that a stack overflow has used up. */
#include "codes.h"
#include "system.h"

#define PAGE_GUARD 0x100

typedef struct MEMORY_BASIC_INFORMATION {
    u8 *BaseAddress, *AllocationBase;
    u32 AllocationProtect;
    usize RegionSize;
    u32 State, Protect, Type;
} MEMORY_BASIC_INFORMATION;

/* The guard page is the lowest but two: an overflow leaves it and the one below to its handler. It is made if the stack
   pointer has left these pages. 1: done; 0: it could not be, because too little of the stack is free or
   there was no overflow. */
int _resetstkoflw(void) {
    MEMORY_BASIC_INFORMATION stack;
    u8 *here = (u8 *)&stack;
    u32 old;
    if (!SUCCEEDED(NtQueryVirtualMemory(CURRENT_PROCESS, here, 0, &stack, sizeof stack, NULL)))
        return 0;
    u8 *guard = stack.AllocationBase + 2 * PAGE_SIZE;
    if (here < guard + 2 * PAGE_SIZE || (u8 *)teb()->StackLimit > guard + PAGE_SIZE)
        return 0;
    void *base = guard;
    usize size = PAGE_SIZE;
    if (!SUCCEEDED(NtProtectVirtualMemory(CURRENT_PROCESS, &base, &size, PAGE_READWRITE | PAGE_GUARD, &old)))
        return 0;
    teb()->StackLimit = guard + PAGE_SIZE;
    return 1;
}
