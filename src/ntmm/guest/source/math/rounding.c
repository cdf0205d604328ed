/* rounding.c: the rest of C99's functions that a few instructions do: minimum, exponents, rounding in other types. */
#include "base.h"
#include "crt.h"

double fabs(double value);
double trunc(double value);
double round(double value);
double rint(double value);
double ldexp(double value, int exponent);
double frexp(double value, int *exponent);
double modf(double value, double *whole);
double copysign(double value, double sign);
double fma(double first, double second, double third);
double nextafter(double from, double to);
int _isnan(double value);
int _finite(double value);
double hypot(double first, double second);

#define NOT_A_NUMBER __builtin_nan("")
#define INFINITE __builtin_inf()

double fmax(double first, double second) { return _isnan(first) ? second : _isnan(second) || first > second ? first : second; }
double fmin(double first, double second) { return _isnan(first) ? second : _isnan(second) || first < second ? first : second; }
double fdim(double first, double second) {
    if (_isnan(first) || _isnan(second))
        return NOT_A_NUMBER;
    return first > second ? first - second : 0;
}
float fmaxf(float first, float second) { return (float)fmax(first, second); }
float fminf(float first, float second) { return (float)fmin(first, second); }
float fdimf(float first, float second) { return (float)fdim(first, second); }
float fmaf(float first, float second, float third) { return (float)((double)first * second + third); }
float copysignf(float value, float sign) { return (float)copysign(value, sign); }
float _chgsignf(float value) { return -value; }
double nan(const char *tag) { return (void)tag, NOT_A_NUMBER; }
float nanf(const char *tag) { return (void)tag, (float)NOT_A_NUMBER; }

/* The exponent of a value as a double; -infinity for 0. */
double logb(double value) {
    int exponent;
    if (_isnan(value))
        return value;
    if (!_finite(value))
        return INFINITE;
    if (value == 0) {
        set_errno(ERANGE);
        return -INFINITE;
    }
    frexp(value, &exponent);
    return exponent - 1;
}
float logbf(float value) { return (float)logb(value); }

/* 0: -INT_MAX, infinite or not a number: INT_MAX, both as ucrt defines FP_ILOGB0 and FP_ILOGBNAN */
int ilogb(double value) {
    if (value == 0)
        return (int)0x80000000;
    return _finite(value) ? (int)logb(value) : 0x7FFFFFFF;
}
int ilogbf(float value) { return ilogb(value); }

double scalbln(double value, i32 exponent) { return ldexp(value, exponent); }
float scalblnf(float value, i32 exponent) { return (float)ldexp(value, exponent); }
float ldexpf(float value, int exponent) { return (float)ldexp(value, exponent); }
float frexpf(float value, int *exponent) { return (float)frexp(value, exponent); }
float modff(float value, float *whole) {
    double part, rest = modf(value, &part);
    *whole = (float)part;
    return (float)rest;
}

float rintf(float value) { return (float)rint(value); }
i64 llrint(double value) { return (i64)rint(value); }
i64 llrintf(float value) { return (i64)rint(value); }
i32 lrintf(float value) { return (i32)rint(value); }
i32 lroundf(float value) { return (i32)round(value); }
i64 llroundf(float value) { return (i64)round(value); }

/* The remainder of the nearest quotient, whose low bits and sign are stored. */
double remainder(double value, double divisor);
double remquo(double value, double divisor, int *quotient) {
    double fmod(double value, double divisor);
    double rest = remainder(value, divisor), part = fmod(fabs(value - rest), fabs(divisor) * 8);
    int low = divisor != 0 && _finite(value) && !_isnan(divisor) && _finite(divisor) ? (int)round(part / fabs(divisor)) & 7 : 0;
    *quotient = (value < 0) != (divisor < 0) ? -low : low;
    return rest;
}
float remquof(float value, float divisor, int *quotient) { return (float)remquo(value, divisor, quotient); }

double nexttoward(double from, double to) { return nextafter(from, to); }

typedef struct COMPLEX {
    double Real, Imaginary;
} COMPLEX;
double _cabs(COMPLEX value) { return hypot(value.Real, value.Imaginary); }

/* _FPCLASS_*: 1 signalling, 2 quiet NaN, 4 to 0x200: -inf, -normal, -denormal, -0, 0, denormal, normal, infinite */
int _fpclass(double value) {
    union {
        double Value;
        u64 Bits;
    } number = {value};
    bool32 is_negative = number.Bits >> 63;
    u64 magnitude = number.Bits & ~(1ull << 63);
    if (magnitude > 0x7FF0000000000000ull)
        return magnitude & 1ull << 51 ? 2 : 1;
    int kind = magnitude == 0x7FF0000000000000ull ? 0 : magnitude >> 52 ? 1 : magnitude ? 2 : 3;
    return is_negative ? 4 << kind : 0x200 >> kind;
}
int _fpclassf(float value) {
    union {
        float Value;
        u32 Bits;
    } number = {value};
    u32 magnitude = number.Bits & 0x7FFFFFFF;
    if (magnitude && magnitude < 0x800000)
        return number.Bits >> 31 ? 0x10 : 0x80; /* denormal as a float, normal as a double */
    return _fpclass(value);
}
int _isnanf(float value) { return value != value; }
int _finitef(float value) { return _finite(value); }

/* How C99's comparisons class two doubles: 1 less, 2 equal, 4 greater, 0 unordered (ucrt's _dpcomp). */
int _dpcomp(double first, double second) {
    if (_isnan(first) || _isnan(second))
        return 0;
    return first < second ? 1 : first > second ? 4 : 2;
}
int _fdpcomp(float first, float second) { return _dpcomp(first, second); }
i16 _dclass(double value);
i16 _fdclass(float value);
i16 _dtest(const double *value) { return _dclass(*value); }
i16 _fdtest(const float *value) { return _fdclass(*value); }
