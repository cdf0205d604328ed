/* Shows how a program dies: KIND is av, div, guard, ud2, stack or own; the exit code is the exception's NTSTATUS. */
#include <stdio.h>
#include <string.h>
#include <windows.h>

#define PAGE 4096

static void access_violation(void)
{
    *(volatile int *)16 = 1;
}

static void divide(void)
{
    volatile int zero = 0;

    zero = 100 / zero;
}

static void guard(void)
{
    char *page = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);

    *(volatile char *)page = 1;
}

static void illegal(void)
{
    __asm__ volatile("ud2");
}

static const volatile unsigned no_end = ~0u;

__attribute__((noinline))
static unsigned descend(unsigned depth)
{
    volatile char frame[64];

    frame[0] = (char)depth;
    return depth == no_end ? 0 : descend(depth + 1) + (unsigned)frame[0];
}

static void stack(void)
{
    descend(1);
}

static void own(void)
{
    RaiseException(0xE0001234, 0, 0, NULL);
}

static const struct {
    const char *name;
    void (*die)(void);
} kinds[] = {{"av", access_violation}, {"div", divide}, {"guard", guard}, {"ud2", illegal}, {"stack", stack}, {"own", own}};

int main(int argc, char **argv)
{
    for (unsigned i = 0; argc > 1 && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(argv[1], kinds[i].name) == 0) {
            printf("about to die: %s\n", kinds[i].name);
            fflush(stdout);
            kinds[i].die();
            printf("FAIL  still alive\n");
            return 1;
        }
    }
    printf("usage: unhandled av|div|guard|ud2|stack|own\n");
    return 2;
}
