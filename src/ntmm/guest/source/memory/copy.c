/* copy.c: memcpy, memmove and memset, by 16-byte moves; memcpy allows overlap, as msvcrt's does. */
#include "text.h"

typedef u64 vector __attribute__((vector_size(16), aligned(1), may_alias));
typedef u64 word8 __attribute__((aligned(1), may_alias));
typedef u32 word4 __attribute__((aligned(1), may_alias));
typedef u16 word2 __attribute__((aligned(1), may_alias));

/* Sizes 0 to 16: two overlapping moves from both ends; everything is read before anything is written. */
static inline void copy_small(u8 *to, const u8 *from, usize size) {
    if (size >= 8) {
        u64 first = *(const word8 *)from, last = *(const word8 *)(from + size - 8);
        *(word8 *)to = first;
        *(word8 *)(to + size - 8) = last;
    } else if (size >= 4) {
        u32 first = *(const word4 *)from, last = *(const word4 *)(from + size - 4);
        *(word4 *)to = first;
        *(word4 *)(to + size - 4) = last;
    } else if (size >= 2) {
        u16 first = *(const word2 *)from, last = *(const word2 *)(from + size - 2);
        *(word2 *)to = first;
        *(word2 *)(to + size - 2) = last;
    } else if (size) {
        *to = *from;
    }
}

static void copy_forwards(u8 *to, const u8 *from, usize size) {
    vector last = *(const vector *)(from + size - 16);
    u8 *last_at = to + size - 16;
    while (size > 64) {
        vector a = ((const vector *)from)[0], b = ((const vector *)from)[1];
        vector c = ((const vector *)from)[2], d = ((const vector *)from)[3];
        ((vector *)to)[0] = a;
        ((vector *)to)[1] = b;
        ((vector *)to)[2] = c;
        ((vector *)to)[3] = d;
        to += 64;
        from += 64;
        size -= 64;
    }
    for (; size > 16; size -= 16) {
        *(vector *)to = *(const vector *)from;
        to += 16;
        from += 16;
    }
    *(vector *)last_at = last;
}

static void copy_backwards(u8 *to, const u8 *from, usize size) {
    vector first = *(const vector *)from;
    while (size > 64) {
        vector a = *(const vector *)(from + size - 16), b = *(const vector *)(from + size - 32);
        vector c = *(const vector *)(from + size - 48), d = *(const vector *)(from + size - 64);
        *(vector *)(to + size - 16) = a;
        *(vector *)(to + size - 32) = b;
        *(vector *)(to + size - 48) = c;
        *(vector *)(to + size - 64) = d;
        size -= 64;
    }
    for (; size > 16; size -= 16)
        *(vector *)(to + size - 16) = *(const vector *)(from + size - 16);
    *(vector *)to = first;
}

void *memmove(void *to, const void *from, usize size) {
    if (size <= 16)
        copy_small(to, from, size);
    else if ((uptr)to - (uptr)from >= size)
        copy_forwards(to, from, size);
    else
        copy_backwards(to, from, size);
    return to;
}

void *memcpy(void *to, const void *from, usize size) {
    return memmove(to, from, size);
}

void *memset(void *to, int value, usize size) {
    u64 pattern = (u8)value * 0x0101010101010101ull;
    u8 *at = to;
    if (size < 16) {
        if (size >= 8) {
            *(word8 *)at = pattern;
            *(word8 *)(at + size - 8) = pattern;
        } else if (size >= 4) {
            *(word4 *)at = (u32)pattern;
            *(word4 *)(at + size - 4) = (u32)pattern;
        } else {
            for (usize index = 0; index < size; index++)
                at[index] = (u8)value;
        }
        return to;
    }
    vector wide = {pattern, pattern};
    for (; size > 64; size -= 64, at += 64) {
        ((vector *)at)[0] = wide;
        ((vector *)at)[1] = wide;
        ((vector *)at)[2] = wide;
        ((vector *)at)[3] = wide;
    }
    for (; size > 16; size -= 16, at += 16)
        *(vector *)at = wide;
    *(vector *)(at + size - 16) = wide;
    return to;
}
