/* position.c: fseek, ftell and their kin. */
#include "startup.h"
#include "stdio_internal.h"
#include "system.h"
#include "text.h"

/* Counts line feeds, each of which is two bytes in a text file. */
static i64 line_ends(const u8 *at, const u8 *end) {
    i64 count = 0;
    for (; at < end; at++)
        count += *at == '\n';
    return count;
}

/* Where in a text file the first `cooked` bytes of a buffer that was filled from `start` on end: reads them again. */
static i64 position_in_text(DESCRIPTOR *file, i64 start, i64 cooked) {
    u8 raw[512];
    i64 position, here;
    u32 got = 0, at = 0;
    bool32 after_return = FALSE;
    if (!SetFilePointerEx(file->Handle, 0, &here, SEEK_CUR) || !SetFilePointerEx(file->Handle, start, NULL, SEEK_SET))
        return -1;
    for (position = start; cooked > 0; position++, at++) {
        if (at == got) {
            at = 0;
            if (!ReadFile(file->Handle, raw, sizeof raw, &got, NULL) || !got)
                break;
        }
        if (after_return) { /* a CR counts by itself unless an LF follows */
            after_return = FALSE;
            if (raw[at] == '\n') {
                cooked--;
                continue;
            }
            if (--cooked == 0)
                break;
        }
        if (raw[at] == '\r')
            after_return = TRUE;
        else
            cooked--;
    }
    SetFilePointerEx(file->Handle, here, NULL, SEEK_SET);
    return position;
}

static i64 tell(STREAM *stream) {
    DESCRIPTOR *file = descriptor(stream->_file);
    if (stream->_cnt < 0)
        stream->_cnt = 0;
    i64 position = file ? _lseeki64(stream->_file, 0, SEEK_CUR) : -1;
    if (position < 0 || !(stream->_flag & (IO_OWN_BUFFER | IO_USER_BUFFER)))
        return position < 0 ? position : position - (stream->_flag & IO_READ ? stream->_cnt : 0);
    i64 offset = stream->_ptr - stream->_base;
    if (stream->_flag & IO_WRITE) {
        if (file->Flags & FD_APPEND && offset)
            position = _lseeki64(stream->_file, 0, SEEK_END);
        return position + offset + (file->Flags & FD_TEXT ? line_ends(stream->_base, stream->_ptr) : 0);
    }
    if (!(stream->_flag & IO_READ) || !stream->_cnt)
        return position;
    if (file->Flags & FD_TEXT)
        return position_in_text(file, file->FillStart, offset);
    return position - stream->_cnt;
}

i64 _ftelli64(STREAM *stream) {
    lock_stdio();
    i64 result = tell(stream);
    unlock_stdio();
    return result;
}

i32 ftell(STREAM *stream) {
    i64 position = _ftelli64(stream);
    if (position > 0x7FFFFFFF) {
        set_errno(EINVAL);
        return -1;
    }
    return (i32)position;
}

int _fseeki64(STREAM *stream, i64 distance, int origin) {
    if ((u32)origin > SEEK_END || !(stream->_flag & (IO_READ | IO_WRITE | IO_UPDATE))) {
        set_errno(EINVAL);
        return -1;
    }
    lock_stdio();
    stream->_flag &= ~IO_EOF;
    if (origin == SEEK_CUR) {
        distance += tell(stream);
        origin = SEEK_SET;
    }
    flush_stream(stream);
    if (stream->_flag & IO_UPDATE)
        stream->_flag &= ~(IO_READ | IO_WRITE);
    int result = _lseeki64(stream->_file, distance, origin) < 0 ? -1 : 0;
    unlock_stdio();
    return result;
}
int fseek(STREAM *stream, i32 distance, int origin) { return _fseeki64(stream, distance, origin); }

void rewind(STREAM *stream) {
    void clearerr(STREAM *);
    _fseeki64(stream, 0, SEEK_SET);
    clearerr(stream);
}

int fgetpos(STREAM *stream, i64 *position) {
    *position = _ftelli64(stream);
    return *position < 0 ? -1 : 0;
}
int fsetpos(STREAM *stream, const i64 *position) { return _fseeki64(stream, *position, SEEK_SET); }
