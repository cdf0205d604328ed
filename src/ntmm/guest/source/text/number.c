/* number.c: numbers to digits (_itoa and its kin). */
#include "text.h"

u32 digit_value(u32 character) {
    if (character - '0' < 10u)
        return character - '0';
    if (character - 'a' < 26u)
        return character - 'a' + 10;
    return character - 'A' < 26u ? character - 'A' + 10 : 99;
}

char *digits_backwards(char *end, u64 value, u32 base, char first_letter) {
    if (base == 16 || base == 8) {
        u32 shift = base == 16 ? 4 : 3;
        for (; value; value >>= shift) {
            u32 digit = (u32)value & (base - 1);
            *--end = (char)(digit < 10 ? '0' + digit : first_letter - 10 + digit);
        }
        return end;
    }
    while (value >> 32) {
        u32 digit = (u32)(value % base);
        value /= base;
        *--end = (char)(digit < 10 ? '0' + digit : first_letter - 10 + digit);
    }
    for (u32 low = (u32)value; low; low /= base) {
        u32 digit = low % base;
        *--end = (char)(digit < 10 ? '0' + digit : first_letter - 10 + digit);
    }
    return end;
}

static char *write_number(u64 value, bool32 is_negative, char *to, int base) {
    char buffer[72], *end = buffer + sizeof buffer, *first = end;
    if (base < 2 || base > 36) {
        *to = 0;
        return to;
    }
    first = digits_backwards(end, value, (u32)base, 'a');
    if (first == end)
        *--first = '0';
    if (is_negative)
        *--first = '-';
    memmove(to, first, end - first);
    to[end - first] = 0;
    return to;
}

static wchar *widen(wchar *to, const char *from) {
    wchar *at = to;
    while ((*at++ = (u8)*from++))
        ;
    return to;
}

char *_i64toa(i64 value, char *to, int base) {
    bool32 is_negative = base == 10 && value < 0;
    return write_number(is_negative ? 0 - (u64)value : (u64)value, is_negative, to, base);
}
char *_ui64toa(u64 value, char *to, int base) { return write_number(value, FALSE, to, base); }
char *_itoa(int value, char *to, int base) { return base == 10 ? _i64toa(value, to, 10) : _ui64toa((u32)value, to, base); }
char *_ltoa(int value, char *to, int base) { return _itoa(value, to, base); }
char *_ultoa(u32 value, char *to, int base) { return _ui64toa(value, to, base); }

wchar *_i64tow(i64 value, wchar *to, int base) {
    char buffer[72];
    return widen(to, _i64toa(value, buffer, base));
}
wchar *_ui64tow(u64 value, wchar *to, int base) {
    char buffer[72];
    return widen(to, _ui64toa(value, buffer, base));
}
wchar *_itow(int value, wchar *to, int base) {
    char buffer[72];
    return widen(to, _itoa(value, buffer, base));
}
wchar *_ltow(int value, wchar *to, int base) { return _itow(value, to, base); }
wchar *_ultow(u32 value, wchar *to, int base) { return _ui64tow(value, to, base); }
