/* Shows what heaps say to wrong pointers and damage: exact answers, no lock left behind, _heapchk and _heapwalk. */
#include <malloc.h>
#include <string.h>
#include <windows.h>

#include "check.h"

#define UNIT (2 * sizeof(void *))
#define LARGE 0x200000

/* No page of a program lies there. */
static void *const nowhere = (void *)0x12345670;

/* ---- answers ---- */

static void answers(HANDLE heap)
{
    char *block = HeapAlloc(heap, HEAP_ZERO_MEMORY, 100);

    section("Answers");
    check_equal(HeapFree(heap, 0, NULL), TRUE, "HeapFree of NULL answers TRUE, no other number");
    check(!HeapValidate(heap, 0, (void *)UNIT), "a pointer whose header would be at NULL is no block");
    check(!HeapValidate(heap, 0, nowhere), "nor is one into nowhere");
    check(!HeapFree(heap, 0, block + UNIT), "the middle of a block cannot be freed");
    check_equal(HeapSize(heap, 0, block + UNIT), (SIZE_T)-1, "and has no size");
    check_equal(HeapFree(heap, 0, block), TRUE, "the block itself can");
    check_equal(HeapFree(heap, 0, block), FALSE, "but only once");
    check(GlobalLock(nowhere) == NULL && GetLastError() == ERROR_INVALID_HANDLE, "GlobalLock knows no memory there");
}

/* ---- locks ---- */

static DWORD WINAPI allocate_once(void *heap)
{
    return HeapFree(heap, 0, HeapAlloc(heap, 0, 5000));
}

static DWORD code_of(HANDLE heap, int kind)
{
    __try {
        if (kind == 0)
            HeapSize(heap, 0, nowhere);
        else if (kind == 1)
            HeapReAlloc(heap, 0, nowhere, 10);
        else
            HeapFree(heap, 0, nowhere);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return 0;
}

static void locks(HANDLE heap)
{
    static const char *const names[] = {"HeapSize", "HeapReAlloc", "HeapFree"};

    section("Locks");
    for (int kind = 0; kind < 3; kind++) {
        HANDLE thread;
        DWORD done = 9;

        check_equal(code_of(heap, kind), EXCEPTION_ACCESS_VIOLATION, "%s of a pointer into nowhere faults", names[kind]);
        thread = CreateThread(NULL, 0, allocate_once, heap, 0, NULL);
        check_equal(WaitForSingleObject(thread, 10000), WAIT_OBJECT_0, "and another thread still allocates");
        GetExitCodeThread(thread, &done);
        check_equal(done, TRUE, "and frees");
        CloseHandle(thread);
    }
}

/* ---- large blocks ---- */

static void large(HANDLE heap)
{
    unsigned char *block = HeapAlloc(heap, 0, LARGE), kept[4 * UNIT];

    section("A large block's header");
    memcpy(kept, block - sizeof kept, sizeof kept);
    memset(block - sizeof kept, 0x41, sizeof kept);
    check(!HeapValidate(heap, 0, NULL), "overwritten from below: found");
    memcpy(block - sizeof kept, kept, sizeof kept);
    check(HeapValidate(heap, 0, NULL), "intact again");
    check_equal(HeapFree(heap, 0, block), TRUE, "freed");
}

/* ---- the run-time's names ---- */

static void run_time(void)
{
    _HEAPINFO info = {0};
    char *volatile small = malloc(77), *volatile big = malloc(LARGE), *volatile aligned = _aligned_malloc(500, 256);
    unsigned found = 0, used = 0, kept;
    int answer;

    section("The run-time's names");
    check_equal(_heapchk(), _HEAPOK, "_heapchk: _HEAPOK");
    while ((answer = _heapwalk(&info)) == _HEAPOK) {
        used += info._useflag == _USEDENTRY;
        found += (char *)info._pentry == small && info._size == 77;
        found += (char *)info._pentry == big && info._size == LARGE;
    }
    check_equal(answer, _HEAPEND, "_heapwalk ends with _HEAPEND");
    check(found == 2 && used >= 3, "and has met what malloc gave");
    info._pentry = nowhere;
    info._useflag = _USEDENTRY;
    check_equal(_heapwalk(&info), _HEAPBADPTR, "a walk that starts nowhere: _HEAPBADPTR");
    check_equal(_aligned_msize(aligned, 256, 0), 500, "_aligned_msize tells the size that was asked for");
    aligned = _aligned_offset_realloc(aligned, 5000, 1024, 8);
    check_equal((ULONG_PTR)(aligned + 8) % 1024, 0, "_aligned_offset_realloc aligns what lies behind the offset");
    memcpy(&kept, small + 80 + UNIT - 8, sizeof kept); /* the size in the next block's header */
    memset(small + 80 + UNIT - 8, 0x41, sizeof kept);
    check_equal(_heapchk(), _HEAPBADNODE, "an overrun: _HEAPBADNODE");
    memcpy(small + 80 + UNIT - 8, &kept, sizeof kept);
    check_equal(_heapchk(), _HEAPOK, "intact again");
    free(small);
    free(big);
    _aligned_free(aligned);
}

int __cdecl main(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);

    answers(heap);
    locks(heap);
    large(heap);
    check_equal(HeapDestroy(heap), TRUE, "destroyed");
    run_time();
    return verdict();
}
