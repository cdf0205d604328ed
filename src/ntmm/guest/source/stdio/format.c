/* format.c: the formatter: parses conversions, converts integers, characters and strings. */
#include "format.h"
#include "text.h"

enum { LEFT = 1, PLUS = 2, BLANK = 4, ALTERNATE = 8, ZEROS = 0x10 };
enum { SIZE_NONE, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_64, SIZE_WIDE, SIZE_LONG_DOUBLE };

typedef struct CONVERSION {
    u32 Flags;
    i32 Width, Precision; /* Precision -1: not given */
    u32 Size;
    char Letter;
} CONVERSION;

typedef struct FORMATTER {
    SINK *Sink;
    const void *Text;
    bool32 IsWide;
    u64 Options;
    va_list Arguments;
} FORMATTER;

static inline u32 unit_at(FORMATTER *formatter, usize index) {
    return formatter->IsWide ? ((const wchar *)formatter->Text)[index] : ((const u8 *)formatter->Text)[index];
}

static inline void advance(FORMATTER *formatter, usize count) {
    formatter->Text = (const u8 *)formatter->Text + (count << formatter->IsWide);
}

static u32 take(FORMATTER *formatter) {
    u32 unit = unit_at(formatter, 0);
    if (unit)
        advance(formatter, 1);
    return unit;
}

static bool32 accept(FORMATTER *formatter, u32 unit) {
    if (unit_at(formatter, 0) != unit)
        return FALSE;
    advance(formatter, 1);
    return TRUE;
}

static u32 parse_flags(FORMATTER *formatter) {
    for (u32 flags = 0;;) {
        if (accept(formatter, '-'))
            flags |= LEFT;
        else if (accept(formatter, '+'))
            flags |= PLUS;
        else if (accept(formatter, ' '))
            flags |= BLANK;
        else if (accept(formatter, '#'))
            flags |= ALTERNATE;
        else if (accept(formatter, '0'))
            flags |= ZEROS;
        else
            return flags;
    }
}

static i32 parse_number(FORMATTER *formatter) {
    i32 number = 0;
    if (accept(formatter, '*'))
        return va_arg(formatter->Arguments, i32);
    for (u32 digit; (digit = unit_at(formatter, 0) - '0') < 10; advance(formatter, 1))
        number = number < 100000000 ? number * 10 + (i32)digit : number;
    return number;
}

static u32 parse_size(FORMATTER *formatter) {
    switch (unit_at(formatter, 0)) {
    case 'h':
        advance(formatter, 1);
        return accept(formatter, 'h') ? SIZE_CHAR : SIZE_SHORT;
    case 'l':
        advance(formatter, 1);
        return accept(formatter, 'l') ? SIZE_64 : SIZE_LONG;
    case 'L':
        advance(formatter, 1);
        return SIZE_LONG_DOUBLE;
    case 'w':
        advance(formatter, 1);
        return SIZE_WIDE;
    case 'j':
        advance(formatter, 1);
        return SIZE_64;
    case 'z':
    case 't':
        advance(formatter, 1);
        return IS_64 ? SIZE_64 : SIZE_NONE;
    case 'I':
        if (unit_at(formatter, 1) == '6' && unit_at(formatter, 2) == '4') {
            advance(formatter, 3);
            return SIZE_64;
        }
        if (unit_at(formatter, 1) == '3' && unit_at(formatter, 2) == '2') {
            advance(formatter, 3);
            return SIZE_NONE;
        }
        advance(formatter, 1);
        return IS_64 ? SIZE_64 : SIZE_NONE;
    }
    return SIZE_NONE;
}

static CONVERSION parse_conversion(FORMATTER *formatter) {
    CONVERSION conversion = {.Flags = parse_flags(formatter), .Precision = -1};
    conversion.Width = parse_number(formatter);
    if (conversion.Width < 0) {
        conversion.Flags |= LEFT;
        conversion.Width = -conversion.Width;
    }
    if (accept(formatter, '.')) {
        conversion.Precision = parse_number(formatter);
        if (conversion.Precision < 0)
            conversion.Precision = -1;
    }
    conversion.Size = parse_size(formatter);
    conversion.Letter = (char)take(formatter);
    return conversion;
}

/* Prefix, zeros, body, with padding on the side that the flags say. `body_is_wide` tells what `body` is. */
static void put_field(SINK *sink, CONVERSION *conversion, const char *prefix, i32 zeros, const void *body, usize length,
                      bool32 body_is_wide) {
    i32 prefix_length = (i32)strlen(prefix), padding = conversion->Width - prefix_length - zeros - (i32)length;
    bool32 pad_zeros = (conversion->Flags & (LEFT | ZEROS)) == ZEROS;
    if (!(conversion->Flags & LEFT) && !pad_zeros)
        put_repeated(sink, ' ', padding);
    put_narrow(sink, prefix, (usize)prefix_length);
    if (pad_zeros)
        put_repeated(sink, '0', padding);
    put_repeated(sink, '0', zeros);
    if (body_is_wide)
        put_wide(sink, body, length);
    else
        put_narrow(sink, body, length);
    if (conversion->Flags & LEFT)
        put_repeated(sink, ' ', padding);
}

