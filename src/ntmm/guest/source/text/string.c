/* string.c: the byte string functions of the C run-time and ntdll. */
#include "text.h"

#define ONES ((uptr)0x0101010101010101ull)
#define HIGHS ((uptr)0x8080808080808080ull)
typedef uptr word __attribute__((may_alias));

usize strlen(const char *text) {
    const char *at = text;
    for (; (uptr)at % sizeof(word); at++)
        if (!*at)
            return at - text;
    while (!((*(const word *)at - ONES) & ~*(const word *)at & HIGHS))
        at += sizeof(word);
    while (*at)
        at++;
    return at - text;
}

usize strnlen(const char *text, usize limit) {
    usize length = 0;
    while (length < limit && text[length])
        length++;
    return length;
}

int strcmp(const char *left, const char *right) {
    const u8 *a = (const u8 *)left, *b = (const u8 *)right;
    while (*a && *a == *b)
        a++, b++;
    return (*a > *b) - (*a < *b);
}

int strncmp(const char *left, const char *right, usize limit) {
    const u8 *a = (const u8 *)left, *b = (const u8 *)right;
    for (; limit; limit--, a++, b++)
        if (*a != *b || !*a)
            return (*a > *b) - (*a < *b);
    return 0;
}

char *strcpy(char *to, const char *from) {
    memmove(to, from, strlen(from) + 1);
    return to;
}

char *strncpy(char *to, const char *from, usize size) {
    usize length = strnlen(from, size);
    memmove(to, from, length);
    memset(to + length, 0, size - length);
    return to;
}

char *strcat(char *to, const char *from) {
    strcpy(to + strlen(to), from);
    return to;
}

char *strncat(char *to, const char *from, usize size) {
    char *end = to + strlen(to);
    usize length = strnlen(from, size);
    memmove(end, from, length);
    end[length] = 0;
    return to;
}

char *strchr(const char *text, int character) {
    for (;; text++) {
        if (*text == (char)character)
            return (char *)text;
        if (!*text)
            return NULL;
    }
}

char *strrchr(const char *text, int character) {
    const char *found = NULL;
    do
        if (*text == (char)character)
            found = text;
    while (*text++);
    return (char *)found;
}

char *strstr(const char *text, const char *part) {
    usize length = strlen(part);
    if (!length)
        return (char *)text;
    for (; (text = strchr(text, *part)); text++)
        if (!strncmp(text, part, length))
            return (char *)text;
    return NULL;
}

usize strspn(const char *text, const char *set) {
    usize length = 0;
    while (text[length] && strchr(set, text[length]))
        length++;
    return length;
}

usize strcspn(const char *text, const char *set) {
    usize length = 0;
    while (text[length] && !strchr(set, text[length]))
        length++;
    return length;
}

char *strpbrk(const char *text, const char *set) {
    text += strcspn(text, set);
    return *text ? (char *)text : NULL;
}

char *strtok_s(char *text, const char *separators, char **rest) {
    if (!text)
        text = *rest;
    text += strspn(text, separators);
    char *end = text + strcspn(text, separators);
    *rest = *end ? end + 1 : end;
    *end = 0;
    return end == text ? NULL : text;
}

char *_strrev(char *text) {
    usize length = strlen(text);
    for (usize index = 0; index < length / 2; index++) {
        char swapped = text[index];
        text[index] = text[length - 1 - index];
        text[length - 1 - index] = swapped;
    }
    return text;
}
