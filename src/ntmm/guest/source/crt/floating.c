/* floating.c: fenv.h: the rounding mode and the exception flags of the processor, in ucrt's bits. */
#include "crt.h"

u32 _control87(u32 value, u32 mask);
u32 _statusfp(void);
u32 _clearfp(void);

#define ROUND_BITS 0x300u
#define STATUS_BITS 0x1Fu /* 1 inexact, 2 underflow, 4 overflow, 8 division by zero, 0x10 invalid */

typedef struct FLOAT_ENVIRONMENT {
    u32 Control, Status;
} FLOAT_ENVIRONMENT;

static u32 raised; /* by feraiseexcept: the processor's own flags cannot be set one by one in all modes */

int fegetround(void) { return (int)(_control87(0, 0) & ROUND_BITS); }
int fesetround(int mode) {
    if ((u32)mode & ~ROUND_BITS)
        return 1;
    _control87((u32)mode, ROUND_BITS);
    return 0;
}
int fetestexcept(int flags) { return (int)((_statusfp() | raised) & (u32)flags & STATUS_BITS); }
int feclearexcept(int flags) {
    u32 kept = (_statusfp() | raised) & STATUS_BITS & ~(u32)flags;
    _clearfp();
    raised = kept;
    return 0;
}
int feraiseexcept(int flags) {
    raised |= (u32)flags & STATUS_BITS;
    return 0;
}
int fegetexceptflag(u32 *to, int flags) {
    *to = (u32)fetestexcept(flags);
    return 0;
}
int fesetexceptflag(const u32 *from, int flags) {
    feclearexcept(flags);
    raised |= *from & (u32)flags & STATUS_BITS;
    return 0;
}
int fegetenv(FLOAT_ENVIRONMENT *to) {
    *to = (FLOAT_ENVIRONMENT){_control87(0, 0), (u32)fetestexcept(STATUS_BITS)};
    return 0;
}
int fesetenv(const FLOAT_ENVIRONMENT *from) {
    _control87(from->Control, ROUND_BITS | STATUS_BITS);
    feclearexcept(STATUS_BITS);
    raised = from->Status & STATUS_BITS;
    return 0;
}
int feholdexcept(FLOAT_ENVIRONMENT *to) {
    fegetenv(to);
    _control87(STATUS_BITS, STATUS_BITS);
    return feclearexcept(STATUS_BITS);
}
int feupdateenv(const FLOAT_ENVIRONMENT *from) {
    int flags = fetestexcept(STATUS_BITS);
    fesetenv(from);
    return feraiseexcept(flags);
}
int __fpe_flt_rounds(void) {
    switch (fegetround()) {
    case 0x100:
        return 3; /* down */
    case 0x200:
        return 2; /* up */
    case 0x300:
        return 0; /* to zero */
    }
    return 1;
}
