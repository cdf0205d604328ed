/* environment.c: the environment in ANSI: a copy, which the program frees. */
#include "process.h"
#include "codes.h"
#include "heap.h"
#include "teb.h"
#include "text.h"

#define CP_ACP 0

/* Characters of the block with both zeros at its end. */
static i32 length_of(const wchar *block) {
    const wchar *at = block;
    while (*at)
        at += wcslen(at) + 1;
    return (i32)(at - block) + 1;
}

char *WINAPI GetEnvironmentStringsA(void) {
    const wchar *block = peb()->ProcessParameters->Environment;
    i32 length = length_of(block), room = WideCharToMultiByte(CP_ACP, 0, block, length, NULL, 0, NULL, NULL);
    char *copy = process_allocate((usize)room);
    if (copy)
        WideCharToMultiByte(CP_ACP, 0, block, length, copy, room, NULL, NULL);
    else
        set_last_error(ERROR_NOT_ENOUGH_MEMORY);
    return copy;
}

bool32 WINAPI FreeEnvironmentStringsA(char *copy) { return RtlFreeHeap(peb()->ProcessHeap, 0, copy); }
