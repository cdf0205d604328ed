/* format_double.c: floating-point numbers as text: digits come from a service, the run-time's peculiarities are added here. */
#include "format.h"
#include "system.h"
#include "text.h"

#define OLD_SPECIAL_ROOM 140 /* digits; more are not told apart from this many */

static char *put_number(char *at, i32 number) {
    char digits[16], *end = digits + sizeof digits, *first = digits_backwards(end, (u32)number, 10, 'a');
    if (first == end)
        *--first = '0';
    memcpy(at, first, (usize)(end - first));
    return at + (end - first);
}

/* Old run-times print exponents of at least three digits. */
static int widen_exponent(char *text, int length, u32 size) {
    int at = length - 1;
    while (at > 0 && text[at] >= '0' && text[at] <= '9')
        at--;
    bool32 is_exponent = at > 1 && (text[at] == '+' || text[at] == '-') && (text[at - 1] | 32) == 'e';
    if (!is_exponent || length - at != 3 || (u32)length + 1 >= size)
        return length;
    memmove(text + at + 2, text + at + 1, 2);
    text[at + 1] = '0';
    return length + 1;
}

int double_text(char *out, u32 size, double value, char conversion, i32 precision, bool32 alternate, u64 options) {
    char pattern[24], *at = pattern;
    *at++ = '%';
    if (alternate)
        *at++ = '#';
    if (options & OPTION_OLD)
        *at++ = '=';
    else if (!(options & OPTION_STANDARD_ROUNDING))
        *at++ = '~';
    if (precision >= 0) {
        *at++ = '.';
        at = put_number(at, precision);
    }
    *at++ = conversion;
    *at = 0;
    int length = NtmmFormatDouble(out, size, pattern, &value);
    if (length > 0 && options & OPTION_THREE_DIGITS && conversion != 'a' && conversion != 'A')
        length = widen_exponent(out, length, size);
    return length;
}

/* Old run-times take "1.#INF" for digits: there are as many as the precision says, zeros behind them, and the last one
   is rounded up if what follows it is no less than '5', which every letter is. Hence the famous "1.#J". */
static const char *old_special(const char *digits, char conversion, i32 precision, char *buffer) {
    usize length = strlen(digits), shown = precision < 0 ? 6 : precision > OLD_SPECIAL_ROOM ? OLD_SPECIAL_ROOM : (usize)precision;
    bool32 is_general = (conversion | 32) == 'g';
    if (is_general)
        shown = shown ? shown - 1 : 0;
    else if ((conversion | 32) == 'a')
        shown = length;
    strcpy(buffer, "1.");
    for (usize at = 0; at < shown; at++)
        buffer[2 + at] = at < length ? digits[at] : '0';
    if (shown && shown < length && digits[shown] >= '5')
        buffer[1 + shown]++;
    if (is_general && shown > length)
        shown = length;
    buffer[shown ? 2 + shown : 1] = 0;
    if ((conversion | 32) == 'e')
        strcpy(buffer + strlen(buffer), conversion == 'e' ? "e+000" : "E+000");
    return buffer;
}

/* What stands for infinities and NaNs; `buffer` has room for SHORT_DOUBLE characters. */
const char *special_text(u64 bits, u64 options, char conversion, i32 precision, char *buffer) {
    u64 fraction = bits & 0xFFFFFFFFFFFFFull;
    bool32 is_quiet = (fraction >> 51) != 0, is_indefinite = bits >> 63 && fraction == 1ull << 51;
    if (options & OPTION_OLD)
        return old_special(!fraction ? "#INF" : is_indefinite ? "#IND" : is_quiet ? "#QNAN" : "#SNAN", conversion, precision,
                           buffer);
    strcpy(buffer, !fraction ? "inf" : is_indefinite ? "nan(ind)" : is_quiet ? "nan" : "nan(snan)");
    if (conversion < 'a')
        for (char *at = buffer; *at; at++)
            *at = (char)toupper(*at);
    return buffer;
}
