/* Shows a full disk: which calls say so, and that nothing else is lost; needs a small one, `ntmm run --disk 1M`. */
#include <stdio.h>
#include <string.h>
#include <windows.h>

#include "check.h"

#define UNIT 0x10000
#define LARGEST_DISK (64 << 20)
#define KEPT "ntmm-full-kept.bin"
#define FILL "ntmm-full-fill.bin"
#define COPY "ntmm-full-copy.bin"

static unsigned char block[UNIT];

static unsigned long long room(void)
{
    ULARGE_INTEGER available, total, unused;

    return GetDiskFreeSpaceExA("C:\\", &available, &total, &unused) ? available.QuadPart : 0;
}

static HANDLE make(const char *name)
{
    return CreateFileA(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, CREATE_ALWAYS, 0, NULL);
}

static DWORD size_of(HANDLE file)
{
    return GetFileSize(file, NULL);
}

static int set_size(HANDLE file, DWORD size)
{
    SetFilePointer(file, (LONG)size, NULL, FILE_BEGIN);
    return SetEndOfFile(file);
}

/* The call must fail with ERROR_DISK_FULL. */
#define FULL(call, what) \
    do { \
        int done_; \
        SetLastError(0); \
        done_ = (call) != 0; \
        check_equal(done_ ? 0 : GetLastError(), ERROR_DISK_FULL, "ERROR_DISK_FULL  %s", what); \
    } while (0)

static int holds(const unsigned char *view, DWORD size, unsigned char byte)
{
    for (DWORD at = 0; at < size; at++)
        if (view[at] != byte)
            return 0;
    return 1;
}

static unsigned char *kept_view;
static HANDLE kept;

/* A file that is there before the disk fills, and mapped. */
static void keep(void)
{
    HANDLE mapping;

    kept = make(KEPT);
    mapping = CreateFileMappingA(kept, NULL, PAGE_READWRITE, 0, 2 * UNIT, NULL);
    kept_view = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, 0);
    CloseHandle(mapping);
    section("While there is room");
    check(kept_view != NULL && size_of(kept) == 2 * UNIT, "a mapping makes its file as large as it is");
}

static HANDLE fill(void)
{
    HANDLE file = make(FILL);
    unsigned long long before = room();
    DWORD count, written = 0;

    section("WriteFile until the disk is full");
    memset(block, 'f', sizeof block);
    SetLastError(0);
    while (WriteFile(file, block, sizeof block, &count, NULL))
        written += count;
    check_equal(GetLastError(), ERROR_DISK_FULL, "the last one says ERROR_DISK_FULL");
    check(count == 0 && size_of(file) == written && written == before / UNIT * UNIT, "and has written nothing");
    check(room() == before - written, "GetDiskFreeSpaceEx tells the rest");
    while (WriteFile(file, block, 1, &count, NULL))
        written += count;
    check(room() == 0 && size_of(file) == written, "single bytes fill that too");
    return file;
}

static void refused(HANDLE file)
{
    HANDLE other = make(COPY);
    DWORD count, size = size_of(file);

    section("What a full disk refuses");
    check(other != INVALID_HANDLE_VALUE, "a file without bytes can still be made");
    FULL(WriteFile(other, block, 1, &count, NULL), "a byte in another file");
    FULL(set_size(other, UNIT), "SetEndOfFile");
    FULL(CreateFileMappingA(other, NULL, PAGE_READWRITE, 0, UNIT, NULL), "a mapping larger than its file");
    check(size_of(other) == 0, "the file is as it was");
    CloseHandle(other);
    FULL(CopyFileA(KEPT, COPY, FALSE), "CopyFile");
    check(GetFileAttributesA(COPY) == INVALID_FILE_ATTRIBUTES, "which leaves no half of a file behind");
    check(size_of(file) == size, "the file that filled the disk is whole");
}

static void still_works(HANDLE file)
{
    DWORD count;

    section("What works on a full disk");
    memset(kept_view, 'k', 2 * UNIT);
    check(FlushViewOfFile(kept_view, 0), "views are written: their bytes have a place");
    SetFilePointer(kept, UNIT, NULL, FILE_BEGIN);
    check(WriteFile(kept, block, 100, &count, NULL) && kept_view[UNIT + 99] == 'f', "so are bytes inside of a file");
    SetFilePointer(file, 0, NULL, FILE_BEGIN);
    check(ReadFile(file, block, sizeof block, &count, NULL) && holds(block, sizeof block, 'f'), "and all can be read");
    check(set_size(file, UNIT) && room() > 0, "cutting a file gives room back");
    check(CopyFileA(KEPT, COPY, FALSE), "for a copy");
    check(DeleteFileA(COPY), "which can be deleted");
}

static void nothing_lost(void)
{
    DWORD count;

    UnmapViewOfFile(kept_view);
    CloseHandle(kept);
    kept = CreateFileA(KEPT, GENERIC_READ, FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
    section("Afterwards");
    check(ReadFile(kept, block, UNIT, &count, NULL) && count == UNIT && holds(block, UNIT, 'k'),
          "what was written through the view is in the file");
    CloseHandle(kept);
    check(DeleteFileA(KEPT) && DeleteFileA(FILL), "the files are deleted");
}

int main(void)
{
    HANDLE file;

    if (room() > LARGEST_DISK) {
        puts("this fills the disk, and wants a small one: ntmm run --disk 1M full.exe");
        return 2;
    }
    keep();
    file = fill();
    refused(file);
    still_works(file);
    CloseHandle(file);
    nothing_lost();
    return verdict();
}
