/* calendar.h: struct tm and the functions between it and seconds since 1970. */
#pragma once
#include "crt.h"

typedef struct TM {
    int Second, Minute, Hour, Day /* 1 to 31 */, Month /* 0 to 11 */, Year /* less 1900 */, WeekDay /* Sunday is 0 */,
        YearDay /* from 0 */, IsDaylightSaving;
} TM;

#define DAY_SECONDS 86400
/* The last second of the year 3000, where Windows' 64-bit times end. */
#define LAST_SECOND 32535215999ll

i64 days_before_year(i64 year); /* days from 1970 to the first of January */
bool32 is_leap_year(i64 year);
extern const u16 days_before_month[2][13];
extern const char *const day_names[7], *const month_names[12];

i64 join_seconds(const TM *fields); /* fields out of range are carried over */
void split_seconds(i64 seconds, TM *result);

extern i32 _timezone, _dstbias; /* seconds west of Greenwich, and what daylight saving time adds to them */
extern char *_tzname[2];

int _gmtime64_s(TM *result, const i64 *seconds);
int _localtime64_s(TM *result, const i64 *seconds);
