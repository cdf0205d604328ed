/* console.c: conio.h: reading and writing the console itself, wherever the standard streams lead. Without a console
   everything answers EOF. */
#include "crt.h"
#include "format.h"
#include "system.h"
#include "text.h"

#define FROM_CONSOLE 0xC0000000u
static handle input, output;
static int pushed_back = EOF;

static handle console(handle *kept, const char *name) {
    if (!*kept)
        *kept = CreateFileA(name, FROM_CONSOLE, 3, NULL, 3, 0, NULL);
    return *kept;
}

static bool32 write_bytes(const void *bytes, usize count) {
    u32 done;
    handle to = console(&output, "CONOUT$");
    return to != (handle)(iptr)-1 && WriteFile(to, bytes, (u32)count, &done, NULL) && done == count;
}

int _putch(int character) {
    char byte = (char)character;
    return write_bytes(&byte, 1) ? (u8)byte : EOF;
}
int _cputs(const char *text) { return write_bytes(text, strlen(text)) ? 0 : -1; }
u16 _putwch(u16 character) { return _putch(character < 256 ? character : '?') == EOF ? WEOF : character; }
int _cputws(const wchar *text) {
    for (; *text; text++)
        if (_putwch(*text) == WEOF)
            return -1;
    return 0;
}

int _getch(void) {
    u8 byte;
    u32 done;
    if (pushed_back != EOF) {
        int character = pushed_back;
        pushed_back = EOF;
        return character;
    }
    handle from = console(&input, "CONIN$");
    return from != (handle)(iptr)-1 && ReadFile(from, &byte, 1, &done, NULL) && done ? byte : EOF;
}
int _getche(void) {
    int character = _getch();
    if (character != EOF)
        _putch(character);
    return character;
}
int _ungetch(int character) { return pushed_back != EOF || character == EOF ? EOF : (pushed_back = character); }
int _kbhit(void) { return pushed_back != EOF; }
u16 _getwch(void) {
    int character = _getch();
    return character == EOF ? WEOF : (u16)character;
}
u16 _getwche(void) {
    int character = _getche();
    return character == EOF ? WEOF : (u16)character;
}

/* A line without its end into to[2]; to[0] is the room, to[1] becomes the length. */
char *_cgets(char *to) {
    int character = 0, used = 0;
    while (used + 1 < (u8)to[0] && (character = _getche()) != EOF && character != '\r' && character != '\n')
        to[2 + used++] = (char)character;
    to[2 + used] = 0;
    to[1] = (char)used;
    return character == EOF && !used ? NULL : to + 2;
}

static int print(u64 options, const void *text, bool32 is_wide, va_list arguments) {
    u8 buffer[1024];
    SINK sink = {.At = buffer, .Room = sizeof buffer};
    int result = format(&sink, options, text, is_wide, arguments);
    usize length = sink.Total < sizeof buffer ? (usize)sink.Total : sizeof buffer;
    return result >= 0 && write_bytes(buffer, length) ? result : -1;
}
int __conio_common_vcprintf(u64 options, const char *text, void *locale, va_list arguments) {
    return (void)locale, print(options, text, FALSE, arguments);
}
int __conio_common_vcwprintf(u64 options, const wchar *text, void *locale, va_list arguments) {
    return (void)locale, print(options, text, TRUE, arguments);
}
int _cprintf(const char *text, ...) {
    va_list arguments;
    va_start(arguments, text);
    int result = print(MSVCRT_OPTIONS, text, FALSE, arguments);
    va_end(arguments);
    return result;
}
