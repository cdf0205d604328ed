/* service.c: the mathematical functions that a service computes. */
#include "crt.h"
#include "system.h"

/* The order is that of the service's table. */
enum {
    SIN, COS, TAN, ASIN, ACOS, ATAN, SINH, COSH, TANH, EXP, LOG, LOG10, EXP2, LOG2, EXPM1, LOG1P, CBRT, ASINH, ACOSH, ATANH,
    ERF, ERFC, TGAMMA, LGAMMA, ATAN2 = 32, POW, FMOD, HYPOT, REMAINDER, NEXTAFTER, FMA = 48
};

/* The service's answer is an errno: 0, EDOM or ERANGE. */
static double compute(u32 operation, double first, double second) {
    double arguments[2] = {first, second}, result = 0;
    i32 code = NtmmMath(operation, arguments, &result);
    if (code)
        set_errno(code);
    return result;
}

#define ONE(name, operation)                                                 \
    double name(double value) { return compute(operation, value, 0); }       \
    float name##f(float value) { return (float)compute(operation, value, 0); }
#define TWO(name, operation)                                                                \
    double name(double first, double second) { return compute(operation, first, second); }  \
    float name##f(float first, float second) { return (float)compute(operation, first, second); }

ONE(sin, SIN)
ONE(cos, COS)
ONE(tan, TAN)
ONE(asin, ASIN)
ONE(acos, ACOS)
ONE(atan, ATAN)
ONE(sinh, SINH)
ONE(cosh, COSH)
ONE(tanh, TANH)
ONE(exp, EXP)
ONE(log, LOG)
ONE(log10, LOG10)
ONE(exp2, EXP2)
ONE(log2, LOG2)
ONE(expm1, EXPM1)
ONE(log1p, LOG1P)
ONE(cbrt, CBRT)
ONE(asinh, ASINH)
ONE(acosh, ACOSH)
ONE(atanh, ATANH)
ONE(erf, ERF)
ONE(erfc, ERFC)
ONE(tgamma, TGAMMA)
ONE(lgamma, LGAMMA)
TWO(atan2, ATAN2)
TWO(pow, POW)
TWO(fmod, FMOD)
TWO(hypot, HYPOT)
TWO(remainder, REMAINDER)
TWO(nextafter, NEXTAFTER)

double fma(double first, double second, double third) {
    double arguments[3] = {first, second, third}, result = 0;
    NtmmMath(FMA, arguments, &result);
    return result;
}

#if defined(__i386__)
/* What compilers call with arguments on the x87 stack (_CIpow and its kin): st(1) is the first argument, st(0) the second. */
#define ON_STACK_ONE(name)                                                             \
    double name(double);                                                               \
    __attribute__((naked)) void _CI##name(void) {                                      \
        __asm__("sub $8, %esp; fstpl (%esp); call _" #name "; add $8, %esp; ret");      \
    }
#define ON_STACK_TWO(name)                                                                               \
    __attribute__((naked)) void _CI##name(void) {                                                        \
        __asm__("sub $16, %esp; fstpl 8(%esp); fstpl (%esp); call _" #name "; add $16, %esp; ret");        \
    }
ON_STACK_ONE(sin)
ON_STACK_ONE(cos)
ON_STACK_ONE(tan)
ON_STACK_ONE(asin)
ON_STACK_ONE(acos)
ON_STACK_ONE(atan)
ON_STACK_ONE(sinh)
ON_STACK_ONE(cosh)
ON_STACK_ONE(tanh)
ON_STACK_ONE(exp)
ON_STACK_ONE(log)
ON_STACK_ONE(log10)
ON_STACK_ONE(sqrt)
ON_STACK_TWO(atan2)
ON_STACK_TWO(pow)
ON_STACK_TWO(fmod)

/* The precise forms take and give their numbers in XMM registers. */
#define IN_REGISTERS(name)                                                                                       \
    __attribute__((naked)) void libm_##name(void) {                                                              \
        __asm__("sub $16, %esp; movsd %xmm0, (%esp); movsd %xmm1, 8(%esp); call _" #name                          \
                "; fstpl (%esp); movsd (%esp), %xmm0; add $16, %esp; ret");                                       \
    }
IN_REGISTERS(acos)
IN_REGISTERS(asin)
IN_REGISTERS(atan)
IN_REGISTERS(cos)
IN_REGISTERS(exp)
IN_REGISTERS(log10)
IN_REGISTERS(log)
IN_REGISTERS(pow)
IN_REGISTERS(sin)
IN_REGISTERS(sqrt)
IN_REGISTERS(tan)
#endif
