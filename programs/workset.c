/* Shows working sets: their limits, emptying and listing them, memory counters, and pages locked by VirtualLock. */
#define PSAPI_VERSION 1
#include <windows.h>

#include <psapi.h>

#include "check.h"

#define PAGE 4096
#define PAGES 64
#define MOST_ENTRIES 4096

static HANDLE self;

static int fails_with(BOOL result, DWORD error)
{
    return !result && GetLastError() == error;
}

static PROCESS_MEMORY_COUNTERS counters(void)
{
    PROCESS_MEMORY_COUNTERS result = {0};

    GetProcessMemoryInfo(self, &result, sizeof result);
    return result;
}

static char *commit(unsigned pages, DWORD protection)
{
    return VirtualAlloc(NULL, (SIZE_T)pages * PAGE, MEM_RESERVE | MEM_COMMIT, protection);
}

static void touch(char *memory, unsigned pages)
{
    for (unsigned i = 0; i < pages; i++)
        *(volatile unsigned *)(memory + (SIZE_T)i * PAGE) = i + 1;
}

static unsigned still_there(const char *memory, unsigned pages)
{
    unsigned right = 0;

    for (unsigned i = 0; i < pages; i++)
        right += *(const volatile unsigned *)(memory + (SIZE_T)i * PAGE) == i + 1;
    return right;
}

/* ---- the list of pages ---- */

static struct {
    ULONG_PTR count;
    PSAPI_WORKING_SET_BLOCK pages[MOST_ENTRIES];
} list;

static const PSAPI_WORKING_SET_BLOCK *entry_of(const void *address)
{
    for (ULONG_PTR i = 0; i < list.count; i++)
        if (list.pages[i].VirtualPage == (ULONG_PTR)address / PAGE)
            return &list.pages[i];
    return NULL;
}

/* How many of the pages are in the working set. */
static unsigned resident(const char *memory, unsigned pages)
{
    unsigned found = 0;

    if (!QueryWorkingSet(self, &list, sizeof list))
        return 0;
    for (unsigned i = 0; i < pages; i++)
        found += entry_of(memory + (SIZE_T)i * PAGE) != NULL;
    return found;
}

static void listing(void)
{
    char *memory = commit(PAGES, PAGE_READWRITE);
    const PSAPI_WORKING_SET_BLOCK *entry;

    section("The list of pages");
    touch(memory, PAGES / 2);
    list.count = 0;
    check(fails_with(QueryWorkingSet(self, &list, 4 * sizeof list.count), ERROR_BAD_LENGTH),
          "a buffer that is too short is refused");
    check(list.count > PAGES / 2, "but told how many pages there are");
    check_equal(resident(memory, PAGES), PAGES / 2, "pages that were touched are in the working set, others are not");
    entry = entry_of(memory);
    check(entry && entry->Protection == 4 && !entry->Shared, "a private page can be read and written, and is not shared");
    entry = entry_of((void *)(ULONG_PTR)listing);
    check(entry && (entry->Protection == 3 || entry->Protection == 2), "a page of code can be executed");
    check(entry && entry->Shared, "and is shared");
    VirtualFree(memory, 0, MEM_RELEASE);
}

/* ---- counters ---- */

static void memory_counters(void)
{
    PROCESS_MEMORY_COUNTERS_EX before = {0}, after = {0};
    char *memory;

    section("Counters");
    check(fails_with(GetProcessMemoryInfo(self, (void *)&before, 8), ERROR_INSUFFICIENT_BUFFER),
          "a buffer that is too short is refused");
    check(fails_with(GetProcessMemoryInfo((HANDLE)0x7777774, (void *)&before, sizeof before), ERROR_INVALID_HANDLE),
          "so is a bad handle");
    check(GetProcessMemoryInfo(self, (void *)&before, sizeof before) && before.cb == sizeof before, "the counters are told");
    check(before.PrivateUsage == before.PagefileUsage && before.PeakPagefileUsage >= before.PagefileUsage,
          "private memory is what is charged to the paging file");
    check(before.PeakWorkingSetSize >= before.WorkingSetSize && before.WorkingSetSize > 0, "the peak is no less than what is");
    memory = commit(PAGES, PAGE_READWRITE);
    GetProcessMemoryInfo(self, (void *)&after, sizeof after);
    check(after.PagefileUsage - before.PagefileUsage >= PAGES * PAGE, "committing raises the charge");
    touch(memory, PAGES);
    GetProcessMemoryInfo(self, (void *)&after, sizeof after);
    check(after.WorkingSetSize - before.WorkingSetSize >= PAGES * PAGE, "touching raises the working set");
    check(after.PageFaultCount - before.PageFaultCount >= PAGES, "by one page fault a page");
    VirtualFree(memory, 0, MEM_RELEASE);
    GetProcessMemoryInfo(self, (void *)&after, sizeof after);
    check(after.WorkingSetSize - before.WorkingSetSize < PAGES * PAGE, "freeing lowers both again");
}

