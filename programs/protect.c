/* Shows the rules of VirtualAlloc, VirtualFree, VirtualProtect and VirtualQuery: rounding, errors, contents, splitting. */
#include <string.h>
#include <windows.h>

#include "check.h"
#include "regions.h"

#define PAGE ((SIZE_T)4096)
#define UNIT ((SIZE_T)0x10000)

/* The call must fail with this error. */
#define REFUSED(call, error, what) \
    do { \
        int done_; \
        DWORD error_; \
        SetLastError(0); \
        done_ = (call) != 0; \
        error_ = GetLastError(); \
        check_equal(done_ ? 0 : error_, error, "%4u  %s", (unsigned)(error), what); \
    } while (0)

static DWORD old_protection;

static char *allocate(SIZE_T size, DWORD type, DWORD protection)
{
    char *memory = VirtualAlloc(NULL, size, type, protection);

    if (!memory)
        check(0, "VirtualAlloc (error %u)", (unsigned)GetLastError());
    return memory;
}

static BOOL release(void *memory)
{
    return VirtualFree(memory, 0, MEM_RELEASE);
}

/* ---- rounding ---- */

static void rounding(void)
{
    static const struct {
        SIZE_T address, size, base, region;
    } rows[] = {
        {0x50000000, 0x1, 0x50000000, 0x1000},
        {0x50008000, 0x1, 0x50000000, 0x9000},
        {0x5000FFFF, 0x3000, 0x50000000, 0x13000},
        {0x50001010, 0xC000, 0x50000000, 0xE000},
        {0x50010000, 0x10001, 0x50010000, 0x11000},
    };
    char *base;

    section("Reserving rounds the address down to 64 KB and the end up to 4 KB");
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *got = VirtualAlloc((void *)rows[i].address, rows[i].size, MEM_RESERVE, PAGE_READWRITE);

        check((SIZE_T)got == rows[i].base && region_at(got).RegionSize == rows[i].region, "%08X + %05X: %05X bytes at %08X",
              (unsigned)rows[i].address, (unsigned)rows[i].size, (unsigned)rows[i].region, (unsigned)rows[i].base);
        release(got);
    }
    section("Committing rounds both ends to 4 KB");
    base = allocate(8 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    check(VirtualAlloc(base + PAGE - 1, 2, MEM_COMMIT, PAGE_READWRITE) == base, "two bytes across a border answer the page below");
    check_equal(region_at(base).RegionSize, 2 * PAGE, "and commit two pages");
    check(VirtualAlloc(base + 5 * PAGE + 1, PAGE, MEM_COMMIT, PAGE_READWRITE) == base + 5 * PAGE, "4096 bytes from +1");
    check_equal(region_at(base + 5 * PAGE).RegionSize, 2 * PAGE, "commit two pages too");
    release(base);
}

/* ---- errors ---- */

