/* path.c: splitting paths into drive, folder, name and extension, and putting them together, narrow and wide. */
#include "crt.h"
#include "text.h"

#define DRIVE 3 /* room for each part, with its zero */
#define FOLDER 256
#define NAME 256
#define EXTENSION 256

typedef struct PARTS {
    usize Drive, Folder, Name, Extension; /* how long each is; they follow each other */
} PARTS;

static u32 unit(const void *text, bool32 is_wide, usize at) {
    return is_wide ? ((const wchar *)text)[at] : ((const u8 *)text)[at];
}

static PARTS split(const void *path, bool32 is_wide) {
    usize end = 0, separator = 0, dot = 0;
    PARTS parts = {0};
    if (unit(path, is_wide, 0) && unit(path, is_wide, 1) == ':')
        parts.Drive = 2;
    for (end = parts.Drive; unit(path, is_wide, end); end++) {
        if (unit(path, is_wide, end) == '\\' || unit(path, is_wide, end) == '/')
            separator = end + 1, dot = 0;
        else if (unit(path, is_wide, end) == '.')
            dot = end + 1;
    }
    usize name = separator ? separator : parts.Drive, stop = dot ? dot - 1 : end;
    parts.Folder = name - parts.Drive;
    parts.Name = stop - name;
    parts.Extension = end - stop;
    return parts;
}

/* ERANGE if a part does not fit its room; a part without a buffer is left out. */
static int store(void *to, usize room, const void *from, usize at, usize length, bool32 is_wide) {
    if (!to)
        return 0;
    bool32 fits = length < room;
    usize size = is_wide ? 2 : 1, kept = fits ? length : 0;
    memcpy(to, (const u8 *)from + at * size, kept * size);
    memset((u8 *)to + kept * size, 0, size);
    return fits ? 0 : ERANGE;
}

static int split_path(const void *path, bool32 is_wide, void *const buffers[4], const usize rooms[4]) {
    PARTS parts = split(path, is_wide);
    const usize lengths[4] = {parts.Drive, parts.Folder, parts.Name, parts.Extension};
    usize at = 0;
    int failure = 0;
    for (int index = 0; index < 4; at += lengths[index++])
        if (store(buffers[index], rooms[index], path, at, lengths[index], is_wide))
            failure = ERANGE;
    return failure;
}

static int split_checked(const void *path, bool32 is_wide, void *const buffers[4], const usize rooms[4]) {
    int failure = path ? 0 : EINVAL;
    for (int index = 0; index < 4; index++)
        if (!buffers[index] != !rooms[index])
            failure = EINVAL;
    if (!failure)
        failure = split_path(path, is_wide, buffers, rooms);
    if (!failure)
        return 0;
    for (int index = 0; index < 4; index++)
        if (buffers[index] && rooms[index])
            memset(buffers[index], 0, is_wide ? 2 : 1);
    set_errno(failure);
    return failure;
}

static const usize usual_rooms[4] = {DRIVE, FOLDER, NAME, EXTENSION};

void _splitpath(const char *path, char *drive, char *folder, char *name, char *extension) {
    split_path(path, FALSE, (void *[]){drive, folder, name, extension}, usual_rooms);
}
void _wsplitpath(const wchar *path, wchar *drive, wchar *folder, wchar *name, wchar *extension) {
    split_path(path, TRUE, (void *[]){drive, folder, name, extension}, usual_rooms);
}
int _splitpath_s(const char *path, char *drive, usize drive_room, char *folder, usize folder_room, char *name,
                 usize name_room, char *extension, usize extension_room) {
    return split_checked(path, FALSE, (void *[]){drive, folder, name, extension},
                         (usize[]){drive_room, folder_room, name_room, extension_room});
}
int _wsplitpath_s(const wchar *path, wchar *drive, usize drive_room, wchar *folder, usize folder_room, wchar *name,
                  usize name_room, wchar *extension, usize extension_room) {
    return split_checked(path, TRUE, (void *[]){drive, folder, name, extension},
                         (usize[]){drive_room, folder_room, name_room, extension_room});
}

typedef struct JOINED {
    void *To;
    usize Room, Length;
    bool32 IsWide;
} JOINED;

static void add_unit(JOINED *joined, u32 character) {
    if (joined->Length < joined->Room && joined->IsWide)
        ((wchar *)joined->To)[joined->Length] = (wchar)character;
    else if (joined->Length < joined->Room)
        ((char *)joined->To)[joined->Length] = (char)character;
    joined->Length++;
}

static u32 add_text(JOINED *joined, const void *text) {
    u32 character, last = 0;
    for (usize at = 0; text && (character = unit(text, joined->IsWide, at)); at++)
        add_unit(joined, last = character);
    return last;
}

static u32 first_unit(const void *text, bool32 is_wide) { return text ? unit(text, is_wide, 0) : 0; }

static int make_path(void *to, usize room, bool32 is_wide, const void *drive, const void *folder, const void *name,
                     const void *extension) {
    JOINED joined = {to, room, 0, is_wide};
    if (!to || !room) {
        set_errno(EINVAL);
        return EINVAL;
    }
    if (first_unit(drive, is_wide)) {
        add_unit(&joined, first_unit(drive, is_wide));
        add_unit(&joined, ':');
    }
    u32 last = add_text(&joined, folder);
    if (last && last != '\\' && last != '/')
        add_unit(&joined, '\\');
    add_text(&joined, name);
    if (first_unit(extension, is_wide) && first_unit(extension, is_wide) != '.')
        add_unit(&joined, '.');
    add_text(&joined, extension);
    add_unit(&joined, 0);
    if (joined.Length <= room)
        return 0;
    memset(to, 0, is_wide ? 2 : 1);
    set_errno(ERANGE);
    return ERANGE;
}

#define UNCHECKED ((usize)0x3FFFFFFF)
void _makepath(char *to, const char *drive, const char *folder, const char *name, const char *extension) {
    make_path(to, UNCHECKED, FALSE, drive, folder, name, extension);
}
void _wmakepath(wchar *to, const wchar *drive, const wchar *folder, const wchar *name, const wchar *extension) {
    make_path(to, UNCHECKED, TRUE, drive, folder, name, extension);
}
int _makepath_s(char *to, usize room, const char *drive, const char *folder, const char *name, const char *extension) {
    return make_path(to, room, FALSE, drive, folder, name, extension);
}
int _wmakepath_s(wchar *to, usize room, const wchar *drive, const wchar *folder, const wchar *name,
                 const wchar *extension) {
    return make_path(to, room, TRUE, drive, folder, name, extension);
}
