/* times.c: the clocks of the C run-time, and rand_s. */
#include "crt.h"
#include "system.h"

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
    *result = (TIMEB64){(i64)(now / TICKS_A_SECOND - SECONDS_1601_TO_1970), (u16)(now / 10000 % 1000), 0, 0};
}

/* Milliseconds since crt_initialize. */
static u32 start_ticks;
void crt_clock_initialize(void) { start_ticks = GetTickCount(); }
i32 clock(void) { return (i32)(GetTickCount() - start_ticks); }
double difftime64(i64 later, i64 earlier) { return (double)(later - earlier); }
double difftime32(i32 later, i32 earlier) { return (double)later - earlier; }
