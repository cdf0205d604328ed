/* duplicates.c: _dup, _dup2, _locking, and the rest of io.h and stdio.h that is rarely used. */
#include "codes.h"
#include "stdio_internal.h"
#include "system.h"
#include "text.h"

#define SAME_ACCESS 2
enum { STANDARD_INPUT = -10 };

static int failed(void) {
    set_errno_from_win32(teb()->LastErrorValue);
    return -1;
}

/* Copies are inheritable, those of descriptors that are not as well. */
static bool32 duplicate(DESCRIPTOR *file, handle *copy) {
    return DuplicateHandle(CURRENT_PROCESS, file->Handle, CURRENT_PROCESS, copy, 0, TRUE, SAME_ACCESS);
}

int _dup(int number) {
    DESCRIPTOR *file = descriptor(number);
    handle copy;
    if (!file)
        return -1;
    if (!duplicate(file, &copy))
        return failed();
    lock_stdio();
    int result = new_descriptor(copy, file->Flags & (u8)~FD_NO_INHERIT);
    unlock_stdio();
    if (result < 0)
        CloseHandle(copy);
    return result;
}

/* The standard descriptors are also the process's standard handles. */
int _dup2(int number, int target) {
    DESCRIPTOR *file = descriptor(number);
    handle copy;
    if (!file || (u32)target >= 2048)
        return file ? (set_errno(EBADF), -1) : -1;
    if (number == target)
        return 0;
    if (!duplicate(file, &copy))
        return failed();
    lock_stdio();
    DESCRIPTOR *place = descriptor_place(target);
    if (place && place->Flags & FD_OPEN)
        _close(target);
    if (place)
        *place = (DESCRIPTOR){.Handle = copy, .Flags = file->Flags & (u8)~FD_NO_INHERIT};
    unlock_stdio();
    if (!place) {
        CloseHandle(copy);
        set_errno(ENOMEM);
        return -1;
    }
    if ((u32)target < 3)
        SetStdHandle((u32)(STANDARD_INPUT - target), copy);
    return 0;
}

enum { UNLOCK, LOCK, TRY_LOCK, READ_LOCK, TRY_READ_LOCK };

/* From the current position; LOCK tries ten times, a second apart. */
int _locking(int number, int mode, i32 size) {
    DESCRIPTOR *file = descriptor(number);
    if (!file || size < 0 || (u32)mode > TRY_READ_LOCK)
        return file ? (set_errno(EINVAL), -1) : -1;
    i64 at = _lseeki64(number, 0, SEEK_CUR);
    i64 second = -10000000;
    if (at < 0)
        return -1;
    if (mode == UNLOCK)
        return UnlockFile(file->Handle, (u32)at, (u32)(at >> 32), (u32)size, 0) ? 0 : failed();
    for (int tries = mode == LOCK || mode == READ_LOCK ? 10 : 1; tries > 0; tries--) {
        if (LockFile(file->Handle, (u32)at, (u32)(at >> 32), (u32)size, 0))
            return 0;
        if (tries > 1)
            NtDelayExecution(FALSE, &second);
    }
    failed();
    if (mode == LOCK || mode == READ_LOCK)
        set_errno(36); /* EDEADLOCK */
    return -1;
}

int _access(const char *path, int mode);
int _waccess(const wchar *path, int mode);
static int code_of(int result) { return result ? crt_thread()->Errno : 0; }
int _access_s(const char *path, int mode) { return code_of(_access(path, mode)); }
int _waccess_s(const wchar *path, int mode) { return code_of(_waccess(path, mode)); }

int _umask(int bits);
int _umask_s(int bits, int *old) {
    if (!old)
        return set_errno(EINVAL), EINVAL;
    *old = _umask(bits);
    return 0;
}

usize fread(void *to, usize size, usize count, STREAM *stream);
usize fread_s(void *to, usize room, usize size, usize count, STREAM *stream) {
    if (!to || !stream || (size && count > room / size)) {
        if (to)
            memset(to, 0, room);
        set_errno(to && stream ? ERANGE : EINVAL);
        return 0;
    }
    return fread(to, size, count, stream);
}

void clearerr(STREAM *stream);
int clearerr_s(STREAM *stream) { return stream ? (clearerr(stream), 0) : (set_errno(EINVAL), EINVAL); }

STREAM *freopen(const char *name, const char *mode, STREAM *stream);
STREAM *_wfreopen(const wchar *name, const wchar *mode, STREAM *stream);
int freopen_s(STREAM **result, const char *name, const char *mode, STREAM *stream) {
    if (!result || !name || !mode || !stream)
        return set_errno(EINVAL), EINVAL;
    *result = freopen(name, mode, stream);
    return *result ? 0 : crt_thread()->Errno;
}
int _wfreopen_s(STREAM **result, const wchar *name, const wchar *mode, STREAM *stream) {
    if (!result || !name || !mode || !stream)
        return set_errno(EINVAL), EINVAL;
    *result = _wfreopen(name, mode, stream);
    return *result ? 0 : crt_thread()->Errno;
}

int fgetc(STREAM *stream);
/* A line without its end; a line that does not fit empties the room (ERANGE). */
char *gets_s(char *to, usize room) {
    usize used = 0;
    int character = 0;
    if (!to || !room)
        return set_errno(EINVAL), NULL;
    while ((character = fgetc(&_iob[0])) != EOF && character != '\n')
        if (used++ < room - 1)
            to[used - 1] = (char)character;
    to[used < room ? used : 0] = 0;
    if (used >= room)
        set_errno(ERANGE);
    return used >= room || (character == EOF && !used) ? NULL : to;
}

usize fwrite(const void *from, usize size, usize count, STREAM *stream);
int _getw(STREAM *stream) {
    int value;
    return fread(&value, sizeof value, 1, stream) == 1 ? value : EOF;
}
int _putw(int value, STREAM *stream) { return fwrite(&value, sizeof value, 1, stream) == 1 ? value : EOF; }

static int most_streams = 512;
int _getmaxstdio(void) { return most_streams; }
int _setmaxstdio(int count) {
    if (count < IOB_ENTRIES || count > 512) /* the table holds no more */
        return set_errno(EINVAL), -1;
    return most_streams = count;
}

/* Where ucrt's C++ library finds a stream's buffer. */
int _get_stream_buffer_pointers(STREAM *stream, u8 ***base, u8 ***at, int **count) {
    if (!stream)
        return set_errno(EINVAL), EINVAL;
    if (base)
        *base = &stream->_base;
    if (at)
        *at = &stream->_ptr;
    if (count)
        *count = &stream->_cnt;
    return 0;
}

int fputc(int character, STREAM *stream);
u16 fgetwc(STREAM *stream);
u16 fputwc(u16 character, STREAM *stream);
int _fgetchar(void) { return fgetc(&_iob[0]); }
int _fputchar(int character) { return fputc(character, &_iob[1]); }
u16 _fgetwchar(void) { return fgetwc(&_iob[0]); }
u16 _fputwchar(u16 character) { return fputwc(character, &_iob[1]); }
