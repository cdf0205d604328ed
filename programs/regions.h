/* regions.h: what VirtualQuery says of a range, in words. */
#ifndef REGIONS_H
#define REGIONS_H

#include <stdio.h>
#include <windows.h>

static const char *state_name(DWORD state)
{
    switch (state) {
    case MEM_COMMIT: return "commit";
    case MEM_RESERVE: return "reserve";
    case MEM_FREE: return "free";
    default: return "?";
    }
}

__attribute__((unused))
static const char *type_name(DWORD type)
{
    switch (type) {
    case MEM_PRIVATE: return "private";
    case MEM_MAPPED: return "mapped";
    case MEM_IMAGE: return "image";
    case 0: return "none";
    default: return "?";
    }
}

static const char *protection_name(DWORD protection)
{
    switch (protection) {
    case 0: return "-";
    case PAGE_NOACCESS: return "no access";
    case PAGE_READONLY: return "read only";
    case PAGE_READWRITE: return "read write";
    case PAGE_WRITECOPY: return "write copy";
    case PAGE_EXECUTE: return "execute";
    case PAGE_EXECUTE_READ: return "execute read";
    case PAGE_EXECUTE_READWRITE: return "execute read write";
    case PAGE_EXECUTE_WRITECOPY: return "execute write copy";
    case PAGE_READONLY | PAGE_GUARD: return "read only, guard";
    case PAGE_READWRITE | PAGE_GUARD: return "read write, guard";
    default: return "?";
    }
}

/* The region that holds the address; all zero when VirtualQuery fails. */
static MEMORY_BASIC_INFORMATION region_at(const volatile void *address)
{
    MEMORY_BASIC_INFORMATION region;

    if (VirtualQuery((LPCVOID)address, &region, sizeof region) != sizeof region)
        ZeroMemory(&region, sizeof region);
    return region;
}

/* Prints one row for each region from `base` up to base + size, offsets relative to the base. */
__attribute__((unused))
static void print_regions(const char *base, SIZE_T size)
{
    const char *at = base;

    while (at < base + size) {
        MEMORY_BASIC_INFORMATION region = region_at(at);

        if (region.RegionSize == 0) {
            printf("      VirtualQuery failed at +0x%X\n", (unsigned)(at - base));
            return;
        }
        printf("      +0x%05X  0x%05X bytes  %-8s %s\n", (unsigned)(at - base), (unsigned)region.RegionSize,
               state_name(region.State), protection_name(region.Protect));
        at = (const char *)region.BaseAddress + region.RegionSize;
    }
    fflush(stdout);
}

#endif
