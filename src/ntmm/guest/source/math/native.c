/* native.c: the mathematical functions that a few instructions or bit operations do. */
#include "base.h"

typedef union BITS {
    double Value;
    u64 Bits;
} BITS;

#define SIGN (1ull << 63)
#define EXPONENT(bits) ((i32)((bits) >> 52 & 0x7FF) - 1023)

double sqrt(double value) {
    double result;
    __asm__("sqrtsd %1, %0" : "=x"(result) : "x"(value));
    return result;
}
float sqrtf(float value) {
    float result;
    __asm__("sqrtss %1, %0" : "=x"(result) : "x"(value));
    return result;
}

double fabs(double value) {
    BITS number = {value};
    number.Bits &= ~SIGN;
    return number.Value;
}
float fabsf(float value) { return (float)fabs(value); }

double copysign(double value, double sign) {
    BITS number = {value}, from = {sign};
    number.Bits = (number.Bits & ~SIGN) | (from.Bits & SIGN);
    return number.Value;
}

/* Towards zero, by clearing the bits behind the binary point. */
double trunc(double value) {
    BITS number = {value};
    i32 exponent = EXPONENT(number.Bits);
    if (exponent >= 52)
        return value; /* whole already, infinite or not a number */
    number.Bits &= exponent < 0 ? SIGN : ~(~0ull >> 12 >> exponent);
    return number.Value;
}

double floor(double value) {
    double whole = trunc(value);
    return value < whole ? copysign(whole - 1, value) : whole;
}

double ceil(double value) {
    double whole = trunc(value);
    return value > whole ? copysign(whole + 1, value) : whole;
}

double round(double value) {
    double whole = trunc(value);
    return fabs(value - whole) >= 0.5 ? whole + copysign(1, value) : whole;
}

float truncf(float value) { return (float)trunc(value); }
float floorf(float value) { return (float)floor(value); }
float ceilf(float value) { return (float)ceil(value); }
float roundf(float value) { return (float)round(value); }

double modf(double value, double *whole) {
    *whole = trunc(value);
    BITS number = {value};
    return (number.Bits & ~SIGN) == 0x7FF0000000000000ull ? copysign(0, value) : copysign(value - *whole, value);
}

i32 lround(double value) { return (i32)round(value); }
i64 llround(double value) { return (i64)round(value); }

/* To nearest, halves to even: adding and taking away 2 to the 52nd power rounds. */
double rint(double value) {
    const double large = 4503599627370496.0;
    volatile double moved;
    if (!(fabs(value) < large))
        return value;
    moved = fabs(value) + large;
    return copysign(moved - large, value);
}
double nearbyint(double value) { return rint(value); }
i32 lrint(double value) { return (i32)rint(value); }

/* Multiplies by a power of two, in steps that stay in range. */
double ldexp(double value, int exponent) {
    BITS scale;
    for (; exponent > 1000; exponent -= 1000)
        value *= 0x1p1000, exponent = exponent > 5000 ? 5000 : exponent;
    for (; exponent < -900; exponent += 900)
        value *= 0x1p-900, exponent = exponent < -5000 ? -5000 : exponent;
    scale.Bits = (u64)(exponent + 1023) << 52;
    return value * scale.Value;
}
double scalbn(double value, int exponent) { return ldexp(value, exponent); }

double frexp(double value, int *exponent) {
    BITS number = {value};
    *exponent = 0;
    if (value == 0 || (number.Bits >> 52 & 0x7FF) == 0x7FF)
        return value;
    if (!(number.Bits >> 52 & 0x7FF)) {
        number.Value *= 0x1p54;
        *exponent = -54;
    }
    *exponent += (i32)(number.Bits >> 52 & 0x7FF) - 1022;
    number.Bits = (number.Bits & ~(0x7FFull << 52)) | 1022ull << 52;
    return number.Value;
}

int _isnan(double value) { return value != value; }
int _finite(double value) {
    BITS number = {value};
    return (number.Bits >> 52 & 0x7FF) != 0x7FF;
}
double _chgsign(double value) { return -value; }

/* ucrt's classification: 1 infinite, 2 not a number, -1 normal, -2 denormal, 0 zero */
i16 _dclass(double value) {
    BITS number = {value};
    u64 magnitude = number.Bits & ~SIGN;
    if (magnitude >= 0x7FF0000000000000ull)
        return magnitude == 0x7FF0000000000000ull ? 1 : 2;
    return magnitude >> 52 ? -1 : magnitude ? -2 : 0;
}
i16 _fdclass(float value) {
    union {
        float Value;
        u32 Bits;
    } number = {value};
    u32 magnitude = number.Bits & 0x7FFFFFFF;
    if (magnitude >= 0x7F800000)
        return magnitude == 0x7F800000 ? 1 : 2;
    return magnitude >> 23 ? -1 : magnitude ? -2 : 0;
}
int _dsign(double value) {
    BITS number = {value};
    return number.Bits >> 63 ? 0x8000 : 0;
}
int _fdsign(float value) { return _dsign(value); }
