/* signals.c: signal and raise, and the filters of main's exception frame, which turn exceptions into signals. */
#include "codes.h"
#include "crt.h"
#include "exception.h"
#include "process.h"
#include "sync.h"

enum { SIGINT = 2, SIGILL = 4, SIGABRT_COMPAT = 6, SIGFPE = 8, SIGSEGV = 11, SIGTERM = 15, SIGBREAK = 21, SIGABRT = 22 };

typedef void (*signal_handler)(int);
#define SIG_DFL ((signal_handler)0)
#define SIG_IGN ((signal_handler)1)
#define SIG_ERR ((signal_handler)(iptr)-1)
#define NUMBERS 23

static signal_handler handlers[NUMBERS];

static bool32 is_known(int number) {
    const u32 known = 1u << SIGINT | 1u << SIGILL | 1u << SIGABRT_COMPAT | 1u << SIGFPE | 1u << SIGSEGV | 1u << SIGTERM |
                      1u << SIGBREAK | 1u << SIGABRT;
    return (u32)number < NUMBERS && known >> number & 1;
}

signal_handler signal(int number, signal_handler handler) {
    if (!is_known(number)) {
        set_errno(EINVAL);
        return SIG_ERR;
    }
    if (number == SIGABRT_COMPAT)
        number = SIGABRT;
    signal_handler old = handlers[number];
    handlers[number] = handler;
    return old;
}

/* The default of every signal is the end of the process with code 3. */
int raise(int number) {
    if (!is_known(number)) {
        set_errno(EINVAL);
        return -1;
    }
    if (number == SIGABRT_COMPAT)
        number = SIGABRT;
    signal_handler handler = handlers[number];
    if (handler == SIG_IGN)
        return 0;
    if (handler == SIG_DFL)
        RtlExitUserProcess(3);
    handlers[number] = SIG_DFL;
    handler(number);
    return 0;
}

static int signal_of(u32 code) {
    switch ((status)code) {
    case STATUS_ACCESS_VIOLATION:
        return SIGSEGV;
    case (status)0xC000001D:
    case (status)0xC0000096:
        return SIGILL;
    case (status)0xC000008D:
    case STATUS_FLOAT_DIVIDE_BY_ZERO:
    case (status)0xC000008F:
    case (status)0xC0000090:
    case (status)0xC0000091:
    case (status)0xC0000092:
    case (status)0xC0000093:
        return SIGFPE;
    }
    return 0;
}

/* The filter around main: calls the handler of the signal that stands for the exception; else asks the top-level filter. */
int _XcptFilter(u32 code, EXCEPTION_POINTERS *pointers) {
    int number = signal_of(code);
    signal_handler handler = number ? handlers[number] : SIG_DFL;
    if (handler == SIG_DFL)
        return UnhandledExceptionFilter(pointers);
    if (handler == SIG_IGN)
        return EXCEPTION_CONTINUE_EXECUTION;
    handlers[number] = SIG_DFL;
    handler(number);
    return EXCEPTION_CONTINUE_EXECUTION;
}

int _seh_filter_exe(u32 code, EXCEPTION_POINTERS *pointers) { return _XcptFilter(code, pointers); }
int _seh_filter_dll(u32 code, EXCEPTION_POINTERS *pointers) {
    return code == 0xE06D7363 ? _XcptFilter(code, pointers) : EXCEPTION_CONTINUE_SEARCH;
}
int __CppXcptFilter(u32 code, EXCEPTION_POINTERS *pointers) { return _seh_filter_dll(code, pointers); }
