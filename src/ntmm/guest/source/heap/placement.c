/* placement.c: where a heap lies: in memory of its own, or in what RtlCreateHeap's caller has reserved for it. */
#include "codes.h"
#include "heap.h"
#include "text.h"

typedef struct MEMORY_BASIC_INFORMATION {
    u8 *BaseAddress;
    void *AllocationBase;
    u32 AllocationProtect;
    usize RegionSize;
    u32 State, Protect, Type;
} MEMORY_BASIC_INFORMATION;

#define MEM_FREE 0x10000u
#define DEFAULT_RESERVE 0x40000u
#define SMALLEST_COMMIT ((sizeof(HEAP) + UNIT - 1) / UNIT * UNIT + PAGE_SIZE / 2)

static usize round_to_pages(usize size) { return (size + PAGE_SIZE - 1) & ~(usize)(PAGE_SIZE - 1); }

static bool32 allocate(void **base, usize size, u32 type, u32 protect) {
    return SUCCEEDED(NtAllocateVirtualMemory(CURRENT_PROCESS, base, 0, &size, type, protect));
}

void release_memory(void *base) {
    usize size = 0;
    NtFreeVirtualMemory(CURRENT_PROCESS, &base, &size, MEM_RELEASE);
}

static bool32 place_alone(PLACEMENT *place, u32 flags, u32 protect) {
    usize commit = round_to_pages(place->Commit > SMALLEST_COMMIT ? place->Commit : SMALLEST_COMMIT);
    usize otherwise = commit > DEFAULT_RESERVE ? commit + 0xFFFF : DEFAULT_RESERVE;
    usize reserve = round_to_pages(place->Reserve ? place->Reserve : otherwise);
    if (flags & HEAP_GROWABLE)
        reserve = (reserve + 0xFFFF) & ~(usize)0xFFFF;
    place->Commit = commit;
    place->Reserve = reserve < commit ? commit : reserve;
    if (!allocate(&place->Base, place->Reserve, MEM_RESERVE, protect))
        return FALSE;
    if (allocate(&place->Base, commit, MEM_COMMIT, protect))
        return TRUE;
    release_memory(place->Base);
    return FALSE;
}

static bool32 query(const void *address, MEMORY_BASIC_INFORMATION *found) {
    return SUCCEEDED(NtQueryVirtualMemory(CURRENT_PROCESS, address, 0, found, sizeof *found, NULL));
}

/* What the caller has committed, and reserved behind it; of memory that is only reserved some is committed. */
static bool32 place_in_region(PLACEMENT *place, u32 protect) {
    MEMORY_BASIC_INFORMATION first, behind;
    if (!query(place->Base, &first) || first.State == MEM_FREE || first.BaseAddress != place->Base)
        return FALSE;
    usize committed = first.State == MEM_COMMIT ? first.RegionSize : 0, reserve = first.RegionSize;
    if (committed && query(first.BaseAddress + committed, &behind) && behind.State == MEM_RESERVE &&
        behind.AllocationBase == first.AllocationBase)
        reserve += behind.RegionSize;
    if (place->Reserve && round_to_pages(place->Reserve) < reserve)
        reserve = round_to_pages(place->Reserve);
    committed = committed < reserve ? committed : reserve;
    usize wanted = round_to_pages(place->Commit > SMALLEST_COMMIT ? place->Commit : SMALLEST_COMMIT);
    if (wanted > reserve)
        return FALSE;
    if (committed < wanted && !allocate(&place->Base, wanted, MEM_COMMIT, protect))
        return FALSE;
    memset(place->Base, 0, committed < sizeof(HEAP) ? committed : sizeof(HEAP));
    place->Commit = committed > wanted ? committed : wanted;
    place->Reserve = reserve;
    return TRUE;
}

/* Where the caller's routine commits, only the caller knows what is committed: `InitialCommit` of `InitialReserve`. */
static bool32 place_with_routine(PLACEMENT *place, u32 flags, const HEAP_PARAMETERS *parameters) {
    if (!place->Base || flags & HEAP_GROWABLE || parameters->InitialCommit < SMALLEST_COMMIT ||
        parameters->InitialCommit > parameters->InitialReserve ||
        (parameters->InitialCommit | parameters->InitialReserve | (uptr)place->Base) % PAGE_SIZE)
        return FALSE;
    place->Commit = parameters->InitialCommit;
    place->Reserve = parameters->InitialReserve;
    memset(place->Base, 0, sizeof(HEAP));
    return TRUE;
}

/* Finds or makes room for a heap; FALSE if there is none, or what the caller offers is no room for one. */
bool32 place_heap(PLACEMENT *place, u32 flags, const HEAP_PARAMETERS *parameters) {
    u32 protect = flags & HEAP_CREATE_ENABLE_EXECUTE ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
    if (parameters && parameters->CommitRoutine)
        return place_with_routine(place, flags, parameters);
    return place->Base ? place_in_region(place, protect) : place_alone(place, flags, protect);
}