static i64 integer_argument(FORMATTER *formatter, CONVERSION *conversion, bool32 is_signed) {
    if (conversion->Size == SIZE_64)
        return va_arg(formatter->Arguments, i64);
    i32 value = va_arg(formatter->Arguments, i32);
    switch (conversion->Size) {
    case SIZE_CHAR:
        return is_signed ? (i8)value : (u8)value;
    case SIZE_SHORT:
        return is_signed ? (i16)value : (u16)value;
    }
    return is_signed ? value : (i64)(u32)value;
}

static const char *sign_of(u32 flags, bool32 is_negative) {
    return is_negative ? "-" : flags & PLUS ? "+" : flags & BLANK ? " " : "";
}

static void put_integer(FORMATTER *formatter, CONVERSION *conversion) {
    char digits[24], *end = digits + sizeof digits;
    const char *prefix = "";
    char letter = conversion->Letter;
    bool32 is_signed = letter == 'd' || letter == 'i';
    i64 argument = integer_argument(formatter, conversion, is_signed);
    bool32 is_negative = is_signed && argument < 0;
    u64 value = is_negative ? 0 - (u64)argument : (u64)argument;
    u32 base = letter == 'x' || letter == 'X' ? 16 : letter == 'o' ? 8 : 10;
    char *first = digits_backwards(end, value, base, letter == 'X' ? 'A' : 'a');
    if (conversion->Precision >= 0)
        conversion->Flags &= ~(u32)ZEROS;
    i32 zeros = (conversion->Precision < 0 ? 1 : conversion->Precision) - (i32)(end - first);
    if (is_signed)
        prefix = sign_of(conversion->Flags, is_negative);
    else if (conversion->Flags & ALTERNATE && base == 16 && value)
        prefix = letter == 'X' ? "0X" : "0x";
    else if (conversion->Flags & ALTERNATE && base == 8 && zeros <= 0 && (first == end || *first != '0'))
        zeros = 1;
    put_field(formatter->Sink, conversion, prefix, zeros > 0 ? zeros : 0, first, (usize)(end - first), FALSE);
}

/* Capital hexadecimal digits in the pointer's full width, as Windows prints pointers. */
static void put_pointer(FORMATTER *formatter, CONVERSION *conversion) {
    char digits[24], *end = digits + sizeof digits;
    char *first = digits_backwards(end, (uptr)va_arg(formatter->Arguments, void *), 16, 'A');
    i32 zeros = 2 * (i32)sizeof(void *) - (i32)(end - first);
    conversion->Flags &= ~(u32)ZEROS;
    put_field(formatter->Sink, conversion, conversion->Flags & ALTERNATE ? "0X" : "", zeros, first, (usize)(end - first),
              FALSE);
}

static bool32 takes_wide(FORMATTER *formatter, CONVERSION *conversion) {
    bool32 is_small = conversion->Letter == 's' || conversion->Letter == 'c';
    if (conversion->Size == SIZE_SHORT || conversion->Size == SIZE_CHAR)
        return FALSE;
    if (conversion->Size == SIZE_LONG || conversion->Size == SIZE_WIDE || conversion->Size == SIZE_64)
        return TRUE;
    if (!formatter->IsWide)
        return !is_small;
    return formatter->Options & OPTION_LEGACY_WIDE ? is_small : !is_small;
}

static void put_character(FORMATTER *formatter, CONVERSION *conversion) {
    bool32 is_wide = takes_wide(formatter, conversion);
    wchar wide = (wchar)va_arg(formatter->Arguments, i32);
    char narrow = (char)wide;
    put_field(formatter->Sink, conversion, "", 0, is_wide ? (const void *)&wide : &narrow, 1, is_wide);
}

static void put_string(FORMATTER *formatter, CONVERSION *conversion) {
    const void *text = va_arg(formatter->Arguments, void *);
    bool32 is_wide = takes_wide(formatter, conversion);
    usize limit = conversion->Precision < 0 ? 0x7FFFFFFF : (usize)conversion->Precision;
    if (!text) {
        text = "(null)";
        is_wide = FALSE;
    }
    usize length = is_wide ? wcsnlen(text, limit) : strnlen(text, limit);
    put_field(formatter->Sink, conversion, "", 0, text, length, is_wide);
}

/* %Z: an ANSI_STRING, or a UNICODE_STRING with w or l */
static void put_counted_string(FORMATTER *formatter, CONVERSION *conversion) {
    const UNICODE_STRING *string = va_arg(formatter->Arguments, const UNICODE_STRING *);
    bool32 is_wide = conversion->Size == SIZE_WIDE || conversion->Size == SIZE_LONG;
    if (!string || !string->Buffer)
        put_field(formatter->Sink, conversion, "", 0, "(null)", 6, FALSE);
    else
        put_field(formatter->Sink, conversion, "", 0, string->Buffer, string->Length >> is_wide, is_wide);
}

