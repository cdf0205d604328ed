/* interlocked.c: kernel32's Interlocked* functions and the interlocked singly linked lists (SLIST_HEADER). */
#include "sync.h"

i32 WINAPI InterlockedIncrement(i32 *target) { return atomic_add(target, 1); }
i32 WINAPI InterlockedDecrement(i32 *target) { return atomic_add(target, -1); }
i32 WINAPI InterlockedExchange(i32 *target, i32 value) { return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST); }

i32 WINAPI InterlockedExchangeAdd(i32 *target, i32 value) {
    return __atomic_fetch_add(target, value, __ATOMIC_SEQ_CST);
}

i32 WINAPI InterlockedCompareExchange(i32 *target, i32 value, i32 expected) {
    __atomic_compare_exchange_n(target, &expected, value, FALSE, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}

i64 WINAPI InterlockedCompareExchange64(i64 *target, i64 value, i64 expected) {
    __atomic_compare_exchange_n(target, &expected, value, FALSE, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}

static bool32 replace(SLIST_HEADER *list, SLIST_HEADER *old, SLIST_HEADER new) {
#if defined(__i386__)
    return __atomic_compare_exchange_n(&list->Whole, &old->Whole, new.Whole, FALSE, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
#else
    bool32 done;
    u64 low = (u64)old->Whole, high = (u64)(old->Whole >> 64);
    __asm__ volatile("lock; cmpxchg16b %1\n\tsetz %b0"
                     : "=q"(done), "+m"(list->Whole), "+a"(low), "+d"(high)
                     : "b"((u64)new.Whole), "c"((u64)(new.Whole >> 64))
                     : "cc", "memory");
    old->Whole = (unsigned __int128)high << 64 | low;
    return done & 1;
#endif
}

void WINAPI RtlInitializeSListHead(SLIST_HEADER *list) { list->Whole = 0; }
u16 WINAPI RtlQueryDepthSList(SLIST_HEADER *list) { return (u16)list->Depth; }

SLIST_ENTRY *WINAPI RtlInterlockedPushEntrySList(SLIST_HEADER *list, SLIST_ENTRY *entry) {
    SLIST_HEADER old = *list, new;
    do {
        new = old;
        entry->Next = old.Next;
        new.Next = entry;
        new.Depth++;
        new.Sequence++;
    } while (!replace(list, &old, new));
    return old.Next;
}

SLIST_ENTRY *WINAPI RtlInterlockedPopEntrySList(SLIST_HEADER *list) {
    SLIST_HEADER old = *list, new;
    do {
        if (!old.Next)
            return NULL;
        new = old;
        new.Next = old.Next->Next;
        new.Depth--;
    } while (!replace(list, &old, new));
    return old.Next;
}

SLIST_ENTRY *WINAPI RtlInterlockedFlushSList(SLIST_HEADER *list) {
    SLIST_HEADER old = *list, new;
    do {
        new = old;
        new.Next = NULL;
        new.Depth = 0;
    } while (!replace(list, &old, new));
    return old.Next;
}
