/* strftime.c: strftime and wcsftime in the "C" locale; msvcrt knows fewer conversions than ucrt, and writes %c and %z as
   it always did. */
#include "calendar.h"
#include "text.h"

typedef struct OUTPUT {
    void *To;
    usize Room, Length;
    bool32 IsWide, IsOld, IsInvalid;
    const TM *Time;
} OUTPUT;

static void put(OUTPUT *output, u32 unit) {
    if (output->Length < output->Room) {
        if (output->IsWide)
            ((wchar *)output->To)[output->Length] = (wchar)unit;
        else
            ((char *)output->To)[output->Length] = (char)unit;
    }
    output->Length++;
}

static void put_text(OUTPUT *output, const char *text, usize limit) {
    for (; *text && limit; limit--)
        put(output, (u8)*text++);
}

/* `blank` stands for leading zeros; 0 for none at all ("%#d") */
static void put_number(OUTPUT *output, i64 value, int digits, u32 blank) {
    char buffer[24];
    char *at = digits_backwards(buffer + sizeof buffer, (u64)(value < 0 ? -value : value), 10, 'a');
    if (value < 0)
        put(output, '-');
    if (at == buffer + sizeof buffer)
        *--at = '0';
    for (int missing = digits - (int)(buffer + sizeof buffer - at); blank && missing > 0; missing--)
        put(output, blank);
    put_text(output, at, (usize)(buffer + sizeof buffer - at));
}

/* The week of ISO 8601, and the year it belongs to. */
static int iso_week(const TM *time, int *year) {
    int monday = (time->WeekDay + 6) % 7, week = (time->YearDay - monday + 10) / 7;
    *year = 1900 + time->Year;
    if (week < 1) {
        --*year;
        int days = is_leap_year(*year) ? 366 : 365;
        return (time->YearDay + days - monday + 10) / 7;
    }
    int days = is_leap_year(*year) ? 366 : 365;
    if (week == 53 && time->YearDay - monday + 3 >= days) {
        ++*year;
        return 1;
    }
    return week;
}

static void expand(OUTPUT *output, const char *text);

static void put_date(OUTPUT *output, bool32 is_long) {
    if (is_long)
        expand(output, "%A, %B %d, %Y");
    else
        expand(output, "%m/%d/%y");
}

static const char *zone_name(const TM *time) { return _tzname[time->IsDaylightSaving > 0]; }

static void put_zone(OUTPUT *output) {
    i32 west = _timezone + (output->Time->IsDaylightSaving > 0 ? _dstbias : 0), distance = west < 0 ? -west : west;
    if (output->IsOld) {
        put_text(output, zone_name(output->Time), 64);
        return;
    }
    put(output, west > 0 ? '-' : '+');
    put_number(output, distance / 3600, 2, '0');
    put_number(output, distance / 60 % 60, 2, '0');
}

static bool32 is_in(int value, int first, int last) { return value >= first && value <= last; }

static bool32 is_known(OUTPUT *output, u32 letter) {
    const TM *time = output->Time;
    switch (letter) {
    case 'a': case 'A': case 'w': case 'u':
        return is_in(time->WeekDay, 0, 6);
    case 'b': case 'B': case 'h': case 'm':
        return is_in(time->Month, 0, 11);
    case 'd': case 'e':
        return is_in(time->Day, 1, 31);
    case 'H': case 'I': case 'p':
        return is_in(time->Hour, 0, 23);
    case 'M':
        return is_in(time->Minute, 0, 59);
    case 'S':
        return is_in(time->Second, 0, 60);
    case 'j': case 'U': case 'W':
        return is_in(time->YearDay, 0, 365);
    }
    return TRUE;
}

static void convert_new(OUTPUT *output, u32 letter, u32 zero) {
    int year, week;
    switch (letter) {
    case 'C': put_number(output, (1900 + output->Time->Year) / 100, 2, zero); break;
    case 'D': expand(output, "%m/%d/%y"); break;
    case 'e': put_number(output, output->Time->Day, 2, zero ? ' ' : 0); break;
    case 'F': expand(output, "%Y-%m-%d"); break;
    case 'g': iso_week(output->Time, &year); put_number(output, year % 100, 2, zero); break;
    case 'G': iso_week(output->Time, &year); put_number(output, year, 4, zero); break;
    case 'h': expand(output, "%b"); break;
    case 'n': put(output, '\n'); break;
    case 'r': expand(output, "%I:%M:%S %p"); break;
    case 'R': expand(output, "%H:%M"); break;
    case 't': put(output, '\t'); break;
    case 'T': expand(output, "%H:%M:%S"); break;
    case 'u': put_number(output, output->Time->WeekDay ? output->Time->WeekDay : 7, 1, zero); break;
    case 'V': week = iso_week(output->Time, &year); put_number(output, week, 2, zero); break;
    default: output->IsInvalid = TRUE;
    }
}

