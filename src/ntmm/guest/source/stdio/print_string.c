/* print_string.c: the printf functions that write to memory, with the old and the standard rules for what does not fit. */
#include "format.h"
#include "text.h"

typedef struct PRINTED {
    int Result;
    u64 Total;
} PRINTED;

static PRINTED print(bool32 is_wide, u64 options, void *to, usize room, const void *text, va_list arguments) {
    SINK sink = {.IsWide = is_wide, .At = to, .Room = to ? room : 0};
    PRINTED printed = {format(&sink, options, text, is_wide, arguments), sink.Total};
    return printed;
}

static void terminate(bool32 is_wide, void *to, usize index) {
    if (is_wide)
        ((wchar *)to)[index] = 0;
    else
        ((u8 *)to)[index] = 0;
}

/* What does not fit is cut. OPTION_STANDARD_SNPRINTF: ends with zero, answers the whole length. OPTION_SNPRINTF_NUL (the old
   _vsnprintf): no zero, answers -1, or the length if it filled the room exactly. Neither: ends with zero, answers -1. */
static int print_counted(bool32 is_wide, u64 options, void *to, usize room, const void *text, va_list arguments) {
    if (!text || (!to && room)) {
        set_errno(EINVAL);
        return -1;
    }
    PRINTED printed = print(is_wide, options, to, room, text, arguments);
    if (!to)
        return printed.Result;
    if (printed.Result < 0) {
        if (room)
            terminate(is_wide, to, 0);
        return -1;
    }
    if (printed.Total < room) {
        terminate(is_wide, to, printed.Total);
        return printed.Result;
    }
    if (options & OPTION_STANDARD_SNPRINTF) {
        if (room)
            terminate(is_wide, to, room - 1);
        return printed.Result;
    }
    if (options & OPTION_SNPRINTF_NUL)
        return printed.Total == room ? printed.Result : -1;
    if (room)
        terminate(is_wide, to, room - 1);
    return -1;
}

int __stdio_common_vsprintf(u64 options, char *to, usize room, const char *text, void *locale, va_list arguments) {
    return (void)locale, print_counted(FALSE, options, to, room, text, arguments);
}
int __stdio_common_vswprintf(u64 options, wchar *to, usize room, const wchar *text, void *locale, va_list arguments) {
    return (void)locale, print_counted(TRUE, options, to, room, text, arguments);
}

/* The secure forms: cut at `count` characters if that is less than the room (or TRUNCATE); otherwise what does not fit
   empties the destination. Both answer -1. */
#define TRUNCATE (~(usize)0)
static int print_secure(bool32 is_wide, u64 options, void *to, usize room, usize count, const void *text, va_list arguments) {
    if (!to || !room || !text) {
        set_errno(EINVAL);
        return -1;
    }
    usize limit = count < room ? count : room - 1;
    PRINTED printed = print(is_wide, options, to, limit, text, arguments);
    if (printed.Result >= 0 && printed.Total <= limit) {
        terminate(is_wide, to, printed.Total);
        return printed.Result;
    }
    bool32 is_cut = printed.Result >= 0 && (count < room || count == TRUNCATE);
    terminate(is_wide, to, is_cut ? limit : 0);
    if (!is_cut)
        set_errno(ERANGE);
    return -1;
}

int __stdio_common_vsprintf_s(u64 options, char *to, usize room, const char *text, void *locale, va_list arguments) {
    return (void)locale, print_secure(FALSE, options, to, room, room, text, arguments);
}
int __stdio_common_vswprintf_s(u64 options, wchar *to, usize room, const wchar *text, void *locale, va_list arguments) {
    return (void)locale, print_secure(TRUE, options, to, room, room, text, arguments);
}
int __stdio_common_vsnprintf_s(u64 options, char *to, usize room, usize count, const char *text, void *locale,
                               va_list arguments) {
    return (void)locale, print_secure(FALSE, options, to, room, count, text, arguments);
}
int __stdio_common_vsnwprintf_s(u64 options, wchar *to, usize room, usize count, const wchar *text, void *locale,
                                va_list arguments) {
    return (void)locale, print_secure(TRUE, options, to, room, count, text, arguments);
}

/* msvcrt's own functions. */
#define UNLIMITED ((usize)0x3FFFFFFF)
#define COUNTED (MSVCRT_OPTIONS | OPTION_SNPRINTF_NUL)

int vsprintf(char *to, const char *text, va_list arguments) {
    return print_counted(FALSE, COUNTED, to, UNLIMITED, text, arguments);
}
int _vsnprintf(char *to, usize room, const char *text, va_list arguments) {
    return print_counted(FALSE, COUNTED, to, room, text, arguments);
}
int vsnprintf(char *to, usize room, const char *text, va_list arguments) {
    return print_counted(FALSE, MSVCRT_OPTIONS | OPTION_STANDARD_SNPRINTF, to, room, text, arguments);
}
int _vsnwprintf(wchar *to, usize room, const wchar *text, va_list arguments) {
    return print_counted(TRUE, COUNTED, to, room, text, arguments);
}
int vswprintf(wchar *to, const wchar *text, va_list arguments) {
    return print_counted(TRUE, COUNTED, to, UNLIMITED, text, arguments);
}
int _vscprintf(const char *text, va_list arguments) { return print_counted(FALSE, COUNTED, NULL, 0, text, arguments); }
int _vscwprintf(const wchar *text, va_list arguments) { return print_counted(TRUE, COUNTED, NULL, 0, text, arguments); }

#define PRINT(is_wide, options, to, room)                                    \
    va_list arguments;                                                       \
    va_start(arguments, text);                                               \
    int result = print_counted(is_wide, options, to, room, text, arguments); \
    va_end(arguments);                                                       \
    return result

int sprintf(char *to, const char *text, ...) { PRINT(FALSE, COUNTED, to, UNLIMITED); }
int _snprintf(char *to, usize room, const char *text, ...) { PRINT(FALSE, COUNTED, to, room); }
int snprintf(char *to, usize room, const char *text, ...) {
    PRINT(FALSE, MSVCRT_OPTIONS | OPTION_STANDARD_SNPRINTF, to, room);
}
int _snwprintf(wchar *to, usize room, const wchar *text, ...) { PRINT(TRUE, COUNTED, to, room); }
int swprintf(wchar *to, const wchar *text, ...) { PRINT(TRUE, COUNTED, to, UNLIMITED); }
int _scprintf(const char *text, ...) { PRINT(FALSE, COUNTED, NULL, 0); }
int _scwprintf(const wchar *text, ...) { PRINT(TRUE, COUNTED, NULL, 0); }

/* user32's wsprintf: at most 1024 characters, no floating point; the caller's buffer is taken to have room for them. */
int wsprintfA(char *to, const char *text, ...) { PRINT(FALSE, COUNTED, to, 1025); }
int wsprintfW(wchar *to, const wchar *text, ...) { PRINT(TRUE, COUNTED, to, 1025); }
int WINAPI wvsprintfA(char *to, const char *text, va_list arguments) {
    return print_counted(FALSE, COUNTED, to, 1025, text, arguments);
}
int WINAPI wvsprintfW(wchar *to, const wchar *text, va_list arguments) {
    return print_counted(TRUE, COUNTED, to, 1025, text, arguments);
}
