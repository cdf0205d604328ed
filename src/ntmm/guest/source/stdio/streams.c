/* streams.c: the table of streams; opening, closing, flushing and buffers. */
#include "stdio_internal.h"
#include "startup.h"
#include "text.h"

#define EXTRA_STREAMS 492 /* with _iob the 512 that msvcrt allows */

CRITICAL_SECTION stdio_lock = CRITICAL_SECTION_FREE;
STREAM _iob[IOB_ENTRIES] = {
    {._flag = IO_READ, ._file = 0},
    {._flag = IO_WRITE, ._file = 1},
    {._flag = IO_WRITE | IO_UNBUFFERED, ._file = 2},
};
static STREAM *extra[EXTRA_STREAMS];

STREAM *__iob_func(void) { return _iob; }
STREAM *__acrt_iob_func(u32 index) { return &_iob[index]; }

static bool32 is_open(STREAM *stream) { return stream && stream->_flag & (IO_READ | IO_WRITE | IO_UPDATE); }

/* A closed stream, or NULL with errno EMFILE. Call with the lock held. */
STREAM *new_stream(void) {
    for (u32 index = 3; index < IOB_ENTRIES; index++)
        if (!is_open(&_iob[index])) {
            _iob[index] = (STREAM){0};
            return &_iob[index];
        }
    for (u32 index = 0; index < EXTRA_STREAMS; index++) {
        if (!extra[index])
            return extra[index] = calloc(1, sizeof(STREAM));
        if (!is_open(extra[index])) {
            *extra[index] = (STREAM){0};
            return extra[index];
        }
    }
    set_errno(EMFILE);
    return NULL;
}

/* Standard streams on a device stay unbuffered; everything else gets a buffer when it is first used. */
void ensure_buffer(STREAM *stream) {
    if (stream->_flag & (IO_OWN_BUFFER | IO_USER_BUFFER | IO_UNBUFFERED))
        return;
    bool32 is_console = stream == &_iob[1] && _isatty(stream->_file);
    stream->_base = is_console ? NULL : malloc(BUFFER_SIZE);
    if (stream->_base) {
        stream->_flag |= IO_OWN_BUFFER;
        stream->_bufsiz = BUFFER_SIZE;
    } else {
        stream->_flag |= IO_UNBUFFERED;
    }
    if (stream->_flag & IO_UNBUFFERED) {
        stream->_base = (u8 *)&stream->_charbuf;
        stream->_bufsiz = 1;
    }
    stream->_ptr = stream->_base;
    stream->_cnt = 0;
}

/* Writes what the buffer holds; 0 or EOF. What was read ahead is forgotten. */
int flush_stream(STREAM *stream) {
    int result = 0;
    if ((stream->_flag & (IO_READ | IO_WRITE)) == IO_WRITE && stream->_flag & (IO_OWN_BUFFER | IO_USER_BUFFER)) {
        int size = (int)(stream->_ptr - stream->_base);
        if (size > 0 && _write(stream->_file, stream->_base, (u32)size) != size) {
            stream->_flag |= IO_ERROR;
            result = EOF;
        } else if (size > 0 && stream->_flag & IO_UPDATE) {
            stream->_flag &= ~IO_WRITE;
        }
    }
    stream->_ptr = stream->_base;
    stream->_cnt = 0;
    return result;
}

int close_stream(STREAM *stream) {
    if (!is_open(stream)) {
        set_errno(EINVAL);
        return EOF;
    }
    int result = flush_stream(stream);
    if (stream->_flag & IO_OWN_BUFFER)
        free(stream->_base);
    if (_close(stream->_file) < 0)
        result = EOF;
    if (stream->_tmpfname)
        free(stream->_tmpfname);
    *stream = (STREAM){0};
    return result;
}

void for_each_stream(int (*action)(STREAM *), int *failures, int *successes) {
    *failures = *successes = 0;
    lock_stdio();
    for (u32 index = 0; index < IOB_ENTRIES + EXTRA_STREAMS; index++) {
        STREAM *stream = index < IOB_ENTRIES ? &_iob[index] : extra[index - IOB_ENTRIES];
        if (is_open(stream))
            ++*(action(stream) ? failures : successes);
    }
    unlock_stdio();
}

static int flush_if_written(STREAM *stream) { return stream->_flag & IO_WRITE ? flush_stream(stream) : 0; }

void crt_flush_streams(void) {
    int failures, successes;
    for_each_stream(flush_if_written, &failures, &successes);
}

int fflush(STREAM *stream) {
    int failures, successes, result;
    if (!stream) {
        for_each_stream(flush_if_written, &failures, &successes);
        return failures ? EOF : 0;
    }
    lock_stdio();
    result = flush_stream(stream);
    unlock_stdio();
    return result;
}

int _flushall(void) {
    int failures, successes;
    for_each_stream(flush_if_written, &failures, &successes);
    return failures + successes;
}

static int close_if_added(STREAM *stream) {
    return stream >= _iob && stream < _iob + 3 ? 1 : close_stream(stream) ? 1 : 0;
}
int _fcloseall(void) {
    int failures, successes;
    for_each_stream(close_if_added, &failures, &successes);
    return successes;
}

int fclose(STREAM *stream) {
    lock_stdio();
    int result = close_stream(stream);
    unlock_stdio();
    return result;
}

int setvbuf(STREAM *stream, char *buffer, int mode, usize size) {
    if (mode != 4 && mode != 0 && mode != 0x40)
        return -1;
    if (mode != 4 && (size < 2 || size > 0x7FFFFFFF))
        return -1;
    lock_stdio();
    flush_stream(stream);
    if (stream->_flag & IO_OWN_BUFFER)
        free(stream->_base);
    stream->_flag &= ~(IO_OWN_BUFFER | IO_USER_BUFFER | IO_UNBUFFERED);
    int result = 0;
    if (mode == 4) {
        stream->_flag |= IO_UNBUFFERED;
        stream->_base = (u8 *)&stream->_charbuf;
        stream->_bufsiz = 1;
    } else {
        stream->_base = buffer ? (u8 *)buffer : malloc(size & ~(usize)1);
        stream->_bufsiz = (int)(size & ~(usize)1);
        if (stream->_base)
            stream->_flag |= buffer ? IO_USER_BUFFER : IO_OWN_BUFFER;
        else
            result = -1;
    }
    stream->_ptr = stream->_base;
    stream->_cnt = 0;
    unlock_stdio();
    return result;
}

void setbuf(STREAM *stream, char *buffer) { setvbuf(stream, buffer, buffer ? 0 : 4, buffer ? 512 : 0); }
int _fileno(STREAM *stream) { return stream->_file; }
int feof(STREAM *stream) { return stream->_flag & IO_EOF; }
int ferror(STREAM *stream) { return stream->_flag & IO_ERROR; }
void _lock_file(STREAM *stream) { (void)stream, lock_stdio(); }
void _unlock_file(STREAM *stream) { (void)stream, unlock_stdio(); }

void clearerr(STREAM *stream) {
    DESCRIPTOR *file = descriptor(stream->_file);
    stream->_flag &= ~(IO_ERROR | IO_EOF);
    if (file)
        file->Flags &= (u8)~FD_EOF;
}
