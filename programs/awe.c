/* Shows a data base that is larger than its window: N MB of physical pages, sparsely touched through 1 MB; `awe 2048 7`. */
#include <windows.h>

#include <stdlib.h>

#include "check.h"

#define PAGE 4096
#define WINDOW_PAGES 256
#define STEP 4096 /* one page of each 16 MB is touched */
#define NAP 5000  /* all programs of a run own their pages at the same time */

static BOOL enable_lock_memory(void)
{
    TOKEN_PRIVILEGES privileges = {.PrivilegeCount = 1};
    HANDLE token;

    privileges.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    return OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token) &&
           LookupPrivilegeValueA(NULL, "SeLockMemoryPrivilege", &privileges.Privileges[0].Luid) &&
           AdjustTokenPrivileges(token, FALSE, &privileges, 0, NULL, NULL) && GetLastError() == ERROR_SUCCESS;
}

int main(int count, char **words)
{
    ULONG_PTR megabytes = count > 1 ? strtoul(words[1], NULL, 10) : 64, pages = megabytes * ((1 << 20) / PAGE), got = pages;
    ULONG mark = count > 2 ? strtoul(words[2], NULL, 10) << 20 : 0;
    ULONG_PTR *frames = VirtualAlloc(NULL, pages * sizeof *frames, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    unsigned char *window = VirtualAlloc(NULL, WINDOW_PAGES * PAGE, MEM_RESERVE | MEM_PHYSICAL, PAGE_READWRITE);
    ULONG wrong = 0;
    int above = 0;

    check(enable_lock_memory(), "the privilege is enabled (--grant SeLockMemoryPrivilege)");
    check(AllocateUserPhysicalPages(GetCurrentProcess(), &got, frames), "AllocateUserPhysicalPages");
    check_equal(got, pages, "all pages are there");
    for (ULONG_PTR at = 0; at < got; at += STEP) {
        MapUserPhysicalPages(window, 1, frames + at);
        wrong += *(volatile ULONG *)window != 0;
        *(volatile ULONG *)window = mark | (ULONG)(at / STEP);
        above |= frames[at] >= 1 << 20;
    }
    check_equal(wrong, 0, "new pages are zero");
    MapUserPhysicalPages(window, 1, NULL); /* a page is shown at one address only */
    Sleep(NAP);
    for (ULONG_PTR at = 0; at < got; at += STEP) {
        MapUserPhysicalPages(window + PAGE, 1, frames + at);
        wrong += *(volatile ULONG *)(window + PAGE) != (mark | (ULONG)(at / STEP));
        MapUserPhysicalPages(window + PAGE, 1, NULL);
    }
    check_equal(wrong, 0, "each page holds what was written to it");
    printf("pages beyond 4 GB: %s\n", above ? "yes" : "no");
    check(FreeUserPhysicalPages(GetCurrentProcess(), &got, frames), "FreeUserPhysicalPages");
    check_equal(got, pages, "all pages are given back");
    return verdict();
}
