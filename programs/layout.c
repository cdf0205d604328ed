/* Shows the layout of a process's address space: its borders, shared user data, PEB and TEB, and a gapless walk. */
#include <string.h>
#include <wchar.h>
#include <windows.h>

#include "check.h"
#include "probes.h"
#include "regions.h"

#define PAGE 4096
#define UNIT 0x10000
#define SHARED ((const volatile char *)0x7FFE0000)

#ifdef _WIN64
#define HIGHEST 0x7FFFFFEFFFFull
#define PEB_IMAGE_BASE 0x10
#define TEB_PROCESS_ID 0x40
#define TEB_PEB 0x60
#define TEB_SELF 0x30
#define READ_TEB(offset) __readgsqword(offset)
#define BLOCKS_FROM 0x7FF00000000ull
#else
#define HIGHEST 0x7FFEFFFFull
#define PEB_IMAGE_BASE 0x08
#define TEB_PROCESS_ID 0x20
#define TEB_PEB 0x30
#define TEB_SELF 0x18
#define READ_TEB(offset) __readfsdword(offset)
#define BLOCKS_FROM 0x7FFD0000ull
#endif
#define BLOCKS_TO 0x10000 /* PEB and TEBs end this far below the highest address */

static void system_information(void)
{
    SYSTEM_INFO system;

    section("GetSystemInfo");
    GetSystemInfo(&system);
    check_equal(system.dwPageSize, PAGE, "pages of 4 KB");
    check_equal(system.dwAllocationGranularity, UNIT, "allocation granularity 64 KB");
    check_equal((ULONG_PTR)system.lpMinimumApplicationAddress, UNIT, "lowest address 0x10000");
    check_equal((ULONG_PTR)system.lpMaximumApplicationAddress, HIGHEST, "highest address 0x%llX", HIGHEST);
    check(system.dwNumberOfProcessors >= 1 && system.dwActiveProcessorMask & 1, "at least one processor");
    check_equal(system.wProcessorArchitecture, sizeof(void *) == 8 ? 9 : 0, "processor architecture");
}

static void refuses(ULONG_PTR address, const char *what)
{
    try_read((void *)address);
    check(was_violation(STATUS_ACCESS_VIOLATION, probe_read_at, 0, (void *)address), "%s", what);
}

static void borders(void)
{
    section("The borders");
    refuses(0, "address 0 cannot be read");
    refuses(UNIT - 1, "nor the last byte of the lowest 64 KB");
    refuses(HIGHEST, "nor the highest address");
    refuses(HIGHEST + 1, "nor the first of the highest 64 KB");
    refuses(HIGHEST + UNIT, "nor the last before the system's half");
    refuses(HIGHEST + UNIT + 1, "nor the system's half");
    check(region_at(NULL).State == MEM_FREE && region_at(NULL).Protect == PAGE_NOACCESS, "VirtualQuery calls the lowest 64 KB free");
    check_equal(region_at((void *)(ULONG_PTR)(HIGHEST + 1)).RegionSize, 0, "and answers nothing above the highest address");
}

static void shared_user_data(void)
{
    MEMORY_BASIC_INFORMATION region = region_at(SHARED);
    DWORD version = GetVersion();
    WCHAR folder[MAX_PATH];

    section("Shared user data at 0x7FFE0000");
    check_equal(try_read(SHARED), 0, "it can be read");
    try_write((volatile void *)SHARED, 1);
    check(was_violation(STATUS_ACCESS_VIOLATION, probe_write_at, 1, SHARED), "but not written");
    check(region.AllocationBase == SHARED && region.RegionSize == PAGE && region.State == MEM_COMMIT
              && region.Protect == PAGE_READONLY && region.Type == MEM_PRIVATE,
          "VirtualQuery: one page, committed, read only, private");
    check_equal(*(const volatile ULONG *)(SHARED + 0x26C), version & 0xFF, "NtMajorVersion agrees with GetVersion");
    check_equal(*(const volatile ULONG *)(SHARED + 0x270), version >> 8 & 0xFF, "NtMinorVersion too");
    GetWindowsDirectoryW(folder, MAX_PATH);
    check(wcscmp((const WCHAR *)(SHARED + 0x30), folder) == 0, "NtSystemRoot agrees with GetWindowsDirectory");
#ifndef _WIN64
    region = region_at(SHARED + PAGE);
    check(region.AllocationBase == SHARED && region.RegionSize == 15 * PAGE && region.State == MEM_RESERVE && region.Protect == PAGE_NOACCESS,
          "the 60 KB above it are reserved");
    refuses((ULONG_PTR)SHARED + PAGE, "and cannot be read");
#endif
}

static void environment_blocks(void)
{
    ULONG_PTR teb = READ_TEB(TEB_SELF);
    ULONG_PTR peb = READ_TEB(TEB_PEB);
    NT_TIB *block = (NT_TIB *)teb;
    MEMORY_BASIC_INFORMATION region = region_at((void *)peb);

    section("PEB and TEB");
    check(teb == (ULONG_PTR)NtCurrentTeb() && block->Self == block, "the TEB points at itself");
    check(teb >= BLOCKS_FROM && teb < HIGHEST - BLOCKS_TO && teb % PAGE == 0, "the TEB is a page near the top");
    check(peb >= BLOCKS_FROM && peb < HIGHEST - BLOCKS_TO && peb % PAGE == 0, "so is the PEB");
    check(*(ULONG_PTR *)(peb + PEB_IMAGE_BASE) == (ULONG_PTR)GetModuleHandleA(NULL), "the PEB names the program's image");
    check_equal(*(ULONG_PTR *)(teb + TEB_PROCESS_ID), GetCurrentProcessId(), "the TEB names the process");
    check_equal(*(ULONG_PTR *)(teb + TEB_PROCESS_ID + sizeof(ULONG_PTR)), GetCurrentThreadId(), "and the thread");
    check((char *)&region < (char *)block->StackBase && (char *)&region >= (char *)block->StackLimit, "and the stack in use");
    check(region.State == MEM_COMMIT && region.Protect == PAGE_READWRITE && region.Type == MEM_PRIVATE, "VirtualQuery: committed, read write, private");
}

/* Every address below the highest belongs to exactly one row. */
static void walk(void)
{
    ULONG_PTR at = 0;
    unsigned images = 0;
    int gapless = 1, sensible = 1;
    MEMORY_BASIC_INFORMATION region = region_at(NULL);
    SIZE_T lowest = region.RegionSize;

    section("A walk from 0 to the top");
    while (region.RegionSize) {
        gapless &= (ULONG_PTR)region.BaseAddress == at;
        if (region.State == MEM_FREE)
            sensible &= region.Protect == PAGE_NOACCESS && region.AllocationBase == NULL;
        else
            sensible &= region.AllocationBase != NULL && region.AllocationBase <= region.BaseAddress;
        images += region.Type == MEM_IMAGE && region.AllocationBase == region.BaseAddress;
        at += region.RegionSize;
        region = region_at((void *)at);
    }
    check(lowest >= UNIT, "the first row is the lowest 64 KB");
    check(gapless, "each row begins where the one before ends");
    check(sensible, "free rows have no base, others have one");
    check(images >= 3, "the program and its system DLLs are images");
    check_equal(at, HIGHEST + 1, "the last row ends at 0x%llX", HIGHEST + 1);
}

int main(void)
{
    system_information();
    borders();
    shared_user_data();
    environment_blocks();
    walk();
    return verdict();
}
