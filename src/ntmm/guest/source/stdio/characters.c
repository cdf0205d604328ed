/* characters.c: reading and writing characters and lines. Wide characters go through the "C" locale: one byte each. */
#include "startup.h"
#include "stdio_internal.h"
#include "text.h"

int fputc(int character, STREAM *stream) {
    lock_stdio();
    int result = put_byte(character, stream);
    unlock_stdio();
    return result;
}
int putchar(int character) { return fputc(character, &_iob[1]); }

int fgetc(STREAM *stream) {
    lock_stdio();
    int result = get_byte(stream);
    unlock_stdio();
    return result;
}
int getchar(void) { return fgetc(&_iob[0]); }

int ungetc(int character, STREAM *stream) {
    int result = EOF;
    lock_stdio();
    if (character != EOF && (stream->_flag & IO_READ || (stream->_flag & (IO_UPDATE | IO_WRITE)) == IO_UPDATE)) {
        ensure_buffer(stream);
        if (stream->_ptr == stream->_base && !stream->_cnt)
            stream->_ptr++;
        if (stream->_ptr > stream->_base) {
            *--stream->_ptr = (u8)character;
            stream->_cnt++;
            stream->_flag = (stream->_flag & ~IO_EOF) | IO_READ;
            result = (u8)character;
        }
    }
    unlock_stdio();
    return result;
}

int fputs(const char *text, STREAM *stream) {
    usize length = strlen(text);
    lock_stdio();
    bool32 done = stream_write(stream, text, length) == length;
    unlock_stdio();
    return done ? 0 : EOF;
}

int puts(const char *text) {
    char line[256];
    STREAM *stream = &_iob[1];
    usize length = strlen(text);
    int result;
    lock_stdio();
    if (length < sizeof line) { /* one write on an unbuffered stream */
        memcpy(line, text, length);
        line[length] = '\n';
        result = stream_write(stream, line, length + 1) == length + 1 ? 0 : EOF;
    } else {
        result = stream_write(stream, text, length) == length && put_byte('\n', stream) != EOF ? 0 : EOF;
    }
    unlock_stdio();
    return result;
}

char *fgets(char *line, int room, STREAM *stream) {
    char *at = line;
    int byte = 0;
    if (!line || room <= 0)
        return NULL;
    lock_stdio();
    while (--room > 0 && (byte = get_byte(stream)) != EOF)
        if ((*at++ = (char)byte) == '\n')
            break;
    unlock_stdio();
    if (byte == EOF && at == line)
        return NULL;
    *at = 0;
    return line;
}

char *gets(char *line) {
    char *at = line;
    int byte;
    lock_stdio();
    while ((byte = get_byte(&_iob[0])) != EOF && byte != '\n')
        *at++ = (char)byte;
    unlock_stdio();
    if (byte == EOF && at == line)
        return NULL;
    *at = 0;
    return line;
}

u16 fputwc(u16 character, STREAM *stream) {
    if (character > 0xFF) {
        set_errno(EILSEQ);
        stream->_flag |= IO_ERROR;
        return WEOF;
    }
    return fputc(character, stream) == EOF ? WEOF : character;
}
u16 putwchar(u16 character) { return fputwc(character, &_iob[1]); }

u16 fgetwc(STREAM *stream) {
    int byte = fgetc(stream);
    return byte == EOF ? WEOF : (u16)byte;
}
u16 getwchar(void) { return fgetwc(&_iob[0]); }
u16 ungetwc(u16 character, STREAM *stream) {
    return character == WEOF || ungetc(character, stream) == EOF ? WEOF : character;
}

int fputws(const wchar *text, STREAM *stream) {
    char part[256];
    int result = 0;
    lock_stdio();
    while (*text && !result) {
        usize filled = 0;
        while (*text && *text <= 0xFF && filled < sizeof part)
            part[filled++] = (char)*text++;
        if (stream_write(stream, part, filled) != filled)
            result = EOF;
        else if (*text > 0xFF && fputwc(*text, stream) == WEOF)
            result = EOF;
    }
    unlock_stdio();
    return result;
}

int _putws(const wchar *text) { return fputws(text, &_iob[1]) == EOF || putwchar('\n') == WEOF ? WEOF : 0; }

wchar *fgetws(wchar *line, int room, STREAM *stream) {
    wchar *at = line;
    u16 character = 0;
    if (!line || room <= 0)
        return NULL;
    while (--room > 0 && (character = fgetwc(stream)) != WEOF)
        if ((*at++ = character) == '\n')
            break;
    if (character == WEOF && at == line)
        return NULL;
    *at = 0;
    return line;
}

void perror(const char *text) {
    char *strerror(int code);
    int code = crt_thread()->Errno;
    lock_stdio();
    if (text && *text) {
        fputs(text, &_iob[2]);
        fputs(": ", &_iob[2]);
    }
    fputs(strerror(code), &_iob[2]);
    fputs("\n", &_iob[2]);
    unlock_stdio();
}
