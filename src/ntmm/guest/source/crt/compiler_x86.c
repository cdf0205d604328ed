/* compiler_x86.c: 64-bit multiplication and division for 32-bit code: the compiler's own names and ntdll's. */
#if defined(__i386__)
#include "base.h"

typedef struct DIVISION {
    u64 Quotient, Remainder;
} DIVISION;

/* 64 by 32 bits, where the quotient fits in 32 */
static inline u32 divide_step(u32 high, u32 low, u32 divisor, u32 *remainder) {
    u32 quotient;
    __asm__("divl %4" : "=a"(quotient), "=d"(*remainder) : "a"(low), "d"(high), "r"(divisor) : "cc");
    return quotient;
}

/* Schoolbook for a short divisor. For a long one the quotient has 32 bits: a guess from the leading bits, at most one high. */
static DIVISION divide(u64 dividend, u64 divisor) {
    u32 high = (u32)(dividend >> 32), low = (u32)dividend, top = (u32)(divisor >> 32), rest;
    if (!top) {
        u32 short_divisor = (u32)divisor;
        u32 first = 0;
        if (high >= short_divisor)
            first = divide_step(0, high, short_divisor, &high);
        u32 second = divide_step(high, low, short_divisor, &rest);
        return (DIVISION){(u64)first << 32 | second, rest};
    }
    u32 shift = (u32)__builtin_clz(top);
    u32 scaled = shift ? top << shift | (u32)divisor >> (32 - shift) : top;
    u32 guess = divide_step(high >> 1, high << 31 | low >> 1, scaled, &rest);
    guess = shift ? guess >> (31 - shift) : guess >> 31;
    if (guess)
        guess--;
    u64 product = (u64)guess * (u32)divisor + ((u64)(guess * top) << 32);
    u64 remainder = dividend - product;
    while (remainder >= divisor) {
        remainder -= divisor;
        guess++;
    }
    return (DIVISION){guess, remainder};
}

static u64 magnitude(i64 value) { return value < 0 ? 0 - (u64)value : (u64)value; }

u64 __udivdi3(u64 dividend, u64 divisor) { return divide(dividend, divisor).Quotient; }
u64 __umoddi3(u64 dividend, u64 divisor) { return divide(dividend, divisor).Remainder; }
i64 __divdi3(i64 dividend, i64 divisor) {
    u64 quotient = divide(magnitude(dividend), magnitude(divisor)).Quotient;
    return (i64)((dividend ^ divisor) < 0 ? 0 - quotient : quotient);
}
i64 __moddi3(i64 dividend, i64 divisor) {
    u64 remainder = divide(magnitude(dividend), magnitude(divisor)).Remainder;
    return (i64)(dividend < 0 ? 0 - remainder : remainder);
}

i64 WINAPI guest_alldiv(i64 dividend, i64 divisor) { return __divdi3(dividend, divisor); }
i64 WINAPI guest_allrem(i64 dividend, i64 divisor) { return __moddi3(dividend, divisor); }
u64 WINAPI guest_aulldiv(u64 dividend, u64 divisor) { return __udivdi3(dividend, divisor); }
u64 WINAPI guest_aullrem(u64 dividend, u64 divisor) { return __umoddi3(dividend, divisor); }
i64 WINAPI guest_allmul(i64 left, i64 right) { return left * right; }
#endif
