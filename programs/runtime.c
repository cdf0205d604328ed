/* Shows the C run-time: dates, files by name, folders, environment, conversions, numbers, mathematics, other processes. */
#include <direct.h>
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <io.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <process.h>
#include <search.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utime.h>
#include <time.h>
#include <wchar.h>
#include <windows.h>

#include "check.h"

static int same(const char *got, const char *expected, const char *what)
{
    int is_same = got && !strcmp(got, expected);
    if (!check(is_same, "%s", what))
        printf("      got \"%s\", expected \"%s\"\n", got ? got : "(null)", expected);
    return is_same;
}

static void dates(void)
{
    char text[100];
    wchar_t wide[100];
    struct tm when = {.tm_year = 104, .tm_mon = 1, .tm_mday = 30, .tm_hour = 25, .tm_isdst = -1};
    __time64_t moment = 1099872000; /* 2004-11-08 00:00:00 */
    section("Dates");
    check_equal((unsigned long long)_mktime64(&when), 1078189200, "mktime carries over: February 30, 25:00 is March 2, 1:00");
    check(when.tm_mday == 2 && when.tm_mon == 2 && when.tm_wday == 2 && when.tm_yday == 61, "and says which day that is");
    struct tm *split = _gmtime64(&moment);
    check(split && split->tm_year == 104 && split->tm_yday == 312 && split->tm_wday == 1, "gmtime splits");
    same(asctime(split), "Mon Nov 08 00:00:00 2004\n", "asctime writes it");
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %a %A %b %B %j %U %W %w %y %p %I %%", split);
    same(text, "2004-11-08 00:00:00 Mon Monday Nov November 313 45 45 1 04 AM 12 %", "strftime writes all parts");
    strftime(text, sizeof text, "%F %T %D %e %V %G %u %C %R", split);
    same(text, "2004-11-08 00:00:00 11/08/04  8 46 2004 1 20 00:00", "and those of C99");
    check(wcsftime(wide, 100, L"%#d/%#m", split) == 4 && !wcscmp(wide, L"8/11"), "wcsftime; # takes zeros away");
    check_equal(strftime(text, 5, "%Y-%m", split), 0, "what does not fit is 0");
    check_equal(errno, ERANGE, "ERANGE");
    moment = -5;
    check(!_gmtime64(&moment) && errno == EINVAL, "before 1970 is EINVAL");
}

static const char *local(__time64_t moment)
{
    static char text[100];
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %Z %z", _localtime64(&moment));
    return text;
}

static void zones(void)
{
    struct tm when = {.tm_year = 106, .tm_mon = 6, .tm_mday = 1, .tm_isdst = -1};
    section("Time zones");
    same(local(1150000000), "2006-06-11 04:26:40 UTC +0000", "without TZ local time is universal");
    _putenv("TZ=EST5EDT");
    _tzset();
    check(_timezone == 18000 && _daylight == 1 && !strcmp(_tzname[0], "EST") && !strcmp(_tzname[1], "EDT"), "TZ=EST5EDT");
    same(local(1150000000), "2006-06-11 00:26:40 EDT -0400", "daylight saving time in June");
    same(local(1173596399), "2007-03-11 01:59:59 EST -0500", "standard time until 2:00 of the second Sunday in March");
    same(local(1173596400), "2007-03-11 03:00:00 EDT -0400", "a second later it is 3:00");
    same(local(1194155999), "2007-11-04 01:59:59 EDT -0400", "until 2:00 of the first Sunday in November");
    same(local(1194156000), "2007-11-04 01:00:00 EST -0500", "when it is 1:00 again");
    same(local(986108400), "2001-04-01 03:00:00 EDT -0400", "before 2007 from the first Sunday in April");
    same(local(1004248800), "2001-10-28 01:00:00 EST -0500", "to the last Sunday in October");
    check_equal((unsigned long long)_mktime64(&when), 1151726400, "mktime finds out whether clocks are ahead");
    _putenv("TZ=NST3:30NDT");
    _tzset();
    same(local(1150000000), "2006-06-11 01:56:40 NDT -0230", "minutes");
    _putenv("TZ=CET-1");
    _tzset();
    same(local(1150000000), "2006-06-11 05:26:40 CET +0100", "east of Greenwich, without daylight saving time");
    _putenv("TZ=");
    _tzset();
}

