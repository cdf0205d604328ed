/* bits.c: rotations, byte orders, quotients with remainders. */
#include "base.h"

u32 _rotl(u32 value, int shift) { return value << (shift & 31) | value >> (-shift & 31); }
u32 _rotr(u32 value, int shift) { return value >> (shift & 31) | value << (-shift & 31); }
u64 _rotl64(u64 value, int shift) { return value << (shift & 63) | value >> (-shift & 63); }
u64 _rotr64(u64 value, int shift) { return value >> (shift & 63) | value << (-shift & 63); }
u16 _byteswap_ushort(u16 value) { return (u16)(value << 8 | value >> 8); }
u32 _byteswap_ulong(u32 value) { return __builtin_bswap32(value); }
u64 _byteswap_uint64(u64 value) { return __builtin_bswap64(value); }

typedef struct LONG_QUOTIENT {
    i64 Quotient, Remainder;
} LONG_QUOTIENT;

/* A structure of 16 bytes comes back through a pointer that the caller passes first. */
LONG_QUOTIENT lldiv(i64 value, i64 divisor) { return (LONG_QUOTIENT){value / divisor, value % divisor}; }
