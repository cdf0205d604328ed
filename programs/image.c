/* Shows the program's own image through VirtualQuery: protection by section, copy on write, read-only code and data. */
#include <string.h>
#include <windows.h>

#include "check.h"
#include "probes.h"
#include "regions.h"

#define PAGE 4096

/* Whole pages that nothing else shares, in .data, .rdata and .text. */
__attribute__((aligned(PAGE))) static volatile char data[4 * PAGE] = {1};
__attribute__((aligned(PAGE))) static const volatile char constants[PAGE] = {2};

__asm__(".text\n.p2align 12, 0x90\n.globl " SYMBOL(answer) "\n" SYMBOL(answer) ":\nmovl $1, %eax\nret\n.p2align 12, 0x90\n");
unsigned answer(void);

static char *image;

static const IMAGE_NT_HEADERS *headers(void)
{
    return (const IMAGE_NT_HEADERS *)(image + ((const IMAGE_DOS_HEADER *)image)->e_lfanew);
}

/* Image sections that may be written are write copy until they are. */
static DWORD initial_protection(DWORD characteristics)
{
    BOOL execute = (characteristics & IMAGE_SCN_MEM_EXECUTE) != 0;

    if (characteristics & IMAGE_SCN_MEM_WRITE)
        return execute ? PAGE_EXECUTE_WRITECOPY : PAGE_WRITECOPY;
    return execute ? PAGE_EXECUTE_READ : PAGE_READONLY;
}

static int is_protected(const char *from, SIZE_T size, DWORD expected)
{
    const char *at = from;

    while (at < from + size) {
        MEMORY_BASIC_INFORMATION region = region_at(at);
        DWORD written = expected == PAGE_WRITECOPY ? PAGE_READWRITE : expected;

        if (region.State != MEM_COMMIT || region.Type != MEM_IMAGE || region.AllocationBase != image
            || region.AllocationProtect != PAGE_EXECUTE_WRITECOPY
            || (region.Protect != expected && region.Protect != written))
            return 0;
        at = (const char *)region.BaseAddress + region.RegionSize;
    }
    return 1;
}

static void sections(void)
{
    const IMAGE_SECTION_HEADER *header = IMAGE_FIRST_SECTION(headers());
    SIZE_T size = headers()->OptionalHeader.SizeOfImage;

    section("The image, section by section");
    check(is_protected(image, PAGE, PAGE_READONLY), "%-8s %s", "headers", protection_name(PAGE_READONLY));
    for (unsigned i = 0; i < headers()->FileHeader.NumberOfSections; i++, header++) {
        DWORD expected = initial_protection(header->Characteristics);

        check(is_protected(image + header->VirtualAddress, header->Misc.VirtualSize, expected), "%-8.8s %s",
              (const char *)header->Name, protection_name(expected));
    }
    check(region_at(image + size - 1).AllocationBase == image && region_at(image + size).AllocationBase != image,
          "the region ends with SizeOfImage");
}

static void copy_on_write(void)
{
    char *page = (char *)data + 2 * PAGE;

    section("Writable data is copied on its first write");
    check_equal(region_at(page).Protect, PAGE_WRITECOPY, "an unwritten page is write copy");
    check_equal(try_read(page), 0, "reading it is allowed");
    check_equal(region_at(page).Protect, PAGE_WRITECOPY, "and changes nothing");
    check_equal(try_write(page + 8, 77), 0, "writing it is allowed");
    check(region_at(page).Protect == PAGE_READWRITE && region_at(page).RegionSize == PAGE, "and makes this page read write");
    check_equal(region_at(page + PAGE).Protect, PAGE_WRITECOPY, "but not its neighbour");
    check_equal((unsigned char)page[8], 77, "the value is there");
    check_equal(region_at(page).Type, MEM_IMAGE, "the page still counts as image");
    check_equal((unsigned)data[0], 1, "initialised data holds its initial value");
}

static void read_only(void)
{
    char *code = (char *)(ULONG_PTR)answer;
    char *constant = (char *)(ULONG_PTR)constants;

    section("Code and constants are read only");
    check_equal(answer(), 1, "code runs");
    check_equal(try_read(code), 0, "and can be read");
    try_write(code, 0xC3);
    check(was_violation(STATUS_ACCESS_VIOLATION, probe_write_at, 1, code), "but not written");
    try_write(constant, 1);
    check(was_violation(STATUS_ACCESS_VIOLATION, probe_write_at, 1, constant), "constants cannot be written");
    try_write(image, 1);
    check(was_violation(STATUS_ACCESS_VIOLATION, probe_write_at, 1, image), "nor the headers");
    check_equal((unsigned)constants[0], 2, "all is as it was");
}

static void patching(void)
{
    char *code = (char *)(ULONG_PTR)answer;
    DWORD old;

    section("Patching code makes a private copy of its page");
    check(VirtualProtect(code, 1, PAGE_EXECUTE_READWRITE, &old) && old == PAGE_EXECUTE_READ, "VirtualProtect allows writes");
    check_equal(region_at(code).Protect, PAGE_EXECUTE_WRITECOPY, "as execute write copy, for this is an image");
    check_equal(try_write(code + 1, 2), 0, "mov eax, 1 becomes mov eax, 2");
    FlushInstructionCache(GetCurrentProcess(), code, 5);
    check_equal(region_at(code).Protect, PAGE_EXECUTE_READWRITE, "the page is now execute read write");
    check_equal(answer(), 2, "and the new code runs");
    check(VirtualProtect(code, 1, PAGE_EXECUTE_READ, &old) && old == PAGE_EXECUTE_READWRITE, "the protection is put back");
    check_equal(answer(), 2, "the patch stays");
}

int main(void)
{
    image = (char *)GetModuleHandleA(NULL);
    sections();
    copy_on_write();
    read_only();
    patching();
    return verdict();
}
