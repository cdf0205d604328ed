/* Shows section objects: views, coherence, copy on write, reserved sections, names, rights, sizes, images, errors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <psapi.h>

#include "check.h"

#define PAGE 4096
#define UNIT 0x10000
#define FILE_NAME "ntmm-sections.bin"
#define SIZE (5 * UNIT + 1234)
#define NAME "Local\\ntmm-sections"

/* The call must fail with this error. */
#define REFUSED(call, error, what) \
    do { \
        int done_; \
        DWORD error_; \
        SetLastError(0); \
        done_ = (call) != 0; \
        error_ = GetLastError(); \
        check_equal(done_ ? 0 : error_, error, "%4u  %s", (unsigned)(error), what); \
    } while (0)

#define SECTION_IS_NOT_IMAGE 0xC0000049
#define SECTION_IS_NOT_EXTENDED 0xC0000087
#define NOT_SAME_FILE 0xC00000D4
#define NO_RIGHT 0xC0000022

typedef LONG(NTAPI *create_t)(HANDLE *, ACCESS_MASK, void *, LARGE_INTEGER *, ULONG, ULONG, HANDLE);
typedef LONG(NTAPI *extend_t)(HANDLE, LARGE_INTEGER *);
typedef LONG(NTAPI *query_t)(HANDLE, int, void *, SIZE_T, SIZE_T *);
typedef LONG(NTAPI *same_t)(void *, void *);
typedef LONG(NTAPI *flush_t)(HANDLE, void **, SIZE_T *, void *);
typedef DWORD(WINAPI *name_t)(HANDLE, void *, char *, DWORD);

static create_t create_section;
static extend_t extend_section;
static query_t query_section;
static same_t are_same;
static flush_t flush_memory;
static name_t mapped_name;

struct basic {
    void *base;
    ULONG attributes;
    LARGE_INTEGER size;
};

static void *find(const char *dll, const char *name)
{
    FARPROC function = GetProcAddress(LoadLibraryA(dll), name);
    void *pointer;

    memcpy(&pointer, &function, sizeof pointer);
    return pointer;
}

static HANDLE open_file(DWORD access, DWORD disposition)
{
    return CreateFileA(FILE_NAME, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, disposition, 0,
                       NULL);
}

static unsigned char byte_at(unsigned offset)
{
    return (unsigned char)(offset * 7 + offset / 256 * 3);
}

/* A file of SIZE bytes, open for reading and writing. */
static HANDLE make_file(void)
{
    static unsigned char bytes[SIZE];
    HANDLE file = open_file(GENERIC_READ | GENERIC_WRITE, CREATE_ALWAYS);
    DWORD count;

    for (unsigned at = 0; at < SIZE; at++)
        bytes[at] = byte_at(at);
    WriteFile(file, bytes, SIZE, &count, NULL);
    return file;
}

static HANDLE memory_section(DWORD protection, DWORD size)
{
    return CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, protection, 0, size, NULL);
}

/* A view whole, at an address of the system's choice. */
static void *map(HANDLE section, DWORD access)
{
    return MapViewOfFile(section, access, 0, 0, 0);
}

static MEMORY_BASIC_INFORMATION query(const void *address)
{
    MEMORY_BASIC_INFORMATION info = {0};

    VirtualQuery(address, &info, sizeof info);
    return info;
}

/* Letters for the pages at an address: w READWRITE, c WRITECOPY, r READONLY, - reserved, ? anything else. */
static const char *pages_of(const char *address, unsigned count)
{
    static char text[65];

    for (unsigned page = 0; page < count; page++) {
        MEMORY_BASIC_INFORMATION info = query(address + page * PAGE);

        text[page] = info.State == MEM_RESERVE ? '-' : info.Protect == PAGE_READWRITE ? 'w'
            : info.Protect == PAGE_WRITECOPY ? 'c' : info.Protect == PAGE_READONLY ? 'r' : '?';
    }
    text[count] = 0;
    return text;
}