static void allocation_errors(void)
{
    SYSTEM_INFO system;
    char *base = allocate(2 * UNIT, MEM_RESERVE, PAGE_READWRITE);
    char *gap = allocate(2 * PAGE, MEM_RESERVE, PAGE_READWRITE);

    GetSystemInfo(&system);
    section("Errors of VirtualAlloc");
    REFUSED(VirtualAlloc(NULL, 0, MEM_RESERVE, PAGE_READWRITE), 87, "size 0");
    REFUSED(VirtualAlloc(NULL, PAGE, 0, PAGE_READWRITE), 87, "neither reserve nor commit");
    REFUSED(VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_RELEASE, PAGE_READWRITE), 87, "an unknown kind of allocation");
    REFUSED(VirtualAlloc(base, PAGE, MEM_RESET | MEM_COMMIT, PAGE_READWRITE), 87, "reset and commit together");
    REFUSED(VirtualAlloc(NULL, PAGE, MEM_COMMIT, 0), 87, "no protection");
    REFUSED(VirtualAlloc(NULL, PAGE, MEM_COMMIT, PAGE_READONLY | PAGE_READWRITE), 87, "two protections");
    REFUSED(VirtualAlloc(NULL, PAGE, MEM_COMMIT, PAGE_NOACCESS | PAGE_GUARD), 87, "a guard on no access");
    REFUSED(VirtualAlloc(NULL, PAGE, MEM_RESERVE, PAGE_WRITECOPY), 87, "write copy on private memory");
    REFUSED(VirtualAlloc((void *)PAGE, PAGE, MEM_RESERVE, PAGE_READWRITE), 87, "an address below 64 KB");
    REFUSED(VirtualAlloc((char *)system.lpMaximumApplicationAddress + 1, PAGE, MEM_RESERVE, PAGE_READWRITE), 87, "an address above the highest");
    REFUSED(VirtualAlloc(NULL, (SIZE_T)-(SSIZE_T)UNIT, MEM_RESERVE, PAGE_READWRITE), 87, "more than all addresses");
    REFUSED(VirtualAlloc(NULL, (SIZE_T)system.lpMaximumApplicationAddress - 4 * UNIT, MEM_RESERVE, PAGE_READWRITE), 8, "more than is free in one piece");
    REFUSED(VirtualAlloc(base + UNIT, PAGE, MEM_RESERVE, PAGE_READWRITE), 487, "reserving what is reserved");
    REFUSED(VirtualAlloc(gap + 4 * PAGE, PAGE, MEM_RESERVE, PAGE_READWRITE), 487, "reserving the rest of a used 64 KB unit");
    REFUSED(VirtualAlloc(gap + 4 * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE), 487, "committing free memory");
    REFUSED(VirtualAlloc(gap + PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE), 487, "committing past the end of a region");
    release(base);
    release(gap);
}

static void free_errors(void)
{
    char *base = allocate(4 * PAGE, MEM_COMMIT, PAGE_READWRITE);

    section("Errors of VirtualFree");
    REFUSED(VirtualFree(base, PAGE, MEM_RELEASE), 87, "releasing with a size");
    REFUSED(VirtualFree(base, 0, MEM_RELEASE | MEM_DECOMMIT), 87, "release and decommit together");
    REFUSED(VirtualFree(base, 0, 0), 87, "neither");
    REFUSED(VirtualFree(base, 0, MEM_FREE), 87, "MEM_FREE is a state, not an operation");
    REFUSED(VirtualFree(base + PAGE, 0, MEM_RELEASE), 487, "releasing from the middle");
    REFUSED(VirtualFree(base + PAGE, 0, MEM_DECOMMIT), 487, "decommitting all from the middle");
    REFUSED(VirtualFree(base + PAGE, 4 * PAGE, MEM_DECOMMIT), 87, "decommitting past the end");
    REFUSED(VirtualFree(base + 6 * PAGE, 0, MEM_RELEASE), 487, "releasing free memory");
    REFUSED(VirtualFree(GetModuleHandleA(NULL), 0, MEM_RELEASE), 87, "releasing the program's image");
    check(release(base), "releasing at the base succeeds");
    REFUSED(release(base), 487, "but not twice");
}

