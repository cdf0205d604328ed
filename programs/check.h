/* check.h: one line of output for each thing a program verifies, and its exit code.
 *
 * The lines hold no addresses and no times, so that a program's output is the same on every run.
 * A check that fails prints what it got as well.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdarg.h>
#include <stdio.h>

static int checks_made;
static int checks_failed;

/* Prints PASS or FAIL and the text; returns whether the check passed. */
__attribute__((format(printf, 2, 3), unused))
static int check(int passed, const char *format, ...)
{
    va_list arguments;

    checks_made++;
    checks_failed += !passed;
    fputs(passed ? "PASS  " : "FAIL  ", stdout);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
    return passed;
}

/* As check, for two numbers that must be equal; prints both when they are not. */
__attribute__((format(printf, 3, 4), unused))
static int check_equal(unsigned long long got, unsigned long long expected, const char *format, ...)
{
    va_list arguments;

    checks_made++;
    checks_failed += got != expected;
    fputs(got == expected ? "PASS  " : "FAIL  ", stdout);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    if (got != expected)
        printf(" (got 0x%llX, expected 0x%llX)", got, expected);
    putchar('\n');
    fflush(stdout);
    return got == expected;
}

__attribute__((unused))
static void section(const char *title)
{
    printf("\n%s\n", title);
    fflush(stdout);
}

/* Prints the sum of all checks; the program's exit code. */
__attribute__((unused))
static int verdict(void)
{
    if (checks_failed)
        printf("\n%d of %d checks FAILED\n", checks_failed, checks_made);
    else
        printf("\nall %d checks passed\n", checks_made);
    fflush(stdout);
    return checks_failed != 0;
}

#endif
