/* find.c: _findfirst and its kin in their four layouts, over FindFirstFile. */
#include "codes.h"
#include "crt.h"
#include "system.h"
#include "text.h"

#define MAX_PATH 260
#define ATTRIBUTE_NORMAL 0x80
#define SECONDS_1601_TO_1970 11644473600ll
#define FOUND(name, size_type, time_type, character) \
    typedef struct name {                            \
        u32 Attributes;                              \
        time_type Created, Accessed, Written;        \
        size_type Size;                              \
        character Name[MAX_PATH];                    \
    } name
FOUND(FOUND32, u32, i32, char);
FOUND(FOUND32_64, i64, i32, char);
FOUND(FOUND64_32, u32, i64, char);
FOUND(FOUND64, i64, i64, char);
FOUND(WIDE32, u32, i32, wchar);
FOUND(WIDE32_64, i64, i32, wchar);
FOUND(WIDE64_32, u32, i64, wchar);
FOUND(WIDE64, i64, i64, wchar);

#define FIND_DATA(name, character)                                                    \
    typedef struct name {                                                             \
        u32 Attributes, Created[2], Accessed[2], Written[2], SizeHigh, SizeLow, Reserved[2]; \
        character Name[MAX_PATH], Short[14];                                          \
    } name
FIND_DATA(NARROW_DATA, char);
FIND_DATA(WIDE_DATA, wchar);

/* -1 for a time that the file system does not keep. */
static i64 seconds(const u32 time[2]) {
    u64 ticks = (u64)time[1] << 32 | time[0];
    return ticks ? (i64)(ticks / 10000000) - SECONDS_1601_TO_1970 : -1;
}

static int fail(void) {
    u32 code = teb()->LastErrorValue;
    if (code == ERROR_NO_MORE_FILES || code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND)
        set_errno(ENOENT);
    else
        set_errno(code == ERROR_NOT_ENOUGH_MEMORY ? ENOMEM : EINVAL);
    return -1;
}

#define ENTRIES(first, next, layout, data_type, find_first, find_next, character)                  \
    static int copy_##layout(const data_type *from, layout *to) {                                  \
        to->Attributes = from->Attributes == ATTRIBUTE_NORMAL ? 0 : from->Attributes;              \
        to->Created = (__typeof__(to->Created))seconds(from->Created);                             \
        to->Accessed = (__typeof__(to->Created))seconds(from->Accessed);                           \
        to->Written = (__typeof__(to->Created))seconds(from->Written);                             \
        to->Size = (__typeof__(to->Size))((u64)from->SizeHigh << 32 | from->SizeLow);              \
        memcpy(to->Name, from->Name, sizeof to->Name);                                             \
        return 0;                                                                                  \
    }                                                                                              \
    iptr first(const character *pattern, layout *to) {                                             \
        data_type data;                                                                            \
        handle search = find_first(pattern, &data);                                                \
        if (search == (handle)(iptr)-1)                                                            \
            return fail();                                                                         \
        copy_##layout(&data, to);                                                                  \
        return (iptr)search;                                                                       \
    }                                                                                              \
    int next(iptr search, layout *to) {                                                            \
        data_type data;                                                                            \
        return find_next((handle)search, &data) ? copy_##layout(&data, to) : fail();               \
    }
ENTRIES(_findfirst32, _findnext32, FOUND32, NARROW_DATA, FindFirstFileA, FindNextFileA, char)
ENTRIES(_findfirst32i64, _findnext32i64, FOUND32_64, NARROW_DATA, FindFirstFileA, FindNextFileA, char)
ENTRIES(_findfirst64i32, _findnext64i32, FOUND64_32, NARROW_DATA, FindFirstFileA, FindNextFileA, char)
ENTRIES(_findfirst64, _findnext64, FOUND64, NARROW_DATA, FindFirstFileA, FindNextFileA, char)
ENTRIES(_wfindfirst32, _wfindnext32, WIDE32, WIDE_DATA, FindFirstFileW, FindNextFileW, wchar)
ENTRIES(_wfindfirst32i64, _wfindnext32i64, WIDE32_64, WIDE_DATA, FindFirstFileW, FindNextFileW, wchar)
ENTRIES(_wfindfirst64i32, _wfindnext64i32, WIDE64_32, WIDE_DATA, FindFirstFileW, FindNextFileW, wchar)
ENTRIES(_wfindfirst64, _wfindnext64, WIDE64, WIDE_DATA, FindFirstFileW, FindNextFileW, wchar)

int _findclose(iptr search) { return FindClose((handle)search) ? 0 : (set_errno(EINVAL), -1); }