#define SHORT_DOUBLE 160

static void put_double(FORMATTER *formatter, CONVERSION *conversion) {
    char buffer[SHORT_DOUBLE], *text = buffer;
    union {
        double Value;
        u64 Bits;
    } number = {va_arg(formatter->Arguments, double)};
    bool32 is_negative = number.Bits >> 63 != 0;
    char letter = conversion->Letter;
    number.Bits &= ~(1ull << 63);
    const char *prefix = sign_of(conversion->Flags, is_negative);
    if (number.Bits >= 0x7FF0000000000000ull) {
        const char *special = special_text(number.Bits | (u64)is_negative << 63, formatter->Options, letter,
                                           conversion->Precision, buffer);
        conversion->Flags &= ~(u32)ZEROS;
        put_field(formatter->Sink, conversion, prefix, 0, special, strlen(special), FALSE);
        return;
    }
    i32 precision = conversion->Precision < 0 && letter != 'a' && letter != 'A' ? 6 : conversion->Precision;
    u32 size = SHORT_DOUBLE;
    if (precision > 100 || (number.Value > 1e50 && (letter | 32) == 'f')) {
        size = (precision > 0 ? (u32)precision : 6) + 340;
        text = malloc(size);
        if (!text) {
            formatter->Sink->HasFailed = TRUE;
            return;
        }
    }
    int length = double_text(text, size, number.Value, letter, precision, conversion->Flags & ALTERNATE, formatter->Options);
    if (length < 0)
        formatter->Sink->HasFailed = TRUE;
    else if (length > 2 && text[0] == '0' && (text[1] | 32) == 'x') { /* %a: zeros go between 0x and the digits */
        char joined[4] = {0};
        usize at = strlen(strcpy(joined, prefix));
        memcpy(joined + at, text, 2);
        put_field(formatter->Sink, conversion, joined, 0, text + 2, (usize)length - 2, FALSE);
    } else
        put_field(formatter->Sink, conversion, prefix, 0, text, (usize)length, FALSE);
    if (text != buffer)
        free(text);
}

static void store_count(FORMATTER *formatter, CONVERSION *conversion) {
    void *target = va_arg(formatter->Arguments, void *);
    if (conversion->Size == SIZE_64)
        *(u64 *)target = formatter->Sink->Total;
    else if (conversion->Size == SIZE_SHORT)
        *(u16 *)target = (u16)formatter->Sink->Total;
    else
        *(u32 *)target = (u32)formatter->Sink->Total;
}

/* ucrt stores counts (%n) only where the program has asked for it. */
static bool32 count_output;
int _set_printf_count_output(int enable) {
    int old = count_output;
    count_output = enable != 0;
    return old;
}
int _get_printf_count_output(void) { return count_output; }

/* FALSE if the conversion is unknown or not allowed. */
static bool32 convert(FORMATTER *formatter) {
    CONVERSION conversion = parse_conversion(formatter);
    switch (conversion.Letter) {
    case 'd': case 'i': case 'u': case 'o': case 'x': case 'X':
        put_integer(formatter, &conversion);
        return TRUE;
    case 'p':
        put_pointer(formatter, &conversion);
        return TRUE;
    case 'c': case 'C':
        put_character(formatter, &conversion);
        return TRUE;
    case 's': case 'S':
        put_string(formatter, &conversion);
        return TRUE;
    case 'Z':
        put_counted_string(formatter, &conversion);
        return TRUE;
    case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': case 'a': case 'A':
        put_double(formatter, &conversion);
        return TRUE;
    case 'n':
        if (!(formatter->Options & OPTION_OLD) && !count_output)
            return FALSE;
        store_count(formatter, &conversion);
        return TRUE;
    case 0:
        return FALSE;
    }
    put_narrow(formatter->Sink, &conversion.Letter, 1); /* "%%", and letters that mean nothing, stand for themselves */
    return TRUE;
}

int format(SINK *sink, u64 options, const void *text, bool32 is_wide, va_list arguments) {
    FORMATTER formatter = {.Sink = sink, .Text = text, .IsWide = is_wide, .Options = options};
    bool32 is_valid = TRUE;
    va_copy(formatter.Arguments, arguments);
    while (is_valid && unit_at(&formatter, 0) && !sink->HasFailed) {
        usize run = 0;
        for (u32 unit; (unit = unit_at(&formatter, run)) && unit != '%';)
            run++;
        if (is_wide)
            put_wide(sink, formatter.Text, run);
        else
            put_narrow(sink, formatter.Text, run);
        advance(&formatter, run);
        if (accept(&formatter, '%'))
            is_valid = convert(&formatter);
    }
    va_end(formatter.Arguments);
    if (!is_valid) {
        set_errno(EINVAL);
        return -1;
    }
    return sink->HasFailed ? -1 : (int)sink->Total;
}
