/* Shows the speed of the heap: COUNT pairs of HeapAlloc and HeapFree of small blocks (default 1000000). */
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

/* Blocks of 8 to 256 bytes. */
static unsigned run(HANDLE heap, unsigned count)
{
    unsigned failed = 0;

    for (unsigned i = 0; i < count; i++) {
        void *block = HeapAlloc(heap, 0, 8 + i % 32 * 8);

        if (!block || !HeapFree(heap, 0, block))
            failed++;
    }
    return failed;
}

int main(int argc, char **argv)
{
    unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000000;
    unsigned failed = run(GetProcessHeap(), count);

    printf("%u pairs\n", count);
    printf("%s  all succeeded\n", failed ? "FAIL" : "PASS");
    return failed != 0;
}
