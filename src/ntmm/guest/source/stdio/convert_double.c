/* convert_double.c: _ecvt, _fcvt and _gcvt: the digits of a double, by the formatter of printf. */
#include "crt.h"
#include "text.h"

int _snprintf(char *to, usize room, const char *text, ...);
#define ROOM 352 /* the largest double has 309 digits before its point */

/* The digits of "d.ddde+xxx", and where the point stands; `count` digits. */
static int scientific(char *to, usize room, double value, int count, int *point, int *is_negative) {
    char text[ROOM];
    char *at = text;
    usize used = 0;
    _snprintf(text, sizeof text, "%.*e", count > 0 ? (count < 300 ? count - 1 : 299) : 0, value);
    *is_negative = *at == '-';
    at += *is_negative;
    for (; *at && *at != 'e'; at++)
        if (isdigit((u8)*at) && used + 1 < room && (int)used < count)
            to[used++] = *at;
    to[used] = 0;
    *point = 0;
    bool32 is_minus = *at && at[1] == '-';
    for (at += *at ? 2 : 0; isdigit((u8)*at); at++)
        *point = 10 * *point + (*at - '0');
    *point = (is_minus ? -*point : *point) + (value != 0);
    return 0;
}

static int fixed(char *to, usize room, double value, int count, int *point, int *is_negative) {
    char text[2 * ROOM];
    char *at = text;
    usize used = 0;
    int whole = 0;
    _snprintf(text, sizeof text, "%.*f", count < 0 ? 0 : count < 340 ? count : 340, value);
    *is_negative = *at == '-';
    at += *is_negative;
    for (char *digit = at; *digit && *digit != '.'; digit++)
        whole++;
    *point = *at == '0' ? 0 : whole;
    at += *at == '0' ? 1 : 0;
    bool32 is_leading = *point == 0;
    for (; *at && used + 1 < room; at++) {
        if (*at == '.')
            continue;
        if (is_leading && *at == '0' && value != 0) {
            --*point;
            continue;
        }
        is_leading = FALSE;
        to[used++] = *at;
    }
    to[used] = 0;
    return 0;
}

typedef int (*converter)(char *, usize, double, int, int *, int *);

static int checked(converter convert, char *to, usize room, double value, int count, int *point, int *is_negative) {
    char digits[2 * ROOM];
    if (to && room)
        *to = 0;
    if (!to || !room || !point || !is_negative) {
        set_errno(EINVAL);
        return EINVAL;
    }
    convert(digits, sizeof digits, value, count, point, is_negative);
    if (strlen(digits) >= room) {
        set_errno(ERANGE);
        return ERANGE;
    }
    strcpy(to, digits);
    return 0;
}

int _ecvt_s(char *to, usize room, double value, int count, int *point, int *is_negative) {
    return checked(scientific, to, room, value, count, point, is_negative);
}
int _fcvt_s(char *to, usize room, double value, int count, int *point, int *is_negative) {
    return checked(fixed, to, room, value, count, point, is_negative);
}

/* One buffer for all threads, as the documentation says of these two. */
static char shared[2 * ROOM];
char *_ecvt(double value, int count, int *point, int *is_negative) {
    _ecvt_s(shared, sizeof shared, value, count, point, is_negative);
    return shared;
}
char *_fcvt(double value, int count, int *point, int *is_negative) {
    _fcvt_s(shared, sizeof shared, value, count, point, is_negative);
    return shared;
}

/* As %g writes it, with a point also behind whole numbers. */
int _gcvt_s(char *to, usize room, double value, int count) {
    char text[ROOM];
    if (!to || !room) {
        set_errno(EINVAL);
        return EINVAL;
    }
    int length = _snprintf(text, sizeof text - 2, "%.*g", count < 300 ? count : 300, value);
    if (!strchr(text, '.') && isdigit((u8)text[length - 1])) {
        char *end = strchr(text, 'e');
        end = end ? end : text + length;
        memmove(end + 1, end, strlen(end) + 1);
        *end = '.';
    }
    bool32 fits = strlen(text) < room;
    strcpy(to, fits ? text : "");
    if (!fits)
        set_errno(ERANGE);
    return fits ? 0 : ERANGE;
}
char *_gcvt(double value, int count, char *to) {
    _gcvt_s(to, ROOM, value, count);
    return to;
}
