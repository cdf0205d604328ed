/* transfer.c: filling and emptying a stream's buffer, fread and fwrite. */
#include "startup.h"
#include "stdio_internal.h"
#include "system.h"
#include "text.h"

static int fail(STREAM *stream) {
    stream->_flag |= IO_ERROR;
    return EOF;
}

/* Reads the next buffer; answers its first byte, or EOF. */
int _filbuf(STREAM *stream) {
    stream->_cnt = 0;
    if (stream->_flag & IO_STRING || !(stream->_flag & (IO_READ | IO_UPDATE)))
        return EOF;
    if (stream->_flag & IO_WRITE)
        return fail(stream);
    stream->_flag |= IO_READ;
    ensure_buffer(stream);
    stream->_ptr = stream->_base;
    DESCRIPTOR *file = descriptor(stream->_file);
    if (file && file->Flags & FD_TEXT && !(file->Flags & (FD_DEVICE | FD_PIPE)))
        SetFilePointerEx(file->Handle, 0, &file->FillStart, SEEK_CUR);
    int got = _read(stream->_file, stream->_base, (u32)stream->_bufsiz);
    if (got <= 0) {
        stream->_flag |= got ? IO_ERROR : IO_EOF;
        if (stream->_flag & IO_UPDATE)
            stream->_flag &= ~IO_READ;
        return EOF;
    }
    stream->_cnt = got - 1;
    return *stream->_ptr++;
}

/* Makes a stream ready to be written to; FALSE if it cannot be. */
static bool32 begin_writing(STREAM *stream) {
    if (!(stream->_flag & (IO_WRITE | IO_UPDATE)) || stream->_flag & IO_STRING) {
        set_errno(EBADF);
        fail(stream);
        return FALSE;
    }
    if (stream->_flag & IO_READ) {
        if (!(stream->_flag & IO_EOF)) {
            fail(stream);
            return FALSE;
        }
        stream->_ptr = stream->_base;
        stream->_flag &= ~IO_READ;
    }
    if (!(stream->_flag & IO_WRITE) || stream->_flag & IO_EOF)
        stream->_ptr = stream->_base;
    stream->_flag = (stream->_flag | IO_WRITE) & ~IO_EOF;
    ensure_buffer(stream);
    return TRUE;
}

/* Called when there is no room for a byte: empties the buffer and puts the byte. */
int _flsbuf(int character, STREAM *stream) {
    u8 byte = (u8)character;
    stream->_cnt = 0;
    if (!begin_writing(stream))
        return EOF;
    if (stream->_flag & IO_UNBUFFERED)
        return _write(stream->_file, &byte, 1) == 1 ? byte : fail(stream);
    int size = (int)(stream->_ptr - stream->_base);
    stream->_ptr = stream->_base;
    if (size > 0 && _write(stream->_file, stream->_base, (u32)size) != size)
        return fail(stream);
    *stream->_ptr++ = byte;
    stream->_cnt = stream->_bufsiz - 1;
    return byte;
}

/* Bytes written; whole buffers go out without being copied. */
usize stream_write(STREAM *stream, const void *data, usize size) {
    const u8 *at = data;
    usize left = size;
    if (left && !(stream->_flag & (IO_OWN_BUFFER | IO_USER_BUFFER | IO_UNBUFFERED)) && !begin_writing(stream))
        return 0;
    while (left) {
        if (stream->_flag & (IO_OWN_BUFFER | IO_USER_BUFFER) && stream->_cnt > 0 && stream->_flag & IO_WRITE) {
            usize part = left < (usize)stream->_cnt ? left : (usize)stream->_cnt;
            memcpy(stream->_ptr, at, part);
            stream->_ptr += part;
            stream->_cnt -= (int)part;
            at += part;
            left -= part;
        } else if (stream->_flag & IO_UNBUFFERED || (stream->_bufsiz && left >= (usize)stream->_bufsiz)) {
            if (!begin_writing(stream) || flush_stream(stream))
                break;
            stream->_flag |= IO_WRITE;
            usize whole = left > 0x7FFFF000 ? 0x7FFFF000 : left;
            if (!(stream->_flag & IO_UNBUFFERED))
                whole -= whole % (usize)stream->_bufsiz;
            int done = _write(stream->_file, at, (u32)whole);
            if (done > 0) {
                at += done;
                left -= (usize)done;
            }
            if (done != (int)whole) {
                fail(stream);
                break;
            }
        } else {
            if (_flsbuf(*at, stream) == EOF)
                break;
            at++;
            left--;
        }
    }
    return size - left;
}

/* Bytes read; in binary mode whole buffers are read straight to where they belong. */
usize stream_read(STREAM *stream, void *data, usize size) {
    u8 *at = data;
    usize left = size;
    while (left) {
        if (stream->_cnt > 0) {
            usize part = left < (usize)stream->_cnt ? left : (usize)stream->_cnt;
            memcpy(at, stream->_ptr, part);
            stream->_ptr += part;
            stream->_cnt -= (int)part;
            at += part;
            left -= part;
        } else if (stream->_flag & IO_READ && stream->_bufsiz && left >= (usize)stream->_bufsiz &&
                   !(stream->_flag & (IO_WRITE | IO_STRING))) {
            usize whole = left > 0x7FFFF000 ? 0x7FFFF000 : left - left % (usize)stream->_bufsiz;
            DESCRIPTOR *file = descriptor(stream->_file);
            if (!file)
                break;
            int got = _read(stream->_file, at, (u32)whole);
            if (got <= 0) {
                stream->_flag |= got ? IO_ERROR : IO_EOF;
                break;
            }
            stream->_ptr = stream->_base;
            at += got;
            left -= (usize)got;
        } else {
            int byte = _filbuf(stream);
            if (byte == EOF)
                break;
            *at++ = (u8)byte;
            left--;
        }
    }
    return size - left;
}

usize fwrite(const void *data, usize size, usize count, STREAM *stream) {
    if (!size || !count)
        return 0;
    lock_stdio();
    usize done = stream_write(stream, data, size * count);
    unlock_stdio();
    return done == size * count ? count : done / size;
}

usize fread(void *data, usize size, usize count, STREAM *stream) {
    if (!size || !count)
        return 0;
    lock_stdio();
    usize done = stream_read(stream, data, size * count);
    unlock_stdio();
    return done == size * count ? count : done / size;
}