static void files(void)
{
    struct _stat64 data;
    struct _utimbuf times = {1000000000, 1100000000};
    struct _finddata_t found;
    char path[MAX_PATH], drive[8], folder[64], name[64], extension[16];
    int count = 0;
    section("Files and folders");
    check(!_mkdir("folder") && _mkdir("folder") == -1 && errno == EEXIST, "_mkdir makes a folder once: EEXIST");
    FILE *file = fopen("folder\\program.exe", "wb");
    fputs("12345", file);
    check(!_fstat64(_fileno(file), &data) && data.st_mode & _S_IFREG, "_fstat of an open file");
    fclose(file);
    check(!_utime("folder\\program.exe", &times), "_utime");
    check(!_stat64("folder\\program.exe", &data), "_stat by name");
    check(data.st_size == 5 && data.st_mtime == 1100000000, "knows its size and time");
    check_equal(data.st_mode, 0100777, "and that it can be executed");
    check(!_stat64("folder", &data) && data.st_mode & _S_IFDIR, "a folder is one");
    check(_stat64("nothing", &data) == -1 && errno == ENOENT, "what is not there is ENOENT");
    check(!_chmod("folder\\program.exe", _S_IREAD) && _access("folder\\program.exe", 2) == -1, "_chmod forbids writing");
    _chmod("folder\\program.exe", _S_IREAD | _S_IWRITE);
    fclose(fopen("folder\\other.txt", "w"));
    intptr_t search = _findfirst("folder\\*", &found);
    do
        count++;
    while (!_findnext(search, &found));
    check(count == 4 && errno == ENOENT, "_findfirst finds both, and the two dots");
    check(!_findclose(search), "_findclose");
    check(_findfirst("folder\\*.zip", &found) == -1 && errno == ENOENT, "no match is ENOENT");
    check(_rmdir("folder") == -1 && errno == ENOTEMPTY, "a folder that is not empty stays: ENOTEMPTY");
    check(!_chdir("folder") && _getcwd(path, sizeof path), "the current folder changes");
    same(path + 2, "\\folder", "and is told");
    same(_fullpath(path, "..\\a\\.\\b.c", sizeof path) + 2, "\\a\\b.c", "_fullpath resolves dots");
    _chdir("..");
    _splitpath("C:\\one\\two.three\\four.tar.gz", drive, folder, name, extension);
    check(!strcmp(drive, "C:") && !strcmp(folder, "\\one\\two.three\\") && !strcmp(name, "four.tar") && !strcmp(extension, ".gz"),
          "_splitpath");
    _makepath(path, "D", "x\\y", "z", "c");
    same(path, "D:x\\y\\z.c", "_makepath");
    check(!remove("folder\\program.exe") && !remove("folder\\other.txt") && !_rmdir("folder"), "all is removed");
    file = tmpfile();
    int copy = file ? _dup(_fileno(file)) : -1;
    check(copy >= 0 && _write(copy, "xyz", 3) == 3 && _filelength(_fileno(file)) == 3, "tmpfile; _dup shares the file");
    check(_dup2(copy, 9) == 0 && _lseek(9, 0, SEEK_CUR) == 3, "_dup2 onto a number of one's own");
    _close(copy);
    _close(9);
    if (file)
        fclose(file);
}

static void environment(void)
{
    char text[16], *copy = NULL;
    size_t needed = 0;
    section("Environment");
    check(!_putenv("NTMM_TEST=one") && !strcmp(getenv("ntmm_test"), "one"), "_putenv; names have no case");
    check(GetEnvironmentVariableA("NTMM_TEST", text, sizeof text) == 3, "the process sees it too");
    check(!wcscmp(_wgetenv(L"NTMM_TEST"), L"one"), "and the wide table");
    check(!_putenv_s("NTMM_TEST", "two") && !_dupenv_s(&copy, &needed, "NTMM_TEST") && needed == 4, "_putenv_s, _dupenv_s");
    same(copy, "two", "the new value");
    free(copy);
    check(getenv_s(&needed, text, 2, "NTMM_TEST") == ERANGE && needed == 4, "getenv_s says how much room is needed");
    check(!_putenv("NTMM_TEST=") && !getenv("NTMM_TEST"), "an empty value takes it away");
}