static void memory_sections(void)
{
    HANDLE section_handle = memory_section(PAGE_READWRITE, 3 * PAGE + 1);
    char *one = map(section_handle, FILE_MAP_WRITE), *other = map(section_handle, FILE_MAP_READ);
    MEMORY_BASIC_INFORMATION info;
    int zeros = 1;

    section("Memory that only the paging file backs");
    check(one && other && one != other, "two views lie at different addresses");
    for (unsigned at = 0; at < 4 * PAGE; at++)
        zeros &= other[at] == 0;
    check(zeros, "it begins with zeros");
    info = query(one);
    check(info.State == MEM_COMMIT && info.Type == MEM_MAPPED && info.RegionSize == 4 * PAGE
              && info.AllocationProtect == PAGE_READWRITE && info.AllocationBase == one,
          "VirtualQuery: committed, mapped, 4 pages");
    check(query(other).Protect == PAGE_READONLY, "the other view is read-only");
    for (unsigned page = 0; page < 4; page++)
        one[page * PAGE + page] = (char)('A' + page);
    check(other[0] == 'A' && other[PAGE + 1] == 'B' && other[3 * PAGE + 3] == 'D', "one view shows what the other wrote");
    check(CloseHandle(section_handle), "the handle is closed");
    check(other[2 * PAGE + 2] == 'C', "the views live on");
    check(UnmapViewOfFile(one + PAGE + 5), "a view is unmapped by any address inside it");
    check(other[PAGE + 1] == 'B', "its contents stay for the other view");
    check(FlushViewOfFile(other, 0), "flushing memory is no error");
    check(UnmapViewOfFile(other), "the last view goes");
    REFUSED(UnmapViewOfFile(other), ERROR_INVALID_ADDRESS, "unmapping it again");
}

static void offsets(void)
{
    HANDLE file = make_file(), map_handle = CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL);
    int right = 1, zeros = 1;
    unsigned char *view;

    section("Views at offsets");
    for (unsigned offset = 0; offset <= 5 * UNIT; offset += UNIT) {
        unsigned size = SIZE - offset < UNIT ? SIZE - offset : UNIT;

        view = MapViewOfFile(map_handle, FILE_MAP_READ, 0, offset, size);
        right &= view != NULL;
        for (unsigned at = 0; view && at < size; at += 97)
            right &= view[at] == byte_at(offset + at);
        UnmapViewOfFile(view);
    }
    check(right, "views of 64 KB show their parts of the file");
    view = MapViewOfFile(map_handle, FILE_MAP_READ, 0, 4 * UNIT, 0);
    check(view != NULL && query(view).RegionSize == UNIT + PAGE, "size 0 means the rest, in whole pages");
    for (unsigned at = UNIT + 1234; at < UNIT + PAGE; at++)
        zeros &= view[at] == 0;
    check(zeros, "after the end of the file its last page holds zeros");
    UnmapViewOfFile(view);
    view = MapViewOfFile(map_handle, FILE_MAP_READ, 0, UNIT, 100);
    check(view != NULL && query(view).RegionSize == PAGE, "100 bytes are one page");
    UnmapViewOfFile(view);
    REFUSED(MapViewOfFile(map_handle, FILE_MAP_READ, 0, PAGE, PAGE), ERROR_MAPPED_ALIGNMENT, "an offset of one page");
    REFUSED(MapViewOfFile(map_handle, FILE_MAP_READ, 0, 6 * UNIT, 0), ERROR_ACCESS_DENIED, "an offset past the end");
    REFUSED(MapViewOfFile(map_handle, FILE_MAP_READ, 1, 0, 0), ERROR_ACCESS_DENIED, "an offset of 4 GB");
    REFUSED(MapViewOfFile(map_handle, FILE_MAP_READ, 0, 0, 6 * UNIT), ERROR_ACCESS_DENIED, "a size past the end");
    REFUSED(MapViewOfFile(map_handle, FILE_MAP_READ, 0, 4 * UNIT, 2 * UNIT), ERROR_ACCESS_DENIED,
            "offset and size past the end");
    CloseHandle(map_handle);
    CloseHandle(file);
}

