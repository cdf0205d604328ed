/* Shows the commit limit: commits until nothing is left, uses what was given, frees it and commits again. */
#include <windows.h>

#include "check.h"

#define PAGE 4096
#define SMALLEST 0x10000 /* the step in which the last of the limit is taken */
#define MOST_BLOCKS 400

static struct {
    char *base;
    SIZE_T size;
} blocks[MOST_BLOCKS];
static unsigned block_count;

static MEMORYSTATUSEX memory_status(void)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof status};

    GlobalMemoryStatusEx(&status);
    return status;
}

static void *commit(SIZE_T size)
{
    return VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

/* At the limit the stack cannot grow, so it grows first. */
__attribute__((noinline))
static unsigned grow_stack(void)
{
    volatile char frame[64 * 1024];

    for (unsigned i = 0; i < sizeof frame; i += PAGE)
        frame[i] = 1;
    return (unsigned)frame[PAGE];
}

/* Takes all there is in ever smaller blocks; the last error of the last refusal. */
static DWORD take_everything(void)
{
    SIZE_T size = (SIZE_T)(memory_status().ullTotalPageFile / 16) & ~(SIZE_T)(SMALLEST - 1);
    DWORD error = 0;
    int wrong = 0;

    while (size >= SMALLEST && block_count < MOST_BLOCKS) {
        char *base = commit(size);

        if (base) {
            blocks[block_count].base = base;
            blocks[block_count++].size = size;
            continue;
        }
        error = GetLastError();
        wrong += error != ERROR_COMMITMENT_LIMIT;
        size = size / 2 & ~(SIZE_T)(SMALLEST - 1);
    }
    check(!wrong, "every refusal is ERROR_COMMITMENT_LIMIT");
    return error;
}

static unsigned mark_of(unsigned block, SIZE_T offset)
{
    return block * 2654435761u + (unsigned)(offset / PAGE) + 1;
}

/* The first and the last page of every block, and all of the smallest one. */
static void touch_blocks(void)
{
    unsigned wrong = 0, last = block_count - 1;

    for (unsigned i = 0; i < block_count; i++) {
        wrong += *(unsigned *)blocks[i].base != 0;
        *(unsigned *)(blocks[i].base + blocks[i].size - PAGE) = mark_of(i, blocks[i].size - PAGE);
        *(unsigned *)blocks[i].base = mark_of(i, 0);
    }
    for (SIZE_T offset = 0; offset < blocks[last].size; offset += PAGE)
        *(unsigned *)(blocks[last].base + offset) = mark_of(last, offset);
    for (unsigned i = 0; i < block_count; i++) {
        wrong += *(unsigned *)blocks[i].base != mark_of(i, 0);
        wrong += *(unsigned *)(blocks[i].base + blocks[i].size - PAGE) != mark_of(i, blocks[i].size - PAGE);
    }
    check_equal(wrong, 0, "what was committed can be used");
}

static void at_the_limit(void)
{
    void *reserved;

    section("At the limit");
    check_equal(take_everything(), ERROR_COMMITMENT_LIMIT, "at last not even 64 KB can be committed");
    check(block_count >= 16 && block_count < MOST_BLOCKS, "after many blocks of memory");
    check(memory_status().ullAvailPageFile < 0x100000, "less than 1 MB of the limit is left");
    reserved = VirtualAlloc(NULL, 0x1000000, MEM_RESERVE, PAGE_READWRITE);
    check(reserved != NULL, "16 MB can be reserved: what is only reserved is not charged");
    check(VirtualAlloc(reserved, 0x1000000, MEM_COMMIT, PAGE_READWRITE) == NULL
              && GetLastError() == ERROR_COMMITMENT_LIMIT,
          "but they cannot be committed");
    check(VirtualFree(reserved, 0, MEM_RELEASE), "and are freed");
    touch_blocks();
}

static void below_the_limit(void)
{
    SIZE_T size = blocks[0].size;
    char *again;

    section("Below it again");
    check(VirtualFree(blocks[0].base, size, MEM_DECOMMIT), "one block is decommitted");
    again = commit(size / 2); /* not as much: new page tables are charged as well */
    if (!check(again != NULL, "half as much can be committed elsewhere"))
        return;
    check_equal(*(unsigned *)again, 0, "and is zero");
    check(VirtualAlloc(blocks[0].base, size, MEM_COMMIT, PAGE_READWRITE) == NULL
              && GetLastError() == ERROR_COMMITMENT_LIMIT,
          "so that all of it cannot be committed in its old place");
    check(VirtualFree(again, 0, MEM_RELEASE), "that is freed");
    if (!check(VirtualAlloc(blocks[0].base, size / 2, MEM_COMMIT, PAGE_READWRITE) == blocks[0].base,
               "now half of it can"))
        return;
    check_equal(*(unsigned *)blocks[0].base, 0, "and is zero");
}

static void free_everything(void)
{
    unsigned long long limit = memory_status().ullTotalPageFile;
    unsigned failed = 0;

    section("With all of it freed");
    for (unsigned i = 0; i < block_count; i++)
        failed += !VirtualFree(blocks[i].base, 0, MEM_RELEASE);
    check_equal(failed, 0, "every block is freed");
    check(memory_status().ullAvailPageFile > limit / 2, "most of the limit is free");
    if (limit < 0x40000000)
        check(commit((SIZE_T)limit + 0x1000000) == NULL && GetLastError() == ERROR_COMMITMENT_LIMIT,
              "more than the limit cannot be committed at once");
    check(commit((SIZE_T)(limit / 4)) != NULL, "a quarter of it can");
}

int main(void)
{
    check_equal(grow_stack(), 1, "the stack has grown");
    at_the_limit();
    below_the_limit();
    free_everything();
    return verdict();
}
