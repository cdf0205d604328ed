/* Shows address windowing and large pages: pages of RAM seen through windows, and memory that is never paged. */
#include <windows.h>

#include "check.h"
#include "probes.h"

#define PAGE 4096
#define WINDOW_PAGES 64
#define OWNED_PAGES 512 /* eight windows full */

static ULONG_PTR frames[OWNED_PAGES];

static BOOL enable_lock_memory(void)
{
    TOKEN_PRIVILEGES privileges = {.PrivilegeCount = 1};
    HANDLE token;
    BOOL done;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token))
        return FALSE;
    privileges.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    done = LookupPrivilegeValueA(NULL, "SeLockMemoryPrivilege", &privileges.Privileges[0].Luid) &&
           AdjustTokenPrivileges(token, FALSE, &privileges, 0, NULL, NULL) && GetLastError() == ERROR_SUCCESS;
    CloseHandle(token);
    return done;
}

static unsigned char *new_window(void)
{
    return VirtualAlloc(NULL, WINDOW_PAGES * PAGE, MEM_RESERVE | MEM_PHYSICAL, PAGE_READWRITE);
}

static DWORD state_of(const void *address)
{
    MEMORY_BASIC_INFORMATION information = {0};

    VirtualQuery(address, &information, sizeof information);
    return information.State;
}

static DWORD protection_of(const void *address)
{
    MEMORY_BASIC_INFORMATION information = {0};

    VirtualQuery(address, &information, sizeof information);
    return information.Protect;
}

static void without_privilege(void)
{
    ULONG_PTR count = 1;

    section("Without the privilege to lock memory");
    check(!AllocateUserPhysicalPages(GetCurrentProcess(), &count, frames), "no pages are given");
    check_equal(GetLastError(), ERROR_PRIVILEGE_NOT_HELD, "the error is 1314");
    check(!VirtualAlloc(NULL, GetLargePageMinimum(), MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES, PAGE_READWRITE),
          "nor a large page");
    check_equal(GetLastError(), ERROR_PRIVILEGE_NOT_HELD, "the error is 1314");
}

/* The first byte of each page of the window tells which page it is. */
static BOOL window_shows(const unsigned char *window, unsigned first)
{
    for (unsigned i = 0; i < WINDOW_PAGES; i++)
        if (window[i * PAGE] != (unsigned char)(first + i) || window[i * PAGE + PAGE - 1] != (unsigned char)~(first + i))
            return FALSE;
    return TRUE;
}

static void fill_window(unsigned char *window, unsigned first)
{
    for (unsigned i = 0; i < WINDOW_PAGES; i++) {
        window[i * PAGE] = (unsigned char)(first + i);
        window[i * PAGE + PAGE - 1] = (unsigned char)~(first + i);
    }
}

static void more_than_the_window(unsigned char *window)
{
    BOOL all = TRUE;

    section("Eight windows full of pages, seen through one");
    for (unsigned first = 0; first < OWNED_PAGES; first += WINDOW_PAGES) {
        all = all && MapUserPhysicalPages(window, WINDOW_PAGES, frames + first) && !window[0];
        fill_window(window, first);
    }
    check(all, "each set of pages is mapped in turn, and starts as zeroes");
    for (unsigned first = OWNED_PAGES; first; first -= WINDOW_PAGES) {
        all = all && MapUserPhysicalPages(window, WINDOW_PAGES, frames + first - WINDOW_PAGES);
        all = all && window_shows(window, first - WINDOW_PAGES);
    }
    check(all, "every page holds what was written to it");
    check_equal(state_of(window), MEM_COMMIT, "a page of the window that shows one is committed");
}

