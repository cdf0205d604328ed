/* free_lists.c: the free lists of a heap: one list a size below 128 units; list 0, sorted by size, for larger blocks.

   An index of size classes leads into list 0: for each class in use, its first block. A class holds the sizes that agree
   in their highest five bits, so a search or an insertion only walks past blocks of nearly the wanted size. */
#include "heap.h"

static u32 class_of(u32 units) {
    u32 top = 31 - (u32)__builtin_clz(units); /* 7 to 15 */
    return (top - 7) << CLASS_BITS | (units >> (top - CLASS_BITS) & ((1u << CLASS_BITS) - 1));
}

static FREE_ENTRY *from_link(LIST_ENTRY *link) { return (FREE_ENTRY *)((u8 *)link - offsetof(FREE_ENTRY, Link)); }

/* The first class after `class` that has blocks, or LARGE_CLASSES. */
static u32 next_class(HEAP *heap, u32 class) {
    u32 index = ++class / 32;
    if (class >= LARGE_CLASSES)
        return LARGE_CLASSES;
    u32 bits = heap->ClassesInUse[index] & (~0u << class % 32);
    while (!bits) {
        if (++index == sizeof heap->ClassesInUse / sizeof(u32))
            return LARGE_CLASSES;
        bits = heap->ClassesInUse[index];
    }
    return index * 32 + (u32)__builtin_ctz(bits);
}

static void link_before(LIST_ENTRY *next, LIST_ENTRY *link) {
    link->Flink = next;
    link->Blink = next->Blink;
    next->Blink->Flink = link;
    next->Blink = link;
}

static void insert_large(HEAP *heap, FREE_ENTRY *entry) {
    u32 units = entry->Header.Size, class = class_of(units);
    LIST_ENTRY *head = &heap->FreeLists[0], *at;
    FREE_ENTRY *first = heap->ClassFirst[class];
    if (first) {
        at = &first->Link;
        while (at != head && from_link(at)->Header.Size < units)
            at = at->Flink;
    } else {
        u32 next = next_class(heap, class);
        at = next == LARGE_CLASSES ? head : &heap->ClassFirst[next]->Link;
    }
    if (!first || at == &first->Link) {
        heap->ClassFirst[class] = entry;
        heap->ClassesInUse[class / 32] |= 1u << class % 32;
    }
    link_before(at, &entry->Link);
    heap->NonDedicatedListLength++;
}

static void remove_large(HEAP *heap, FREE_ENTRY *entry) {
    u32 class = class_of(entry->Header.Size);
    heap->NonDedicatedListLength--;
    if (heap->ClassFirst[class] != entry)
        return;
    FREE_ENTRY *next = from_link(entry->Link.Flink);
    if (&next->Link != &heap->FreeLists[0] && class_of(next->Header.Size) == class) {
        heap->ClassFirst[class] = next;
    } else {
        heap->ClassFirst[class] = NULL;
        heap->ClassesInUse[class / 32] &= ~(1u << class % 32);
    }
}

/* Whether both neighbours of a block in a list still know it; an overrun of the block before it may have changed that. */
static bool32 is_linked(LIST_ENTRY *link) { return link->Flink->Blink == link && link->Blink->Flink == link; }

void insert_free(HEAP *heap, HEAP_ENTRY *entry) {
    FREE_ENTRY *block = (FREE_ENTRY *)entry;
    u32 units = entry->Size;
    entry->Flags &= ENTRY_LAST | ENTRY_PATTERN;
    entry->UnusedBytes = 0;
    if (UNLIKELY(heap->Flags & HEAP_FREE_CHECKING_ENABLED) && !(entry->Flags & ENTRY_PATTERN))
        fill_free(entry);
    heap->TotalFreeSize += units;
    if (units >= FREE_LISTS) {
        insert_large(heap, block);
        return;
    }
    LIST_ENTRY *head = &heap->FreeLists[units];
    link_before(head->Flink, &block->Link);
    heap->FreeListsInUse[units / 32] |= 1u << units % 32;
}

/* Takes a block out of its list. XP SP2 and later leave a damaged list as it is; before, its links were followed. */
void remove_free(HEAP *heap, HEAP_ENTRY *entry) {
    FREE_ENTRY *block = (FREE_ENTRY *)entry;
    u32 units = entry->Size;
    if (UNLIKELY(is_unlinking_safe && !is_linked(&block->Link))) {
        heap_corrupted();
        return;
    }
    if (UNLIKELY(heap->Flags & HEAP_FREE_CHECKING_ENABLED) && !is_free_fill_intact(entry))
        heap_corrupted();
    heap->TotalFreeSize -= units;
    if (units >= FREE_LISTS)
        remove_large(heap, block);
    block->Link.Flink->Blink = block->Link.Blink;
    block->Link.Blink->Flink = block->Link.Flink;
    if (units < FREE_LISTS && heap->FreeLists[units].Flink == &heap->FreeLists[units])
        heap->FreeListsInUse[units / 32] &= ~(1u << units % 32);
}

/* The smallest free block of at least `units`, or NULL; it stays in its list. */
HEAP_ENTRY *find_free(HEAP *heap, u32 units) {
    for (u32 index = units / 32; units < FREE_LISTS && index < FREE_LISTS / 32; index++) {
        u32 bits = heap->FreeListsInUse[index];
        if (index == units / 32)
            bits &= ~0u << units % 32;
        if (bits)
            return &from_link(heap->FreeLists[index * 32 + (u32)__builtin_ctz(bits)].Flink)->Header;
    }
    LIST_ENTRY *head = &heap->FreeLists[0], *at = head->Flink;
    if (units >= FREE_LISTS) {
        u32 class = class_of(units), next;
        FREE_ENTRY *first = heap->ClassFirst[class];
        if (!first) {
            next = next_class(heap, class);
            first = next == LARGE_CLASSES ? NULL : heap->ClassFirst[next];
        }
        if (!first)
            return NULL;
        at = &first->Link;
        while (at != head && from_link(at)->Header.Size < units)
            at = at->Flink;
    }
    return at == head ? NULL : &from_link(at)->Header;
}