static void addresses(void)
{
    HANDLE map_handle = memory_section(PAGE_READWRITE, UNIT);
    char *place = VirtualAlloc(NULL, 4 * UNIT, MEM_RESERVE, PAGE_NOACCESS), *view;

    section("Views at a chosen address");
    REFUSED(MapViewOfFileEx(map_handle, FILE_MAP_READ, 0, 0, 0, place), ERROR_INVALID_ADDRESS, "where there is no room");
    VirtualFree(place, 0, MEM_RELEASE);
    view = MapViewOfFileEx(map_handle, FILE_MAP_READ, 0, 0, 0, place);
    check(view == place, "where there is");
    REFUSED(MapViewOfFileEx(map_handle, FILE_MAP_READ, 0, 0, 0, place + 2 * UNIT + PAGE), ERROR_MAPPED_ALIGNMENT,
            "at no multiple of 64 KB");
    REFUSED(VirtualFree(view, 0, MEM_RELEASE), ERROR_INVALID_PARAMETER, "VirtualFree releases no view");
    REFUSED(VirtualFree(view, PAGE, MEM_DECOMMIT), ERROR_INVALID_PARAMETER, "and decommits none");
    UnmapViewOfFile(view);
    CloseHandle(map_handle);
}

static int file_holds(HANDLE file, unsigned offset, const char *text)
{
    char bytes[32] = {0};
    DWORD count;

    SetFilePointer(file, (LONG)offset, NULL, FILE_BEGIN);
    return ReadFile(file, bytes, (DWORD)strlen(text), &count, NULL) && !memcmp(bytes, text, strlen(text));
}

static void coherence(void)
{
    HANDLE file = make_file(), map_handle = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL), again;
    char *one = map(map_handle, FILE_MAP_WRITE), *other = map(map_handle, FILE_MAP_READ), *third;
    DWORD count;

    section("Views, ReadFile and WriteFile see the same bytes");
    memcpy(one + 100, "view", 4);
    check(!memcmp(other + 100, "view", 4), "a view shows what another wrote");
    check(file_holds(file, 100, "view"), "and so does ReadFile");
    SetFilePointer(file, UNIT + 200, NULL, FILE_BEGIN);
    check(WriteFile(file, "file", 4, &count, NULL) && !memcmp(one + UNIT + 200, "file", 4), "a view shows WriteFile's");
    memcpy(one + PAGE - 2, "edge", 4);
    check(file_holds(file, PAGE - 2, "edge"), "across pages");
    SetFilePointer(file, 2 * PAGE - 2, NULL, FILE_BEGIN);
    check(WriteFile(file, "rand", 4, &count, NULL) && !memcmp(other + 2 * PAGE - 2, "rand", 4), "both ways");
    again = CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL);
    third = map(again, FILE_MAP_READ);
    memcpy(one + 300, "next", 4);
    check(third && !memcmp(third + 300, "next", 4), "a second section of the file shows them too");
    check(FlushViewOfFile(one, 0) && FlushViewOfFile(one + PAGE, 10), "FlushViewOfFile");
    UnmapViewOfFile(one);
    UnmapViewOfFile(other);
    UnmapViewOfFile(third);
    CloseHandle(map_handle);
    CloseHandle(again);
    CloseHandle(file);
    file = open_file(GENERIC_READ, OPEN_EXISTING);
    check(file_holds(file, 100, "view") && file_holds(file, PAGE - 2, "edge") && file_holds(file, 300, "next"),
          "they are in the file after all is closed");
    CloseHandle(file);
}

