/* sort.c: qsort (heap sort below a quick sort that chooses the middle of three), bsearch, and the integer divisions. */
#include "text.h"

typedef int (*comparison)(const void *, const void *);

static void swap(u8 *left, u8 *right, usize size) {
    if (left == right)
        return;
    if (size % sizeof(uptr) == 0) {
        for (; size; size -= sizeof(uptr), left += sizeof(uptr), right += sizeof(uptr)) {
            uptr kept;
            __builtin_memcpy(&kept, left, sizeof kept);
            __builtin_memcpy(left, right, sizeof kept);
            __builtin_memcpy(right, &kept, sizeof kept);
        }
        return;
    }
    for (; size; size--, left++, right++) {
        u8 kept = *left;
        *left = *right;
        *right = kept;
    }
}

static void sift_down(u8 *base, usize root, usize count, usize size, comparison compare) {
    for (usize child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && compare(base + child * size, base + (child + 1) * size) < 0)
            child++;
        if (compare(base + root * size, base + child * size) >= 0)
            return;
        swap(base + root * size, base + child * size, size);
    }
}

static void heap_sort(u8 *base, usize count, usize size, comparison compare) {
    for (usize root = count / 2; root--;)
        sift_down(base, root, count, size, compare);
    while (count > 1) {
        count--;
        swap(base, base + count * size, size);
        sift_down(base, 0, count, size, compare);
    }
}

static void insertion_sort(u8 *base, usize count, usize size, comparison compare) {
    for (usize index = 1; index < count; index++)
        for (u8 *at = base + index * size; at > base && compare(at - size, at) > 0; at -= size)
            swap(at - size, at, size);
}

/* Puts the middle of three elements first, where partition expects its pivot. */
static void choose_pivot(u8 *base, usize count, usize size, comparison compare) {
    u8 *middle = base + count / 2 * size, *last = base + (count - 1) * size;
    if (compare(middle, last) > 0)
        swap(middle, last, size);
    if (compare(base, middle) < 0)
        swap(base, middle, size);
    if (compare(base, last) > 0)
        swap(base, last, size);
}

/* Elements up to the answered one are not above the pivot, those after it are not below. */
static u8 *partition(u8 *base, usize count, usize size, comparison compare) {
    u8 *low = base, *high = base + count * size;
    for (;;) {
        do
            low += size;
        while (low < base + count * size && compare(low, base) < 0);
        do
            high -= size;
        while (high > base && compare(high, base) > 0);
        if (low >= high)
            break;
        swap(low, high, size);
    }
    swap(base, high, size);
    return high;
}

static void sort(u8 *base, usize count, usize size, comparison compare, u32 depth) {
    while (count > 12) {
        if (depth-- == 0) {
            heap_sort(base, count, size, compare);
            return;
        }
        choose_pivot(base, count, size, compare);
        u8 *pivot = partition(base, count, size, compare);
        usize before = (usize)(pivot - base) / size, after = count - before - 1;
        if (before < after) {
            sort(base, before, size, compare, depth);
            base = pivot + size;
            count = after;
        } else {
            sort(pivot + size, after, size, compare, depth);
            count = before;
        }
    }
    insertion_sort(base, count, size, compare);
}

void qsort(void *base, usize count, usize size, comparison compare) {
    u32 depth = 2;
    for (usize rest = count; rest; rest >>= 1)
        depth += 2;
    if (count > 1 && size)
        sort(base, count, size, compare, depth);
}

void *bsearch(const void *key, const void *base, usize count, usize size, comparison compare) {
    const u8 *first = base;
    while (count) {
        const u8 *middle = first + count / 2 * size;
        int order = compare(key, middle);
        if (order == 0)
            return (void *)middle;
        if (order > 0) {
            first = middle + size;
            count -= count / 2 + 1;
        } else {
            count /= 2;
        }
    }
    return NULL;
}

/* div's result comes back in EDX:EAX (msvcrt) or RAX, which is what returning a 64-bit integer does. */
u64 div(int value, int divisor) {
    return (u32)(value / divisor) | (u64)(u32)(value % divisor) << 32;
}
u64 ldiv(int value, int divisor) { return div(value, divisor); }
int abs(int value) { return value < 0 ? -value : value; }
i32 labs(i32 value) { return value < 0 ? -value : value; }
i64 llabs(i64 value) { return value < 0 ? -value : value; }
