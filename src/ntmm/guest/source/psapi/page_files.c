/* page_files.c: EnumPageFiles: asks for all paging files at once and calls the program back with each. */
#include "codes.h"
#include "heap.h"
#include "system.h"

#define CP_ACP 0
#define SYSTEM_PAGE_FILE_INFORMATION 18
#define FIRST_ROOM 1024u
#define LARGEST_ROOM 0x10000u
#define NAME_ROOM 272

typedef struct SYSTEM_PAGE_FILE {
    u32 NextEntryOffset, TotalSize, TotalInUse, PeakUsage; /* pages */
    UNICODE_STRING Name;
} SYSTEM_PAGE_FILE;

typedef struct ENUM_PAGE_FILE_INFORMATION {
    u32 Size, Reserved;
    usize TotalSize, TotalInUse, PeakUsage; /* pages */
} ENUM_PAGE_FILE_INFORMATION;

typedef bool32(WINAPI *WIDE_CALLBACK)(void *context, ENUM_PAGE_FILE_INFORMATION *, const wchar *name);
typedef bool32(WINAPI *NARROW_CALLBACK)(void *context, ENUM_PAGE_FILE_INFORMATION *, const char *name);

/* A block with the answer, to be freed; NULL with the last error set. */
static SYSTEM_PAGE_FILE *query(void) {
    for (u32 room = FIRST_ROOM; room <= LARGEST_ROOM; room *= 2) {
        SYSTEM_PAGE_FILE *files = process_allocate(room);
        if (!files) {
            set_last_error(ERROR_NOT_ENOUGH_MEMORY);
            return NULL;
        }
        status result = NtQuerySystemInformation(SYSTEM_PAGE_FILE_INFORMATION, files, room, NULL);
        if (SUCCEEDED(result))
            return files;
        process_free(files);
        set_last_error(RtlNtStatusToDosError(result));
    }
    return NULL;
}

/* The name from its drive letter on: \??\C:\pagefile.sys is known to programs as C:\pagefile.sys. */
static const wchar *drive_name(const UNICODE_STRING *name) {
    const wchar *text = name->Buffer;
    for (u32 index = 1; index < name->Length / sizeof(wchar); index++)
        if (text[index] == ':')
            return text + index - 1;
    return text;
}

static bool32 call_narrow(NARROW_CALLBACK callback, void *context, ENUM_PAGE_FILE_INFORMATION *information,
                          const wchar *name) {
    char narrow[NAME_ROOM];
    if (!WideCharToMultiByte(CP_ACP, 0, name, -1, narrow, NAME_ROOM, NULL, NULL))
        return FALSE;
    return callback(context, information, narrow);
}

static bool32 enumerate(WIDE_CALLBACK wide, NARROW_CALLBACK narrow, void *context) {
    SYSTEM_PAGE_FILE *files = query(), *file = files;
    bool32 goes_on = TRUE;
    if (!files)
        return FALSE;
    while (goes_on && file->TotalSize) {
        ENUM_PAGE_FILE_INFORMATION information = {
            .Size = sizeof information,
            .TotalSize = file->TotalSize,
            .TotalInUse = file->TotalInUse,
            .PeakUsage = file->PeakUsage,
        };
        const wchar *name = drive_name(&file->Name);
        goes_on = wide ? wide(context, &information, name) : call_narrow(narrow, context, &information, name);
        if (!file->NextEntryOffset)
            break;
        file = (SYSTEM_PAGE_FILE *)((u8 *)file + file->NextEntryOffset);
    }
    process_free(files);
    return TRUE;
}

bool32 WINAPI EnumPageFilesW(WIDE_CALLBACK callback, void *context) { return enumerate(callback, NULL, context); }
bool32 WINAPI EnumPageFilesA(NARROW_CALLBACK callback, void *context) { return enumerate(NULL, callback, context); }