static void copy_on_write(void)
{
    HANDLE file = make_file(), map_handle = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    char *copy = map(map_handle, FILE_MAP_COPY), *shared = map(map_handle, FILE_MAP_WRITE), old = shared[2 * PAGE];
    DWORD count;

    section("Copy on write");
    check(query(copy).AllocationProtect == PAGE_WRITECOPY && query(copy).Type == MEM_MAPPED, "the view is WRITECOPY");
    check(!strcmp(pages_of(copy, 5), "ccccc"), "each of its pages is");
    copy[2 * PAGE] = (char)(old + 1);
    check(!strcmp(pages_of(copy, 5), "ccwcc"), "a page that was written to is READWRITE");
    check(shared[2 * PAGE] == old, "another view keeps the old byte");
    copy[2 * PAGE + 1] = 'x';
    shared[2 * PAGE + 5] = 'y';
    shared[3 * PAGE] = 'z';
    check(copy[2 * PAGE + 5] != 'y', "a copied page no longer shows what others write");
    check(copy[3 * PAGE] == 'z', "one that was not copied does");
    SetFilePointer(file, 4 * PAGE, NULL, FILE_BEGIN);
    check(WriteFile(file, "fresh", 5, &count, NULL) && !memcmp(copy + 4 * PAGE, "fresh", 5), "and shows WriteFile's");
    check(!strcmp(pages_of(copy, 5), "ccwcc"), "reading copies nothing");
    check(ReadFile(file, copy + 4 * PAGE, 10, &count, NULL) && !strcmp(pages_of(copy, 5), "ccwcw"),
          "ReadFile into a page copies it");
    UnmapViewOfFile(copy);
    copy = map(map_handle, FILE_MAP_COPY);
    check(copy && copy[2 * PAGE] == old && !strcmp(pages_of(copy, 5), "ccccc"), "a new view knows nothing of it");
    UnmapViewOfFile(copy);
    UnmapViewOfFile(shared);
    CloseHandle(map_handle);
    CloseHandle(file);
    file = open_file(GENERIC_READ, OPEN_EXISTING);
    map_handle = CreateFileMappingA(file, NULL, PAGE_WRITECOPY, 0, 0, NULL);
    copy = map(map_handle, FILE_MAP_COPY);
    check(copy != NULL, "a file open for reading only can be copied on write");
    copy[0] = 'q';
    check(!file_holds(file, 0, "q"), "it stays as it is");
    REFUSED(MapViewOfFile(map_handle, FILE_MAP_WRITE, 0, 0, 0), ERROR_ACCESS_DENIED, "but not written");
    UnmapViewOfFile(copy);
    CloseHandle(map_handle);
    CloseHandle(file);
}

static void reserved(void)
{
    HANDLE map_handle = memory_section(PAGE_READWRITE | SEC_RESERVE, 16 * PAGE);
    char *one = map(map_handle, FILE_MAP_WRITE), *other = map(map_handle, FILE_MAP_WRITE), byte;
    SIZE_T count;
    DWORD old;

    section("Reserved sections");
    check(query(one).State == MEM_RESERVE && query(one).RegionSize == 16 * PAGE
              && query(one).AllocationProtect == PAGE_READWRITE,
          "a view is reserved at first");
    REFUSED(ReadProcessMemory(GetCurrentProcess(), one, &byte, 1, &count), ERROR_PARTIAL_COPY, "and cannot be read");
    check(VirtualAlloc(one + 4 * PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE) == one + 4 * PAGE, "two pages are committed");
    check(!strcmp(pages_of(one, 8), "----ww--"), "VirtualQuery tells them from the others");
    check(!strcmp(pages_of(other, 8), "----ww--"), "in the other view as well");
    one[4 * PAGE] = 'r';
    check(other[4 * PAGE] == 'r' && other[5 * PAGE] == 0, "they are shared, and begin with zeros");
    check(VirtualAlloc(one + 6 * PAGE, PAGE, MEM_COMMIT, PAGE_READONLY) != NULL, "a page is committed read-only");
    check(!strcmp(pages_of(one, 8), "----wwr-"), "it is so in this view");
    check(!strcmp(pages_of(other, 8), "----www-"), "in the other it has the view's protection");
    check(VirtualAlloc(one + 4 * PAGE, 3 * PAGE, MEM_COMMIT, PAGE_READWRITE) != NULL && one[4 * PAGE] == 'r',
          "committing again keeps the contents");
    check(!VirtualProtect(one + 7 * PAGE, PAGE, PAGE_READONLY, &old), "a reserved page cannot be protected");
    REFUSED(VirtualFree(one + 4 * PAGE, PAGE, MEM_DECOMMIT), ERROR_INVALID_PARAMETER, "nor be decommitted");
    UnmapViewOfFile(one);
    check(other[4 * PAGE] == 'r', "committed pages stay when a view goes");
    UnmapViewOfFile(other);
    CloseHandle(map_handle);
}

