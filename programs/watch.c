/* Shows MEM_WRITE_WATCH: GetWriteWatch tells which pages were written; and GetWsChanges, which pages took page faults. */
#include <string.h>
#include <windows.h>
#include <psapi.h>

#include "check.h"

#define PAGE 4096
#define PAGES 64

static char *region;
static void *addresses[PAGES];
static ULONG_PTR count;
static DWORD granularity;

/* Whether exactly these pages are told; the list ends with -1. */
static int told(DWORD flags, const int *expected)
{
    unsigned i = 0;

    count = PAGES;
    if (GetWriteWatch(flags, region, PAGES * PAGE, addresses, &count, &granularity))
        return 0;
    for (; expected[i] >= 0; i++)
        if (i >= count || addresses[i] != region + expected[i] * PAGE)
            return 0;
    return i == count && granularity == PAGE;
}

#define TOLD(flags, ...) told(flags, (int[]){__VA_ARGS__ __VA_OPT__(,) - 1})

static void writing(void)
{
    DWORD old;

    section("Pages that a program writes");
    region = VirtualAlloc(NULL, PAGES * PAGE, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE);
    check(region != NULL, "a region with MEM_WRITE_WATCH");
    check(TOLD(0), "nothing is written yet");
    check(((volatile char *)region)[10 * PAGE] == 0 && TOLD(0), "reading is not writing");
    region[7 * PAGE + 1] = 1;
    region[3 * PAGE] = 1;
    region[40 * PAGE + 4095] = 1;
    check(TOLD(0, 3, 7, 40), "three pages are told in order of address");
    check(TOLD(WRITE_WATCH_FLAG_RESET, 3, 7, 40), "again, for nothing was reset");
    check(TOLD(0), "now it was");
    region[7 * PAGE + 2]++;
    check(TOLD(0, 7), "a page that is written again");
    check(VirtualProtect(region, PAGES * PAGE, PAGE_READONLY, &old) && TOLD(0, 7), "a new protection changes nothing");
    check(VirtualProtect(region, PAGES * PAGE, PAGE_READWRITE, &old) && TOLD(0, 7), "nor does the old one");
    check(ResetWriteWatch(region, PAGES * PAGE) == 0 && TOLD(0), "ResetWriteWatch");
}

static void leaving(void)
{
    section("Pages that leave the working set");
    region[20 * PAGE] = 1;
    region[21 * PAGE] = 1;
    check(SetProcessWorkingSetSize(GetCurrentProcess(), (SIZE_T)-1, (SIZE_T)-1), "the working set is emptied");
    check(TOLD(0, 20, 21), "both pages are still told");
    check(((volatile char *)region)[20 * PAGE] == 1 && TOLD(WRITE_WATCH_FLAG_RESET, 20, 21), "and come back to be read");
    check(((volatile char *)region)[21 * PAGE] == 1 && TOLD(0), "which does not count");
    check(VirtualFree(region + 20 * PAGE, PAGE, MEM_DECOMMIT)
              && VirtualAlloc(region + 20 * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE) && TOLD(0),
          "a page that is committed anew is not written");
}

static void system_writes(void)
{
    static const char contents[2 * PAGE];
    HANDLE file;
    DWORD done;

    section("Pages that the system writes");
    file = CreateFileA("watch.tmp", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
    check(WriteFile(file, contents, sizeof contents, &done, NULL) && SetFilePointer(file, 0, NULL, FILE_BEGIN) == 0,
          "a file of two pages");
    check(ReadFile(file, region + 30 * PAGE + 100, 2 * PAGE, &done, NULL) && done == 2 * PAGE, "ReadFile into the region");
    CloseHandle(file);
    check(TOLD(0, 30, 31, 32), "its three pages are told");
}

static void refusals(void)
{
    void *plain = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    section("Refusals");
    count = PAGES;
    check(GetWriteWatch(2, region, PAGE, addresses, &count, &granularity) == ~0u
              && GetLastError() == ERROR_INVALID_PARAMETER,
          "unknown flags");
    check(GetWriteWatch(0, plain, PAGE, addresses, &count, &granularity) == ~0u, "memory that is not watched");
    check(GetWriteWatch(0, region, (PAGES + 1) * PAGE, addresses, &count, &granularity) == ~0u, "more than the region");
    count = 0;
    check(GetWriteWatch(0, region, PAGE, addresses, &count, &granularity) == ~0u, "no room");
    check(ResetWriteWatch(plain, PAGE) == ~0u, "a reset of what is not watched");
    check(!VirtualAlloc(NULL, PAGE, MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE)
              && GetLastError() == ERROR_INVALID_PARAMETER,
          "MEM_WRITE_WATCH needs MEM_RESERVE");
    VirtualFree(plain, 0, MEM_RELEASE);
    check(VirtualFree(region, 0, MEM_RELEASE), "the region is released");
}

static PSAPI_WS_WATCH_INFORMATION faults[2000];

static unsigned faults_at(const char *address, const char *end)
{
    unsigned found = 0;

    for (unsigned i = 0; faults[i].FaultingPc; i++)
        found += (char *)faults[i].FaultingVa >= address && (char *)faults[i].FaultingVa < end;
    return found;
}

static void own_faults(void)
{
    volatile char *memory = VirtualAlloc(NULL, 10 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    HANDLE self = GetCurrentProcess();

    section("Page faults of a process");
    memset(faults, 1, sizeof faults);
    check(!GetWsChanges(self, faults, sizeof faults) && GetLastError() == ERROR_GEN_FAILURE, "nobody watches yet");
    check(InitializeProcessForWsWatch(self), "InitializeProcessForWsWatch");
    check(!InitializeProcessForWsWatch(self), "a second time fails");
    for (unsigned i = 2; i < 8; i++)
        memory[i * PAGE + i] = 1;
    check(!GetWsChanges(self, faults, 2 * sizeof *faults) && GetLastError() == ERROR_INSUFFICIENT_BUFFER, "no room");
    check(GetWsChanges(self, faults, sizeof faults), "GetWsChanges");
    check_equal(faults_at((char *)memory, (char *)memory + 10 * PAGE), 6, "six faults for six pages");
    check(GetWsChanges(self, faults, sizeof faults) && !faults_at((char *)memory, (char *)memory + 10 * PAGE),
          "they are told once");
}

int main(void)
{
    own_faults();
    writing();
    leaving();
    system_writes();
    refusals();
    return verdict();
}
