/* Shows the cost of a system call: NtYieldExecution, COUNT times (default 100000). */
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#define NO_YIELD_PERFORMED 0x40000024 /* no other thread was ready: a success code */

typedef LONG(NTAPI *YIELD_EXECUTION)(void);

int main(int argc, char **argv)
{
    YIELD_EXECUTION yield = (YIELD_EXECUTION)(void *)GetProcAddress(GetModuleHandleA("ntdll.dll"), "NtYieldExecution");
    unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
    unsigned successes = 0;

    if (!yield) {
        printf("FAIL  ntdll.dll has no NtYieldExecution\n");
        return 1;
    }
    for (unsigned i = 0; i < count; i++) {
        LONG status = yield();

        successes += status == 0 || status == NO_YIELD_PERFORMED;
    }
    printf("%u system calls\n", count);
    printf("%s  all succeeded\n", successes == count ? "PASS" : "FAIL");
    return successes != count;
}
