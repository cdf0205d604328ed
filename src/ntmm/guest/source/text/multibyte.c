/* multibyte.c: conversions between bytes and wide characters in the "C" locale, where each byte is one character with its
   own number, and wide characters past 255 cannot be converted (EILSEQ). Conversion states therefore stay as they are. */
#include "crt.h"
#include "text.h"

#define FAILED (~(usize)0)
#define TRUNCATE (~(usize)0)

static usize illegal(void) {
    set_errno(EILSEQ);
    return FAILED;
}

int mbtowc(wchar *to, const char *from, usize size) {
    if (!from || !size)
        return from ? -1 : 0;
    if (to)
        *to = (u8)*from;
    return *from != 0;
}
int mblen(const char *from, usize size) { return mbtowc(NULL, from, size); }

int wctomb(char *to, wchar character) {
    if (!to)
        return 0;
    if (character > 255)
        return (int)illegal();
    *to = (char)character;
    return 1;
}

usize mbrtowc(wchar *to, const char *from, usize size, void *state) {
    (void)state;
    if (!from)
        return 0;
    return size ? (usize)mbtowc(to, from, size) : (usize)-2; /* -2: incomplete */
}
usize mbrlen(const char *from, usize size, void *state) { return mbrtowc(NULL, from, size, state); }

usize wcrtomb(char *to, wchar character, void *state) {
    (void)state;
    if (!to)
        return 1;
    return character > 255 ? illegal() : (*to = (char)character, 1);
}

u16 btowc(int byte) { return byte == -1 ? 0xFFFF : (u8)byte; }
int wctob(u16 character) { return character > 255 ? -1 : character; }

/* Converts up to `count` characters and the zero, which is not counted; *from is NULL after the zero was converted. */
usize mbsrtowcs(wchar *to, const char **from, usize count, void *state) {
    (void)state;
    if (!to)
        return strlen(*from);
    for (usize index = 0; index < count; index++) {
        to[index] = (u8)(*from)[index];
        if (!to[index]) {
            *from = NULL;
            return index;
        }
    }
    *from += count;
    return count;
}

usize wcsrtombs(char *to, const wchar **from, usize count, void *state) {
    (void)state;
    usize limit = to ? count : FAILED;
    for (usize index = 0; index < limit; index++) {
        wchar character = (*from)[index];
        if (character > 255) {
            if (to)
                *from += index;
            return illegal();
        }
        if (to)
            to[index] = (char)character;
        if (!character) {
            if (to)
                *from = NULL;
            return index;
        }
    }
    *from += count;
    return count;
}

usize mbstowcs(wchar *to, const char *from, usize count) { return mbsrtowcs(to, &from, count, NULL); }
usize wcstombs(char *to, const wchar *from, usize count) { return wcsrtombs(to, &from, count, NULL); }

/* The end of all checked conversions: `made` units fit without their zero. Units with the zero go to *result. */
static int finish(usize *result, void *to, bool32 is_wide, usize room, usize count, usize made) {
    usize length = made + 1;
    int answer = 0;
    if (to && length > room) {
        answer = count == TRUNCATE ? STRUNCATE : ERANGE;
        length = count == TRUNCATE ? room : 1;
    }
    if (to && is_wide)
        ((wchar *)to)[length - 1] = 0;
    else if (to)
        ((char *)to)[length - 1] = 0;
    if (answer == ERANGE)
        length = 0;
    if (result)
        *result = length;
    if (answer == ERANGE)
        set_errno(ERANGE);
    return answer;
}

static int refuse(usize *result, int code) {
    if (result)
        *result = 0;
    set_errno(code);
    return code;
}

int mbsrtowcs_s(usize *result, wchar *to, usize room, const char **from, usize count, void *state) {
    if (to && room)
        *to = 0;
    if (!to != !room || !from || !*from)
        return refuse(result, EINVAL);
    usize made = mbsrtowcs(to, from, count < room ? count : room, state);
    return finish(result, to, TRUE, room, count, made);
}
int mbstowcs_s(usize *result, wchar *to, usize room, const char *from, usize count) {
    return mbsrtowcs_s(result, to, room, &from, count, NULL);
}

int wcsrtombs_s(usize *result, char *to, usize room, const wchar **from, usize count, void *state) {
    if (to && room)
        *to = 0;
    if (!to != !room || !from || !*from)
        return refuse(result, EINVAL);
    usize made = wcsrtombs(to, from, count < room ? count : room, state);
    if (made == FAILED) {
        if (to)
            *to = 0;
        return refuse(result, EILSEQ);
    }
    return finish(result, to, FALSE, room, count, made);
}
int wcstombs_s(usize *result, char *to, usize room, const wchar *from, usize count) {
    return wcsrtombs_s(result, to, room, &from, count, NULL);
}

int wcrtomb_s(usize *result, char *to, usize room, wchar character, void *state) {
    (void)state;
    if (!to != !room)
        return refuse(result, EINVAL);
    if (character > 255) {
        if (result)
            *result = FAILED;
        illegal();
        return EILSEQ;
    }
    if (to)
        *to = (char)character;
    if (result)
        *result = 1;
    return 0;
}

int wctomb_s(int *result, char *to, usize room, wchar character) {
    if (!to && room) {
        if (result)
            *result = 0;
        return 0;
    }
    if (to && !room)
        return ERANGE;
    if (to && character > 255) {
        if (result)
            *result = -1;
        illegal();
        return EILSEQ;
    }
    if (to)
        *to = (char)character;
    if (result)
        *result = to != NULL;
    return 0;
}
