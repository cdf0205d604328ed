/* Shows writing through a view and flushing it, and tells what was flushed: flush [FILE [ROUNDS [PAGES]]]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "check.h"

/* Each round writes one record into every page of its window of the file, flushes the window and then says so:
 * "flushed ROUND FIRST_PAGE PAGES". What was said before the machine is killed must be in the file.
 * A record is 16 bytes at the start of a page and again at its end: "NTMM", round, page, and their sum.
 */
#define PAGE 4096
#define WINDOW 0x10000
#define WINDOW_PAGES (WINDOW / PAGE)

struct record {
    char mark[4];
    unsigned round, page, sum;
};

static void write_record(char *view, unsigned at, unsigned round, unsigned page)
{
    struct record record = {{'N', 'T', 'M', 'M'}, round, page, round + page};

    memcpy(view + at * PAGE, &record, sizeof record);
    memcpy(view + (at + 1) * PAGE - sizeof record, &record, sizeof record);
}

/* One window of the file: written, flushed, told. */
static int do_round(HANDLE map, unsigned round, unsigned first, unsigned count)
{
    char *view = MapViewOfFile(map, FILE_MAP_WRITE, 0, first * PAGE, count * PAGE);

    if (!view)
        return 0;
    for (unsigned at = 0; at < count; at++)
        write_record(view, at, round, first + at);
    if (!FlushViewOfFile(view, 0)) {
        printf("not flushed %u: error %lu\n", round, GetLastError());
        UnmapViewOfFile(view);
        return 0;
    }
    printf("flushed %u %u %u\n", round, first, count);
    fflush(stdout);
    return UnmapViewOfFile(view);
}

/* What ReadFile finds: every page holds the record of the last round that wrote it. */
static int file_is_right(HANDLE file, const unsigned *last, unsigned pages)
{
    static char page[PAGE];
    struct record first, second;
    DWORD count;

    SetFilePointer(file, 0, NULL, FILE_BEGIN);
    for (unsigned at = 0; at < pages; at++) {
        if (!ReadFile(file, page, PAGE, &count, NULL) || count != PAGE)
            return 0;
        memcpy(&first, page, sizeof first);
        memcpy(&second, page + PAGE - sizeof second, sizeof second);
        if (last[at] && (memcmp(first.mark, "NTMM", 4) || first.round != last[at] || first.page != at
                         || first.sum != last[at] + at || memcmp(&first, &second, sizeof first)))
            return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "ntmm-flush.bin";
    unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 40, pages = argc > 3 ? (unsigned)atoi(argv[3]) : 100;
    unsigned windows = (pages + WINDOW_PAGES - 1) / WINDOW_PAGES;
    unsigned *last = calloc(pages + 1, sizeof *last);
    HANDLE file, map;
    int complete = 1;

    if (!pages || !last) {
        fprintf(stderr, "usage: flush [FILE [ROUNDS [PAGES]]]\n");
        return 64;
    }
    file = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS, 0, NULL);
    map = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, pages * PAGE, NULL);
    if (!check(map != NULL, "a file of %u pages is mapped", pages))
        return 1;
    for (unsigned round = 1; complete && round <= rounds; round++) {
        unsigned first = round * 5 % windows * WINDOW_PAGES;
        unsigned count = pages - first < WINDOW_PAGES ? pages - first : WINDOW_PAGES;

        complete = do_round(map, round, first, count);
        for (unsigned at = first; at < first + count; at++)
            last[at] = round;
    }
    check(complete, "every round was flushed");
    check(file_is_right(file, last, pages), "ReadFile finds what was written last");
    check(CloseHandle(map) && FlushFileBuffers(file) && CloseHandle(file), "the file is closed");
    if (argc == 1)
        check(DeleteFileA(name), "and deleted");
    return verdict();
}
