/* Shows how many page faults a string of page numbers costs: `fault_patterns FRAMES DIGITS [w]`, FRAMES 0 for no limit, w to write. */
#define PSAPI_VERSION 1
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include <psapi.h>

#include "check.h"

#define PAGE 4096
#define PAGES 10
#define MOST_ENTRIES 4096

static HANDLE self;
static volatile char *memory;
static unsigned sum; /* of what was loaded */

static struct {
    ULONG_PTR count;
    PSAPI_WORKING_SET_BLOCK pages[MOST_ENTRIES];
} list;

static PROCESS_MEMORY_COUNTERS counters(void)
{
    PROCESS_MEMORY_COUNTERS result = {0};

    GetProcessMemoryInfo(self, &result, sizeof result);
    return result;
}

/* Touches page d for each digit d of the string; the number of page faults that this took. */
static unsigned touch(const char *digits, int writes)
{
    unsigned before = counters().PageFaultCount;

    for (const char *digit = digits; *digit; digit++) {
        volatile char *page = memory + (*digit - '0') * PAGE;

        if (writes)
            *page = *digit;
        else
            sum += (unsigned)*page;
    }
    return counters().PageFaultCount - before;
}

/* Locks all pages that the program has in its working set now but for the ten, so that only those are replaced. */
static void lock_the_rest(void)
{
    QueryWorkingSet(self, &list, sizeof list);
    for (ULONG_PTR i = 0; i < list.count; i++) {
        char *page = (char *)((ULONG_PTR)list.pages[i].VirtualPage * PAGE);

        if (page < memory || page >= memory + PAGES * PAGE)
            VirtualLock(page, PAGE); /* some may not be locked: pages that belong to the system */
    }
}

/* Leaves the ten pages `frames` frames beside what the program itself needs; whether that could be done. */
static int limit_frames(unsigned frames)
{
    SIZE_T others;

    /* The same function as below, so that its code is there and is locked with the rest. */
    if (!SetProcessWorkingSetSizeEx(self, 400 * PAGE, 600 * PAGE,
                                    QUOTA_LIMITS_HARDWS_MIN_DISABLE | QUOTA_LIMITS_HARDWS_MAX_DISABLE))
        return 0;
    lock_the_rest();
    EmptyWorkingSet(self);
    touch("", 0); /* brings back what could not be locked */
    others = counters().WorkingSetSize;
    return SetProcessWorkingSetSizeEx(self, others, others + frames * PAGE,
                                      QUOTA_LIMITS_HARDWS_MIN_DISABLE | QUOTA_LIMITS_HARDWS_MAX_ENABLE);
}

int main(int argc, char **argv)
{
    unsigned frames = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    const char *digits = argc > 2 ? argv[2] : "012301401234";
    int writes = argc > 3 && argv[3][0] == 'w';
    unsigned faults;

    for (const char *digit = digits; *digit; digit++)
        if (*digit < '0' || *digit > '9') {
            puts("the pages must be digits");
            return 2;
        }
    self = GetCurrentProcess();
    memory = VirtualAlloc(NULL, PAGES * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    touch("0123456789", 1); /* so that later faults find contents, and this code is there */
    touch("0", 0);
    if (frames && !limit_frames(frames)) {
        printf("FAIL  limiting the working set: error %u\n", (unsigned)GetLastError());
        return 1;
    }
    if (!frames)
        EmptyWorkingSet(self);
    touch("", 0);
    faults = touch(digits, writes);
    printf("%u frames, %u touches, %u page faults\n", frames, (unsigned)strlen(digits), faults);
    return 0;
}
