/* temporary.c: names and streams for temporary files. Names count up from the process's id, so that runs repeat. */
#include "crt.h"
#include "stdio_internal.h"
#include "system.h"
#include "text.h"

#define MAX_PATH 260
#define NAME_ROOM 20

char *_ultoa(u32 value, char *to, int base);
char *getenv(const char *name);
char *_strdup(const char *text);
STREAM *_fdopen(int number, const char *mode);
static u32 counter;

/* "\s" with the process's id, a dot and a count, of a file that does not exist. */
static char *next_name(char *to, usize room) {
    char name[NAME_ROOM];
    do {
        strcpy(name, "\\s");
        _ultoa((u32)teb()->UniqueProcess, name + 2, 32);
        usize length = strlen(name);
        name[length] = '.';
        _ultoa((u32)atomic_add((i32 *)&counter, 1) - 1, name + length + 1, 32);
    } while (GetFileAttributesA(name) != ~0u);
    if (strlen(name) >= room)
        return NULL;
    return strcpy(to, name);
}

char *tmpnam(char *to) { return next_name(to ? to : crt_thread()->TemporaryName, NAME_ROOM); }
int tmpnam_s(char *to, usize room) {
    if (!to)
        return set_errno(EINVAL), EINVAL;
    if (next_name(to, room))
        return 0;
    if (room)
        *to = 0;
    return set_errno(ERANGE), ERANGE;
}

/* Opened so that the file goes with its last handle. */
STREAM *tmpfile(void) {
    for (int tries = 0; tries < 100; tries++) {
        char name[NAME_ROOM];
        next_name(name, sizeof name);
        int number = open_file(name + 1, FALSE, O_CREAT | O_EXCL | O_RDWR | O_BINARY | O_TEMPORARY, 0x40, 0x180);
        if (number >= 0)
            return _fdopen(number, "w+b");
        if (crt_thread()->Errno != EEXIST)
            return NULL;
    }
    return NULL;
}
int tmpfile_s(STREAM **stream) {
    if (!stream)
        return set_errno(EINVAL), EINVAL;
    *stream = tmpfile();
    return *stream ? 0 : crt_thread()->Errno;
}
int _rmtmp(void) { return 0; /* they are gone when they are closed */ }

/* A new block: the folder of TMP, else `folder`, else the root; the prefix; a number. */
char *_tempnam(const char *folder, const char *prefix) {
    char name[MAX_PATH], number[12];
    const char *where = getenv("TMP");
    if (!where || GetFileAttributesA(where) == ~0u)
        where = folder && GetFileAttributesA(folder) != ~0u ? folder : ".";
    usize length = strlen(where);
    if (length + (prefix ? strlen(prefix) : 0) + sizeof number + 2 > MAX_PATH)
        return NULL;
    strcpy(name, where);
    if (length && name[length - 1] != '\\' && name[length - 1] != '/')
        name[length++] = '\\';
    strcpy(name + length, prefix ? prefix : "");
    length = strlen(name);
    do
        strcpy(name + length, _ultoa((u32)atomic_add((i32 *)&counter, 1) + 1, number, 10));
    while (GetFileAttributesA(name) != ~0u);
    return _strdup(name);
}

/* "fnXXXXXX" becomes "fna" and the thread's id, then b, c, ...; EINVAL without six X, EEXIST after z. */
int _mktemp_s(char *pattern, usize room) {
    usize length = pattern ? strnlen(pattern, room) : 0;
    u32 number = (u32)teb()->UniqueThread;
    if (length == room || length < 6 || strcmp(pattern + length - 6, "XXXXXX") != 0) {
        if (pattern && room)
            *pattern = 0;
        return set_errno(EINVAL), EINVAL;
    }
    for (usize at = length; at-- > length - 5; number /= 10)
        pattern[at] = (char)('0' + number % 10);
    for (char letter = 'a'; letter <= 'z'; letter++) {
        pattern[length - 6] = letter;
        if (GetFileAttributesA(pattern) == ~0u)
            return 0;
    }
    *pattern = 0;
    return set_errno(EEXIST), EEXIST;
}
char *_mktemp(char *pattern) { return _mktemp_s(pattern, strlen(pattern) + 1) ? NULL : pattern; }
