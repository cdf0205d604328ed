/* Shows the cost of demand-zero faults: commits MEGABYTES (default 16), touches each page, frees; ROUNDS times (default 1). */
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#define PAGE 4096

/* Touches each page once; the sum of what was written, or a complaint about a page that was not zero. */
static unsigned touch(volatile unsigned *memory, size_t pages, unsigned round, unsigned *not_zero)
{
    unsigned sum = 0;

    for (size_t i = 0; i < pages; i++) {
        volatile unsigned *page = memory + i * (PAGE / sizeof(unsigned));

        *not_zero += *page != 0;
        *page = (unsigned)i * 2654435761u + round;
        sum += *page;
    }
    return sum;
}

int main(int argc, char **argv)
{
    size_t megabytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 16;
    unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1;
    size_t pages = megabytes * (1024 * 1024 / PAGE);
    unsigned checksum = 0, not_zero = 0;

    for (unsigned round = 0; round < rounds; round++) {
        void *memory = VirtualAlloc(NULL, pages * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

        if (!memory) {
            printf("FAIL  committing %u MB: error %u\n", (unsigned)megabytes, (unsigned)GetLastError());
            return 1;
        }
        checksum = checksum * 31 + touch(memory, pages, round, &not_zero);
        VirtualFree(memory, 0, MEM_RELEASE);
    }
    printf("%u pages touched, checksum %08X\n", (unsigned)pages * rounds, checksum);
    printf("%s  every page was zero at first\n", not_zero ? "FAIL" : "PASS");
    return not_zero != 0;
}
