/* critical_section.c: RTL_CRITICAL_SECTION as in XP: an interlocked count, and an event made at the first collision. */
#include "codes.h"
#include "process.h"
#include "sync.h"

#define EVENT_ALL_ACCESS 0x1F0003
#define SYNCHRONIZATION_EVENT 1

static void initialize(CRITICAL_SECTION *section, u32 spin_count) {
    *section = (CRITICAL_SECTION)CRITICAL_SECTION_FREE;
    section->SpinCount = spin_count & 0x00FFFFFF;
}

status WINAPI RtlInitializeCriticalSection(CRITICAL_SECTION *section) {
    initialize(section, 0);
    return STATUS_SUCCESS;
}

status WINAPI RtlInitializeCriticalSectionAndSpinCount(CRITICAL_SECTION *section, u32 spin_count) {
    initialize(section, spin_count);
    return STATUS_SUCCESS;
}

void WINAPI InitializeCriticalSection(CRITICAL_SECTION *section) { initialize(section, 0); }

bool32 WINAPI InitializeCriticalSectionAndSpinCount(CRITICAL_SECTION *section, u32 spin_count) {
    initialize(section, spin_count);
    return TRUE;
}

bool32 WINAPI InitializeCriticalSectionEx(CRITICAL_SECTION *section, u32 spin_count, u32 flags) {
    (void)flags; /* only says whether debug information is wanted */
    initialize(section, spin_count);
    return TRUE;
}

u32 WINAPI RtlSetCriticalSectionSpinCount(CRITICAL_SECTION *section, u32 spin_count) {
    u32 old = (u32)section->SpinCount;
    section->SpinCount = spin_count & 0x00FFFFFF;
    return old;
}

status WINAPI RtlDeleteCriticalSection(CRITICAL_SECTION *section) {
    if (section->LockSemaphore)
        NtClose(section->LockSemaphore);
    *section = (CRITICAL_SECTION){0};
    return STATUS_SUCCESS;
}

/* The section's event; of two threads that make one at the same time, the second throws its own away. */
static handle event_of(CRITICAL_SECTION *section) {
    handle made;
    if (section->LockSemaphore)
        return section->LockSemaphore;
    status result = NtCreateEvent(&made, EVENT_ALL_ACCESS, NULL, SYNCHRONIZATION_EVENT, FALSE);
    if (!SUCCEEDED(result))
        raise_status((u32)result);
    if (!atomic_replace_pointer(&section->LockSemaphore, NULL, made))
        NtClose(made);
    return section->LockSemaphore;
}

static NOINLINE void enter_contended(CRITICAL_SECTION *section, uptr thread) {
    if (!is_shutting_down) { /* else its owner is gone */
        status result = NtWaitForSingleObject(event_of(section), FALSE, NULL);
        if (!SUCCEEDED(result))
            raise_status((u32)result);
    }
    section->OwningThread = thread;
    section->RecursionCount = 1;
}

status WINAPI RtlEnterCriticalSection(CRITICAL_SECTION *section) {
    uptr thread = teb()->UniqueThread;
    if (LIKELY(atomic_add(&section->LockCount, 1) == 0)) {
        section->OwningThread = thread;
        section->RecursionCount = 1;
    } else if (section->OwningThread == thread) {
        section->RecursionCount++;
    } else {
        enter_contended(section, thread);
    }
    return STATUS_SUCCESS;
}

u32 WINAPI RtlTryEnterCriticalSection(CRITICAL_SECTION *section) {
    uptr thread = teb()->UniqueThread;
    if (atomic_replace(&section->LockCount, -1, 0)) {
        section->OwningThread = thread;
        section->RecursionCount = 1;
        return TRUE;
    }
    if (section->OwningThread != thread)
        return FALSE;
    atomic_add(&section->LockCount, 1);
    section->RecursionCount++;
    return TRUE;
}

status WINAPI RtlLeaveCriticalSection(CRITICAL_SECTION *section) {
    if (--section->RecursionCount) {
        atomic_add(&section->LockCount, -1);
        return STATUS_SUCCESS;
    }
    section->OwningThread = 0;
    if (UNLIKELY(atomic_add(&section->LockCount, -1) >= 0)) {
        status result = NtSetEvent(event_of(section), NULL);
        if (!SUCCEEDED(result))
            raise_status((u32)result);
    }
    return STATUS_SUCCESS;
}
