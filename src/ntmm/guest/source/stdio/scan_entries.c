/* scan_entries.c: the scanf functions of ucrt and msvcrt. */
#include "format.h"

#define WHOLE ((usize)-1)

int __stdio_common_vsscanf(u64 options, const char *text, usize count, const char *pattern, void *locale, va_list arguments) {
    return (void)locale, scan(NULL, text, count, FALSE, options, pattern, FALSE, arguments);
}
int __stdio_common_vswscanf(u64 options, const wchar *text, usize count, const wchar *pattern, void *locale,
                            va_list arguments) {
    return (void)locale, scan(NULL, text, count, TRUE, options, pattern, TRUE, arguments);
}

static int scan_stream(STREAM *stream, u64 options, const void *pattern, bool32 is_wide, va_list arguments) {
    lock_stdio();
    int result = scan(stream, NULL, 0, FALSE, options, pattern, is_wide, arguments);
    unlock_stdio();
    return result;
}

int __stdio_common_vfscanf(u64 options, STREAM *stream, const char *pattern, void *locale, va_list arguments) {
    return (void)locale, scan_stream(stream, options, pattern, FALSE, arguments);
}
int __stdio_common_vfwscanf(u64 options, STREAM *stream, const wchar *pattern, void *locale, va_list arguments) {
    return (void)locale, scan_stream(stream, options, pattern, TRUE, arguments);
}

#define SCAN(call)                  \
    va_list arguments;              \
    va_start(arguments, pattern);   \
    int result = call;              \
    va_end(arguments);              \
    return result

int sscanf(const char *text, const char *pattern, ...) {
    SCAN(scan(NULL, text, WHOLE, FALSE, 0, pattern, FALSE, arguments));
}
int sscanf_s(const char *text, const char *pattern, ...) {
    SCAN(scan(NULL, text, WHOLE, FALSE, OPTION_SECURE_SCAN, pattern, FALSE, arguments));
}
int swscanf(const wchar *text, const wchar *pattern, ...) {
    SCAN(scan(NULL, text, WHOLE, TRUE, 0, pattern, TRUE, arguments));
}
int scanf(const char *pattern, ...) { SCAN(scan_stream(&_iob[0], 0, pattern, FALSE, arguments)); }
int fscanf(STREAM *stream, const char *pattern, ...) { SCAN(scan_stream(stream, 0, pattern, FALSE, arguments)); }
int wscanf(const wchar *pattern, ...) { SCAN(scan_stream(&_iob[0], 0, pattern, TRUE, arguments)); }
int fwscanf(STREAM *stream, const wchar *pattern, ...) { SCAN(scan_stream(stream, 0, pattern, TRUE, arguments)); }
