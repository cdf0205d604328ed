/* valid_handler_x86.c: may this address be called as an exception handler? Software DEP of XP SP2 and Server 2003 SP1.

   A handler in an image has to be in the image's table of handlers, if it has one (/SAFESEH). Elsewhere the memory must be
   executable, and the process must allow handlers outside of images (its execute options, ProcessExecuteFlags). */
#if defined(__i386__)
#include "codes.h"
#include "image_list.h"
#include "system.h"

enum { PROCESS_EXECUTE_FLAGS = 34, EXECUTE_DISPATCH_ENABLE = 0x10, IMAGE_DISPATCH_ENABLE = 0x20 };
enum { DIRECTORY_COM = 14, IL_ONLY = 1 };

#define DLL_CHARACTERISTICS_OFFSET 0x5E /* from "PE\0\0" */
#define NO_SEH 0x400
#define HANDLER_TABLE 0x40 /* in the load configuration: address and count of handlers, as offsets in ascending order */
#define HANDLER_COUNT 0x44
#define ANY_EXECUTE 0xF0

typedef struct MEMORY_BASIC_INFORMATION {
    void *BaseAddress, *AllocationBase;
    u32 AllocationProtect, RegionSize, State, Protect, Type;
} MEMORY_BASIC_INFORMATION;

static bool32 is_listed(const u32 *handlers, u32 count, u32 wanted) {
    u32 low = 0, high = count;
    while (low < high) {
        u32 middle = low + (high - low) / 2;
        if (handlers[middle] == wanted)
            return TRUE;
        if (handlers[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return FALSE;
}

/* The image's handlers; NULL if it does not list them. */
static const u32 *handlers_of(const IMAGE_ENTRY *image, u32 *count) {
    u32 size;
    const u8 *configuration = image_directory(image, DIRECTORY_LOAD_CONFIG, &size);
    *count = 0;
    if (!configuration || image->DllBase + image->SizeOfImage - (u32)configuration < HANDLER_COUNT + 4 ||
        *(const u32 *)configuration < HANDLER_COUNT + 4)
        return NULL;
    u32 at = *(const u32 *)(configuration + HANDLER_TABLE) - image->DllBase;
    *count = *(const u32 *)(configuration + HANDLER_COUNT);
    if (!*(const u32 *)(configuration + HANDLER_TABLE) || at >= image->SizeOfImage ||
        *count > (image->SizeOfImage - at) / sizeof(u32))
        return NULL;
    return (const u32 *)(image->DllBase + at);
}

static bool32 has_only_managed_code(const IMAGE_ENTRY *image) {
    u32 size;
    const u8 *header = image_directory(image, DIRECTORY_COM, &size);
    return header && size >= 0x14 && *(const u32 *)(header + 0x10) & IL_ONLY;
}

static u32 execute_options(void) {
    u32 options = 0;
    NtQueryInformationProcess(CURRENT_PROCESS, PROCESS_EXECUTE_FLAGS, &options, sizeof options, NULL);
    return options;
}

static bool32 is_executable(const void *at) {
    MEMORY_BASIC_INFORMATION found;
    return SUCCEEDED(NtQueryVirtualMemory(CURRENT_PROCESS, at, 0, &found, sizeof found, NULL)) &&
           found.State == MEM_COMMIT && found.Protect & ANY_EXECUTE;
}

bool32 WINAPI RtlIsValidHandler(void *handler) {
    const IMAGE_ENTRY *image = find_image((u32)handler);
    u32 count, wanted = image ? (u32)handler - image->DllBase : 0;
    if (image) {
        if (*(const u16 *)(image_header(image) + DLL_CHARACTERISTICS_OFFSET) & NO_SEH)
            return FALSE;
        const u32 *handlers = handlers_of(image, &count);
        if (handlers)
            return is_listed(handlers, count, wanted);
        return !has_only_managed_code(image);
    }
    u32 options = execute_options();
    if (!is_executable(handler) && !(options & EXECUTE_DISPATCH_ENABLE))
        return FALSE;
    return (options & IMAGE_DISPATCH_ENABLE) != 0;
}
#endif
