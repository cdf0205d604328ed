/* library.c: LoadLibrary, FreeLibrary and ntdll's LdrLoadDll: the kernel side maps and links, this side calls entry points. */
#include "process.h"
#include "codes.h"
#include "heap.h"
#include "sync.h"
#include "text.h"

#define CP_ACP 0

static status unload(void *base) {
    NTMM_START *block = NULL;
    enter_loader();
    status result = NtmmUnloadImage(base, &block);
    if (SUCCEEDED(result) && block) {
        call_initializers(block, DLL_PROCESS_DETACH, NULL);
        NtmmReleaseBlock(block);
    }
    leave_loader();
    return result;
}

static status load(const wchar *name, u32 flags, void **base) {
    NTMM_START *block = NULL;
    enter_loader();
    status result = NtmmLoadImage(name, flags, &block);
    if (SUCCEEDED(result)) {
        *base = block->StartAddress;
        bool32 accepted = call_initializers(block, DLL_PROCESS_ATTACH, NULL);
        NtmmReleaseBlock(block);
        if (!accepted) {
            unload(*base);
            result = STATUS_DLL_INIT_FAILED;
        }
    }
    leave_loader();
    return result;
}

void *WINAPI LoadLibraryExW(const wchar *name, handle file, u32 flags) {
    void *base = NULL;
    status result = name && !file ? load(name, flags, &base) : STATUS_INVALID_PARAMETER;
    if (SUCCEEDED(result))
        return base;
    set_last_error(RtlNtStatusToDosError(result));
    return NULL;
}

void *WINAPI LoadLibraryW(const wchar *name) { return LoadLibraryExW(name, NULL, 0); }

void *WINAPI LoadLibraryExA(const char *name, handle file, u32 flags) {
    i32 room = name ? MultiByteToWideChar(CP_ACP, 0, name, -1, NULL, 0) : 0;
    wchar *wide = room ? process_allocate(2 * (usize)room) : NULL;
    if (!wide) {
        set_last_error(room ? ERROR_NOT_ENOUGH_MEMORY : ERROR_INVALID_PARAMETER);
        return NULL;
    }
    MultiByteToWideChar(CP_ACP, 0, name, -1, wide, room);
    void *base = LoadLibraryExW(wide, file, flags);
    process_free(wide);
    return base;
}

void *WINAPI LoadLibraryA(const char *name) { return LoadLibraryExA(name, NULL, 0); }

bool32 WINAPI FreeLibrary(void *base) {
    status result = unload(base);
    if (SUCCEEDED(result))
        return TRUE;
    set_last_error(RtlNtStatusToDosError(result));
    return FALSE;
}

NORETURN void WINAPI FreeLibraryAndExitThread(void *base, u32 code) {
    unload(base);
    ExitThread(code);
}

status WINAPI LdrUnloadDll(void *base) { return unload(base); }

/* `path` (where to search) is not supported and has to be NULL; `characteristics` points at flags. */
status WINAPI LdrLoadDll(const wchar *path, const u32 *characteristics, const UNICODE_STRING *name, void **base) {
    wchar text[261];
    usize length = name->Length / 2u;
    (void)characteristics;
    if ((uptr)path > 1 || length > 260)
        return STATUS_INVALID_PARAMETER;
    memcpy(text, name->Buffer, 2 * length);
    text[length] = 0;
    return load(text, 0, base);
}
