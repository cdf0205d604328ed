/* parse_number.c: digits to numbers (strtol and its kin, atoi), for narrow and wide text.

   Out of range: the nearest limit, and ERANGE in errno. */
#include "crt.h"
#include "text.h"

typedef struct PARSED {
    u64 magnitude;
    const void *end; /* after the last digit, or the start of the text if there was none */
    bool32 is_negative, overflowed;
} PARSED;

static u32 character_at(const void *text, bool32 is_wide, usize index) {
    return is_wide ? ((const wchar *)text)[index] : ((const u8 *)text)[index];
}

static PARSED parse(const void *text, bool32 is_wide, u32 base, u64 limit) {
    PARSED parsed = {0, text, FALSE, FALSE};
    usize at = 0, first;
    while (isspace((int)character_at(text, is_wide, at)))
        at++;
    u32 sign = character_at(text, is_wide, at);
    if (sign == '-' || sign == '+')
        at++;
    parsed.is_negative = sign == '-';
    if ((base == 0 || base == 16) && character_at(text, is_wide, at) == '0' &&
        (character_at(text, is_wide, at + 1) | 32) == 'x' && digit_value(character_at(text, is_wide, at + 2)) < 16) {
        at += 2;
        base = 16;
    }
    if (base == 0)
        base = character_at(text, is_wide, at) == '0' ? 8 : 10;
    for (first = at;; at++) {
        u32 digit = digit_value(character_at(text, is_wide, at));
        if (digit >= base)
            break;
        if (parsed.magnitude > (limit - digit) / base)
            parsed.overflowed = TRUE;
        parsed.magnitude = parsed.magnitude * base + digit;
    }
    if (at != first)
        parsed.end = (const u8 *)text + (at << is_wide);
    return parsed;
}

static u64 unsigned_number(const void *text, void *end, int base, bool32 is_wide, u64 limit) {
    if (base < 0 || base == 1 || base > 36) {
        set_errno(EINVAL);
        return 0;
    }
    PARSED parsed = parse(text, is_wide, (u32)base, limit);
    if (end)
        *(const void **)end = parsed.end;
    if (parsed.overflowed) {
        set_errno(ERANGE);
        return limit;
    }
    return parsed.is_negative ? 0 - parsed.magnitude : parsed.magnitude;
}

static i64 signed_number(const void *text, void *end, int base, bool32 is_wide, u64 limit) {
    if (base < 0 || base == 1 || base > 36) {
        set_errno(EINVAL);
        return 0;
    }
    PARSED parsed = parse(text, is_wide, (u32)base, ~0ull);
    if (end)
        *(const void **)end = parsed.end;
    if (parsed.overflowed || parsed.magnitude > limit + parsed.is_negative) {
        set_errno(ERANGE);
        return parsed.is_negative ? -(i64)limit - 1 : (i64)limit;
    }
    return (i64)(parsed.is_negative ? 0 - parsed.magnitude : parsed.magnitude);
}

#define LONG_LIMIT 0x7FFFFFFFull
#define QUAD_LIMIT 0x7FFFFFFFFFFFFFFFull
i32 strtol(const char *text, char **end, int base) { return (i32)signed_number(text, end, base, FALSE, LONG_LIMIT); }
u32 strtoul(const char *text, char **end, int base) { return (u32)unsigned_number(text, end, base, FALSE, 0xFFFFFFFF); }
i64 strtoll(const char *text, char **end, int base) { return signed_number(text, end, base, FALSE, QUAD_LIMIT); }
u64 strtoull(const char *text, char **end, int base) { return unsigned_number(text, end, base, FALSE, ~0ull); }
i32 wcstol(const wchar *text, wchar **end, int base) { return (i32)signed_number(text, end, base, TRUE, LONG_LIMIT); }
u32 wcstoul(const wchar *text, wchar **end, int base) { return (u32)unsigned_number(text, end, base, TRUE, 0xFFFFFFFF); }
i64 wcstoll(const wchar *text, wchar **end, int base) { return signed_number(text, end, base, TRUE, QUAD_LIMIT); }
u64 wcstoull(const wchar *text, wchar **end, int base) { return unsigned_number(text, end, base, TRUE, ~0ull); }

/* atoi reads decimal digits only; a too large number gives the nearest limit, as the run-time's does. */
i32 atoi(const char *text) { return strtol(text, NULL, 10); }
i32 atol(const char *text) { return strtol(text, NULL, 10); }
i64 _atoi64(const char *text) { return strtoll(text, NULL, 10); }
i32 _wtoi(const wchar *text) { return wcstol(text, NULL, 10); }
i32 _wtol(const wchar *text) { return wcstol(text, NULL, 10); }
i64 _wtoi64(const wchar *text) { return wcstoll(text, NULL, 10); }
