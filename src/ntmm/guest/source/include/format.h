/* format.h: the one formatter behind all printf functions, and the one scanner behind all scanf functions. */
#pragma once
#include "stdio_internal.h"

/* The bits of ucrt's options argument. */
#define OPTION_SNPRINTF_NUL 1      /* _CRT_INTERNAL_PRINTF_LEGACY_VSPRINTF_NULL_TERMINATION */
#define OPTION_STANDARD_SNPRINTF 2 /* _CRT_INTERNAL_PRINTF_STANDARD_SNPRINTF_BEHAVIOR */
#define OPTION_LEGACY_WIDE 4       /* %s in wide formats takes wide text */
#define OPTION_LEGACY_MSVCRT 8
#define OPTION_THREE_DIGITS 0x10   /* exponents of three digits */
#define OPTION_STANDARD_ROUNDING 0x20 /* exact halves go to the even digit, not up */
/* Ours, for msvcrt's own functions: %n is allowed, infinities read "1.#INF", numbers have 17 digits. */
#define OPTION_OLD 0x10000
#define MSVCRT_OPTIONS (OPTION_LEGACY_WIDE | OPTION_LEGACY_MSVCRT | OPTION_THREE_DIGITS | OPTION_OLD)

#define OPTION_SECURE_SCAN 1

/* Where formatted text goes: units (bytes or wide characters) fill `At` until `Room` is used up, then `Drain` makes room. */
typedef struct SINK {
    bool32 IsWide;
    u8 *At;
    usize Room;
    u64 Total; /* units put, whether or not there was room */
    bool32 (*Drain)(struct SINK *);
    bool32 HasFailed;
    STREAM *Stream;
    u8 *Buffer;
    usize BufferSize;
} SINK;

void put_narrow(SINK *sink, const char *text, usize count);
void put_wide(SINK *sink, const wchar *text, usize count);
void put_repeated(SINK *sink, char character, i32 count);

/* Formats to the sink; -1 if the sink failed or the format cannot be followed, else the number of units. */
int format(SINK *sink, u64 options, const void *text, bool32 is_wide, va_list arguments);

/* format_double.c: the text of a finite value without its sign, to `out` of `size` bytes; its length */
int double_text(char *out, u32 size, double value, char conversion, i32 precision, bool32 alternate, u64 options);
const char *special_text(u64 bits, u64 options, char conversion, i32 precision, char *buffer);

int scan(STREAM *stream, const void *text, usize count, bool32 text_is_wide, u64 options, const void *pattern,
         bool32 pattern_is_wide, va_list arguments);