/* ---- the system ---- */

static struct {
    unsigned files, well_named;
    SIZE_T total;
    BOOL answer;
} found;

static BOOL CALLBACK count_file(void *context, PENUM_PAGE_FILE_INFORMATION information, const char *name)
{
    found.files++;
    found.total += information->TotalSize;
    found.well_named += context == &found && information->cb == sizeof *information && name[1] == ':';
    return found.answer;
}

static BOOL CALLBACK count_wide_file(void *context, PENUM_PAGE_FILE_INFORMATION information, const wchar_t *name)
{
    char narrow[4] = {(char)name[0], (char)name[1], 0, 0};

    return count_file(context, information, narrow);
}

static void system_figures(void)
{
    PERFORMANCE_INFORMATION figures = {0};
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    unsigned files;

    section("Figures of the system");
    GlobalMemoryStatusEx(&status);
    check(fails_with(GetPerformanceInfo(&figures, sizeof figures - 1), ERROR_BAD_LENGTH), "a buffer that is too short is refused");
    check(GetPerformanceInfo(&figures, sizeof figures) && figures.cb == sizeof figures, "the figures are told");
    check_equal(figures.PageSize, PAGE, "a page has 4096 bytes");
    check_equal((unsigned long long)figures.PhysicalTotal * PAGE, status.ullTotalPhys, "all RAM is told");
    check(figures.PhysicalAvailable > 0 && figures.PhysicalAvailable < figures.PhysicalTotal, "some of it is available");
    check(figures.CommitTotal <= figures.CommitPeak && figures.CommitTotal < figures.CommitLimit, "commit is below its limit");
    check(figures.ProcessCount >= 1 && figures.ThreadCount >= 1, "there is a process with a thread");
    found.answer = TRUE;
    check(EnumPageFilesA(count_file, &found), "the paging files are told");
    files = found.files;
    check(found.total < figures.CommitLimit && found.well_named == files, "with their sizes and names");
    check(EnumPageFilesW(count_wide_file, &found) && found.files == 2 * files, "and told again in Unicode");
    found.files = 0;
    found.answer = FALSE;
    check(EnumPageFilesA(count_file, &found) && found.files <= 1, "the program may stop that");
}

/* ---- limits ---- */

static int limits_are(SIZE_T minimum_pages, SIZE_T maximum_pages)
{
    SIZE_T minimum, maximum;

    return GetProcessWorkingSetSize(self, &minimum, &maximum) && minimum == minimum_pages * PAGE
           && maximum == maximum_pages * PAGE;
}

static void limits(void)
{
    SIZE_T minimum, maximum = 0;
    MEMORYSTATUSEX status = {.dwLength = sizeof status};

    section("Limits");
    GlobalMemoryStatusEx(&status);
    check(limits_are(50, 345) || limits_are(30, 145) || limits_are(20, 45), "at first they are those of the machine's size");
    check(fails_with(SetProcessWorkingSetSize(self, 0, 400 * PAGE), ERROR_INVALID_PARAMETER), "no minimum is refused");
    check(fails_with(SetProcessWorkingSetSize(self, 400 * PAGE, 0), ERROR_INVALID_PARAMETER), "so is no maximum");
    check(fails_with(SetProcessWorkingSetSize(self, 400 * PAGE, 200 * PAGE), ERROR_INVALID_PARAMETER),
          "so is a minimum above the maximum");
    check(fails_with(SetProcessWorkingSetSize((HANDLE)0x7777774, 50 * PAGE, 345 * PAGE), ERROR_INVALID_HANDLE),
          "so is a bad handle");
    check(SetProcessWorkingSetSize(self, 100 * PAGE, 400 * PAGE) && limits_are(100, 400), "100 to 400 pages");
    check(SetProcessWorkingSetSize(self, PAGE, 400 * PAGE) && limits_are(20, 400), "a minimum of one page means 20");
    check(SetProcessWorkingSetSize(self, 50 * PAGE, 0x60000000) && GetProcessWorkingSetSize(self, &minimum, &maximum),
          "a maximum of 1.5 GB is accepted");
    check((maximum > 0 && maximum < 0x60000000) || status.ullTotalPhys > 0x60000000, "but cut to what the machine has");
    check(SetProcessWorkingSetSize(self, 50 * PAGE, 345 * PAGE) && limits_are(50, 345), "50 to 345 pages");
}

