/* Shows an imported function that is missing: the program runs, and only a call of it (given any argument) fails. */
#include <stdio.h>
#include <windows.h>

int main(int argc, char **argv)
{
    (void)argv;
    printf("GetTapeStatus is imported\n");
    fflush(stdout);
    if (argc > 1) {
        DWORD error = GetTapeStatus(NULL);

        /* 6: Windows has no tape at handle 0. 120: the function is not implemented. */
        printf("GetTapeStatus answers %s\n", error == 6 ? "invalid handle" : error == 120 ? "not implemented" : "something else");
        return error != 6 && error != 120;
    }
    printf("PASS  and never called\n");
    return 0;
}
