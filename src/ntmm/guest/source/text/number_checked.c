/* number_checked.c: numbers to digits with a checked room (_itoa_s and its kin), and the digits of doubles (_ecvt). */
#include "crt.h"
#include "text.h"

char *_i64toa(i64 value, char *to, int base);
char *_ui64toa(u64 value, char *to, int base);

/* EINVAL for a wrong base or no room, ERANGE where the digits do not fit; the destination is then empty. */
static int store(u64 value, bool32 is_signed, void *to, usize room, int base, bool32 is_wide) {
    char digits[72];
    int failure = !to || !room || base < 2 || base > 36 ? EINVAL : 0;
    if (!failure) {
        if (is_signed)
            _i64toa((i64)value, digits, base);
        else
            _ui64toa(value, digits, base);
        failure = strlen(digits) < room ? 0 : ERANGE;
    }
    if (failure) {
        if (to && room)
            memset(to, 0, is_wide ? 2 : 1);
        set_errno(failure);
        return failure;
    }
    for (usize index = 0; index <= strlen(digits); index++)
        if (is_wide)
            ((wchar *)to)[index] = (u8)digits[index];
        else
            ((char *)to)[index] = digits[index];
    return 0;
}

#define CHECKED(name, value_type, unsigned_type)                                                         \
    int _##name##toa_s(value_type value, char *to, usize room, int base) {                               \
        bool32 is_signed = (value_type)-1 < 0 && base == 10;                                             \
        return store(is_signed ? (u64)(i64)value : (u64)(unsigned_type)value, is_signed, to, room, base, FALSE); \
    }                                                                                                    \
    int _##name##tow_s(value_type value, wchar *to, usize room, int base) {                              \
        bool32 is_signed = (value_type)-1 < 0 && base == 10;                                             \
        return store(is_signed ? (u64)(i64)value : (u64)(unsigned_type)value, is_signed, to, room, base, TRUE);  \
    }
CHECKED(i, i32, u32)
CHECKED(l, i32, u32)
CHECKED(i64, i64, u64)
#define CHECKED_UNSIGNED(name, type)                                                                                     \
    int _##name##toa_s(type value, char *to, usize room, int base) { return store(value, FALSE, to, room, base, FALSE); } \
    int _##name##tow_s(type value, wchar *to, usize room, int base) { return store(value, FALSE, to, room, base, TRUE); }
CHECKED_UNSIGNED(ul, u32)
CHECKED_UNSIGNED(ui64, u64)
