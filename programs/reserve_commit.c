/* Shows reserving and committing: 120000 bytes reserve 122880, and 7 KB committed at +6 KB commit 12 KB. */
#include <string.h>
#include <windows.h>

#include "check.h"
#include "probes.h"
#include "regions.h"

#define PAGE 4096
#define KB 1024

static int all_zero(const char *memory, SIZE_T size)
{
    for (SIZE_T i = 0; i < size; i++)
        if (memory[i])
            return 0;
    return 1;
}

static void check_region(const char *base, SIZE_T offset, SIZE_T size, DWORD state, DWORD protect, const char *what)
{
    MEMORY_BASIC_INFORMATION region = region_at(base + offset);

    check(region.BaseAddress == base + offset && region.AllocationBase == base && region.RegionSize == size
              && region.State == state && region.Protect == protect && region.AllocationProtect == PAGE_READWRITE
              && region.Type == MEM_PRIVATE,
          "%s", what);
}

static char *reserve(void)
{
    char *base;

    section("Reserve 120000 bytes");
    base = VirtualAlloc(NULL, 120000, MEM_RESERVE, PAGE_READWRITE);
    if (!check(base != NULL, "VirtualAlloc reserves"))
        return NULL;
    print_regions(base, 120000);
    check((ULONG_PTR)base % (64 * KB) == 0, "the base is a multiple of 64 KB");
    check_region(base, 0, 122880, MEM_RESERVE, 0, "30 pages, 122880 bytes, are reserved");
    check_equal(region_at(base + 122880).State, MEM_FREE, "the rest of the 64 KB unit stays free");
    return base;
}

static void touch_reserved(char *base)
{
    section("Touch reserved memory");
    try_read(base);
    check(was_violation(EXCEPTION_ACCESS_VIOLATION, probe_read_at, 0, base), "reading it is an access violation");
    try_write(base + 20000, 1);
    check(was_violation(EXCEPTION_ACCESS_VIOLATION, probe_write_at, 1, base + 20000), "so is writing, at the exact address");
}

static void commit(char *base)
{
    char *committed;

    section("Commit 7 KB at +6 KB");
    committed = VirtualAlloc(base + 6 * KB, 7 * KB, MEM_COMMIT, PAGE_READWRITE);
    print_regions(base, 122880);
    check_equal(committed - base, 4 * KB, "VirtualAlloc answers the page border below, +4 KB");
    check_region(base, 0, 4 * KB, MEM_RESERVE, 0, "4 KB before it stay reserved");
    check_region(base, 4 * KB, 12 * KB, MEM_COMMIT, PAGE_READWRITE, "12 KB, whole pages, are committed");
    check_region(base, 16 * KB, 104 * KB, MEM_RESERVE, 0, "104 KB after it stay reserved");
    check(all_zero(committed, 12 * KB), "committed memory reads as zero");
    memset(committed, 0x5A, 12 * KB);
    check(committed[0] == 0x5A && committed[12 * KB - 1] == 0x5A, "and holds what is written, from its first byte to its last");
    try_write(base + 4 * KB - 1, 1);
    check(was_violation(EXCEPTION_ACCESS_VIOLATION, probe_write_at, 1, base + 4 * KB - 1), "the byte before it is out of bounds");
    try_write(base + 16 * KB, 1);
    check(was_violation(EXCEPTION_ACCESS_VIOLATION, probe_write_at, 1, base + 16 * KB), "the byte after it is out of bounds");
}

static void give_back(char *base)
{
    section("Decommit the middle page, then release all");
    check(VirtualFree(base + 8 * KB, PAGE, MEM_DECOMMIT), "VirtualFree decommits");
    print_regions(base, 122880);
    check_region(base, 8 * KB, 4 * KB, MEM_RESERVE, 0, "the page is reserved again");
    try_read(base + 8 * KB);
    check(was_violation(EXCEPTION_ACCESS_VIOLATION, probe_read_at, 0, base + 8 * KB), "and cannot be read");
    check(VirtualAlloc(base + 8 * KB, PAGE, MEM_COMMIT, PAGE_READWRITE) == base + 8 * KB, "VirtualAlloc commits it again");
    check(all_zero(base + 8 * KB, PAGE), "its old contents are gone");
    check(base[4 * KB] == 0x5A && base[12 * KB] == 0x5A, "its neighbours kept theirs");
    check(VirtualFree(base, 0, MEM_RELEASE), "VirtualFree releases");
    check_equal(region_at(base).State, MEM_FREE, "the addresses are free");
}

int main(void)
{
    char *base = reserve();

    if (base) {
        touch_reserved(base);
        commit(base);
        give_back(base);
    }
    return verdict();
}
