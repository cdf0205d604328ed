/* Shows the end of memory: HeapAlloc answers NULL, VirtualAlloc fails, the program goes on, frees and allocates again. */
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "check.h"

typedef struct node {
    struct node *next;
    SIZE_T size;
} node;

/* Allocates and fills until there is no more; the newest block. */
static node *take_all(HANDLE heap, SIZE_T size, unsigned *count)
{
    node *newest = NULL, *made;

    for (*count = 0; (made = HeapAlloc(heap, 0, size)) != NULL; ++*count) {
        memset(made, 0x5A, size);
        made->next = newest;
        made->size = size;
        newest = made;
    }
    return newest;
}

/* Frees all blocks; how many of them were not what take_all left. */
static unsigned free_all(HANDLE heap, node *newest)
{
    unsigned damaged = 0;

    while (newest) {
        node *next = newest->next;
        const unsigned char *data = (const unsigned char *)(newest + 1);
        SIZE_T size = newest->size;

        damaged += data[0] != 0x5A || data[size - sizeof *newest - 1] != 0x5A || !HeapFree(heap, 0, newest);
        newest = next;
    }
    return damaged;
}

static void exhaust(HANDLE heap, SIZE_T size)
{
    unsigned first, second;
    node *blocks = take_all(heap, size, &first);

    check(first > 0, "HeapAlloc answers NULL at the end, for blocks of %u bytes", (unsigned)size);
    check(HeapValidate(heap, 0, NULL), "the heap is intact");
    check_equal(free_all(heap, blocks), 0, "all blocks hold what was written, and can be freed");
    blocks = take_all(heap, size, &second);
    check(second >= first - first / 8, "nearly as many can be had again");
    check_equal(free_all(heap, blocks), 0, "and be freed");
}

static void commit_all(void)
{
    enum { SIZE = 0x10000, MOST = 4096 };
    static char *regions[MOST];
    unsigned count = 0;
    DWORD error = 0;

    while (count < MOST && (regions[count] = VirtualAlloc(NULL, SIZE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)) != NULL)
        memset(regions[count++], 1, SIZE);
    if (count < MOST)
        error = GetLastError();
    check_equal(error, ERROR_COMMITMENT_LIMIT, "VirtualAlloc's last error is ERROR_COMMITMENT_LIMIT");
    while (count)
        VirtualFree(regions[--count], 0, MEM_RELEASE);
}

int main(void)
{
    HANDLE own = HeapCreate(0, 0, 0);

    section("many small blocks of the process heap");
    exhaust(GetProcessHeap(), 200);
    section("blocks as large as pages, in a heap of their own");
    exhaust(own, 4000);
    section("blocks with virtual memory of their own");
    exhaust(own, 700000);
    check(HeapDestroy(own), "the heap can be destroyed");
    section("pages");
    commit_all();
    return verdict();
}