static void names(void)
{
    HANDLE first = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 2 * PAGE, NAME), second, event;
    DWORD error = GetLastError();
    char *view = map(first, FILE_MAP_WRITE), *other;

    section("Names");
    check(first && error == 0, "a section is made with a name");
    strcpy(view, "named");
    second = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 9 * PAGE, NAME);
    check(second && GetLastError() == ERROR_ALREADY_EXISTS, "made again it is the same: ERROR_ALREADY_EXISTS");
    other = map(second, FILE_MAP_READ);
    check(other && !strcmp(other, "named") && query(other).RegionSize == 2 * PAGE, "with its contents and its size");
    UnmapViewOfFile(other);
    CloseHandle(second);
    second = OpenFileMappingA(FILE_MAP_READ, FALSE, "ntmm-SECTIONS");
    check(second == NULL && GetLastError() == ERROR_FILE_NOT_FOUND, "object names know upper and lower case");
    second = OpenFileMappingW(FILE_MAP_READ, FALSE, L"Local\\ntmm-sections");
    other = map(second, FILE_MAP_READ);
    check(other && !strcmp(other, "named"), "OpenFileMapping");
    REFUSED(OpenFileMappingA(FILE_MAP_READ, FALSE, "ntmm-none"), ERROR_FILE_NOT_FOUND, "a name that nothing has");
    REFUSED(OpenFileMappingA(FILE_MAP_READ, FALSE, NULL), ERROR_INVALID_PARAMETER, "no name");
    REFUSED(CreateEventA(NULL, FALSE, FALSE, NAME), ERROR_INVALID_HANDLE, "an event with the section's name");
    event = CreateEventA(NULL, FALSE, FALSE, "ntmm-event");
    REFUSED(CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, PAGE, "ntmm-event"), ERROR_INVALID_HANDLE,
            "a section with an event's name");
    REFUSED(OpenFileMappingA(FILE_MAP_READ, FALSE, "ntmm-event"), ERROR_INVALID_HANDLE, "opening an event as a section");
    CloseHandle(event);
    CloseHandle(second);
    CloseHandle(first);
    REFUSED(OpenFileMappingA(FILE_MAP_READ, FALSE, NAME), ERROR_FILE_NOT_FOUND, "the name goes with the last handle");
    check(!strcmp(other, "named") && !strcmp(view, "named"), "the views stay");
    UnmapViewOfFile(view);
    UnmapViewOfFile(other);
}

static void rights(void)
{
    HANDLE all = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, PAGE, NAME), some, file;
    struct basic basic;
    char *view;
    DWORD old;

    section("Rights");
    some = OpenFileMappingA(FILE_MAP_READ, FALSE, NAME);
    REFUSED(map(some, FILE_MAP_WRITE), ERROR_ACCESS_DENIED, "writing through a handle for reading");
    view = map(some, FILE_MAP_READ);
    REFUSED(VirtualProtect(view, PAGE, PAGE_EXECUTE_READ, &old), ERROR_INVALID_PARAMETER,
            "more than the section allows");
    check(VirtualProtect(view, PAGE, PAGE_NOACCESS, &old) && old == PAGE_READONLY, "less is allowed");
    UnmapViewOfFile(view);
    check((ULONG)query_section(some, 0, &basic, sizeof basic, NULL) == NO_RIGHT, "NtQuerySection needs SECTION_QUERY");
    CloseHandle(some);
    some = OpenFileMappingA(FILE_MAP_WRITE, FALSE, NAME);
    REFUSED(map(some, FILE_MAP_READ), ERROR_ACCESS_DENIED, "reading through a handle for writing");
    view = map(some, FILE_MAP_WRITE);
    check(view != NULL && query(view).Protect == PAGE_READWRITE, "a handle for writing maps READWRITE");
    UnmapViewOfFile(view);
    CloseHandle(some);
    some = OpenFileMappingA(FILE_MAP_COPY, FALSE, NAME);
    view = map(some, FILE_MAP_COPY);
    check(view != NULL, "FILE_MAP_COPY asks for reading");
    UnmapViewOfFile(view);
    CloseHandle(some);
    check(DuplicateHandle(GetCurrentProcess(), all, GetCurrentProcess(), &some, FILE_MAP_READ, FALSE, 0),
          "DuplicateHandle with fewer rights");
    REFUSED(map(some, FILE_MAP_WRITE), ERROR_ACCESS_DENIED, "writing through the duplicate");
    view = map(some, 0);
    check(view != NULL && query(view).Protect == PAGE_NOACCESS, "no rights give a view that cannot be touched");
    UnmapViewOfFile(view);
    CloseHandle(some);
    REFUSED(map(all, FILE_MAP_READ | FILE_MAP_EXECUTE), ERROR_ACCESS_DENIED, "executing");
    CloseHandle(all);
    all = memory_section(PAGE_EXECUTE_READWRITE, PAGE);
    view = map(all, FILE_MAP_WRITE | FILE_MAP_EXECUTE);
    check(view != NULL && query(view).Protect == PAGE_EXECUTE_READWRITE, "but not of a section for that");
    UnmapViewOfFile(view);
    CloseHandle(all);
    CloseHandle(make_file());
    file = open_file(GENERIC_READ, OPEN_EXISTING);
    REFUSED(CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL), ERROR_ACCESS_DENIED,
            "a writable section of a file open for reading");
    all = CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL);
    REFUSED(map(all, FILE_MAP_WRITE), ERROR_ACCESS_DENIED, "writing to a read-only section");
    CloseHandle(all);
    CloseHandle(file);
    file = open_file(GENERIC_WRITE, OPEN_EXISTING);
    REFUSED(CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL), ERROR_ACCESS_DENIED,
            "a section of a file open for writing only");
    CloseHandle(file);
}

