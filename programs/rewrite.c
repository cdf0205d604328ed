/* Shows code that changes: written by the program, read from a file, and through WriteProcessMemory. */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define PAGE 4096

/* mov eax, NUMBER; ret */
static void encode(unsigned char *code, unsigned char number)
{
    const unsigned char bytes[6] = {0xB8, number, 0, 0, 0, 0xC3};

    memcpy(code, bytes, sizeof bytes);
}

static unsigned call(const void *code)
{
    return ((unsigned (*)(void))code)();
}

int main(void)
{
    unsigned char *code = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE), bytes[6];
    HANDLE file = CreateFileA("code.bin", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
                              FILE_FLAG_DELETE_ON_CLOSE, NULL);
    DWORD count, old;
    SIZE_T written;

    for (unsigned char number = 1; number <= 3; number++) {
        encode(code, number);
        check_equal(call(code), number, "code written by the program runs, version %u", number);
    }
    for (unsigned char number = 4; number <= 6; number++) {
        encode(bytes, number);
        SetFilePointer(file, 0, NULL, FILE_BEGIN);
        WriteFile(file, bytes, sizeof bytes, &count, NULL);
        SetFilePointer(file, 0, NULL, FILE_BEGIN);
        check(ReadFile(file, code, sizeof bytes, &count, NULL) && count == sizeof bytes, "the page is read from a file");
        check_equal(call(code), number, "and its code runs, version %u", number);
    }
    CloseHandle(file);
    VirtualProtect(code, PAGE, PAGE_EXECUTE_READ, &old);
    encode(bytes, 7);
    check(WriteProcessMemory(GetCurrentProcess(), code, bytes, sizeof bytes, &written), "a debugger's write succeeds");
    check_equal(call(code), 7, "and its code runs");
    check(VirtualProtect(code, PAGE, PAGE_READWRITE, &old) && old == PAGE_EXECUTE_READ, "the protection was put back");
    VirtualFree(code, 0, MEM_RELEASE);
    code = VirtualAlloc(code, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
    encode(code, 8);
    check_equal(call(code), 8, "new memory at the same place runs new code");
    return verdict();
}
