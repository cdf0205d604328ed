/* wide_string.c: the UTF-16 string functions of the C run-time and ntdll. */
#include "text.h"

usize wcslen(const wchar *text) {
    const wchar *at = text;
    while (*at)
        at++;
    return at - text;
}

usize wcsnlen(const wchar *text, usize limit) {
    usize length = 0;
    while (length < limit && text[length])
        length++;
    return length;
}

int wcscmp(const wchar *left, const wchar *right) {
    while (*left && *left == *right)
        left++, right++;
    return (*left > *right) - (*left < *right);
}

int wcsncmp(const wchar *left, const wchar *right, usize limit) {
    for (; limit; limit--, left++, right++)
        if (*left != *right || !*left)
            return (*left > *right) - (*left < *right);
    return 0;
}

wchar *wcscpy(wchar *to, const wchar *from) {
    memmove(to, from, 2 * (wcslen(from) + 1));
    return to;
}

wchar *wcsncpy(wchar *to, const wchar *from, usize size) {
    usize length = wcsnlen(from, size);
    memmove(to, from, 2 * length);
    memset(to + length, 0, 2 * (size - length));
    return to;
}

wchar *wcscat(wchar *to, const wchar *from) {
    wcscpy(to + wcslen(to), from);
    return to;
}

wchar *wcsncat(wchar *to, const wchar *from, usize size) {
    wchar *end = to + wcslen(to);
    usize length = wcsnlen(from, size);
    memmove(end, from, 2 * length);
    end[length] = 0;
    return to;
}

wchar *wcschr(const wchar *text, int character) {
    for (;; text++) {
        if (*text == (wchar)character)
            return (wchar *)text;
        if (!*text)
            return NULL;
    }
}

wchar *wcsrchr(const wchar *text, int character) {
    const wchar *found = NULL;
    do
        if (*text == (wchar)character)
            found = text;
    while (*text++);
    return (wchar *)found;
}

wchar *wcsstr(const wchar *text, const wchar *part) {
    usize length = wcslen(part);
    if (!length)
        return (wchar *)text;
    for (; (text = wcschr(text, *part)); text++)
        if (!wcsncmp(text, part, length))
            return (wchar *)text;
    return NULL;
}

usize wcsspn(const wchar *text, const wchar *set) {
    usize length = 0;
    while (text[length] && wcschr(set, text[length]))
        length++;
    return length;
}

usize wcscspn(const wchar *text, const wchar *set) {
    usize length = 0;
    while (text[length] && !wcschr(set, text[length]))
        length++;
    return length;
}

wchar *wcspbrk(const wchar *text, const wchar *set) {
    text += wcscspn(text, set);
    return *text ? (wchar *)text : NULL;
}

wchar *wcstok_s(wchar *text, const wchar *separators, wchar **rest) {
    if (!text)
        text = *rest;
    text += wcsspn(text, separators);
    wchar *end = text + wcscspn(text, separators);
    *rest = *end ? end + 1 : end;
    *end = 0;
    return end == text ? NULL : text;
}

int _wcsicmp(const wchar *left, const wchar *right) {
    for (;; left++, right++) {
        int difference = towlower(*left) - towlower(*right);
        if (difference || !*left)
            return difference;
    }
}

int _wcsnicmp(const wchar *left, const wchar *right, usize limit) {
    for (; limit; limit--, left++, right++) {
        int difference = towlower(*left) - towlower(*right);
        if (difference || !*left)
            return difference;
    }
    return 0;
}

wchar *_wcslwr(wchar *text) {
    for (wchar *at = text; *at; at++)
        *at = towlower(*at);
    return text;
}

wchar *_wcsupr(wchar *text) {
    for (wchar *at = text; *at; at++)
        *at = towupper(*at);
    return text;
}

wchar *_wcsrev(wchar *text) {
    usize length = wcslen(text);
    for (usize index = 0; index < length / 2; index++) {
        wchar swapped = text[index];
        text[index] = text[length - 1 - index];
        text[length - 1 - index] = swapped;
    }
    return text;
}
