/* times.c: the clocks of the C run-time, and today's date as text. */
#include "calendar.h"
#include "system.h"
#include "text.h"

#define SECONDS_1601_TO_1970 11644473600ull
#define TICKS_A_SECOND 10000000u

static u64 filetime(void) {
    u64 now;
    GetSystemTimeAsFileTime(&now);
    return now;
}

i64 _time64(i64 *result) {
    i64 seconds = (i64)(filetime() / TICKS_A_SECOND - SECONDS_1601_TO_1970);
    if (result)
        *result = seconds;
    return seconds;
}

i32 _time32(i32 *result) {
    i32 seconds = (i32)_time64(NULL);
    if (result)
        *result = seconds;
    return seconds;
}

typedef struct TIMEB64 {
    i64 Seconds;
    u16 Milliseconds;
    i16 MinutesWest, IsDaylightSaving;
} TIMEB64;

void _ftime64(TIMEB64 *result) {
    u64 now = filetime();
    i64 seconds = (i64)(now / TICKS_A_SECOND - SECONDS_1601_TO_1970);
    TM local;
    _localtime64_s(&local, &seconds);
    *result = (TIMEB64){seconds, (u16)(now / 10000 % 1000), (i16)(_timezone / 60), (i16)local.IsDaylightSaving};
}

/* Milliseconds since crt_initialize. */
static u32 start_ticks;
void crt_clock_initialize(void) { start_ticks = GetTickCount(); }
i32 clock(void) { return (i32)(GetTickCount() - start_ticks); }
double difftime64(i64 later, i64 earlier) { return (double)(later - earlier); }
double difftime32(i32 later, i32 earlier) { return (double)later - earlier; }

typedef struct TIMEB32 {
    i32 Seconds;
    u16 Milliseconds;
    i16 MinutesWest, IsDaylightSaving;
} TIMEB32;

void _ftime32(TIMEB32 *result) {
    TIMEB64 now;
    _ftime64(&now);
    *result = (TIMEB32){(i32)now.Seconds, now.Milliseconds, now.MinutesWest, now.IsDaylightSaving};
}
int _ftime64_s(TIMEB64 *result) { return result ? (_ftime64(result), 0) : (set_errno(EINVAL), EINVAL); }
int _ftime32_s(TIMEB32 *result) { return result ? (_ftime32(result), 0) : (set_errno(EINVAL), EINVAL); }

/* TIME_UTC is 1; answers it, or 0 for another base. */
typedef struct TIMESPEC64 {
    i64 Seconds;
    i32 Nanoseconds;
} TIMESPEC64;
int _timespec64_get(TIMESPEC64 *result, int base) {
    u64 now = filetime();
    if (base != 1)
        return 0;
    *result = (TIMESPEC64){(i64)(now / TICKS_A_SECOND - SECONDS_1601_TO_1970), (i32)(now % TICKS_A_SECOND * 100)};
    return base;
}
int _timespec32_get(i32 *result, int base) {
    TIMESPEC64 now;
    if (!_timespec64_get(&now, base))
        return 0;
    result[0] = (i32)now.Seconds;
    result[1] = now.Nanoseconds;
    return base;
}

/* "mm/dd/yy" and "hh:mm:ss": three numbers between two signs. */
static int store_parts(void *to, usize room, bool32 is_wide, int first, int second, int third, char between) {
    char text[9] = {(char)('0' + first / 10), (char)('0' + first % 10), between, (char)('0' + second / 10),
                    (char)('0' + second % 10), between, (char)('0' + third / 10), (char)('0' + third % 10), 0};
    bool32 fits = to && room >= sizeof text;
    if (to && room)
        memset(to, 0, is_wide ? 2 : 1);
    for (u32 index = 0; fits && index < sizeof text; index++)
        if (is_wide)
            ((wchar *)to)[index] = (u8)text[index];
        else
            ((char *)to)[index] = text[index];
    if (!fits)
        set_errno(to && room ? ERANGE : EINVAL);
    return fits ? 0 : crt_thread()->Errno;
}

static int store_date(void *to, usize room, bool32 is_wide) {
    TM now;
    i64 seconds = _time64(NULL);
    _localtime64_s(&now, &seconds);
    return store_parts(to, room, is_wide, now.Month + 1, now.Day, now.Year % 100, '/');
}
static int store_time(void *to, usize room, bool32 is_wide) {
    TM now;
    i64 seconds = _time64(NULL);
    _localtime64_s(&now, &seconds);
    return store_parts(to, room, is_wide, now.Hour, now.Minute, now.Second, ':');
}
int _strdate_s(char *to, usize room) { return store_date(to, room, FALSE); }
int _wstrdate_s(wchar *to, usize room) { return store_date(to, room, TRUE); }
int _strtime_s(char *to, usize room) { return store_time(to, room, FALSE); }
int _wstrtime_s(wchar *to, usize room) { return store_time(to, room, TRUE); }
char *_strdate(char *to) { return store_date(to, 9, FALSE) ? NULL : to; }
wchar *_wstrdate(wchar *to) { return store_date(to, 9, TRUE) ? NULL : to; }
char *_strtime(char *to) { return store_time(to, 9, FALSE) ? NULL : to; }
wchar *_wstrtime(wchar *to) { return store_time(to, 9, TRUE) ? NULL : to; }

u32 _getsystime(TM *result) {
    TIMEB64 now;
    _ftime64(&now);
    _localtime64_s(result, &now.Seconds);
    return now.Milliseconds;
}
