/* stat.c: _stat and _fstat in their four layouts, _utime, _chmod. Sizes and times have 32 or 64 bits each; local time is
   universal time here. */
#include "codes.h"
#include "crt.h"
#include "stdio_internal.h"
#include "system.h"
#include "text.h"

enum { MODE_FOLDER = 0x4000, MODE_DEVICE = 0x2000, MODE_FILE = 0x8000, MODE_PIPE = 0x1000, MODE_READ = 0x100,
       MODE_WRITE = 0x80, MODE_EXECUTE = 0x40 };
enum { ATTRIBUTE_READONLY = 1, ATTRIBUTE_DIRECTORY = 0x10 };
#define SECONDS_1601_TO_1970 11644473600ull

#define STAT(name, size_type, time_type)            \
    typedef struct name {                           \
        u32 Device;                                 \
        u16 Inode, Mode;                            \
        i16 Links, User, Group;                     \
        u32 RawDevice;                              \
        size_type Size;                             \
        time_type Accessed, Modified, Changed;      \
    } name
STAT(STAT32, i32, i32);
STAT(STAT32_64, i64, i32);
STAT(STAT64_32, i32, i64);
STAT(STAT64, i64, i64);

typedef struct DATA {
    u32 Attributes, Created[2], Accessed[2], Written[2], SizeHigh, SizeLow;
} DATA; /* WIN32_FILE_ATTRIBUTE_DATA */

typedef struct FILE_INFORMATION {
    u32 Attributes, Created[2], Accessed[2], Written[2], Serial, SizeHigh, SizeLow, Links, IndexHigh, IndexLow;
} FILE_INFORMATION; /* BY_HANDLE_FILE_INFORMATION */

static i64 seconds(const u32 time[2]) {
    u64 ticks = (u64)time[1] << 32 | time[0];
    return ticks ? (i64)(ticks / 10000000) - (i64)SECONDS_1601_TO_1970 : 0;
}

static u32 unit(const void *text, bool32 is_wide, usize at) {
    return is_wide ? ((const wchar *)text)[at] : ((const u8 *)text)[at];
}

/* The extension as lower-case letters in a number: ".exe" is 'e', 'x', 'e'. */
static bool32 is_program(const void *path, bool32 is_wide) {
    u32 extension = 0;
    for (usize at = 0; unit(path, is_wide, at); at++) {
        u32 character = unit(path, is_wide, at);
        extension = character == '.' || character == '\\' || character == '/' ? (character == '.')
                    : extension && extension < 0x1000000                      ? extension << 8 | (character | 32)
                                                                              : 0;
    }
    return extension == 0x1657865 || extension == 0x1626174 || extension == 0x1636F6D || extension == 0x1636D64;
}

static u16 mode_of(u32 attributes, const void *path, bool32 is_wide) {
    u32 mode = attributes & ATTRIBUTE_DIRECTORY ? MODE_FOLDER | MODE_EXECUTE : MODE_FILE;
    mode |= MODE_READ | (attributes & ATTRIBUTE_READONLY ? 0 : MODE_WRITE);
    if (path && is_program(path, is_wide))
        mode |= MODE_EXECUTE;
    return (u16)(mode | (mode & 0x1C0) >> 3 | (mode & 0x1C0) >> 6); /* for group and others too */
}

static u32 drive_of(const void *path, bool32 is_wide) {
    u32 letter = unit(path, is_wide, 0) | 32;
    return letter - 'a' < 26 && unit(path, is_wide, 1) == ':' ? letter - 'a' : 2; /* C: is the only drive */
}

static int stat_path(const void *path, bool32 is_wide, STAT64 *result) {
    DATA data;
    memset(result, 0, sizeof *result);
    for (usize at = 0; unit(path, is_wide, at); at++)
        if (unit(path, is_wide, at) == '*' || unit(path, is_wide, at) == '?') {
            set_errno(ENOENT);
            return -1;
        }
    if (!(is_wide ? GetFileAttributesExW(path, 0, &data) : GetFileAttributesExA(path, 0, &data))) {
        set_errno_from_win32(teb()->LastErrorValue);
        return -1;
    }
    u32 drive = drive_of(path, is_wide);
    *result = (STAT64){drive, 0, mode_of(data.Attributes, path, is_wide), 1, 0, 0, drive,
                       (i64)((u64)data.SizeHigh << 32 | data.SizeLow), seconds(data.Accessed), seconds(data.Written),
                       seconds(data.Created)};
    return 0;
}

static int stat_descriptor(int number, STAT64 *result) {
    DESCRIPTOR *file = descriptor(number);
    FILE_INFORMATION data;
    memset(result, 0, sizeof *result);
    if (!file)
        return -1;
    if (file->Flags & (FD_DEVICE | FD_PIPE)) {
        *result = (STAT64){.Device = (u32)number, .RawDevice = (u32)number, .Links = 1,
                           .Mode = file->Flags & FD_DEVICE ? MODE_DEVICE : MODE_PIPE};
        return 0;
    }
    if (!GetFileInformationByHandle(file->Handle, &data)) {
        set_errno_from_win32(teb()->LastErrorValue);
        return -1;
    }
    *result = (STAT64){0, 0, mode_of(data.Attributes, NULL, FALSE), 1, 0, 0, 0,
                       (i64)((u64)data.SizeHigh << 32 | data.SizeLow), seconds(data.Accessed), seconds(data.Written),
                       seconds(data.Created)};
    return 0;
}

