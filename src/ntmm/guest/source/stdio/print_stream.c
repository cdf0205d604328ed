/* print_stream.c: the printf functions that write to a stream; each call reaches an unbuffered stream in one piece. */
#include "format.h"
#include "text.h"

#define PIECE 2048

static bool32 drain(SINK *sink) {
    usize size = sink->BufferSize - sink->Room;
    if (size && stream_write(sink->Stream, sink->Buffer, size) != size)
        sink->HasFailed = TRUE;
    sink->At = sink->Buffer;
    sink->Room = sink->BufferSize;
    return !sink->HasFailed;
}

static int print(STREAM *stream, u64 options, const void *text, bool32 is_wide, va_list arguments) {
    u8 buffer[PIECE];
    SINK sink = {.At = buffer, .Room = PIECE, .Drain = drain, .Stream = stream, .Buffer = buffer, .BufferSize = PIECE};
    if (!stream || !text) {
        set_errno(EINVAL);
        return -1;
    }
    lock_stdio();
    int result = format(&sink, options, text, is_wide, arguments);
    if (!drain(&sink))
        result = -1;
    unlock_stdio();
    return result;
}

int __stdio_common_vfprintf(u64 options, STREAM *stream, const char *text, void *locale, va_list arguments) {
    return (void)locale, print(stream, options, text, FALSE, arguments);
}
int __stdio_common_vfprintf_s(u64 options, STREAM *stream, const char *text, void *locale, va_list arguments) {
    return (void)locale, print(stream, options, text, FALSE, arguments);
}
int __stdio_common_vfwprintf(u64 options, STREAM *stream, const wchar *text, void *locale, va_list arguments) {
    return (void)locale, print(stream, options, text, TRUE, arguments);
}
int __stdio_common_vfwprintf_s(u64 options, STREAM *stream, const wchar *text, void *locale, va_list arguments) {
    return (void)locale, print(stream, options, text, TRUE, arguments);
}

int vfprintf(STREAM *stream, const char *text, va_list arguments) {
    return print(stream, MSVCRT_OPTIONS, text, FALSE, arguments);
}
int vprintf(const char *text, va_list arguments) { return print(&_iob[1], MSVCRT_OPTIONS, text, FALSE, arguments); }
int vfwprintf(STREAM *stream, const wchar *text, va_list arguments) {
    return print(stream, MSVCRT_OPTIONS, text, TRUE, arguments);
}
int vwprintf(const wchar *text, va_list arguments) { return print(&_iob[1], MSVCRT_OPTIONS, text, TRUE, arguments); }

#define PRINT_TO(stream, is_wide)                                              \
    va_list arguments;                                                         \
    va_start(arguments, text);                                                 \
    int result = print(stream, MSVCRT_OPTIONS, text, is_wide, arguments);      \
    va_end(arguments);                                                         \
    return result

int printf(const char *text, ...) { PRINT_TO(&_iob[1], FALSE); }
int fprintf(STREAM *stream, const char *text, ...) { PRINT_TO(stream, FALSE); }
int wprintf(const wchar *text, ...) { PRINT_TO(&_iob[1], TRUE); }
int fwprintf(STREAM *stream, const wchar *text, ...) { PRINT_TO(stream, TRUE); }
