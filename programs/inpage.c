/* Shows what an in-page error tells: writes memory, reads it back, and stops at the page that no disk gives back. */
#include <windows.h>

#include <stdlib.h>

#include "check.h"

#define PAGE 4096

static LONG CALLBACK tell(EXCEPTION_POINTERS *pointers)
{
    EXCEPTION_RECORD *record = pointers->ExceptionRecord;

    if (record->ExceptionCode != EXCEPTION_IN_PAGE_ERROR)
        return EXCEPTION_CONTINUE_SEARCH;
    printf("in-page error: %lu parameters, access %lu, page offset %lX, NTSTATUS %08lX\n", record->NumberParameters,
           (unsigned long)record->ExceptionInformation[0],
           (unsigned long)(record->ExceptionInformation[1] & (PAGE - 1)),
           (unsigned long)record->ExceptionInformation[2]);
    fflush(stdout);
    ExitProcess(7);
}

int main(int count, char **arguments)
{
    unsigned pages = (unsigned)(count > 1 ? atoi(arguments[1]) : 16) * 256;
    unsigned wrong = 0;
    unsigned char *base = VirtualAlloc(NULL, (SIZE_T)pages * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    if (!check(base != NULL, "memory is committed"))
        return verdict();
    AddVectoredExceptionHandler(1, tell);
    for (unsigned page = 0; page < pages; page++)
        base[(SIZE_T)page * PAGE + 5] = (unsigned char)(page + 1);
    for (unsigned page = 0; page < pages; page++)
        wrong += base[(SIZE_T)page * PAGE + 5] != (unsigned char)(page + 1);
    check_equal(wrong, 0, "every page holds what was written");
    return verdict();
}
