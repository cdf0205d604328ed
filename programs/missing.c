/* Shows an imported function that ntmm lacks: the program runs, and only a call of it (given any argument) ends it. */
#include <stdio.h>
#include <windows.h>

int main(int argc, char **argv)
{
    (void)argv;
    printf("GetTapeStatus is imported\n");
    fflush(stdout);
    if (argc > 1) {
        DWORD error = GetTapeStatus(NULL);

        /* Windows gets here; a system that lacks the function raises STATUS_NOT_IMPLEMENTED. */
        printf("%s  there is no tape at handle 0\n", error == ERROR_INVALID_HANDLE ? "PASS" : "FAIL");
        return error != ERROR_INVALID_HANDLE;
    }
    printf("PASS  and never called\n");
    return 0;
}