static void conversions(void)
{
    wchar_t wide[16];
    char text[32];
    size_t made;
    int point, negative;
    section("Conversions");
    check(mbstowcs(wide, "caf\xE9", 16) == 4 && wide[3] == 0xE9, "bytes are characters in the C locale");
    check(wcstombs(text, L"\x20AC", 16) == (size_t)-1 && errno == EILSEQ, "a character past 255 is EILSEQ");
    check(mbstowcs_s(&made, wide, 3, "abcdef", _TRUNCATE) == 80 && made == 3 && wide[2] == 0, "STRUNCATE");
    check(!_itoa_s(-255, text, sizeof text, 16), "_itoa_s");
    same(text, "ffffff01", "in base 16");
    check(_itoa_s(12345, text, 5, 10) == ERANGE && !*text, "ERANGE empties the room");
    same(_ecvt(3.14159, 4, &point, &negative), "3142", "_ecvt");
    check(point == 1 && !negative, "its point");
    same(_fcvt(-0.00123, 5, &point, &negative), "123", "_fcvt");
    check(point == -2 && negative, "its point before the digits");
    same(_gcvt(314150, 8, text), "314150.", "_gcvt writes a point");
    check(strtod("0x1.8p3", NULL) == 12.0 && _atoi64("-9000000000") == -9000000000ll, "strtod, _atoi64");
    check(strtoul("99999999999", NULL, 10) == ULONG_MAX && errno == ERANGE, "strtoul saturates");
    lldiv_t quotient = lldiv(-7, 2);
    check(quotient.quot == -3 && quotient.rem == -1, "lldiv");
    check(_rotl(0x80000001, 4) == 0x18 && _byteswap_ulong(0x12345678) == 0x78563412, "_rotl, _byteswap");
}

static void strings(void)
{
    char text[40] = "Hello World";
    section("Strings");
    check(!_strlwr_s(text, sizeof text), "_strlwr_s");
    same(text, "hello world", "lower case");
    same(_strrev(_strnset(text, '*', 3)), "dlrow ol***", "_strnset, _strrev");
    check(strncpy_s(text, 4, "abcdef", _TRUNCATE) == 80 && !strcmp(text, "abc"), "strncpy_s cuts");
    _swab("badc", text, 4);
    check(!memcmp(text, "abcd", 4), "_swab");
    snprintf(text, sizeof text, "%I64d %05.1f|%-5s|%#x %c%%", 1LL << 40, 3.14159, "ab", 255, 'z');
    same(text, "1099511627776 003.1|ab   |0xff z%", "snprintf");
    swprintf((wchar_t *)text, 16, L"%ls %hs", L"wide", "thin");
    check(!wcscmp((wchar_t *)text, L"wide thin"), "swprintf");
    check_equal((unsigned)snprintf(text, 4, "%d", 123456), 6, "snprintf tells the whole length");
    int a = 0, b = 0;
    char word[8];
    check(sscanf("12 0x1f rest", "%d %i %7s", &a, &b, word) == 3 && a == 12 && b == 31 && !strcmp(word, "rest"), "sscanf");
}

static int by_number(void *bias, const void *left, const void *right)
{
    (void)bias;
    return *(const int *)left - *(const int *)right;
}
static int equal(const void *key, const void *entry) { return *(const int *)key != *(const int *)entry; }

