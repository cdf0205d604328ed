/* sieve_core.h: a sieve of Eratosthenes that calls nothing and touches nothing but its array.
 *
 * It is exported, so that a benchmark can find it in the program's file and run the very same bytes in flat memory.
 */
#ifndef SIEVE_CORE_H
#define SIEVE_CORE_H

/* Counts the primes below `limit`, `rounds` times over; `composite` has room for `limit` bytes. */
__attribute__((noinline, no_builtin)) __declspec(dllexport)
unsigned __cdecl sieve_kernel(unsigned char *composite, unsigned limit, unsigned rounds)
{
    unsigned count = 0;

    while (rounds--) {
        count = 0;
#pragma clang loop vectorize(disable) unroll(disable)
        for (unsigned i = 0; i < limit; i++)
            composite[i] = 0;
#pragma clang loop vectorize(disable) unroll(disable)
        for (unsigned i = 2; i < limit; i++) {
            if (composite[i])
                continue;
            count++;
            if (i > 0xFFFF) /* its square is above any limit */
                continue;
#pragma clang loop vectorize(disable) unroll(disable)
            for (__SIZE_TYPE__ multiple = (__SIZE_TYPE__)i * i; multiple < limit; multiple += i)
                composite[multiple] = 1;
        }
    }
    return count;
}

#endif
