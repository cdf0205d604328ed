/* opening.c: fopen and its kin: mode strings, reopening, streams over descriptors. */
#include "startup.h"
#include "stdio_internal.h"

typedef struct MODE {
    int OpenFlags, StreamFlags;
} MODE;

static u32 letter(const void *text, bool32 is_wide, u32 index) {
    return is_wide ? ((const wchar *)text)[index] : ((const u8 *)text)[index];
}

/* FALSE with errno EINVAL for a mode that is unknown, or that asks for an encoding (", ccs="). */
static bool32 parse_mode(const void *text, bool32 is_wide, MODE *mode) {
    u32 at = 0;
    while (letter(text, is_wide, at) == ' ')
        at++;
    switch (letter(text, is_wide, at++)) {
    case 'r':
        *mode = (MODE){0, IO_READ};
        break;
    case 'w':
        *mode = (MODE){O_WRONLY | O_CREAT | O_TRUNC, IO_WRITE};
        break;
    case 'a':
        *mode = (MODE){O_WRONLY | O_CREAT | O_APPEND, IO_WRITE};
        break;
    default:
        set_errno(EINVAL);
        return FALSE;
    }
    for (u32 option; (option = letter(text, is_wide, at)); at++) {
        switch (option) {
        case '+':
            mode->OpenFlags = (mode->OpenFlags & ~O_WRONLY) | O_RDWR;
            mode->StreamFlags = IO_UPDATE;
            break;
        case 'b':
            mode->OpenFlags |= O_BINARY;
            break;
        case 't':
            mode->OpenFlags |= O_TEXT;
            break;
        case 'x':
            mode->OpenFlags |= O_EXCL;
            break;
        case 'c':
            mode->StreamFlags |= IO_COMMIT;
            break;
        case 'n':
        case ' ':
            break;
        case 'N':
            mode->OpenFlags |= O_NOINHERIT;
            break;
        case 'S':
            mode->OpenFlags |= O_SEQUENTIAL;
            break;
        case 'R':
            mode->OpenFlags |= O_RANDOM;
            break;
        case 'T':
            mode->OpenFlags |= O_SHORT_LIVED;
            break;
        case 'D':
            mode->OpenFlags |= O_TEMPORARY;
            break;
        default:
            set_errno(EINVAL);
            return FALSE;
        }
    }
    return TRUE;
}

static STREAM *attach(STREAM *stream, int number, MODE *mode) {
    *stream = (STREAM){._flag = mode->StreamFlags, ._file = number};
    return stream;
}

static STREAM *open_into(STREAM *stream, const void *name, const void *text, bool32 is_wide, int share) {
    MODE mode;
    if (!stream || !parse_mode(text, is_wide, &mode))
        return NULL;
    int number = open_file(name, is_wide, mode.OpenFlags, share, 0x180);
    return number < 0 ? NULL : attach(stream, number, &mode);
}

static STREAM *open_stream(const void *name, const void *mode, bool32 is_wide, int share) {
    if (!name || !mode) {
        set_errno(EINVAL);
        return NULL;
    }
    lock_stdio();
    STREAM *stream = open_into(new_stream(), name, mode, is_wide, share);
    unlock_stdio();
    return stream;
}

STREAM *_fsopen(const char *name, const char *mode, int share) { return open_stream(name, mode, FALSE, share); }
STREAM *_wfsopen(const wchar *name, const wchar *mode, int share) { return open_stream(name, mode, TRUE, share); }
STREAM *fopen(const char *name, const char *mode) { return open_stream(name, mode, FALSE, 0x40); }
STREAM *_wfopen(const wchar *name, const wchar *mode) { return open_stream(name, mode, TRUE, 0x40); }

int fopen_s(STREAM **stream, const char *name, const char *mode) {
    *stream = open_stream(name, mode, FALSE, 0x10);
    return *stream ? 0 : crt_thread()->Errno;
}
int _wfopen_s(STREAM **stream, const wchar *name, const wchar *mode) {
    *stream = open_stream(name, mode, TRUE, 0x10);
    return *stream ? 0 : crt_thread()->Errno;
}

static STREAM *reopen(const void *name, const void *mode, STREAM *stream, bool32 is_wide) {
    lock_stdio();
    close_stream(stream);
    STREAM *result = open_into(stream, name, mode, is_wide, 0x40);
    unlock_stdio();
    return result;
}
STREAM *freopen(const char *name, const char *mode, STREAM *stream) { return reopen(name, mode, stream, FALSE); }
STREAM *_wfreopen(const wchar *name, const wchar *mode, STREAM *stream) { return reopen(name, mode, stream, TRUE); }

static STREAM *over_descriptor(int number, const void *text, bool32 is_wide) {
    MODE mode;
    STREAM *stream = NULL;
    if (!descriptor(number) || !parse_mode(text, is_wide, &mode))
        return NULL;
    lock_stdio();
    stream = new_stream();
    if (stream) {
        attach(stream, number, &mode);
        if (mode.OpenFlags & O_TEXT)
            descriptor(number)->Flags |= FD_TEXT;
        if (mode.OpenFlags & O_BINARY)
            descriptor(number)->Flags &= (u8)~FD_TEXT;
    }
    unlock_stdio();
    return stream;
}
STREAM *_fdopen(int number, const char *mode) { return over_descriptor(number, mode, FALSE); }
STREAM *_wfdopen(int number, const wchar *mode) { return over_descriptor(number, mode, TRUE); }