static void protect_errors(void)
{
    char *base = allocate(4 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    char *fixed = (char *)0x51000000;

    section("Errors of VirtualProtect");
    VirtualFree(base + 2 * PAGE, PAGE, MEM_DECOMMIT);
    REFUSED(VirtualProtect(base + 2 * PAGE, PAGE, PAGE_READONLY, &old_protection), 487, "reserved memory");
    REFUSED(VirtualProtect(base, 4 * PAGE, PAGE_READONLY, &old_protection), 487, "a range with a hole");
    check_equal(region_at(base).Protect, PAGE_READWRITE, "      which changes nothing");
    REFUSED(VirtualProtect(base, PAGE, 0, &old_protection), 87, "no protection");
    REFUSED(VirtualProtect(base, PAGE, PAGE_READONLY | PAGE_EXECUTE, &old_protection), 87, "two protections");
    REFUSED(VirtualProtect(base, PAGE, PAGE_NOACCESS | PAGE_GUARD, &old_protection), 87, "a guard on no access");
    REFUSED(VirtualProtect(base, PAGE, PAGE_WRITECOPY, &old_protection), 87, "write copy on private memory");
    REFUSED(VirtualProtect(base, 0, PAGE_READONLY, &old_protection), 87, "size 0");
    REFUSED(VirtualProtect(base, PAGE, PAGE_READONLY, NULL), 998, "nowhere to put the old protection");
    release(base);
    REFUSED(VirtualProtect(base, PAGE, PAGE_READONLY, &old_protection), 487, "free memory");
    check(VirtualAlloc(fixed, UNIT, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) == fixed
              && VirtualAlloc(fixed + UNIT, UNIT, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) == fixed + UNIT,
          "two regions side by side");
    REFUSED(VirtualProtect(fixed, 2 * UNIT, PAGE_READONLY, &old_protection), 487, "a range over both");
    REFUSED(VirtualFree(fixed, 2 * UNIT, MEM_DECOMMIT), 87, "or decommitting it");
    check(region_at(fixed).RegionSize == UNIT && region_at(fixed + UNIT).AllocationBase == fixed + UNIT, "VirtualQuery keeps them apart");
    release(fixed);
    release(fixed + UNIT);
}

static void query_errors(void)
{
    MEMORY_BASIC_INFORMATION region = {0};
    SYSTEM_INFO system;

    GetSystemInfo(&system);
    section("Errors of VirtualQuery");
    REFUSED(VirtualQuery(&region, &region, sizeof region - 1), 24, "a buffer that is too short");
    REFUSED(VirtualQuery((char *)system.lpMaximumApplicationAddress + 1, &region, sizeof region), 87, "an address above the highest");
}

/* ---- effects ---- */

static void protections(void)
{
    static const DWORD all[] = {PAGE_NOACCESS, PAGE_READONLY, PAGE_EXECUTE, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE,
                                PAGE_READONLY | PAGE_GUARD, PAGE_READWRITE};
    char *base = allocate(8 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    DWORD before = PAGE_READWRITE;

    section("Protections");
    memset(base, 0x77, 8 * PAGE);
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        int done = VirtualProtect(base, 8 * PAGE, all[i], &old_protection);

        check(done && old_protection == before && region_at(base).Protect == all[i] && region_at(base).RegionSize == 8 * PAGE,
              "%s", protection_name(all[i]));
        before = all[i];
    }
    check(base[0] == 0x77 && base[8 * PAGE - 1] == 0x77, "the contents outlive them all");
    VirtualProtect(base + 2 * PAGE - 1, 2, PAGE_READONLY, &old_protection);
    check_equal(region_at(base + PAGE).RegionSize, 2 * PAGE, "two bytes across a border protect two pages");
    check_equal(region_at(base).RegionSize, PAGE, "VirtualQuery ends where the protection changes");
    check(VirtualProtect(base + 2 * PAGE, 3 * PAGE, PAGE_EXECUTE_READ, &old_protection) && old_protection == PAGE_READONLY,
          "the old protection is that of the first page");
    check_equal(region_at(base).AllocationProtect, PAGE_READWRITE, "AllocationProtect stays");
    print_regions(base, 8 * PAGE);
    release(base);
}

static int all_equal(const char *memory, SIZE_T size, char value)
{
    for (SIZE_T i = 0; i < size; i++)
        if (memory[i] != value)
            return 0;
    return 1;
}

static void commit_and_decommit(void)
{
    char *base = allocate(16 * PAGE, MEM_RESERVE, PAGE_NOACCESS);

    section("Commit and decommit");
    VirtualAlloc(base, 16 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    check(region_at(base).Protect == PAGE_READWRITE && region_at(base).AllocationProtect == PAGE_NOACCESS,
          "AllocationProtect tells how memory was reserved");
    memset(base, 0x33, 16 * PAGE);
    check(VirtualAlloc(base, 2 * PAGE, MEM_COMMIT, PAGE_READONLY) == base, "committing what is committed succeeds");
    check(region_at(base).Protect == PAGE_READONLY && region_at(base).RegionSize == 2 * PAGE, "and changes the protection");
    check(all_equal(base, 2 * PAGE, 0x33), "but not the contents");
    check(VirtualFree(base + 4 * PAGE + 100, 1, MEM_DECOMMIT), "decommitting one byte");
    check(region_at(base + 4 * PAGE).State == MEM_RESERVE && region_at(base + 4 * PAGE).RegionSize == PAGE, "drops its page");
    check(VirtualFree(base + 4 * PAGE, PAGE, MEM_DECOMMIT), "decommitting it again succeeds");
    VirtualAlloc(base + 4 * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE);
    check(all_equal(base + 4 * PAGE, PAGE, 0), "committed again, it is zero");
    check(all_equal(base + 5 * PAGE, PAGE, 0x33), "the next page is untouched");
    check(VirtualFree(base, 0, MEM_DECOMMIT), "size 0 decommits the whole region");
    check(region_at(base).State == MEM_RESERVE && region_at(base).RegionSize == 16 * PAGE, "which stays reserved");
    check(VirtualAlloc(base, 16 * PAGE, MEM_COMMIT, PAGE_READWRITE) == base && all_equal(base, 16 * PAGE, 0), "and comes back as zeroes");
    release(base);
    base = VirtualAlloc(NULL, 3 * PAGE + 1, MEM_COMMIT, PAGE_READWRITE);
    check(base && (SIZE_T)base % UNIT == 0 && region_at(base).State == MEM_COMMIT && region_at(base).RegionSize == 4 * PAGE,
          "commit alone, without an address, reserves too");
    check(VirtualAlloc(base, PAGE, MEM_RESET, PAGE_NOACCESS) == base && region_at(base).Protect == PAGE_READWRITE,
          "MEM_RESET leaves state and protection");
    release(base);
}

static void placement(void)
{
    char *low = allocate(PAGE, MEM_RESERVE, PAGE_READWRITE);
    char *high = allocate(PAGE, MEM_RESERVE | MEM_TOP_DOWN, PAGE_READWRITE);

    section("Placement");
    check(high > low, "MEM_TOP_DOWN reserves above");
    check((SIZE_T)low % UNIT == 0 && (SIZE_T)high % UNIT == 0, "both at multiples of 64 KB");
    release(low);
    release(high);
}

/* ---- the native call can cut a region ---- */

typedef LONG(NTAPI *FREE_VIRTUAL_MEMORY)(HANDLE process, PVOID *base, PSIZE_T size, ULONG type);

static void splitting(void)
{
    FREE_VIRTUAL_MEMORY free_memory = (FREE_VIRTUAL_MEMORY)(void *)GetProcAddress(GetModuleHandleA("ntdll.dll"), "NtFreeVirtualMemory");
    char *base = allocate(8 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    void *middle = base + 3 * PAGE;
    SIZE_T size = 2 * PAGE;

    section("NtFreeVirtualMemory cuts a region");
    memset(base, 0x44, 8 * PAGE);
    check_equal((DWORD)free_memory(GetCurrentProcess(), &middle, &size, MEM_RELEASE), 0, "two pages are released from the middle of eight");
    check(region_at(base).RegionSize == 3 * PAGE && region_at(base).AllocationBase == base, "three pages remain before");
    check_equal(region_at(base + 3 * PAGE).State, MEM_FREE, "two are free");
    check(region_at(base + 5 * PAGE).RegionSize == 3 * PAGE && region_at(base + 5 * PAGE).AllocationBase == base + 5 * PAGE,
          "three remain after, a region of their own");
    check(all_equal(base, 3 * PAGE, 0x44) && all_equal(base + 5 * PAGE, 3 * PAGE, 0x44), "with their contents");
    check(release(base) && release(base + 5 * PAGE), "each is released at its own base");
}

int main(void)
{
    rounding();
    allocation_errors();
    free_errors();
    protect_errors();
    query_errors();
    protections();
    commit_and_decommit();
    placement();
    splitting();
    return verdict();
}
