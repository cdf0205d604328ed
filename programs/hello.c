/* Shows a first Windows program: a line of text, and its arguments told back. */
#include <stdio.h>

int main(int argc, char **argv)
{
    printf("Hello from a %u-bit Windows program.\n", (unsigned)sizeof(void *) * 8);
    for (int i = 1; i < argc; i++)
        printf("argument %d: %s\n", i, argv[i]);
    return 0;
}
