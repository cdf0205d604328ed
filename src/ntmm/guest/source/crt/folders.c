/* folders.c: making, removing and changing folders, the current folder, full paths, drives, _searchenv. */
#include "codes.h"
#include "crt.h"
#include "system.h"
#include "text.h"

#define MAX_PATH 260
#define DRIVE_C 3

static int check(bool32 is_done) {
    if (is_done)
        return 0;
    set_errno_from_win32(teb()->LastErrorValue);
    return -1;
}

int _mkdir(const char *path) { return check(CreateDirectoryA(path, NULL)); }
int _wmkdir(const wchar *path) { return check(CreateDirectoryW(path, NULL)); }
int _rmdir(const char *path) { return check(RemoveDirectoryA(path)); }
int _wrmdir(const wchar *path) { return check(RemoveDirectoryW(path)); }
int _chdir(const char *path) { return check(SetCurrentDirectoryA(path)); }
int _wchdir(const wchar *path) { return check(SetCurrentDirectoryW(path)); }

static void *no_result(int code) {
    set_errno(code);
    return NULL;
}

/* Gives `text` of `length` characters to the caller: in its room, or in a new block of at least `room` characters. */
static void *hand_over(void *to, usize room, const void *text, usize length, usize size) {
    if (to && length >= room)
        return no_result(ERANGE);
    if (!to)
        to = malloc((length + 1 > room ? length + 1 : room) * size);
    return to ? memcpy(to, text, (length + 1) * size) : no_result(ENOMEM);
}

char *_getcwd(char *to, int room) {
    char path[MAX_PATH];
    if (to && room <= 0)
        return no_result(EINVAL);
    u32 length = GetCurrentDirectoryA(MAX_PATH, path);
    return hand_over(to, room > 0 ? (usize)room : 0, path, length, 1);
}
wchar *_wgetcwd(wchar *to, int room) {
    wchar path[MAX_PATH];
    if (to && room <= 0)
        return no_result(EINVAL);
    u32 length = GetCurrentDirectoryW(MAX_PATH, path);
    return hand_over(to, room > 0 ? (usize)room : 0, path, length, 2);
}

/* 0 is the current drive; C: is the only one there is. */
char *_getdcwd(int drive, char *to, int room) {
    return drive == 0 || drive == DRIVE_C ? _getcwd(to, room) : no_result(EACCES);
}
wchar *_wgetdcwd(int drive, wchar *to, int room) {
    return drive == 0 || drive == DRIVE_C ? _wgetcwd(to, room) : no_result(EACCES);
}
int _getdrive(void) { return DRIVE_C; }
u32 _getdrives(void) { return GetLogicalDrives(); }
int _chdrive(int drive) {
    if (drive == DRIVE_C)
        return 0;
    set_errno(EACCES);
    return -1;
}

char *_fullpath(char *to, const char *path, usize room) {
    char full[MAX_PATH], *name;
    if (!path || !*path)
        return _getcwd(to, (int)room);
    u32 length = GetFullPathNameA(path, MAX_PATH, full, &name);
    if (!length || length >= MAX_PATH)
        return no_result(EINVAL);
    return hand_over(to, to ? room : 0, full, length, 1);
}
wchar *_wfullpath(wchar *to, const wchar *path, usize room) {
    wchar full[MAX_PATH], *name;
    if (!path || !*path)
        return _wgetcwd(to, (int)room);
    u32 length = GetFullPathNameW(path, MAX_PATH, full, &name);
    if (!length || length >= MAX_PATH)
        return no_result(EINVAL);
    return hand_over(to, to ? room : 0, full, length, 2);
}

typedef struct DISK_FREE {
    u32 TotalClusters, FreeClusters, SectorsInCluster, BytesInSector;
} DISK_FREE;

int _getdiskfree(u32 drive, DISK_FREE *result) {
    if (drive && drive != DRIVE_C) {
        set_errno(EINVAL);
        return 15; /* ERROR_INVALID_DRIVE */
    }
    bool32 done = GetDiskFreeSpaceA(NULL, &result->SectorsInCluster, &result->BytesInSector, &result->FreeClusters,
                                    &result->TotalClusters);
    return done ? 0 : (int)teb()->LastErrorValue;
}

char *getenv(const char *name);

/* Looks in the current folder, then in those of an environment variable; an empty string where it is not. */
int _searchenv_s(const char *file, const char *variable, char *to, usize room) {
    char candidate[2 * MAX_PATH];
    if (!to || !room || !file) {
        set_errno(EINVAL);
        return EINVAL;
    }
    *to = 0;
    if (*file && GetFileAttributesA(file) != ~0u)
        return _fullpath(to, file, room) ? 0 : ERANGE;
    const char *at = *file && variable ? getenv(variable) : NULL;
    while (at && *at) {
        usize length = 0;
        while (at[length] && at[length] != ';')
            length++;
        if (length && length + strlen(file) + 2 < sizeof candidate) {
            memcpy(candidate, at, length);
            candidate[length] = 0;
            if (candidate[length - 1] != '\\' && candidate[length - 1] != '/' && candidate[length - 1] != ':')
                strcpy(candidate + length, "\\");
            strcpy(candidate + strlen(candidate), file);
            if (GetFileAttributesA(candidate) != ~0u) {
                if (strlen(candidate) >= room)
                    return ERANGE;
                strcpy(to, candidate);
                return 0;
            }
        }
        at += length + (at[length] == ';');
    }
    set_errno(ENOENT);
    return ENOENT;
}
void _searchenv(const char *file, const char *variable, char *to) { _searchenv_s(file, variable, to, MAX_PATH); }
