/* Shows paging: fills more memory than there is RAM, reads it in order and at random, changes it and reads again: `paging [MEGABYTES | TIMESx]`. */
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "check.h"

#define PAGE 4096
#define WORDS 1024u
#define STEP 0x9E3779B9u
#define TIMES 4 /* as much memory as RAM, unless an argument says otherwise */

/* Word i of a page is start + i * STEP; the start is mixed from the page's number and a seed. */
static unsigned start_of(unsigned page, unsigned seed)
{
    unsigned mixed = (page + 1) * 2654435761u ^ seed;

    mixed ^= mixed >> 15;
    mixed *= 0x85EBCA6Bu;
    return mixed ^ mixed >> 13;
}

static unsigned mix(unsigned hash, unsigned sum, unsigned sum_of_sums)
{
    return (hash << 5 | hash >> 27) * 31 + (sum ^ sum_of_sums * 7);
}

/* Hash of a page that holds the pattern, from the formula alone: no memory is read. */
static unsigned expect_page(unsigned hash, unsigned page, unsigned seed)
{
    unsigned start = start_of(page, seed);
    unsigned sum = WORDS * start + STEP * (WORDS * (WORDS - 1) / 2);
    unsigned sum_of_sums = start * (WORDS * (WORDS + 1) / 2) + STEP * (WORDS * (WORDS + 1) / 2 * (WORDS - 1) / 3);

    return mix(hash, sum, sum_of_sums);
}

static void write_page(unsigned *memory, unsigned page, unsigned seed)
{
    unsigned *words = memory + (size_t)page * WORDS;
    unsigned value = start_of(page, seed);

#pragma clang loop vectorize(disable) unroll_count(16)
    for (unsigned i = 0; i < WORDS; i++, value += STEP)
        words[i] = value;
}

/* Hash of a page as it is: the sum of its words, and the sum of those sums, which depends on the words' order. */
static unsigned read_page(unsigned hash, const unsigned *memory, unsigned page)
{
    const unsigned *words = memory + (size_t)page * WORDS;
    unsigned sum = 0, sum_of_sums = 0;

#pragma clang loop vectorize(disable) unroll_count(16)
    for (unsigned i = 0; i < WORDS; i++) {
        sum += words[i];
        sum_of_sums += sum;
    }
    return mix(hash, sum, sum_of_sums);
}

static void write_all(unsigned *memory, unsigned pages, unsigned seed)
{
    for (unsigned page = 0; page < pages; page++)
        write_page(memory, page, seed);
}

static unsigned read_in_order(const unsigned *memory, unsigned pages, unsigned seed, const char *what)
{
    unsigned hash = 0, expected = 0;

    for (unsigned page = 0; page < pages; page++) {
        hash = read_page(hash, memory, page);
        expected = expect_page(expected, page, seed);
    }
    check_equal(hash, expected, "%s", what);
    return hash;
}

static unsigned next_random(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static unsigned read_at_random(const unsigned *memory, unsigned pages, unsigned seed)
{
    unsigned state = 12345, hash = 0, expected = 0;

    for (unsigned i = 0; i < pages / 4; i++) {
        unsigned page = (unsigned)((unsigned long long)next_random(&state) * pages >> 24);

        hash = read_page(hash, memory, page);
        expected = expect_page(expected, page, seed);
    }
    check_equal(hash, expected, "read at random, a quarter as many pages");
    return hash;
}

static unsigned ram_megabytes(void)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof status};

    GlobalMemoryStatusEx(&status);
    return (unsigned)((status.ullTotalPhys + (1 << 20) - 1) >> 20);
}

/* MEGABYTES or TIMESx; without an argument four times the RAM, or what the commit limit leaves of it. */
static void *allocate(const char *argument, unsigned *megabytes)
{
    int exact = argument != NULL;
    void *memory;

    if (!exact)
        *megabytes = TIMES * ram_megabytes();
    else if (strchr(argument, 'x'))
        *megabytes = (unsigned)(strtod(argument, NULL) * ram_megabytes());
    else
        *megabytes = strtoul(argument, NULL, 10);
    for (;;) {
        memory = VirtualAlloc(NULL, (size_t)*megabytes << 20, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        if (memory || exact || *megabytes < 16)
            return memory;
        *megabytes -= *megabytes / 16;
    }
}

int main(int argc, char **argv)
{
    unsigned megabytes, pages, hash;
    unsigned *memory = allocate(argc > 1 ? argv[1] : NULL, &megabytes);

    if (!memory) {
        printf("FAIL  committing %u MB: error %u; it needs a larger paging file (ntmm run --pagefile %uM)\n", megabytes,
               (unsigned)GetLastError(), 2 * megabytes);
        return 1;
    }
    pages = megabytes * ((1 << 20) / PAGE);
    printf("%u MB in %u pages; RAM has %u MB\n", megabytes, pages, ram_megabytes());
    write_all(memory, pages, 1);
    check(1, "written");
    hash = read_in_order(memory, pages, 1, "read in order");
    hash ^= read_at_random(memory, pages, 1);
    write_all(memory, pages, 2);
    check(1, "written anew");
    hash ^= read_in_order(memory, pages, 2, "read in order again");
    check(VirtualFree(memory, 0, MEM_RELEASE), "freed");
    if (verdict())
        return 1;
    printf("ok %08X\n", hash);
    return 0;
}
