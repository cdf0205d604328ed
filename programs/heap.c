/* Shows heaps under stress: malloc, realloc and free, and private heaps, with every block's contents checked. */
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "check.h"

#define SLOTS 512

typedef struct {
    unsigned char *memory;
    unsigned size;
    unsigned char mark;
} BLOCK;

static BLOCK blocks[SLOTS];
static unsigned seed = 12345;

static unsigned pick(unsigned below)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 8) % below;
}

/* Mostly small sizes, now and then a large one. */
static unsigned pick_size(void)
{
    switch (pick(16)) {
    case 0: return 1 + pick(100000);
    case 1: return 1 + pick(10000);
    default: return 1 + pick(300);
    }
}

static int intact(const BLOCK *block, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        if (block->memory[i] != (unsigned char)(block->mark + i))
            return 0;
    return 1;
}

static void fill(BLOCK *block, unsigned size)
{
    block->size = size;
    block->mark = (unsigned char)pick(256);
    for (unsigned i = 0; i < size; i++)
        block->memory[i] = (unsigned char)(block->mark + i);
}

/* One set of allocation functions for both kinds of heap. */
typedef struct {
    void *(*allocate)(size_t size);
    void *(*resize)(void *memory, size_t size);
    void (*release)(void *memory);
} HEAP_CALLS;

static int stress(const HEAP_CALLS *calls, unsigned turns)
{
    int right = 1;

    for (unsigned turn = 0; turn < turns; turn++) {
        BLOCK *block = &blocks[pick(SLOTS)];
        unsigned size = pick_size();

        if (!block->memory) {
            block->memory = calls->allocate(size);
            fill(block, size);
        } else if (pick(3) == 0) {
            unsigned kept = size < block->size ? size : block->size;

            right &= intact(block, block->size);
            block->memory = calls->resize(block->memory, size);
            right &= intact(block, kept);
            fill(block, size);
        } else {
            right &= intact(block, block->size);
            calls->release(block->memory);
            block->memory = NULL;
        }
        right &= !block->memory || (size_t)block->memory % (2 * sizeof(void *)) == 0;
    }
    return right;
}

static int release_all(const HEAP_CALLS *calls)
{
    int right = 1;

    for (unsigned i = 0; i < SLOTS; i++) {
        if (!blocks[i].memory)
            continue;
        right &= intact(&blocks[i], blocks[i].size);
        calls->release(blocks[i].memory);
        blocks[i].memory = NULL;
    }
    return right;
}

static HANDLE heap;

static void *heap_allocate(size_t size)
{
    return HeapAlloc(heap, 0, size);
}

static void *heap_resize(void *memory, size_t size)
{
    return HeapReAlloc(heap, 0, memory, size);
}

static void heap_release(void *memory)
{
    HeapFree(heap, 0, memory);
}

static void run_time_heap(void)
{
    static const HEAP_CALLS calls = {malloc, realloc, free};
    unsigned char *large = malloc(8 << 20);
    unsigned char *zeroed;

    section("malloc, realloc, free");
    check(stress(&calls, 20000), "20000 turns keep all contents");
    check(release_all(&calls), "and the blocks left at the end");
    memset(large, 0xAB, 8 << 20);
    check(large[0] == 0xAB && large[(8 << 20) - 1] == 0xAB, "8 MB in one piece");
    free(large);
    zeroed = calloc(1000, 100);
    check(zeroed[0] == 0 && memcmp(zeroed, zeroed + 1, 99999) == 0, "calloc clears");
    free(zeroed);
}

static void private_heap(void)
{
    static const HEAP_CALLS calls = {heap_allocate, heap_resize, heap_release};
    unsigned char *memory;

    section("A private heap");
    heap = HeapCreate(0, 0, 0);
    check(heap != NULL && heap != GetProcessHeap(), "HeapCreate");
    check(stress(&calls, 20000), "20000 turns keep all contents");
    check(release_all(&calls), "and the blocks left at the end");
    memory = HeapAlloc(heap, HEAP_ZERO_MEMORY, 777);
    check(memory[0] == 0 && memcmp(memory, memory + 1, 776) == 0, "HEAP_ZERO_MEMORY clears");
    check_equal(HeapSize(heap, 0, memory), 777, "HeapSize tells the size asked for");
    memset(memory, 0xCD, 777);
    memory = HeapReAlloc(heap, HEAP_ZERO_MEMORY, memory, 2000);
    check(memory[776] == 0xCD && memory[777] == 0 && memory[1999] == 0, "HeapReAlloc clears what it adds");
    check(HeapValidate(heap, 0, NULL), "HeapValidate finds no damage");
    check(HeapFree(heap, 0, memory), "HeapFree");
    check(HeapDestroy(heap), "HeapDestroy");
}

static void bounded_heap(void)
{
    HANDLE bounded = HeapCreate(0, 0x1000, 0x40000);
    unsigned count = 0;

    section("A heap with a maximum size of 256 KB");
    while (count < 1000 && HeapAlloc(bounded, 0, 1000))
        count++;
    check(count > 200 && count < 262, "holds less than 262 blocks of 1000 bytes, then answers NULL");
    check(HeapDestroy(bounded), "HeapDestroy");
}

int main(void)
{
    run_time_heap();
    private_heap();
    bounded_heap();
    return verdict();
}
