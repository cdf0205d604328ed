/* win32_string.c: kernel32's lstr* functions. They take null pointers, as Windows' do; comparison is by character code. */
#include "text.h"

int _stricmp(const char *left, const char *right);
int _wcsicmp(const wchar *left, const wchar *right);

i32 WINAPI lstrlenA(const char *text) { return text ? (i32)strlen(text) : 0; }
i32 WINAPI lstrlenW(const wchar *text) { return text ? (i32)wcslen(text) : 0; }
char *WINAPI lstrcpyA(char *to, const char *from) { return to && from ? strcpy(to, from) : NULL; }
wchar *WINAPI lstrcpyW(wchar *to, const wchar *from) { return to && from ? wcscpy(to, from) : NULL; }

char *WINAPI lstrcpynA(char *to, const char *from, i32 room) {
    if (!to || !from || room <= 0)
        return NULL;
    usize length = strnlen(from, room - 1);
    memmove(to, from, length);
    to[length] = 0;
    return to;
}

wchar *WINAPI lstrcpynW(wchar *to, const wchar *from, i32 room) {
    if (!to || !from || room <= 0)
        return NULL;
    usize length = wcsnlen(from, room - 1);
    memmove(to, from, 2 * length);
    to[length] = 0;
    return to;
}

char *WINAPI lstrcatA(char *to, const char *from) {
    if (!to || !from)
        return NULL;
    strcpy(to + strlen(to), from);
    return to;
}

wchar *WINAPI lstrcatW(wchar *to, const wchar *from) {
    if (!to || !from)
        return NULL;
    wcscpy(to + wcslen(to), from);
    return to;
}

static i32 sign(i32 value) { return (value > 0) - (value < 0); }

i32 WINAPI lstrcmpA(const char *left, const char *right) {
    return left && right ? strcmp(left, right) : !!left - !!right;
}

i32 WINAPI lstrcmpW(const wchar *left, const wchar *right) {
    return left && right ? wcscmp(left, right) : !!left - !!right;
}

i32 WINAPI lstrcmpiA(const char *left, const char *right) {
    return left && right ? sign(_stricmp(left, right)) : !!left - !!right;
}

i32 WINAPI lstrcmpiW(const wchar *left, const wchar *right) {
    return left && right ? sign(_wcsicmp(left, right)) : !!left - !!right;
}
