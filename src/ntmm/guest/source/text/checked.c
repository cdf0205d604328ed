/* checked.c: the string functions that are told the size of their room (strcpy_s and its kin).

   They answer an errno; what does not fit empties the destination and answers ERANGE (34), a null pointer EINVAL (22). */
#include "text.h"

#define EINVAL 22
#define ERANGE 34
#define STRUNCATE 80
#define TRUNCATE ((usize)-1)

int strncat_s(char *to, usize room, const char *from, usize size) {
    if (!to || !room)
        return EINVAL;
    usize used = strnlen(to, room);
    if (used == room || (!from && size)) {
        *to = 0;
        return EINVAL;
    }
    usize length = from ? strnlen(from, size) : 0;
    if (used + length >= room) {
        if (size != TRUNCATE) {
            *to = 0;
            return ERANGE;
        }
        length = room - used - 1;
    }
    memmove(to + used, from, length);
    to[used + length] = 0;
    return size == TRUNCATE && from[length] ? STRUNCATE : 0;
}

int strncpy_s(char *to, usize room, const char *from, usize size) {
    if (to && room)
        *to = 0;
    return strncat_s(to, room, from, size);
}

int strcpy_s(char *to, usize room, const char *from) {
    if (to && room)
        *to = 0;
    return strncat_s(to, room, from, from ? strlen(from) : 1);
}

int strcat_s(char *to, usize room, const char *from) { return strncat_s(to, room, from, from ? strlen(from) : 1); }

int wcsncat_s(wchar *to, usize room, const wchar *from, usize size) {
    if (!to || !room)
        return EINVAL;
    usize used = wcsnlen(to, room);
    if (used == room || (!from && size)) {
        *to = 0;
        return EINVAL;
    }
    usize length = from ? wcsnlen(from, size) : 0;
    if (used + length >= room) {
        if (size != TRUNCATE) {
            *to = 0;
            return ERANGE;
        }
        length = room - used - 1;
    }
    memmove(to + used, from, 2 * length);
    to[used + length] = 0;
    return size == TRUNCATE && from[length] ? STRUNCATE : 0;
}

int wcsncpy_s(wchar *to, usize room, const wchar *from, usize size) {
    if (to && room)
        *to = 0;
    return wcsncat_s(to, room, from, size);
}

int wcscpy_s(wchar *to, usize room, const wchar *from) {
    if (to && room)
        *to = 0;
    return wcsncat_s(to, room, from, from ? wcslen(from) : 1);
}

int wcscat_s(wchar *to, usize room, const wchar *from) { return wcsncat_s(to, room, from, from ? wcslen(from) : 1); }