static void sizes(void)
{
    HANDLE file = make_file(), map_handle, native;
    LARGE_INTEGER size = {.QuadPart = 8 * UNIT};
    struct basic basic;
    char *view;
    SIZE_T told;

    section("Sizes");
    REFUSED(CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 6 * UNIT, NULL), ERROR_NOT_ENOUGH_MEMORY,
            "a read-only section larger than its file");
    map_handle = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 6 * UNIT, NULL);
    check(map_handle && GetFileSize(file, NULL) == 6 * UNIT, "a writable one makes the file as large");
    view = map(map_handle, FILE_MAP_WRITE);
    view[6 * UNIT - 1] = 'e';
    check(file_holds(file, 6 * UNIT - 1, "e") && file_holds(file, 5 * UNIT + 1234, ""), "its new part can be used");
    check(!query_section(map_handle, 0, &basic, sizeof basic, &told) && told == sizeof basic
              && basic.attributes == SEC_FILE && basic.size.QuadPart == 6 * UNIT && basic.base == NULL,
          "NtQuerySection tells attributes and size");
    check((ULONG)extend_section(map_handle, &size) == NO_RIGHT, "a file mapping's handle does not extend it");
    check(!create_section(&native, SECTION_ALL_ACCESS, NULL, NULL, PAGE_READWRITE, SEC_COMMIT, file), "NtCreateSection");
    check(!extend_section(native, &size) && size.QuadPart == 8 * UNIT && GetFileSize(file, NULL) == 8 * UNIT,
          "NtExtendSection makes section and file larger");
    size.QuadPart = PAGE;
    check(!extend_section(native, &size) && size.QuadPart == 8 * UNIT, "and never smaller");
    check(query(view).RegionSize == 6 * UNIT, "a view that was there stays as it is");
    UnmapViewOfFile(view);
    view = map(native, FILE_MAP_READ);
    check(view && query(view).RegionSize == 8 * UNIT && view[8 * UNIT - 1] == 0, "a new one shows all");
    size.QuadPart = 9 * UNIT;
    CloseHandle(native);
    create_section(&native, SECTION_ALL_ACCESS, NULL, &size, PAGE_READWRITE, SEC_COMMIT, NULL);
    check((ULONG)extend_section(native, &size) == SECTION_IS_NOT_EXTENDED, "memory cannot be extended");
    check(!query_section(native, 0, &basic, sizeof basic, NULL) && basic.attributes == SEC_COMMIT
              && basic.size.QuadPart == 9 * UNIT,
          "it is SEC_COMMIT");
    check((ULONG)query_section(native, 1, &(char[64]){0}, 64, NULL) == SECTION_IS_NOT_IMAGE, "and no image");
    CloseHandle(native);

    SetFilePointer(file, PAGE, NULL, FILE_BEGIN);
    REFUSED(SetEndOfFile(file), ERROR_USER_MAPPED_FILE, "cutting a file that is mapped");
    REFUSED(CloseHandle(open_file(GENERIC_WRITE, CREATE_ALWAYS)) && GetLastError() == 0, ERROR_USER_MAPPED_FILE,
            "replacing it");
    REFUSED(DeleteFileA(FILE_NAME), ERROR_ACCESS_DENIED, "deleting it");
    SetFilePointer(file, 10 * UNIT, NULL, FILE_BEGIN);
    check(SetEndOfFile(file) && GetFileSize(file, NULL) == 10 * UNIT, "making it longer is allowed");
    UnmapViewOfFile(view);
    CloseHandle(map_handle);
    SetFilePointer(file, 100, NULL, FILE_BEGIN);
    check(SetEndOfFile(file) && GetFileSize(file, NULL) == 100, "it can be cut when no view and no section is left");
    SetFilePointer(file, PAGE, NULL, FILE_BEGIN);
    SetEndOfFile(file);
    map_handle = CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 36, NULL);
    view = map(map_handle, FILE_MAP_READ);
    check(view && view[99] == (char)byte_at(99) && view[100] == 0 && view[PAGE - 1] == 0, "what was cut is zero");
    check(!query_section(map_handle, 0, &basic, sizeof basic, NULL) && basic.size.QuadPart == 36,
          "a section of 36 bytes");
    UnmapViewOfFile(view);
    CloseHandle(map_handle);
    CloseHandle(file);

    file = open_file(GENERIC_READ | GENERIC_WRITE, CREATE_ALWAYS);
    REFUSED(CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL), ERROR_FILE_INVALID, "an empty file");
    REFUSED(CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL), ERROR_FILE_INVALID, "even to write");
    map_handle = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 100, NULL);
    check(map_handle && GetFileSize(file, NULL) == 100, "unless a size is given");
    CloseHandle(map_handle);
    CloseHandle(file);
}