static void rules_of_windows(unsigned char *window)
{
    unsigned char *other = new_window();
    void *places[2] = {window + 3 * PAGE, other + 5 * PAGE};
    ULONG_PTR twice[2] = {frames[0], frames[0]}, swapped[2] = {frames[1], frames[0]};
    DWORD old;

    section("What windows allow");
    check(!MapUserPhysicalPages(other, 1, frames), "a page is shown at one address only");
    check(!MapUserPhysicalPages(other, 2, twice), "and not twice in one call");
    check(!MapUserPhysicalPages(window + WINDOW_PAGES * PAGE - PAGE, 2, frames), "a run must not leave its window");
    check(MapUserPhysicalPages(window, 2, swapped), "pages may change places");
    check_equal(window[0], 1, "the first address shows the second page");
    check(MapUserPhysicalPages(window, WINDOW_PAGES, NULL), "a window can be emptied");
    check_equal(try_read(window), 1, "reading it is an exception then");
    check(fault.code == EXCEPTION_ACCESS_VIOLATION && fault.address == (ULONG_PTR)window, "an access violation there");
    check_equal(state_of(window), MEM_RESERVE, "its pages are reserved");
    check(MapUserPhysicalPagesScatter(places, 2, frames + 7), "two pages go to two windows");
    check(window[3 * PAGE] == 7 && other[5 * PAGE] == 8, "each shows its page");
    check(!VirtualProtect(window, PAGE, PAGE_READONLY, &old), "VirtualProtect is refused");
    check(!VirtualAlloc(window, PAGE, MEM_COMMIT, PAGE_READWRITE), "so is committing");
    check(!VirtualFree(window, PAGE, MEM_DECOMMIT), "and decommitting");
    check(!VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_PHYSICAL, PAGE_READONLY), "a window is always read and write");
    check(VirtualFree(other, 0, MEM_RELEASE), "a window is released");
    check(MapUserPhysicalPages(window, 1, frames + 8) && window[0] == 8, "the page it showed is still the program's");
}

static void giving_back(unsigned char *window)
{
    ULONG_PTR count = 1;

    section("Giving pages back");
    check(FreeUserPhysicalPages(GetCurrentProcess(), &count, frames + 8) && count == 1, "a page that is shown is freed");
    check_equal(try_write(window, 1), 1, "its window shows nothing any more");
    count = 1;
    check(!FreeUserPhysicalPages(GetCurrentProcess(), &count, frames + 8), "it cannot be freed again");
    check_equal(count, 0, "no page was");
    frames[8] = frames[0];
    count = OWNED_PAGES - 1;
    check(FreeUserPhysicalPages(GetCurrentProcess(), &count, frames + 1) && count == OWNED_PAGES - 1, "the rest goes");
    check(VirtualFree(window, 0, MEM_RELEASE), "and the window");
}

static void large_pages(void)
{
    SIZE_T large = GetLargePageMinimum();
    DWORD type = MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES, old;
    unsigned char *memory;
    BOOL zeroes = TRUE, kept = TRUE;

    section("Large pages");
    check(!VirtualAlloc(NULL, large + PAGE, type, PAGE_READWRITE) && GetLastError() == ERROR_INVALID_PARAMETER,
          "the size must be a multiple of a large page");
    check(!VirtualAlloc(NULL, large, MEM_RESERVE | MEM_LARGE_PAGES, PAGE_READWRITE), "they are committed at once");
    memory = VirtualAlloc(NULL, 2 * large, type, PAGE_READWRITE);
    if (!check(memory != NULL, "two large pages are given"))
        return;
    check_equal((ULONG_PTR)memory % large, 0, "their address is a multiple of their size");
    for (SIZE_T i = 0; i < 2 * large; i += PAGE) {
        zeroes = zeroes && !memory[i];
        memory[i] = (unsigned char)(i / PAGE * 7);
    }
    for (SIZE_T i = 0; i < 2 * large; i += PAGE)
        kept = kept && memory[i] == (unsigned char)(i / PAGE * 7);
    check(zeroes, "they start as zeroes");
    check(kept, "and keep what is written");
    check(protection_of(memory + PAGE) == PAGE_READWRITE && state_of(memory) == MEM_COMMIT, "VirtualQuery tells them");
    check(VirtualLock(memory, PAGE), "locking them succeeds");
    check(!VirtualProtect(memory, large, PAGE_READONLY, &old), "VirtualProtect is refused");
    check(!VirtualFree(memory, large, MEM_RELEASE), "they go as a whole");
    check(!VirtualFree(memory, large, MEM_DECOMMIT), "and are never decommitted");
    check(VirtualFree(memory, 0, MEM_RELEASE), "VirtualFree releases them");
    check_equal(try_read(memory), 1, "the addresses are free");
}

int main(void)
{
    ULONG_PTR count = OWNED_PAGES;
    unsigned char *window = new_window();

    without_privilege();
    section("With it");
    check(enable_lock_memory(), "the privilege is enabled");
    check(window != NULL, "a window is reserved");
    check(AllocateUserPhysicalPages(GetCurrentProcess(), &count, frames) && count == OWNED_PAGES, "512 pages are given");
    check_equal(try_read(window), 1, "an empty window cannot be read");
    more_than_the_window(window);
    rules_of_windows(window);
    giving_back(window);
    large_pages();
    return verdict();
}