static void convert(OUTPUT *output, u32 letter, bool32 alternate) {
    const TM *time = output->Time;
    u32 zero = alternate ? 0 : '0';
    if (!is_known(output, letter)) {
        output->IsInvalid = TRUE;
        return;
    }
    switch (letter) {
    case 'a': put_text(output, day_names[time->WeekDay], 3); break;
    case 'A': put_text(output, day_names[time->WeekDay], 9); break;
    case 'b': put_text(output, month_names[time->Month], 3); break;
    case 'B': put_text(output, month_names[time->Month], 9); break;
    case 'c':
        if (alternate || output->IsOld) {
            put_date(output, alternate);
            expand(output, " %H:%M:%S");
        } else {
            expand(output, "%a %b %e %H:%M:%S %Y");
        }
        break;
    case 'd': put_number(output, time->Day, 2, zero); break;
    case 'H': put_number(output, time->Hour, 2, zero); break;
    case 'I': put_number(output, time->Hour % 12 ? time->Hour % 12 : 12, 2, zero); break;
    case 'j': put_number(output, time->YearDay + 1, 3, zero); break;
    case 'm': put_number(output, time->Month + 1, 2, zero); break;
    case 'M': put_number(output, time->Minute, 2, zero); break;
    case 'p': put_text(output, time->Hour < 12 ? "AM" : "PM", 2); break;
    case 'S': put_number(output, time->Second, 2, zero); break;
    case 'U': put_number(output, (time->YearDay + 7 - time->WeekDay) / 7, 2, zero); break;
    case 'w': put_number(output, time->WeekDay, 1, zero); break;
    case 'W': put_number(output, (time->YearDay + 7 - (time->WeekDay + 6) % 7) / 7, 2, zero); break;
    case 'x': put_date(output, alternate); break;
    case 'X': expand(output, "%H:%M:%S"); break;
    case 'y': put_number(output, (1900 + time->Year) % 100, 2, zero); break;
    case 'Y': put_number(output, 1900 + time->Year, output->IsOld ? 1 : 4, zero); break;
    case 'z': put_zone(output); break;
    case 'Z': put_text(output, zone_name(time), 64); break;
    case '%': put(output, '%'); break;
    default:
        if (output->IsOld)
            output->IsInvalid = TRUE;
        else
            convert_new(output, letter, zero);
    }
}

static void expand_units(OUTPUT *output, const void *text, bool32 is_wide) {
#define UNIT(index) (is_wide ? ((const wchar *)text)[index] : ((const u8 *)text)[index])
    for (usize at = 0; UNIT(at); at++) {
        if (UNIT(at) != '%') {
            put(output, UNIT(at));
            continue;
        }
        bool32 alternate = UNIT(++at) == '#';
        at += alternate;
        if (!output->IsOld && (UNIT(at) == 'E' || UNIT(at) == 'O'))
            at++; /* asks for the locale's own form, and "C" has none */
        if (!UNIT(at)) {
            output->IsInvalid = TRUE;
            return;
        }
        convert(output, UNIT(at), alternate);
    }
}

static void expand(OUTPUT *output, const char *text) { expand_units(output, text, FALSE); }

/* Units without the zero; 0 with errno ERANGE and an empty string if they do not fit, EINVAL for a wrong conversion. */
static usize format_time(void *to, usize room, const void *text, const TM *time, bool32 is_wide, bool32 is_old) {
    OUTPUT output = {to, room, 0, is_wide, is_old, FALSE, time};
    if (!to || !room || !text || !time) {
        set_errno(EINVAL);
        return 0;
    }
    expand_units(&output, text, is_wide);
    bool32 fits = output.Length < room && !output.IsInvalid;
    usize end = fits ? output.Length : 0;
    if (is_wide)
        ((wchar *)to)[end] = 0;
    else
        ((char *)to)[end] = 0;
    if (!fits)
        set_errno(output.IsInvalid ? EINVAL : ERANGE);
    return end;
}

usize strftime(char *to, usize room, const char *text, const TM *time) {
    return format_time(to, room, text, time, FALSE, FALSE);
}
usize wcsftime(wchar *to, usize room, const wchar *text, const TM *time) {
    return format_time(to, room, text, time, TRUE, FALSE);
}
usize strftime_old(char *to, usize room, const char *text, const TM *time) {
    return format_time(to, room, text, time, FALSE, TRUE);
}
usize wcsftime_old(wchar *to, usize room, const wchar *text, const TM *time) {
    return format_time(to, room, text, time, TRUE, TRUE);
}
