/* parse_double.c: strtod, atof and their wide forms: the end of the number is found here, its value by a service. */
#include "crt.h"
#include "system.h"
#include "text.h"

/* The service skips blanks and answers how many characters belong to the number; 0: there is none. */
double strtod(const char *text, char **end) {
    double value = 0;
    i32 used = NtmmParseDouble(text, &value);
    if (end)
        *end = (char *)text + (used > 0 ? used : 0);
    if (used > 0 && (value > 1.7976931348623157e308 || value < -1.7976931348623157e308)) {
        const char *at = text;
        while (isspace((u8)*at) || *at == '+' || *at == '-')
            at++;
        if (isdigit((u8)*at) || *at == '.')
            set_errno(ERANGE);
    }
    return value;
}
float strtof(const char *text, char **end) { return (float)strtod(text, end); }
double atof(const char *text) { return strtod(text, NULL); }

double wcstod(const wchar *text, wchar **end) {
    char narrow[512];
    usize at = 0, blanks = 0;
    while (iswspace(text[blanks]))
        blanks++;
    for (; at < sizeof narrow - 1 && text[blanks + at] && text[blanks + at] < 128; at++)
        narrow[at] = (char)text[blanks + at];
    narrow[at] = 0;
    char *stop;
    double value = strtod(narrow, &stop);
    if (end)
        *end = (wchar *)text + (stop == narrow ? 0 : blanks + (usize)(stop - narrow));
    return value;
}
float wcstof(const wchar *text, wchar **end) { return (float)wcstod(text, end); }
double _wtof(const wchar *text) { return wcstod(text, NULL); }
