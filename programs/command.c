/* Shows pipes of the C run-time: _pipe, _popen, and descriptors that a program started by _spawn shares with its parent. */
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* The program is its own command interpreter: "/c say WORD", "/c count" (lines of its input), "/c end CODE". */
static int interpret(int count, char **arguments)
{
    if (count > 3 && !strcmp(arguments[2], "say")) {
        for (int at = 3; at < count; at++)
            printf("%s\n", arguments[at]);
        return 0;
    }
    if (count > 2 && !strcmp(arguments[2], "count")) {
        char line[64];
        int lines = 0;
        while (fgets(line, sizeof line, stdin))
            lines++;
        return lines;
    }
    return count > 3 ? atoi(arguments[3]) : 0;
}

/* A child of _spawn: writes to one descriptor what it reads from another. */
static int copy(int from, int to)
{
    char data[16];
    int size, total = 0;
    while ((size = _read(from, data, sizeof data)) > 0)
        total += _write(to, data, (unsigned)size);
    return total;
}

static void show_pipe(void)
{
    int ends[2], errors;
    char data[16] = "";
    section("_pipe");
    check(_pipe(ends, 256, _O_BINARY) == 0, "_pipe gives two descriptors");
    check(_write(ends[1], "one\ntwo", 7) == 7 && _read(ends[0], data, 16) == 7, "what is written to one is read from the other");
    check(!memcmp(data, "one\ntwo", 7), "the bytes are the same");
    check(!_isatty(ends[0]) && _lseek(ends[0], 0, SEEK_CUR) == -1, "a pipe is no terminal, and has no position");
    _close(ends[1]);
    check(_read(ends[0], data, 16) == 0, "its end is that of a file");
    _close(ends[0]);
    check(_pipe(ends, 256, _O_TEXT) == 0 && _write(ends[1], "a\nb\n", 4) == 4, "in text mode");
    check(_setmode(ends[0], _O_BINARY) == _O_TEXT && _read(ends[0], data, 16) == 6, "a line ends with two bytes in the pipe");
    _close(ends[0]);
    check(_write(ends[1], "x", 1) == -1, "nothing can be written when nobody can read it");
    _close(ends[1]);
    errno = 0;
    errors = _pipe(ends, 256, _O_BINARY | _O_TEXT);
    check(errors == -1 && errno == EINVAL && ends[0] == -1, "not in both modes");
}

static void show_descriptors(const char *self)
{
    int there[2], back[2], private[2];
    char from[8], to[8], data[16] = "";
    section("Descriptors of a child");
    _pipe(there, 256, _O_BINARY | _O_NOINHERIT);
    _pipe(back, 256, _O_BINARY | _O_NOINHERIT);
    _pipe(private, 256, _O_BINARY | _O_NOINHERIT);
    int given = _dup(there[0]), taken = _dup(back[1]);
    sprintf(from, "%d", given);
    sprintf(to, "%d", taken);
    intptr_t child = _spawnl(_P_NOWAIT, self, self, "copy", from, to, NULL);
    check(child != -1, "_spawnl");
    _close(given);
    _close(taken);
    _close(back[1]);
    _write(there[1], "through a child", 15);
    _close(there[1]);
    int size = _read(back[0], data, sizeof data);
    check(size == 15 && !memcmp(data, "through a child", 15), "it reads from one pipe and writes to another");
    check(_read(back[0], data, sizeof data) == 0, "which ends with it");
    int code = 0;
    check(_cwait(&code, child, 0) == child && code == 15, "its exit code");
    sprintf(from, "%d", private[0]);
    check_equal((unsigned long long)_spawnl(_P_WAIT, self, self, "probe", from, NULL), 7, "what is not inherited is not open there");
    int saved = _dup(1);
    _dup2(private[1], 1);
    code = (int)_spawnl(_P_WAIT, self, self, "/c", "say", "redirected", NULL);
    _dup2(saved, 1);
    _close(saved);
    _close(private[1]);
    size = _read(private[0], data, sizeof data);
    check(code == 0 && size >= 10 && !memcmp(data, "redirected", 10), "_dup2 gives it another standard output");
    _close(private[0]);
}

static void show_commands(const char *self)
{
    char setting[300], line[32] = "";
    FILE *stream;
    section("_popen");
    _putenv("COMSPEC=C:\\none.exe");
    errno = 0;
    check(_popen("say x", "r") == NULL && errno == ENOENT, "without a command interpreter there is none");
    sprintf(setting, "COMSPEC=%s", self);
    _putenv(setting);
    stream = _popen("say first second", "r");
    check(stream && fgets(line, sizeof line, stream) && !strcmp(line, "first\n"), "a line of a command's output");
    check(fgets(line, sizeof line, stream) && !strcmp(line, "second\n") && !fgets(line, sizeof line, stream) && feof(stream),
          "up to its end");
    check(_pclose(stream) == 0, "_pclose");
    stream = _wpopen(L"say wide", L"rb");
    check(stream && fread(line, 1, sizeof line, stream) == 6 && !memcmp(line, "wide\r\n", 6), "_wpopen, in binary mode");
    _pclose(stream);
    stream = _popen("count", "w");
    check(stream && fprintf(stream, "1\n2\n3\n") == 6, "input for a command");
    check(_pclose(stream) == 3, "which has read three lines when its input ends");
    stream = _popen("end 11", "wt");
    check(stream && _pclose(stream) == 11, "its exit code");
    stream = _popen("count", "w");
    FILE *other = _popen("say a b c", "r");
    while (stream && other && fgets(line, sizeof line, other))
        fputs(line, stream);
    check(_pclose(other) == 0 && _pclose(stream) == 3, "from one command to another");
    errno = 0;
    check(_popen("end 1", "x") == NULL && errno == EINVAL, "neither reading nor writing is EINVAL");
    check(_pclose(stdout) == -1, "_pclose is for streams of _popen");
    check(system("end 12") == 12, "system");
}

int main(int count, char **arguments)
{
    if (count > 1 && !strcmp(arguments[1], "/c"))
        return interpret(count, arguments);
    if (count == 4 && !strcmp(arguments[1], "copy"))
        return copy(atoi(arguments[2]), atoi(arguments[3]));
    if (count == 3 && !strcmp(arguments[1], "probe"))
        return _get_osfhandle(atoi(arguments[2])) == -1 && errno == EBADF ? 7 : 8;
    show_pipe();
    show_descriptors(_pgmptr);
    show_commands(_pgmptr);
    return verdict();
}
