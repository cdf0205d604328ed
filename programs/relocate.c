/* Shows relocation: the program is linked to the address that the guest run-time prefers, so that DLL must move. */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static ULONG_PTR preferred_base(HMODULE module)
{
    const char *start = (const char *)module;
    const IMAGE_DOS_HEADER *dos = (const IMAGE_DOS_HEADER *)start;

    return ((const IMAGE_NT_HEADERS *)(start + dos->e_lfanew))->OptionalHeader.ImageBase;
}

int main(void)
{
    HMODULE self = GetModuleHandleA(NULL), moved = GetModuleHandleA("ntmmrt.dll");
    char *text = malloc(100);

    check((ULONG_PTR)self == preferred_base(self), "the program lies where it was linked to");
    if (!moved)
        printf("this system has no ntmmrt.dll\n");
    else
        check(preferred_base(moved) == preferred_base(self) && moved != self, "a DLL that wants the same place lies elsewhere");
    check(text && sprintf(text, "%s %d %.2f", "moved", 42, 2.5) == 13, "its code runs there");
    check(text && !strcmp(text, "moved 42 2.50"), "and finds its tables and constants");
    free(text);
    return verdict();
}
