/* Shows the speed of the processor: counts the primes below LIMIT (default 1000000) ROUNDS times (default 10). */
#include <stdio.h>
#include <stdlib.h>

#include "sieve_core.h"

static const struct {
    unsigned limit, primes;
} known[] = {{1000, 168}, {10000, 1229}, {100000, 9592}, {1000000, 78498}, {5000000, 348513}, {10000000, 664579}};

int main(int argc, char **argv)
{
    unsigned limit = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000000;
    unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 10;
    unsigned char *composite = malloc(limit);
    unsigned count;

    if (!composite) {
        printf("FAIL  no memory for %u bytes\n", limit);
        return 1;
    }
    count = sieve_kernel(composite, limit, rounds);
    free(composite);
    printf("%u primes below %u\n", count, limit);
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].limit == limit) {
            printf("%s  the count is known to be %u\n", known[i].primes == count ? "PASS" : "FAIL", known[i].primes);
            return known[i].primes != count;
        }
    }
    return 0;
}
