/* Shows what heaps promise: a walk finds every block, HeapValidate every overrun, HeapLock keeps threads out, handles. */
#include <string.h>
#include <windows.h>

#include "check.h"

#define BLOCKS 300
#define UNIT (2 * sizeof(void *))

static void *blocks[BLOCKS];
static unsigned sizes[BLOCKS];
static unsigned seed = 99;

static unsigned pick(unsigned below)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 8) % below;
}

static void step(HANDLE heap, unsigned i)
{
    unsigned size = pick(8) ? pick(400) : pick(60000);
    void *moved;

    if (!blocks[i]) {
        blocks[i] = HeapAlloc(heap, 0, size);
        sizes[i] = size;
    } else if (pick(2)) {
        HeapFree(heap, 0, blocks[i]);
        blocks[i] = NULL;
    } else if ((moved = HeapReAlloc(heap, 0, blocks[i], size))) {
        blocks[i] = moved;
        sizes[i] = size;
    }
}

static int is_ours(const PROCESS_HEAP_ENTRY *entry)
{
    for (unsigned i = 0; i < BLOCKS; i++)
        if (blocks[i] == entry->lpData)
            return sizes[i] == entry->cbData;
    return 0;
}

static void walking(HANDLE heap)
{
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    unsigned held = 0, found = 0, strange = 0, regions = 0, uncommitted = 0;

    section("A walk after 5000 steps");
    for (unsigned i = 0; i < 5000; i++)
        step(heap, pick(BLOCKS));
    for (unsigned i = 0; i < BLOCKS; i++)
        held += blocks[i] != NULL;
    check(HeapLock(heap), "the heap is locked");
    while (HeapWalk(heap, &entry)) {
        regions += (entry.wFlags & PROCESS_HEAP_REGION) != 0;
        uncommitted += (entry.wFlags & PROCESS_HEAP_UNCOMMITTED_RANGE) != 0;
        found += (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) && is_ours(&entry);
        strange += (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) && !is_ours(&entry);
    }
    check_equal(GetLastError(), ERROR_NO_MORE_ITEMS, "the walk ends with ERROR_NO_MORE_ITEMS");
    check(HeapUnlock(heap), "and unlocked");
    check(found == held && held > 50, "every block that is held is found, with its size");
    check_equal(strange, 0, "and no other block");
    check(regions >= 2 && uncommitted >= 1, "regions and uncommitted ranges are told");
    check(HeapValidate(heap, 0, NULL), "the heap is intact");
}

/* ---- damage ---- */

static unsigned overruns_found(HANDLE heap, unsigned length)
{
    unsigned found = 0;

    for (unsigned i = 0; i < 100; i++) {
        unsigned char *block = HeapAlloc(heap, 0, UNIT * (2 + i)), *behind = HeapAlloc(heap, 0, 20), kept[64];
        unsigned char *end = block + UNIT * (2 + i);

        memcpy(kept, end, length);
        for (unsigned at = 0; at < length; at++)
            end[at] ^= 0xFF;
        found += !HeapValidate(heap, 0, block) && !HeapValidate(heap, 0, NULL);
        memcpy(end, kept, length);
        HeapFree(heap, 0, block);
        HeapFree(heap, 0, behind);
    }
    return found;
}

static void damage(HANDLE heap)
{
    HANDLE fresh = HeapCreate(HEAP_NO_SERIALIZE, 0, 0);

    section("Overruns");
    check_equal(overruns_found(fresh, (unsigned)UNIT), 100, "a block's whole next header overwritten: found each time");
    check(HeapValidate(fresh, 0, NULL), "and with the old bytes back the heap is intact");
    check(HeapDestroy(fresh), "destroyed");
    check(HeapValidate(heap, 0, blocks[0] ? blocks[0] : NULL), "another heap is not touched by it");
    check(!HeapValidate(heap, 0, "no block"), "a string constant is no block");
}

/* ---- threads ---- */

static volatile LONG has_allocated;

static DWORD WINAPI allocate_once(void *heap)
{
    void *block = HeapAlloc(heap, 0, 24);

    InterlockedExchange(&has_allocated, 1);
    return !HeapFree(heap, 0, block);
}

static DWORD WINAPI stress(void *heap)
{
    void *held[16] = {NULL};
    unsigned wrong = 0, mark = GetCurrentThreadId();

    for (unsigned i = 0; i < 20000; i++) {
        unsigned slot = i % 16, size = 16 + i * 7 % 200;

        if (held[slot]) {
            wrong += *(unsigned *)held[slot] != mark + slot;
            HeapFree(heap, 0, held[slot]);
        }
        held[slot] = HeapAlloc(heap, 0, size);
        *(unsigned *)held[slot] = mark + slot;
    }
    for (unsigned slot = 0; slot < 16; slot++)
        HeapFree(heap, 0, held[slot]);
    return wrong;
}

static DWORD end_of(HANDLE thread)
{
    DWORD code = 99;

    WaitForSingleObject(thread, INFINITE);
    GetExitCodeThread(thread, &code);
    CloseHandle(thread);
    return code;
}