/* A size or time that the layout cannot hold is EOVERFLOW. */
#define EOVERFLOW 132
#define FITS(value) ((value) == (i32)(value))

static int too_large(void) {
    set_errno(EOVERFLOW);
    return -1;
}

#define COPY(layout, size_fits, times_fit)                                                                      \
    static int copy_##layout(int failure, const STAT64 *from, layout *to) {                                     \
        memset(to, 0, sizeof *to);                                                                              \
        if (failure)                                                                                            \
            return failure;                                                                                     \
        if (!(size_fits) || !(times_fit))                                                                       \
            return too_large();                                                                                 \
        to->Device = from->Device, to->RawDevice = from->RawDevice, to->Mode = from->Mode, to->Links = from->Links; \
        to->Size = (__typeof__(to->Size))from->Size;                                                            \
        to->Accessed = (__typeof__(to->Accessed))from->Accessed;                                                \
        to->Modified = (__typeof__(to->Accessed))from->Modified;                                                \
        to->Changed = (__typeof__(to->Accessed))from->Changed;                                                  \
        return 0;                                                                                               \
    }
#define SHORT_SIZE FITS(from->Size)
#define SHORT_TIMES (FITS(from->Accessed) && FITS(from->Modified) && FITS(from->Changed))
COPY(STAT32, SHORT_SIZE, SHORT_TIMES)
COPY(STAT32_64, TRUE, SHORT_TIMES)
COPY(STAT64_32, SHORT_SIZE, TRUE)
COPY(STAT64, TRUE, TRUE)

#define ENTRIES(suffix, layout)                                                                                        \
    int _stat##suffix(const char *path, layout *to) {                                                                  \
        STAT64 found;                                                                                                  \
        return copy_##layout(stat_path(path, FALSE, &found), &found, to);                                              \
    }                                                                                                                  \
    int _wstat##suffix(const wchar *path, layout *to) {                                                                \
        STAT64 found;                                                                                                  \
        return copy_##layout(stat_path(path, TRUE, &found), &found, to);                                               \
    }                                                                                                                  \
    int _fstat##suffix(int number, layout *to) {                                                                       \
        STAT64 found;                                                                                                  \
        return copy_##layout(stat_descriptor(number, &found), &found, to);                                             \
    }
ENTRIES(32, STAT32)
ENTRIES(32i64, STAT32_64)
ENTRIES(64i32, STAT64_32)
ENTRIES(64, STAT64)

static bool32 set_times(handle file, i64 accessed, i64 modified) {
    u64 times[2] = {((u64)accessed + SECONDS_1601_TO_1970) * 10000000, ((u64)modified + SECONDS_1601_TO_1970) * 10000000};
    return SetFileTime(file, NULL, &times[0], &times[1]);
}

static i64 now(void) {
    u64 time;
    GetSystemTimeAsFileTime(&time);
    return (i64)(time / 10000000 - SECONDS_1601_TO_1970);
}

static int touch_descriptor(int number, const i64 *times) {
    DESCRIPTOR *file = descriptor(number);
    if (!file)
        return -1;
    i64 current = now();
    if (set_times(file->Handle, times ? times[0] : current, times ? times[1] : current))
        return 0;
    set_errno_from_win32(teb()->LastErrorValue);
    return -1;
}

static int touch_path(const void *path, bool32 is_wide, const i64 *times) {
    int number = open_file(path, is_wide, O_RDWR | O_BINARY, 0x40, 0);
    if (number < 0)
        return -1;
    int result = touch_descriptor(number, times);
    _close(number);
    return result;
}

/* struct _utimbuf: time of access and of modification */
int _utime64(const char *path, const i64 *times) { return touch_path(path, FALSE, times); }
int _wutime64(const wchar *path, const i64 *times) { return touch_path(path, TRUE, times); }
int _futime64(int number, const i64 *times) { return touch_descriptor(number, times); }
int _utime32(const char *path, const i32 *times) {
    return touch_path(path, FALSE, times ? (i64[]){times[0], times[1]} : NULL);
}
int _wutime32(const wchar *path, const i32 *times) {
    return touch_path(path, TRUE, times ? (i64[]){times[0], times[1]} : NULL);
}
int _futime32(int number, const i32 *times) {
    return touch_descriptor(number, times ? (i64[]){times[0], times[1]} : NULL);
}

/* Only the right to write exists. */
static u32 changed(u32 attributes, int mode) {
    return mode & MODE_WRITE ? attributes & ~(u32)ATTRIBUTE_READONLY : attributes | ATTRIBUTE_READONLY;
}

static int check_done(bool32 is_done) {
    if (is_done)
        return 0;
    set_errno_from_win32(teb()->LastErrorValue);
    return -1;
}
int _chmod(const char *path, int mode) {
    u32 attributes = GetFileAttributesA(path);
    return check_done(attributes != ~0u && SetFileAttributesA(path, changed(attributes, mode)));
}
int _wchmod(const wchar *path, int mode) {
    u32 attributes = GetFileAttributesW(path);
    return check_done(attributes != ~0u && SetFileAttributesW(path, changed(attributes, mode)));
}
