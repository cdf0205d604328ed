/* sets.c: the less used string functions: filling, changing case with a checked size, sort keys, swapped bytes. */
#include "crt.h"
#include "text.h"

char *_strlwr(char *text);
char *_strupr(char *text);
wchar *_wcslwr(wchar *text);
wchar *_wcsupr(wchar *text);

char *_strnset(char *text, int character, usize count) {
    for (usize index = 0; index < count && text[index]; index++)
        text[index] = (char)character;
    return text;
}
char *_strset(char *text, int character) { return _strnset(text, character, ~(usize)0); }

wchar *_wcsnset(wchar *text, wchar character, usize count) {
    for (usize index = 0; index < count && text[index]; index++)
        text[index] = character;
    return text;
}
wchar *_wcsset(wchar *text, wchar character) { return _wcsnset(text, character, ~(usize)0); }

/* EINVAL, and an empty string where there is room, unless a zero lies within the room. */
static int check(char *text, usize room) {
    if (text && strnlen(text, room) < room)
        return 0;
    if (text && room)
        *text = 0;
    set_errno(EINVAL);
    return EINVAL;
}
static int check_wide(wchar *text, usize room) {
    if (text && wcsnlen(text, room) < room)
        return 0;
    if (text && room)
        *text = 0;
    set_errno(EINVAL);
    return EINVAL;
}

#define CHECKED(name, type, checker, action)                \
    int name(type *text, usize room) {                      \
        int failure = checker(text, room);                  \
        if (!failure)                                       \
            action(text);                                   \
        return failure;                                     \
    }
CHECKED(_strlwr_s, char, check, _strlwr)
CHECKED(_strupr_s, char, check, _strupr)
CHECKED(_wcslwr_s, wchar, check_wide, _wcslwr)
CHECKED(_wcsupr_s, wchar, check_wide, _wcsupr)

int _strset_s(char *text, usize room, int character) {
    int failure = check(text, room);
    if (!failure)
        _strset(text, character);
    return failure;
}
int _wcsset_s(wchar *text, usize room, wchar character) {
    int failure = check_wide(text, room);
    if (!failure)
        _wcsset(text, character);
    return failure;
}
int _strnset_s(char *text, usize room, int character, usize count) {
    int failure = check(text, room);
    if (!failure)
        _strnset(text, character, count);
    return failure;
}
int _wcsnset_s(wchar *text, usize room, wchar character, usize count) {
    int failure = check_wide(text, room);
    if (!failure)
        _wcsnset(text, character, count);
    return failure;
}

/* Sort keys of the "C" locale are the strings themselves. */
usize strxfrm(char *to, const char *from, usize room) {
    usize length = strlen(from);
    if (room)
        memcpy(to, from, length < room ? length + 1 : room);
    return length;
}
usize wcsxfrm(wchar *to, const wchar *from, usize room) {
    usize length = wcslen(from);
    if (room)
        memcpy(to, from, 2 * (length < room ? length + 1 : room));
    return length;
}

void _swab(char *from, char *to, int size) {
    for (int index = 0; index + 1 < size; index += 2) {
        char first = from[index], second = from[index + 1];
        to[index] = second;
        to[index + 1] = first;
    }
}

int memcpy_s(void *to, usize room, const void *from, usize size);
int wmemcpy_s(wchar *to, usize room, const wchar *from, usize count) { return memcpy_s(to, 2 * room, from, 2 * count); }

/* What the C++ library's heaps and MinGW's start-up count on. */
usize __strncnt(const char *text, usize limit) { return strnlen(text, limit); }
usize __wcsncnt(const wchar *text, usize limit) { return wcsnlen(text, limit); }
