/* descriptor_io.c: reading, writing and seeking on descriptors, with the translation of line ends in text mode. */
#include "codes.h"
#include "startup.h"
#include "stdio_internal.h"
#include "system.h"
#include "text.h"

#define CTRL_Z 0x1A
#define TRANSLATED 4000

static int failed(void) {
    set_errno_from_win32(teb()->LastErrorValue);
    return -1;
}

i64 _lseeki64(int number, i64 distance, int origin) {
    DESCRIPTOR *file = descriptor(number);
    i64 position;
    if (!file)
        return -1;
    if (!SetFilePointerEx(file->Handle, distance, &position, (u32)origin))
        return failed();
    file->Flags &= (u8)~FD_EOF;
    file->HasLookahead = FALSE;
    return position;
}
i32 _lseek(int number, i32 distance, int origin) { return (i32)_lseeki64(number, distance, origin); }
i64 _telli64(int number) { return _lseeki64(number, 0, SEEK_CUR); }
i32 _tell(int number) { return _lseek(number, 0, SEEK_CUR); }

/* Bytes read; -1 with errno. The end of a pipe is the end of the file. */
static int read_raw(DESCRIPTOR *file, u8 *buffer, u32 size) {
    u32 done = 0, kept = 0;
    if (file->HasLookahead && size) {
        *buffer++ = file->Lookahead;
        file->HasLookahead = FALSE;
        size--;
        kept = 1;
    }
    if (size && !(kept && file->Flags & (FD_DEVICE | FD_PIPE)) && !ReadFile(file->Handle, buffer, size, &done, NULL)) {
        u32 error = teb()->LastErrorValue;
        if (error == ERROR_BROKEN_PIPE)
            return (int)kept;
        set_errno_from_win32(error);
        if (error == ERROR_ACCESS_DENIED)
            set_errno(EBADF);
        return kept ? 1 : -1;
    }
    return (int)(kept + done);
}

/* Turns CR LF into LF in place and stops at Ctrl-Z; answers the new size. A CR at the end of the buffer stays. */
int translate_text(u8 *buffer, int size, bool32 is_device, bool32 *at_end) {
    u8 *to = buffer;
    for (int at = 0; at < size; at++) {
        if (buffer[at] == CTRL_Z && !is_device) {
            *at_end = TRUE;
            break;
        }
        if (buffer[at] == '\r' && at + 1 < size && buffer[at + 1] == '\n')
            continue;
        *to++ = buffer[at];
    }
    return (int)(to - buffer);
}

/* Looks at the byte behind a CR that ended a read: an LF replaces the CR, another byte is put back. */
static void finish_line_end(int number, DESCRIPTOR *file, u8 *last) {
    u8 next;
    u32 done = 0;
    if (!ReadFile(file->Handle, &next, 1, &done, NULL) || !done)
        return;
    if (next == '\n') {
        *last = '\n';
    } else if (file->Flags & (FD_DEVICE | FD_PIPE)) {
        file->Lookahead = next;
        file->HasLookahead = TRUE;
    } else {
        _lseeki64(number, -1, SEEK_CUR);
    }
}

int _read(int number, void *buffer, u32 size) {
    DESCRIPTOR *file = descriptor(number);
    bool32 at_end = FALSE;
    if (!file)
        return -1;
    if (!size || file->Flags & FD_EOF)
        return 0;
    int got = read_raw(file, buffer, size);
    if (got <= 0 || !(file->Flags & FD_TEXT))
        return got;
    u8 *last = (u8 *)buffer + got - 1;
    if (*last == '\r')
        finish_line_end(number, file, last);
    got = translate_text(buffer, got, file->Flags & FD_DEVICE, &at_end);
    if (at_end)
        file->Flags |= FD_EOF;
    return got;
}

/* Writes with every LF as CR LF; answers how many of the caller's bytes went out. */
static int write_text(handle file, const u8 *data, u32 size) {
    u8 lines[TRANSLATED];
    u32 taken = 0, done;
    while (taken < size) {
        u32 filled = 0, begin = taken;
        while (taken < size && filled < TRANSLATED - 1) {
            if (data[taken] == '\n')
                lines[filled++] = '\r';
            lines[filled++] = data[taken++];
        }
        if (!WriteFile(file, lines, filled, &done, NULL))
            return begin ? (int)begin : failed();
        if (done < filled) {
            set_errno(ENOSPC);
            return (int)(done < begin + (taken - begin) ? begin + done : taken);
        }
    }
    return (int)size;
}

int _write(int number, const void *buffer, u32 size) {
    DESCRIPTOR *file = descriptor(number);
    u32 done;
    if (!file)
        return -1;
    if (file->Flags & FD_APPEND)
        _lseeki64(number, 0, SEEK_END);
    if (!size)
        return 0;
    if (file->Flags & FD_TEXT)
        return write_text(file->Handle, buffer, size);
    if (!WriteFile(file->Handle, buffer, size, &done, NULL)) {
        failed();
        if (teb()->LastErrorValue == ERROR_ACCESS_DENIED)
            set_errno(EBADF);
        return -1;
    }
    if (!done)
        set_errno(ENOSPC);
    return done ? (int)done : -1;
}

int _commit(int number) {
    DESCRIPTOR *file = descriptor(number);
    return !file ? -1 : FlushFileBuffers(file->Handle) ? 0 : failed();
}

int _eof(int number) {
    i64 here = _telli64(number), end = here < 0 ? -1 : _lseeki64(number, 0, SEEK_END);
    if (end < 0)
        return -1;
    _lseeki64(number, here, SEEK_SET);
    return here == end;
}

i64 _filelengthi64(int number) {
    i64 here = _telli64(number), end = here < 0 ? -1 : _lseeki64(number, 0, SEEK_END);
    if (end >= 0)
        _lseeki64(number, here, SEEK_SET);
    return end;
}
i32 _filelength(int number) { return (i32)_filelengthi64(number); }

int _chsize_s(int number, i64 size) {
    i64 here = _telli64(number);
    if (here < 0 || _lseeki64(number, size, SEEK_SET) < 0)
        return crt_thread()->Errno;
    bool32 done = SetEndOfFile(descriptor(number)->Handle);
    u32 error = teb()->LastErrorValue;
    _lseeki64(number, here, SEEK_SET);
    if (done)
        return 0;
    set_errno_from_win32(error);
    return crt_thread()->Errno;
}
int _chsize(int number, i32 size) { return _chsize_s(number, size) ? -1 : 0; }

static int answer(bool32 done) { return done ? 0 : failed(); }
int remove(const char *name) { return answer(DeleteFileA(name)); }
int _wremove(const wchar *name) { return answer(DeleteFileW(name)); }
int rename(const char *from, const char *to) { return answer(MoveFileA(from, to)); }
int _wrename(const wchar *from, const wchar *to) { return answer(MoveFileW(from, to)); }

static int access_answer(u32 found, int mode) {
    if (found == 0xFFFFFFFF)
        return failed();
    if (mode & 2 && found & 1 && !(found & 0x10)) {
        set_errno(EACCES);
        return -1;
    }
    return 0;
}
int _access(const char *name, int mode) { return access_answer(GetFileAttributesA(name), mode); }
int _waccess(const wchar *name, int mode) { return access_answer(GetFileAttributesW(name), mode); }
