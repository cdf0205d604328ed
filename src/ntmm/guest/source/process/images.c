/* images.c: telling images of what happens: their TLS callbacks and entry points (DllMain), under the loader lock. */
#include "process.h"
#include "codes.h"
#include "sync.h"

static CRITICAL_SECTION loader_lock = CRITICAL_SECTION_FREE;
static CRITICAL_SECTION peb_lock = CRITICAL_SECTION_FREE;

void publish_locks(void) {
    peb()->LoaderLock = &loader_lock;
    peb()->FastPebLock = &peb_lock;
    peb()->FastPebLockRoutine = (void *)RtlEnterCriticalSection;
    peb()->FastPebUnlockRoutine = (void *)RtlLeaveCriticalSection;
}

void WINAPI RtlAcquirePebLock(void) { RtlEnterCriticalSection(&peb_lock); }
void WINAPI RtlReleasePebLock(void) { RtlLeaveCriticalSection(&peb_lock); }
void enter_loader(void) { RtlEnterCriticalSection(&loader_lock); }
void leave_loader(void) { RtlLeaveCriticalSection(&loader_lock); }

#if !defined(__i386__)
uptr call_unchecked(void *function, uptr first, uptr second, uptr third) {
    return ((uptr(*)(uptr, uptr, uptr))function)(first, second, third);
}
#endif

bool32 call_initializers(NTMM_START *block, u32 reason, void *reserved) {
    for (uptr index = 0; index < block->InitializerCount; index++) {
        INITIALIZER *image = &block->Initializers[index];
        for (void **callback = image->TlsCallbacks; callback && *callback; callback++)
            call_unchecked(*callback, (uptr)image->Base, reason, (uptr)reserved);
        if (!image->Entry)
            continue;
        u8 accepted = (u8)call_unchecked(image->Entry, (uptr)image->Base, reason, (uptr)reserved);
        if (reason == DLL_PROCESS_ATTACH && !accepted)
            return FALSE;
    }
    return TRUE;
}

/* Calls the images that are to know of a thread's or the process's end. */
void tell_images(u32 reason, void *reserved) {
    NTMM_START *block;
    enter_loader();
    if (SUCCEEDED(NtmmListImages(reason, &block))) {
        call_initializers(block, reason, reserved);
        NtmmReleaseBlock(block);
    }
    leave_loader();
}