static void searching(void)
{
    int numbers[50], key = 33, sorted = 1;
    unsigned count = 50;
    section("Sorting and searching");
    for (int i = 0; i < 50; i++)
        numbers[i] = i * 37 % 50;
    check(_lfind(&key, numbers, &count, sizeof key, equal) != NULL, "_lfind");
    qsort_s(numbers, 50, sizeof *numbers, by_number, NULL);
    for (int i = 0; i < 50; i++)
        sorted &= numbers[i] == i;
    check(sorted, "qsort_s sorts");
    check(bsearch_s(&key, numbers, 50, sizeof *numbers, by_number, NULL) == numbers + 33, "bsearch_s finds");
}

static volatile double half = 0.5, two = 2, seven = 7;
static void mathematics(void)
{
    section("Mathematics");
    check(fmax(half, two) == 2 && fmin(half, NAN) == 0.5 && fdim(two, half) == 1.5, "fmax, fmin, fdim");
    check(logb(seven) == 2 && ilogb(half) == -1 && scalbln(half, 3) == 4, "logb, ilogb, scalbln");
    int bits;
    check(remquo(seven, two, &bits) == -1 && bits == 4, "remquo");
    check(lrint(2.5) == 2 && llround(2.5) == 3 && nearbyint(-0.5) == 0 && signbit(nearbyint(-0.5)), "rounding");
    check(fabs(tgamma(two + 3) - 24) < 1e-9 && fabs(erf(half) - 0.5204998778) < 1e-9, "tgamma, erf");
    check(fabs(cbrt(two + 25) - 3) < 1e-15, "cbrt");
    check(hypot(3, 4) == 5 && fma(two, seven, half) == 14.5, "hypot, fma");
    check(!fesetround(FE_UPWARD) && fegetround() == FE_UPWARD, "fesetround");
    volatile double third = 1.0;
    third /= 3;
    fesetround(FE_DOWNWARD);
    volatile double lower = 1.0;
    lower /= 3;
    fesetround(FE_TONEAREST);
    check(third > lower, "changes how quotients are rounded");
    errno = 0;
    check(isnan(sqrt(-two)) || errno == EDOM, "a root of a negative number is none");
    check(isinf(pow(10.0, 400.0)) && errno == ERANGE, "pow overflows: ERANGE");
}

static volatile int signalled;
static void on_signal(int number) { signalled = number; }

static void processes(char *self)
{
    section("Signals and processes");
    signal(SIGTERM, on_signal);
    raise(SIGTERM);
    check_equal((unsigned)signalled, SIGTERM, "raise calls the handler");
    check_equal((unsigned long long)_spawnl(_P_WAIT, self, self, "child", "5", NULL), 5, "_spawnl waits for an exit code");
    int code = 0;
    intptr_t child = _spawnl(_P_NOWAIT, self, self, "child", "9", NULL);
    check(_cwait(&code, child, 0) == child && code == 9, "_cwait waits for one that was started");
    check(_spawnl(_P_WAIT, "no-such-program", "x", NULL) == -1 && errno == ENOENT, "what is not there is ENOENT");
    check(!system(NULL), "there is no command interpreter");
}

static void old_library(void)
{
    HMODULE library = LoadLibraryA("msvcrt.dll");
    size_t(__cdecl *format)(char *, size_t, const char *, const struct tm *) = (void *)GetProcAddress(library, "strftime");
    int(__cdecl *print)(char *, const char *, ...) = (void *)GetProcAddress(library, "sprintf");
    struct tm when = {.tm_year = 104, .tm_mday = 1};
    char text[64];
    int count;
    section("msvcrt.dll does some things in its old way");
    format(text, sizeof text, "%c", &when);
    same(text, "01/01/04 00:00:00", "strftime's %c");
    print(text, "%g %e%n", 1e300 * 1e10, 1.0, &count);
    same(text, "1.#INF 1.000000e+000", "infinity, three digits of exponent");
    check_equal((unsigned)count, 20, "%%n is allowed");
}

int main(int count, char **arguments)
{
    if (count == 3 && !strcmp(arguments[1], "child"))
        return atoi(arguments[2]);
    dates();
    zones();
    files();
    environment();
    conversions();
    strings();
    searching();
    mathematics();
    processes(arguments[0]);
    old_library();
    return verdict();
}
