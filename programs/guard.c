/* Shows guard pages, which raise one exception each, and the other page protections, with exact fault addresses. */
#include <string.h>
#include <windows.h>

#include "check.h"
#include "probes.h"
#include "regions.h"

#define PAGE 4096
#define NX_ENABLED 12 /* PF_NX_ENABLED */

static char *pages; /* four committed pages */

static DWORD protect(char *address, SIZE_T size, DWORD protection)
{
    DWORD old = 0;

    if (!VirtualProtect(address, size, protection, &old))
        check(0, "VirtualProtect (error %u)", (unsigned)GetLastError());
    return old;
}

static void guard_is_one_shot(void)
{
    char *page = pages + PAGE;

    section("A guard page raises one exception");
    page[17] = 42;
    check_equal(protect(page, PAGE, PAGE_READWRITE | PAGE_GUARD), PAGE_READWRITE, "VirtualProtect tells the old protection");
    check_equal(region_at(page).Protect, PAGE_READWRITE | PAGE_GUARD, "VirtualQuery shows the guard");
    check_equal(region_at(page).RegionSize, PAGE, "on that page alone");
    try_read(page + 17);
    check(was_violation(STATUS_GUARD_PAGE_VIOLATION, probe_read_at, 0, page + 17), "a read raises 0x80000001 at its exact address");
    check_equal(region_at(page).Protect, PAGE_READWRITE, "the guard is gone");
    check_equal(try_read(page + 17), 0, "a second read raises nothing");
    check_equal(page[17], 42, "the contents were kept");
}

static void guard_again(void)
{
    char *page = pages + PAGE;

    section("Guarded again, and the access repeated by the handler");
    protect(page, PAGE, PAGE_READWRITE | PAGE_GUARD);
    arm(FAULT_RETRY, NULL);
    probe_write(page + PAGE - 1, 7);
    probe.armed = FALSE;
    check(was_violation(STATUS_GUARD_PAGE_VIOLATION, probe_write_at, 1, page + PAGE - 1), "a write raises 0x80000001 with parameter 1");
    check_equal(page[PAGE - 1], 7, "the repeated write is done");
    protect(pages, 3 * PAGE, PAGE_READWRITE | PAGE_GUARD);
    check_equal(region_at(pages).RegionSize, 3 * PAGE, "three guard pages are one region");
    arm(FAULT_RETRY, NULL);
    for (int i = 0; i < 3 * PAGE; i += 512)
        probe_read(pages + i);
    probe.armed = FALSE;
    check_equal(fault.count, 3, "a walk over them raises three exceptions");
    protect(pages, PAGE, PAGE_READONLY | PAGE_GUARD);
    try_read(pages);
    check_equal(region_at(pages).Protect, PAGE_READONLY, "a guarded read-only page becomes read-only");
}

static void plain_protections(void)
{
    char *page = pages + 2 * PAGE;

    section("Read-only and no access");
    page[100] = 99;
    protect(page, PAGE, PAGE_READONLY);
    check_equal(try_read(page + 100), 0, "a read-only page can be read");
    try_write(page + 100, 1);
    check(was_violation(STATUS_ACCESS_VIOLATION, probe_write_at, 1, page + 100), "writing it is an access violation, parameter 1");
    protect(page, PAGE, PAGE_NOACCESS);
    try_read(page + 100);
    check(was_violation(STATUS_ACCESS_VIOLATION, probe_read_at, 0, page + 100), "reading a no-access page, parameter 0");
    try_write(page + 100, 1);
    check(was_violation(STATUS_ACCESS_VIOLATION, probe_write_at, 1, page + 100), "writing a no-access page, parameter 1");
    arm(FAULT_SKIP, probe_read_word_end);
    probe_read_word(page - 2);
    probe.armed = FALSE;
    check(was_violation(STATUS_ACCESS_VIOLATION, probe_read_word_at, 0, page), "a read across the border names the page's first byte");
    protect(page, PAGE, PAGE_READWRITE);
    check_equal(page[100], 99, "the contents were kept");
}

static void execution(void)
{
    static const unsigned char answer_42[] = {0xB8, 42, 0, 0, 0, 0xC3}; /* mov eax, 42; ret */
    char *page = pages + 3 * PAGE;

    section("Execution");
    memcpy(page + 8, answer_42, sizeof answer_42);
    try_execute(page + 8);
    if (IsProcessorFeaturePresent(NX_ENABLED))
        check(was_violation(STATUS_ACCESS_VIOLATION, page + 8, 8, page + 8), "code on a data page obeys the processor: parameter 8 if it has no-execute");
    else
        check(fault.count == 0, "code on a data page obeys the processor: parameter 8 if it has no-execute");
    protect(page, PAGE, PAGE_EXECUTE_READ);
    FlushInstructionCache(GetCurrentProcess(), page, PAGE);
    check_equal(try_execute(page + 8), 0, "it runs once the page is execute-read");
    check_equal(probe_execute(page + 8), 42, "and answers 42");
    try_write(page + 9, 43);
    check(was_violation(STATUS_ACCESS_VIOLATION, probe_write_at, 1, page + 9), "but cannot be written");
    protect(page, PAGE, PAGE_EXECUTE_READWRITE);
    page[9] = 43;
    FlushInstructionCache(GetCurrentProcess(), page, PAGE);
    check_equal(probe_execute(page + 8), 43, "rewritten on an execute-read-write page, it answers 43");
    page[9] = 44;
    FlushInstructionCache(GetCurrentProcess(), page, PAGE);
    check_equal(probe_execute(page + 8), 44, "and rewritten once more, 44");
    try_execute(NULL);
    check(fault.count == 1 && fault.code == STATUS_ACCESS_VIOLATION && fault.instruction == NULL && fault.address == 0,
          "calling a null pointer is an access violation at address 0");
}

#ifdef __i386__
static EXCEPTION_RECORD caught;

static int catch_read(const char *address)
{
    __try {
        return (int)probe_read(address);
    } __except (caught = *GetExceptionInformation()->ExceptionRecord, EXCEPTION_EXECUTE_HANDLER) {
        return -1;
    }
}

static void guard_and_frames(void)
{
    section("The same with __try and __except");
    pages[PAGE + 5] = 55;
    protect(pages + PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD);
    check_equal(catch_read(pages + PAGE + 5), (unsigned long long)-1, "the first read is caught");
    check(caught.ExceptionCode == STATUS_GUARD_PAGE_VIOLATION && caught.ExceptionAddress == probe_read_at
              && caught.NumberParameters == 2 && caught.ExceptionInformation[0] == 0
              && caught.ExceptionInformation[1] == (ULONG_PTR)(pages + PAGE + 5),
          "as 0x80000001, with address and instruction");
    check_equal(catch_read(pages + PAGE + 5), 55, "the second read succeeds");
}
#endif

int main(void)
{
    pages = VirtualAlloc(NULL, 4 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!check(pages != NULL, "four pages committed"))
        return verdict();
    guard_is_one_shot();
    guard_again();
    plain_protections();
    execution();
#ifdef __i386__
    guard_and_frames();
#endif
    return verdict();
}