static void parameters(void)
{
    HANDLE file = make_file(), map_handle, nothing = (HANDLE)(ULONG_PTR)0x7777774;
    char *memory = VirtualAlloc(NULL, PAGE, MEM_COMMIT, PAGE_READWRITE), *view, name[MAX_PATH];

    section("Parameters");
    REFUSED(memory_section(PAGE_READWRITE, 0), ERROR_INVALID_PARAMETER, "memory without a size");
    REFUSED(memory_section(PAGE_NOACCESS, PAGE), ERROR_INVALID_PARAMETER, "PAGE_NOACCESS");
    REFUSED(memory_section(PAGE_EXECUTE, PAGE), ERROR_INVALID_PARAMETER, "PAGE_EXECUTE");
    REFUSED(memory_section(PAGE_READWRITE | PAGE_GUARD, PAGE), ERROR_INVALID_PARAMETER, "PAGE_GUARD");
    REFUSED(memory_section(PAGE_READWRITE | PAGE_NOCACHE, PAGE), ERROR_INVALID_PARAMETER, "PAGE_NOCACHE");
    REFUSED(memory_section(0, PAGE), ERROR_INVALID_PARAMETER, "no protection");
    REFUSED(memory_section(PAGE_READWRITE | SEC_COMMIT | SEC_RESERVE, PAGE), ERROR_INVALID_PARAMETER,
            "SEC_COMMIT with SEC_RESERVE");
    REFUSED(CreateFileMappingA(file, NULL, PAGE_READONLY | SEC_IMAGE | SEC_COMMIT, 0, 0, NULL), ERROR_INVALID_PARAMETER,
            "SEC_IMAGE with SEC_COMMIT");
    REFUSED(CreateFileMappingA(file, NULL, PAGE_READONLY | SEC_IMAGE, 0, 0, NULL), ERROR_BAD_EXE_FORMAT,
            "SEC_IMAGE of what is no image");
    REFUSED(CreateFileMappingA(nothing, NULL, PAGE_READONLY, 0, 0, NULL), ERROR_INVALID_HANDLE, "a bad file handle");
    REFUSED(MapViewOfFile(nothing, FILE_MAP_READ, 0, 0, 0), ERROR_INVALID_HANDLE, "a bad section handle");
    REFUSED(MapViewOfFile(file, FILE_MAP_READ, 0, 0, 0), ERROR_INVALID_HANDLE, "a file's handle as a section's");
    REFUSED(memory_section(PAGE_READWRITE, 0xF0000000), ERROR_COMMITMENT_LIMIT, "more memory than can be committed");
    REFUSED(UnmapViewOfFile(memory), ERROR_INVALID_ADDRESS, "unmapping memory of VirtualAlloc");
    REFUSED(UnmapViewOfFile(NULL), ERROR_INVALID_ADDRESS, "unmapping nothing");
    REFUSED(FlushViewOfFile(memory, PAGE), ERROR_INVALID_ADDRESS, "flushing memory of VirtualAlloc");
    map_handle = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    view = map(map_handle, FILE_MAP_WRITE);
    REFUSED(VirtualAlloc(view, PAGE, MEM_COMMIT, PAGE_READWRITE), ERROR_ACCESS_DENIED, "committing a view of a file");
    check(mapped_name(GetCurrentProcess(), view + 5, name, sizeof name) > 0
              && !strcmp(strrchr(name, '\\'), "\\" FILE_NAME) && !strncmp(name, "\\Device\\", 8),
          "GetMappedFileName gives the device path");
    REFUSED(mapped_name(GetCurrentProcess(), memory, name, sizeof name), ERROR_INVALID_ADDRESS, "but not of memory");
    REFUSED(mapped_name(GetCurrentProcess(), view, name, 0), ERROR_INSUFFICIENT_BUFFER, "nor into nothing");
    check(mapped_name(GetCurrentProcess(), view, name, 5) == 4 && !strcmp(name, "\\Dev"), "a short buffer gets its head");
    UnmapViewOfFile(view);
    CloseHandle(map_handle);
    map_handle = memory_section(PAGE_READWRITE, PAGE);
    view = map(map_handle, FILE_MAP_READ);
    REFUSED(mapped_name(GetCurrentProcess(), view, name, sizeof name), ERROR_FILE_INVALID, "nor of memory's sections");
    UnmapViewOfFile(view);
    CloseHandle(map_handle);
    VirtualFree(memory, 0, MEM_RELEASE);
    CloseHandle(file);
}

