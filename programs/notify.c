/* Shows memory resource notifications: one for plentiful and one for low memory, polled and waited for. */
#include <windows.h>

#include "check.h"

#define PAGE 4096
#define POLL_PAGES 16

static HANDLE low, high;
static volatile LONG told;

static int is_set(HANDLE notification)
{
    BOOL state = 2;

    return QueryMemoryResourceNotification(notification, &state) ? state : -1;
}

static DWORD WINAPI wait_for_low(void *unused)
{
    (void)unused;
    if (WaitForSingleObject(low, INFINITE) == WAIT_OBJECT_0)
        told = 1;
    return 0;
}

static void parameters(void)
{
    BOOL state;

    section("Parameters");
    low = CreateMemoryResourceNotification(LowMemoryResourceNotification);
    high = CreateMemoryResourceNotification(HighMemoryResourceNotification);
    check(low != NULL && high != NULL, "both notifications can be had");
    check(CreateMemoryResourceNotification(2) == NULL && GetLastError() == ERROR_INVALID_PARAMETER,
          "there is no third kind");
    check(!QueryMemoryResourceNotification(low, NULL) && GetLastError() == ERROR_INVALID_PARAMETER,
          "a query needs a place for its answer");
    check(!QueryMemoryResourceNotification(NULL, &state) && GetLastError() == ERROR_INVALID_PARAMETER,
          "and a handle");
    check(!QueryMemoryResourceNotification((HANDLE)0x7777774, &state) && GetLastError() == ERROR_INVALID_HANDLE,
          "that is valid");
}

/* More memory than RAM, or as much of it as can be committed. */
static char *allocate(size_t *pages)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    size_t size;
    char *memory = NULL;

    GlobalMemoryStatusEx(&status);
    for (size = (size_t)status.ullTotalPhys * 2; !memory && size > 0x100000; size -= size / 8) {
        *pages = size / PAGE;
        memory = VirtualAlloc(NULL, *pages * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    }
    return memory;
}

/* Touches page after page until memory is low. */
static void use_memory(void)
{
    size_t pages, page, plentiful_until = 0;
    unsigned both = 0;
    char *memory = allocate(&pages);

    section("Using memory");
    check(memory != NULL, "memory is committed");
    check(is_set(high) == 1 && is_set(low) == 0, "committing it leaves memory plentiful");
    for (page = 0; page < pages && is_set(low) == 0; page++) {
        memory[page * PAGE] = (char)page;
        if (page % POLL_PAGES == 0) {
            both += is_set(high) == 1 && is_set(low) == 1;
            if (is_set(high) == 1)
                plentiful_until = page;
        }
    }
    check(page < pages, "touching it makes it low");
    check(WaitForSingleObject(low, 0) == WAIT_OBJECT_0 || is_set(low) == 0, "a wait for that is satisfied");
    check(plentiful_until > 0 && plentiful_until < page, "after it was plentiful and then neither");
    check_equal(both, 0, "it was never both");
    Sleep(0);
    check_equal(told, 1, "a thread that waited for low memory has been told");
    check(VirtualFree(memory, 0, MEM_RELEASE), "all of it is freed");
    check_equal(WaitForSingleObject(high, 60000), WAIT_OBJECT_0, "then it is plentiful");
    check(is_set(high) == 1 && is_set(low) == 0, "and not low");
}

int main(void)
{
    HANDLE thread;

    parameters();
    section("At rest");
    check_equal(is_set(high), 1, "memory is plentiful");
    check_equal(is_set(low), 0, "and not low");
    check_equal(WaitForSingleObject(high, 0), WAIT_OBJECT_0, "a wait for plentiful memory is satisfied");
    check_equal(WaitForSingleObject(low, 10), WAIT_TIMEOUT, "one for low memory is not");
    thread = CreateThread(NULL, 0, wait_for_low, NULL, 0, NULL);
    use_memory();
    check_equal(WaitForSingleObject(thread, 1000), WAIT_OBJECT_0, "and has ended");
    check(CloseHandle(low) && CloseHandle(high), "the handles are closed");
    return verdict();
}
