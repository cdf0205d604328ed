/* calendar.c: gmtime, asctime and their kin: universal time, and text. */
#include "calendar.h"
#include "text.h"

const u16 days_before_month[2][13] = {
    {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365},
    {0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366},
};
const char *const day_names[7] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
const char *const month_names[12] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};

bool32 is_leap_year(i64 year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

static i64 floor_divide(i64 value, i64 divisor) { return value / divisor - (value % divisor < 0); }

/* Leap days from the year 1 to the end of `year`. */
static i64 leap_days(i64 year) { return floor_divide(year, 4) - floor_divide(year, 100) + floor_divide(year, 400); }

i64 days_before_year(i64 year) { return 365 * (year - 1970) + leap_days(year - 1) - 477; }

void split_seconds(i64 seconds, TM *result) {
    i64 days = floor_divide(seconds, DAY_SECONDS);
    int rest = (int)(seconds - days * DAY_SECONDS);
    i64 year = 1970 + floor_divide(days, 366);
    while (days_before_year(year + 1) <= days)
        year++;
    int day = (int)(days - days_before_year(year)), month = 0;
    const u16 *before = days_before_month[is_leap_year(year)];
    while (before[month + 1] <= day)
        month++;
    *result = (TM){rest % 60, rest / 60 % 60, rest / 3600, day - before[month] + 1, month, (int)(year - 1900), 0, day, 0};
    result->WeekDay = (int)((days % 7 + 11) % 7); /* the first of January 1970 was a Thursday */
}

/* EINVAL, and -1 in every field, before 1970 and after the year 3000. */
int _gmtime64_s(TM *result, const i64 *seconds) {
    if (result)
        memset(result, 0xFF, sizeof *result);
    if (!result || !seconds || *seconds < 0 || *seconds > LAST_SECOND) {
        set_errno(EINVAL);
        return EINVAL;
    }
    split_seconds(*seconds, result);
    return 0;
}

int _gmtime32_s(TM *result, const i32 *seconds) {
    i64 wide = seconds ? *seconds : -1;
    return _gmtime64_s(result, &wide);
}

/* The result lies in the thread's data, as the next call finds it. */
TM *_gmtime64(const i64 *seconds) {
    TM *result = (TM *)crt_thread()->Calendar;
    return _gmtime64_s(result, seconds) ? NULL : result;
}
TM *_gmtime32(const i32 *seconds) {
    i64 wide = seconds ? *seconds : -1;
    return _gmtime64(&wide);
}

i64 join_seconds(const TM *fields) {
    i64 month = fields->Month, year = 1900ll + fields->Year + floor_divide(month, 12);
    month -= 12 * floor_divide(month, 12);
    i64 days = days_before_year(year) + days_before_month[is_leap_year(year)][month] + fields->Day - 1;
    return days * DAY_SECONDS + 3600ll * fields->Hour + 60ll * fields->Minute + fields->Second;
}

/* Fields out of range are carried over; the fields are then those of the time. -1 for times that cannot be held. */
i64 _mkgmtime64(TM *fields) {
    i64 seconds = join_seconds(fields);
    if (seconds < 0 || seconds > LAST_SECOND) {
        set_errno(EINVAL);
        return -1;
    }
    split_seconds(seconds, fields);
    return seconds;
}
i32 _mkgmtime32(TM *fields) {
    TM copy = *fields;
    i64 seconds = _mkgmtime64(&copy);
    if (seconds < 0 || seconds > 0x7FFFFFFF) {
        set_errno(EINVAL);
        return -1;
    }
    *fields = copy;
    return (i32)seconds;
}

static char *two_digits(char *at, int value, char end) {
    at[0] = (char)('0' + value / 10 % 10);
    at[1] = (char)('0' + value % 10);
    at[2] = end;
    return at + 3;
}

static bool32 is_valid(const TM *fields) {
    return (u32)fields->Month < 12 && (u32)fields->WeekDay < 7 && (u32)(fields->Day - 1) < 31 && (u32)fields->Hour < 24 &&
           (u32)fields->Minute < 60 && (u32)fields->Second < 61 && fields->Year >= 0 && fields->Year < 8100;
}

/* "Thu Jan 01 00:00:00 1970\n": 26 bytes with the zero; days have two digits. */
int asctime_s(char *to, usize room, const TM *fields) {
    if (to && room)
        *to = 0;
    if (!to || room < 26 || !fields || !is_valid(fields)) {
        set_errno(EINVAL);
        return EINVAL;
    }
    memcpy(to, day_names[fields->WeekDay], 3);
    to[3] = ' ';
    memcpy(to + 4, month_names[fields->Month], 3);
    to[7] = ' ';
    char *at = two_digits(to + 8, fields->Day, ' ');
    at = two_digits(at, fields->Hour, ':');
    at = two_digits(at, fields->Minute, ':');
    at = two_digits(at, fields->Second, ' ');
    int year = 1900 + fields->Year;
    two_digits(at, year / 100, 0);
    two_digits(at + 2, year, '\n')[0] = 0;
    return 0;
}

int _wasctime_s(wchar *to, usize room, const TM *fields) {
    char narrow[26];
    if (to && room)
        *to = 0;
    if (!to || room < 26 || asctime_s(narrow, sizeof narrow, fields)) {
        set_errno(EINVAL);
        return EINVAL;
    }
    for (int index = 0; index < 26; index++)
        to[index] = (u8)narrow[index];
    return 0;
}

char *asctime(const TM *fields) {
    char *to = crt_thread()->TimeText;
    return asctime_s(to, 26, fields) ? NULL : to;
}
wchar *_wasctime(const TM *fields) {
    wchar *to = crt_thread()->WideTimeText;
    return _wasctime_s(to, 26, fields) ? NULL : to;
}

int _ctime64_s(char *to, usize room, const i64 *seconds) {
    TM fields;
    int failure = _localtime64_s(&fields, seconds);
    return failure ? failure : asctime_s(to, room, &fields);
}
int _wctime64_s(wchar *to, usize room, const i64 *seconds) {
    TM fields;
    int failure = _localtime64_s(&fields, seconds);
    return failure ? failure : _wasctime_s(to, room, &fields);
}
int _ctime32_s(char *to, usize room, const i32 *seconds) {
    i64 wide = seconds ? *seconds : -1;
    return _ctime64_s(to, room, &wide);
}
int _wctime32_s(wchar *to, usize room, const i32 *seconds) {
    i64 wide = seconds ? *seconds : -1;
    return _wctime64_s(to, room, &wide);
}
char *_ctime64(const i64 *seconds) {
    TM fields;
    return _localtime64_s(&fields, seconds) ? NULL : asctime(&fields);
}
wchar *_wctime64(const i64 *seconds) {
    TM fields;
    return _localtime64_s(&fields, seconds) ? NULL : _wasctime(&fields);
}
char *_ctime32(const i32 *seconds) {
    i64 wide = seconds ? *seconds : -1;
    return _ctime64(&wide);
}
wchar *_wctime32(const i32 *seconds) {
    i64 wide = seconds ? *seconds : -1;
    return _wctime64(&wide);
}
