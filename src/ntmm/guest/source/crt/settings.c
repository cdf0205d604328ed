/* settings.c: locale ("C" only), floating-point control, and the handlers a program can set. */
#include "crt.h"
#include "sync.h"
#include "text.h"

/* struct lconv: the members of the "C" locale */
typedef struct LOCALE_CONVENTIONS {
    const char *Strings[10];
    char Numbers[8];
    const wchar *WideStrings[8];
} LOCALE_CONVENTIONS;

char *setlocale(int category, const char *name) {
    if ((u32)category > 5)
        return NULL;
    if (!name || !*name || (name[0] == 'C' && !name[1]))
        return (char *)"C";
    return NULL;
}

wchar *_wsetlocale(int category, const wchar *name) {
    if ((u32)category > 5)
        return NULL;
    if (!name || !*name || (name[0] == 'C' && !name[1]))
        return (wchar *)L"C";
    return NULL;
}

LOCALE_CONVENTIONS *localeconv(void) {
    static LOCALE_CONVENTIONS c_locale = {
        {".", "", "", "", "", "", "", "", "", ""},
        {127, 127, 127, 127, 127, 127, 127, 127},
        {(const wchar *)L"", (const wchar *)L"", (const wchar *)L".", (const wchar *)L"", (const wchar *)L"",
         (const wchar *)L"", (const wchar *)L"", (const wchar *)L""},
    };
    return &c_locale;
}

/* Locales for each thread: off (2) is the only state there is; 0 asks. */
int _configthreadlocale(int wanted) { return wanted == 0 || wanted == 2 ? 2 : -1; }
int ___mb_cur_max_func(void) { return 1; }
u32 ___lc_codepage_func(void) { return 0; }
int __mb_cur_max = 1;
int *__p___mb_cur_max(void) { return &__mb_cur_max; }
int _getmbcp(void) { return 0; }
int _ismbblead(u32 character) { return (void)character, 0; }

typedef void (*parameter_handler)(const wchar *, const wchar *, const wchar *, u32, uptr);
static parameter_handler invalid_parameter;

parameter_handler _set_invalid_parameter_handler(parameter_handler handler) {
    parameter_handler old = invalid_parameter;
    invalid_parameter = handler;
    return old;
}
parameter_handler _get_invalid_parameter_handler(void) { return invalid_parameter; }

void _invalid_parameter_noinfo(void) {
    if (invalid_parameter)
        invalid_parameter(NULL, NULL, NULL, 0, 0);
    else
        set_errno(EINVAL);
}

static int error_mode;
int _set_error_mode(int mode) {
    int old = error_mode;
    if (mode == 3)
        return old;
    if ((u32)mode > 3) {
        set_errno(EINVAL);
        return -1;
    }
    error_mode = mode;
    return old;
}
u32 _set_abort_behavior(u32 flags, u32 mask) {
    static u32 behavior = 3;
    u32 old = behavior;
    behavior = (old & ~mask) | (flags & mask);
    return old;
}

/* The control word in the run-time's own bits: exceptions 0x8001F, rounding 0x300, precision 0x30000, denormals. */
static u32 control_word = 0x9001F;

#define CONTROL_BITS 0x30F031Fu

static u16 hardware_control(u32 word) {
    u32 hardware = 0;
    hardware |= word & 0x10 ? 1 : 0;            /* invalid */
    hardware |= word & 0x80000 ? 2 : 0;         /* denormal */
    hardware |= word & 8 ? 4 : 0;               /* zero divide */
    hardware |= word & 4 ? 8 : 0;               /* overflow */
    hardware |= word & 2 ? 0x10 : 0;            /* underflow */
    hardware |= word & 1 ? 0x20 : 0;            /* inexact */
    hardware |= (word & 0x300) << 2;            /* near, down, up, chop */
    return (u16)hardware;
}

static void load_control(u32 word) {
    u16 hardware = hardware_control(word);
#if defined(__i386__)
    u32 precision = (word & 0x30000) == 0x20000 ? 0 : (word & 0x30000) == 0x10000 ? 0x200 : 0x300;
    u16 x87 = (u16)(hardware | precision | 0x40);
    __asm__ volatile("fldcw %0" : : "m"(x87));
#endif
    u32 sse;
    __asm__ volatile("stmxcsr %0" : "=m"(sse));
    sse = (sse & ~0x7F80u) | (u32)(hardware & 0x3F) << 7 | (u32)(hardware & 0xC00) << 3;
    __asm__ volatile("ldmxcsr %0" : : "m"(sse));
}

u32 _control87(u32 value, u32 mask) {
    if (mask & CONTROL_BITS) {
        control_word = (control_word & ~mask) | (value & mask & CONTROL_BITS);
        load_control(control_word);
    }
    return control_word;
}
u32 _controlfp(u32 value, u32 mask) { return _control87(value, mask & ~0x80000u); }
int _controlfp_s(u32 *current, u32 value, u32 mask) {
    u32 word = _controlfp(value, mask);
    if (current)
        *current = word;
    return 0;
}

static u32 read_status(bool32 clear) {
    u32 sse, hardware, word = 0;
    __asm__ volatile("stmxcsr %0" : "=m"(sse));
    hardware = sse & 0x3F;
#if defined(__i386__)
    u16 x87;
    __asm__ volatile("fnstsw %0" : "=m"(x87));
    hardware |= x87 & 0x3F;
    if (clear)
        __asm__ volatile("fnclex");
#endif
    if (clear) {
        sse &= ~0x3Fu;
        __asm__ volatile("ldmxcsr %0" : : "m"(sse));
    }
    word |= hardware & 1 ? 0x10 : 0;
    word |= hardware & 2 ? 0x80000 : 0;
    word |= hardware & 4 ? 8 : 0;
    word |= hardware & 8 ? 4 : 0;
    word |= hardware & 0x10 ? 2 : 0;
    word |= hardware & 0x20 ? 1 : 0;
    return word;
}
u32 _statusfp(void) { return read_status(FALSE); }
u32 _clearfp(void) { return read_status(TRUE); }
void _fpreset(void) {
    control_word = 0x9001F;
    read_status(TRUE);
    load_control(control_word);
}
