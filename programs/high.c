/* Shows the end of user space: allocates at it, and above 2 GB where the image may. */
#include <windows.h>

#include <stdlib.h>

#include "check.h"

#define MB ((ULONG_PTR)1 << 20)

/* Writes and reads both ends of a block. */
static int holds(char *block, SIZE_T size)
{
    block[0] = 1;
    block[size - 1] = 2;
    return block[0] == 1 && block[size - 1] == 2;
}

/* The end of the highest region that VirtualQuery tells of. */
static ULONG_PTR last_told(void)
{
    MEMORY_BASIC_INFORMATION information;
    ULONG_PTR address = 0;

    while (VirtualQuery((void *)address, &information, sizeof information)) {
        ULONG_PTR next = (ULONG_PTR)information.BaseAddress + information.RegionSize;
        if (next <= address)
            break;
        address = next;
    }
    return address;
}

int main(int argc, char **argv)
{
    /* Up to 4095 MB: 4 GB are told as 4096, whose end does not fit a pointer of 32 bits. */
    ULONG_PTR megabytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 2048;
    ULONG_PTR last = megabytes * MB - 0x10000 - 1;
    SYSTEM_INFO system;
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    char *block;

    GetSystemInfo(&system);
    GlobalMemoryStatusEx(&status);
    check_equal((ULONG_PTR)system.lpMinimumApplicationAddress, 0x10000, "the lowest address");
    check_equal((ULONG_PTR)system.lpMaximumApplicationAddress, last, "the highest address");
    check_equal(status.ullTotalVirtual, (unsigned long long)last + 1 - 0x10000, "the size of user space");

    block = VirtualAlloc(NULL, MB, MEM_RESERVE | MEM_COMMIT | MEM_TOP_DOWN, PAGE_READWRITE);
    check(block != NULL, "a block from the top");
    check((ULONG_PTR)block > last - 64 * MB || megabytes == 2048, "lies at the top");
    check((ULONG_PTR)block + MB - 1 <= last, "and ends in user space");
    check(holds(block, MB), "and can be used");

    block = VirtualAlloc((void *)(2048 * MB + 0x10000), MB, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (megabytes > 2048)
        check(block && holds(block, MB), "addresses above 2 GB can be used");
    else
        check(block == NULL, "addresses above 2 GB are refused");

    check(VirtualAlloc((void *)(last + 1 - 0x10000), 0x10000, MEM_RESERVE, PAGE_READWRITE) == NULL,
          "the last 64 KB are refused");
    check_equal(last_told(), last + 1, "VirtualQuery ends there too");
    printf("\n%s\n", checks_failed ? "some checks failed" : "all checks passed");
    return checks_failed != 0;
}
