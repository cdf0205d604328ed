/* compare.c: memcmp, memchr and the Rtl memory functions of ntdll and kernel32. */
#include "text.h"

typedef uptr word __attribute__((aligned(1), may_alias));

int memcmp(const void *left, const void *right, usize size) {
    const u8 *a = left, *b = right;
    while (size >= sizeof(word) && *(const word *)a == *(const word *)b) {
        a += sizeof(word);
        b += sizeof(word);
        size -= sizeof(word);
    }
    for (; size; size--, a++, b++)
        if (*a != *b)
            return *a < *b ? -1 : 1;
    return 0;
}

void *memchr(const void *where, int value, usize size) {
    for (const u8 *at = where; size; size--, at++)
        if (*at == (u8)value)
            return (void *)at;
    return NULL;
}

void *_memccpy(void *to, const void *from, int value, usize size) {
    u8 *out = to;
    for (const u8 *at = from; size; size--)
        if ((*out++ = *at++) == (u8)value)
            return out;
    return NULL;
}

int _memicmp(const void *left, const void *right, usize size) {
    const u8 *a = left, *b = right;
    for (; size; size--, a++, b++) {
        int difference = tolower(*a) - tolower(*b);
        if (difference)
            return difference;
    }
    return 0;
}

void WINAPI RtlMoveMemory(void *to, const void *from, usize size) { memmove(to, from, size); }
void WINAPI RtlFillMemory(void *to, usize size, u8 value) { memset(to, value, size); }
void WINAPI RtlZeroMemory(void *to, usize size) { memset(to, 0, size); }

usize WINAPI RtlCompareMemory(const void *left, const void *right, usize size) {
    const u8 *a = left, *b = right;
    usize same = 0;
    while (same < size && a[same] == b[same])
        same++;
    return same;
}

int memcpy_s(void *to, usize room, const void *from, usize size) {
    if (size == 0)
        return 0;
    if (!to || !from || size > room) {
        if (to)
            memset(to, 0, room);
        return !to || !from ? 22 : 34;
    }
    memmove(to, from, size);
    return 0;
}