static void threads(HANDLE heap)
{
    HANDLE workers[4], waiting;
    DWORD wrong = 0;

    has_allocated = 0;
    section("Threads");
    check(HeapFree(heap, 0, HeapAlloc(heap, 0, 24)) == TRUE && HeapFree(heap, 0, NULL) == TRUE,
          "HeapFree answers TRUE, nothing else");
    check(HeapLock(heap) && HeapLock(heap), "a thread locks the heap, twice");
    waiting = CreateThread(NULL, 0, allocate_once, heap, 0, NULL);
    Sleep(50);
    check(!has_allocated, "another one waits in HeapAlloc");
    HeapFree(heap, 0, HeapAlloc(heap, 0, 24));
    check(HeapUnlock(heap), "unlocked once");
    Sleep(50);
    check(!has_allocated, "it still waits");
    check(HeapUnlock(heap), "unlocked twice");
    check(end_of(waiting) == 0 && has_allocated, "it goes on");
    check(!HeapUnlock(heap) && GetLastError() == ERROR_NOT_LOCKED, "a third time fails with ERROR_NOT_LOCKED");
    for (unsigned i = 0; i < 4; i++)
        workers[i] = CreateThread(NULL, 0, stress, heap, 0, NULL);
    for (unsigned i = 0; i < 4; i++)
        wrong += end_of(workers[i]);
    check_equal(wrong, 0, "four threads allocate and free at once, and nobody's block is another's");
    check(HeapValidate(heap, 0, NULL), "the heap is intact");
}

/* ---- limits ---- */

static void limits(void)
{
    HANDLE fixed = HeapCreate(0, 0x1000, 0x400000), small = HeapCreate(0, 0x20000, 0x1000);
    SIZE_T limit = (SIZE_T)0xFFFF * UNIT - UNIT;
    ULONG front_end = 9;

    section("Limits");
    check(HeapAlloc(fixed, 0, limit) != NULL, "a heap that cannot grow has blocks up to 0x%X bytes", (unsigned)limit);
    check(HeapAlloc(fixed, 0, limit + UNIT) == NULL, "but none of 0x%X", (unsigned)(limit + UNIT));
    check(HeapSize(fixed, 0, HeapAlloc(fixed, 0, 5)) == 5, "sizes are exact");
    check(HeapAlloc(small, 0, 0x18000) != NULL, "a maximum below the initial size is raised to it");
    check(HeapCompact(fixed, 0) > 0, "HeapCompact tells of a free block");
    check(!HeapDestroy(GetProcessHeap()) && GetLastError() == ERROR_INVALID_HANDLE, "the process heap stays");
    check(HeapQueryInformation(GetProcessHeap(), 0, &front_end, sizeof front_end, NULL) && front_end == 1,
          "the process heap has look-aside lists");
    check(HeapDestroy(fixed) && HeapDestroy(small), "destroyed");
}

/* ---- the low-fragmentation heap ---- */

static int ask_for(HANDLE heap, ULONG front_end)
{
    return HeapSetInformation(heap, HeapCompatibilityInformation, &front_end, sizeof front_end);
}

static void low_fragmentation(void)
{
    HANDLE heap = HeapCreate(0, 0, 0), fixed = HeapCreate(0, 0, 0x10000), alone = HeapCreate(HEAP_NO_SERIALIZE, 0, 0);
    ULONG front_end = 9;
    char *first, *second, *third;

    section("The low-fragmentation heap");
    check(!ask_for(fixed, 2) && GetLastError() == ERROR_GEN_FAILURE, "not for a heap that cannot grow");
    check(!ask_for(alone, 2) && GetLastError() == ERROR_GEN_FAILURE, "nor for one that is not serialized");
    check(HeapDestroy(fixed) && HeapDestroy(alone), "destroyed");
    check(ask_for(heap, 2), "but for others");
    check(HeapQueryInformation(heap, HeapCompatibilityInformation, &front_end, sizeof front_end, NULL) && front_end == 2,
          "which then tell of it");
    check(!ask_for(heap, 1), "there is no way back");
    first = HeapAlloc(heap, 0, 1000);
    second = HeapAlloc(heap, 0, 1001);
    third = HeapAlloc(heap, 0, 1002);
    check(second - first == third - second, "blocks of one bucket lie side by side");
    memset(first, 1, 1000);
    first[second - first - UNIT] ^= 0xFF;
    check(!HeapValidate(heap, 0, NULL) && !HeapFree(heap, 0, second), "an overrun into the next header is found");
    first[second - first - UNIT] ^= 0xFF;
    check(HeapFree(heap, 0, first) && HeapFree(heap, 0, second) && HeapFree(heap, 0, third), "freed");
    memset(blocks, 0, sizeof blocks);
    walking(heap);
    threads(heap);
    check(HeapDestroy(heap), "destroyed with all its blocks");
}

/* ---- handles ---- */

static void handles(void)
{
    HGLOBAL memory = GlobalAlloc(GMEM_MOVEABLE | GMEM_DISCARDABLE | GMEM_ZEROINIT, 100);
    char *block = GlobalLock(memory);

    section("Movable memory");
    check(block && block != (char *)memory && block[0] == 0 && block[99] == 0, "a handle is locked to get at its block");
    check(GlobalHandle(block) == memory, "the block leads back to the handle");
    check_equal(GlobalFlags(memory), GMEM_DISCARDABLE | 1, "one lock, discardable");
    check(!GlobalUnlock(memory) && GetLastError() == NO_ERROR, "unlocked");
    check(!GlobalUnlock(memory) && GetLastError() == ERROR_NOT_LOCKED, "not locked any more");
    check(GlobalDiscard(memory) == memory && !GlobalLock(memory) && GetLastError() == ERROR_DISCARDED, "discarded");
    check(GlobalReAlloc(memory, 5000, GMEM_MOVEABLE) == memory && GlobalSize(memory) == 5000, "brought back, larger");
    check(GlobalFree(memory) == NULL, "freed");
    check(LocalAlloc(0xF000, 1) == NULL && GetLastError() == ERROR_INVALID_PARAMETER, "unknown flags are refused");
}

int main(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);

    walking(heap);
    damage(heap);
    threads(heap);
    check(HeapDestroy(heap), "the heap is destroyed with all its blocks");
    limits();
    low_fragmentation();
    handles();
    return verdict();
}
