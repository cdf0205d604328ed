/* zone.c: local time, by the TZ variable: tzn[+|-]hh[:mm[:ss]][dzn]. Without one it is universal time. A zone with a
   second name has daylight saving time by the rules of the United States, those of 2007 and those before. */
#include "calendar.h"
#include "text.h"

#define NAME_LENGTH 3
#define DAYLIGHT_BIAS (-3600)

char *getenv(const char *name);

static char standard_name[64] = "UTC", daylight_name[64] = "";
static bool32 is_set;
i32 _timezone, _dstbias;
int _daylight;
char *_tzname[2] = {standard_name, daylight_name};

static const char *take_name(char *to, const char *text) {
    int length = 0;
    for (; length < NAME_LENGTH && text[length]; length++)
        to[length] = text[length];
    to[length] = 0;
    return text + length;
}

static const char *take_number(i32 *result, const char *text) {
    for (*result = 0; *text >= '0' && *text <= '9' && *result < 10000; text++)
        *result = 10 * *result + (*text - '0');
    return text;
}

/* Hours, minutes and seconds west of Greenwich. */
static const char *take_distance(i32 *seconds, const char *text) {
    bool32 is_east = *text == '-';
    i32 part, unit = 3600;
    text += *text == '-' || *text == '+';
    *seconds = 0;
    do {
        text = take_number(&part, text);
        *seconds += part * unit;
        unit /= 60;
    } while (unit && *text == ':' && text++);
    if (is_east)
        *seconds = -*seconds;
    return text;
}

void _tzset(void) {
    const char *text = getenv("TZ");
    is_set = TRUE;
    strcpy(standard_name, "UTC");
    *daylight_name = 0;
    _timezone = _dstbias = 0;
    _daylight = 0;
    if (!text || !*text)
        return;
    text = take_distance(&_timezone, take_name(standard_name, text));
    if (*text) {
        take_name(daylight_name, text);
        _daylight = 1;
        _dstbias = DAYLIGHT_BIAS;
    }
}

static void set_once(void) {
    if (!is_set)
        _tzset();
}

/* The day of the year of a Sunday in a month: the first is 1, the last 5. */
static int sunday(int year, int month, int number) {
    const u16 *before = days_before_month[is_leap_year(year)];
    i64 first = days_before_year(year) + before[month];
    int day = before[month] + (int)((7 - (first % 7 + 11) % 7) % 7) + 7 * (number - 1);
    return day < before[month + 1] ? day : day - 7;
}

/* Whether clocks that show standard time as in `time` are an hour ahead: from 2:00 to 2:00 of the day that ends it. */
static bool32 is_daylight(const TM *time) {
    int year = 1900 + time->Year, second = time->YearDay * DAY_SECONDS + time->Hour * 3600 + time->Minute * 60 + time->Second;
    int first = year >= 2007 ? sunday(year, 2, 2) : sunday(year, 3, 1);
    int last = year >= 2007 ? sunday(year, 10, 1) : sunday(year, 9, 5);
    return second >= first * DAY_SECONDS + 7200 && second < last * DAY_SECONDS + 3600;
}

static void split_local(i64 seconds, TM *result) {
    split_seconds(seconds - _timezone, result);
    if (_daylight && is_daylight(result)) {
        split_seconds(seconds - _timezone - _dstbias, result);
        result->IsDaylightSaving = 1;
    }
}

/* EINVAL, and -1 in every field, for times before 1970 and after the year 3000. */
int _localtime64_s(TM *result, const i64 *seconds) {
    int failure = _gmtime64_s(result, seconds);
    set_once();
    if (!failure)
        split_local(*seconds, result);
    return failure;
}
int _localtime32_s(TM *result, const i32 *seconds) {
    i64 wide = seconds ? *seconds : -1;
    return _localtime64_s(result, &wide);
}

/* The result lies where that of gmtime does. */
TM *_localtime64(const i64 *seconds) {
    TM *result = (TM *)crt_thread()->Calendar;
    return _localtime64_s(result, seconds) ? NULL : result;
}
TM *_localtime32(const i32 *seconds) {
    i64 wide = seconds ? *seconds : -1;
    return _localtime64(&wide);
}

/* As _mkgmtime64 for local time; a negative IsDaylightSaving leaves to the rules whether clocks are ahead. */
i64 _mktime64(TM *fields) {
    set_once();
    i64 seconds = join_seconds(fields) + _timezone;
    TM known;
    split_local(seconds, &known);
    if (_daylight && (fields->IsDaylightSaving > 0 || (fields->IsDaylightSaving < 0 && known.IsDaylightSaving)))
        seconds += _dstbias;
    if (seconds < 0 || seconds > LAST_SECOND) {
        set_errno(EINVAL);
        return -1;
    }
    split_local(seconds, fields);
    return seconds;
}
i32 _mktime32(TM *fields) {
    TM copy = *fields;
    i64 seconds = _mktime64(&copy);
    if (seconds < 0 || seconds > 0x7FFFFFFF) {
        set_errno(EINVAL);
        return -1;
    }
    *fields = copy;
    return (i32)seconds;
}

i32 *__p__timezone(void) { return &_timezone; }
i32 *__p__dstbias(void) { return &_dstbias; }
int *__p__daylight(void) { return &_daylight; }
char **__p__tzname(void) { return _tzname; }
int _get_timezone(i32 *result) { return result ? (*result = _timezone, 0) : EINVAL; }
int _get_dstbias(i32 *result) { return result ? (*result = _dstbias, 0) : EINVAL; }
int _get_daylight(int *result) { return result ? (*result = _daylight, 0) : EINVAL; }
int _get_tzname(usize *needed, char *to, usize room, int index) {
    if (!needed || !to != !room || (u32)index > 1)
        return set_errno(EINVAL), EINVAL;
    *needed = strlen(_tzname[index]) + 1;
    if (!to)
        return 0;
    *to = 0;
    if (*needed > room)
        return ERANGE;
    strcpy(to, _tzname[index]);
    return 0;
}