/* This program's own file, if it lies in the current folder or its path is given. */
static void images(const char *path)
{
    HANDLE file = CreateFileA(path, GENERIC_READ | GENERIC_EXECUTE, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    HANDLE map_handle = CreateFileMappingA(file, NULL, PAGE_READONLY | SEC_IMAGE, 0, 0, NULL), data;
    char *view, *flat;
    struct basic basic;
    void *base;
    SIZE_T size = 0;
    char iosb[16];

    section("Images");
    check(map_handle != NULL, "a section of this program's file as an image");
    view = map(map_handle, FILE_MAP_READ);
    check(view && view != (char *)GetModuleHandleA(NULL) && view[0] == 'M' && view[1] == 'Z', "a second view of it");
    check(query(view).Type == MEM_IMAGE && query(view).AllocationProtect == PAGE_EXECUTE_WRITECOPY, "is an image");
    check(!query_section(map_handle, 0, &basic, sizeof basic, NULL) && basic.attributes == (SEC_IMAGE | SEC_FILE),
          "NtQuerySection says so too");
    data = CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL);
    flat = map(data, FILE_MAP_READ);
    check(flat && query(flat).Type == MEM_MAPPED && !memcmp(flat, view, 64), "the same file can be mapped as data");
    check(!are_same(view, GetModuleHandleA(NULL)), "NtAreMappedFilesTheSame: two views of the image");
    check((ULONG)are_same(view, flat) == NOT_SAME_FILE, "image and data are not the same");
    base = flat;
    check(!flush_memory(GetCurrentProcess(), &base, &size, iosb), "NtFlushVirtualMemory");
    UnmapViewOfFile(flat);
    UnmapViewOfFile(view);
    CloseHandle(data);
    CloseHandle(map_handle);
    CloseHandle(file);
}

int main(int argc, char **argv)
{
    (void)argc;
    create_section = find("ntdll.dll", "NtCreateSection");
    extend_section = find("ntdll.dll", "NtExtendSection");
    query_section = find("ntdll.dll", "NtQuerySection");
    are_same = find("ntdll.dll", "NtAreMappedFilesTheSame");
    flush_memory = find("ntdll.dll", "NtFlushVirtualMemory");
    mapped_name = find("psapi.dll", "GetMappedFileNameA");
    memory_sections();
    offsets();
    addresses();
    coherence();
    copy_on_write();
    reserved();
    names();
    rights();
    sizes();
    parameters();
    if (GetFileAttributesA(argv[0]) != INVALID_FILE_ATTRIBUTES)
        images(argv[0]);
    section("The end");
    check(DeleteFileA(FILE_NAME), "the file is deleted");
    return verdict();
}