static void emptying(void)
{
    char *memory = commit(PAGES, PAGE_READWRITE);
    DWORD faults;
    SIZE_T before;

    section("Emptying");
    touch(memory, PAGES);
    before = counters().WorkingSetSize;
    check(EmptyWorkingSet(self), "the working set is emptied");
    check(counters().WorkingSetSize < before - PAGES * PAGE, "and is smaller");
    check_equal(resident(memory, PAGES), 0, "without the pages that were touched");
    faults = counters().PageFaultCount;
    check_equal(still_there(memory, PAGES), PAGES, "which hold what they held");
    check(counters().PageFaultCount - faults >= PAGES, "and come back by page faults");
    check(SetProcessWorkingSetSize(self, (SIZE_T)-1, (SIZE_T)-1), "limits of -1 and -1 empty it as well");
    check_equal(resident(memory, PAGES), 0, "with the same result");
    check(limits_are(50, 345), "and stay what they were");
    check_equal(still_there(memory, PAGES), PAGES, "the pages hold what they held");
    VirtualFree(memory, 0, MEM_RELEASE);
}

/* ---- locked pages ---- */

static void locking(void)
{
    char *memory = commit(PAGES, PAGE_READWRITE);

    section("Locked pages");
    touch(memory, 1);
    check(VirtualLock(memory, 4 * PAGE), "four pages are locked");
    check_equal(resident(memory, PAGES), 4, "and are in the working set");
    EmptyWorkingSet(self);
    check_equal(resident(memory, PAGES), 4, "even when it is emptied");
    check(VirtualLock(memory, 4 * PAGE) && VirtualLock(memory, 4 * PAGE), "they are locked twice more");
    check(VirtualUnlock(memory, 4 * PAGE), "one unlock undoes all three");
    check(fails_with(VirtualUnlock(memory, 4 * PAGE), ERROR_NOT_LOCKED), "another one has nothing to undo");
    EmptyWorkingSet(self);
    check_equal(resident(memory, PAGES), 0, "now they go like others");
    check_equal(still_there(memory, 1), 1, "and hold what they held");
    check(VirtualLock(memory + PAGE - 1, 2), "two bytes across a border");
    EmptyWorkingSet(self);
    check_equal(resident(memory, PAGES), 2, "are two pages");
    check(fails_with(VirtualUnlock(memory, 4 * PAGE), ERROR_NOT_LOCKED), "a range that is not all locked is not unlocked");
    check(VirtualUnlock(memory, 2 * PAGE), "what is locked is");
    check(VirtualLock(memory, PAGE) && VirtualFree(memory, 0, MEM_RELEASE), "locked memory can be freed");
}

static void refused_locks(void)
{
    char *memory = commit(2, PAGE_READWRITE), *reserved = VirtualAlloc(NULL, PAGE, MEM_RESERVE, PAGE_READWRITE);
    DWORD old;

    section("Locks that are refused");
    check(fails_with(VirtualLock(reserved, PAGE), ERROR_NOACCESS), "reserved memory");
    VirtualProtect(memory + PAGE, PAGE, PAGE_NOACCESS, &old);
    check(fails_with(VirtualLock(memory, 2 * PAGE), ERROR_NOACCESS), "a range with a page of no access");
    check(fails_with(VirtualUnlock(memory, PAGE), ERROR_NOT_LOCKED), "none of which is locked");
    VirtualProtect(memory + PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD, &old);
    check(fails_with(VirtualLock(memory + PAGE, PAGE), STATUS_GUARD_PAGE_VIOLATION), "a guard page, the first time");
    check(VirtualLock(memory + PAGE, PAGE), "but not the second");
    VirtualFree(reserved, 0, MEM_RELEASE);
    VirtualFree(memory, 0, MEM_RELEASE);
}

static void many_locks(void)
{
    char *memory = commit(200, PAGE_READWRITE);

    section("Many locked pages");
    check(fails_with(VirtualLock(memory, 200 * PAGE), ERROR_WORKING_SET_QUOTA),
          "200 pages are too many for a minimum working set of 50");
    check(fails_with(VirtualUnlock(memory, PAGE), ERROR_NOT_LOCKED), "none of them is locked");
    check(SetProcessWorkingSetSize(self, 300 * PAGE, 500 * PAGE), "the minimum is raised to 300");
    check(VirtualLock(memory, 200 * PAGE), "now 200 can be locked");
    check_equal(resident(memory, 200), 200, "and are in the working set");
    check(VirtualUnlock(memory, 200 * PAGE), "they are unlocked");
    check(SetProcessWorkingSetSize(self, 50 * PAGE, 345 * PAGE), "and the limits are as before");
    VirtualFree(memory, 0, MEM_RELEASE);
}

int main(void)
{
    self = GetCurrentProcess();
    limits();
    listing();
    memory_counters();
    system_figures();
    emptying();
    locking();
    refused_locks();
    many_locks();
    return verdict();
}
