/* descriptors.c: the table of file descriptors, opening and closing. */
#include "stdio_internal.h"
#include "codes.h"
#include "startup.h"
#include "system.h"
#include "text.h"

#define CHUNK 32
#define CHUNKS (DESCRIPTORS / CHUNK)
#define FILE_TYPE_CHAR 2
#define FILE_TYPE_PIPE 3

#define GENERIC_READ 0x80000000u
#define GENERIC_WRITE 0x40000000u
enum { CREATE_NEW = 1, CREATE_ALWAYS, OPEN_EXISTING, OPEN_ALWAYS, TRUNCATE_EXISTING };

extern int _fmode;
static DESCRIPTOR first_chunk[CHUNK];
static DESCRIPTOR *chunks[CHUNKS] = {first_chunk};
static int umask_bits;

DESCRIPTOR *open_descriptor(int number) {
    DESCRIPTOR *chunk = (u32)number < DESCRIPTORS ? chunks[number / CHUNK] : NULL;
    return chunk && chunk[number % CHUNK].Flags & FD_OPEN ? &chunk[number % CHUNK] : NULL;
}

DESCRIPTOR *descriptor(int number) {
    DESCRIPTOR *found = open_descriptor(number);
    if (found)
        return found;
    set_errno(EBADF);
    crt_thread()->DosErrno = 0;
    return NULL;
}

int new_descriptor(handle file, u8 flags) {
    for (int chunk = 0; chunk < CHUNKS; chunk++) {
        if (!chunks[chunk] && !(chunks[chunk] = calloc(CHUNK, sizeof(DESCRIPTOR))))
            break;
        for (int index = 0; index < CHUNK; index++) {
            DESCRIPTOR *at = &chunks[chunk][index];
            if (at->Flags & FD_OPEN)
                continue;
            *at = (DESCRIPTOR){.Handle = file, .Flags = (u8)(flags | FD_OPEN)};
            return chunk * CHUNK + index;
        }
    }
    set_errno(EMFILE);
    return -1;
}

DESCRIPTOR *descriptor_place(int number) {
    if (!chunks[number / CHUNK] && !(chunks[number / CHUNK] = calloc(CHUNK, sizeof(DESCRIPTOR))))
        return NULL;
    return &chunks[number / CHUNK][number % CHUNK];
}

static u8 flags_of(handle file) {
    u32 type = GetFileType(file);
    return type == FILE_TYPE_CHAR ? FD_DEVICE : type == FILE_TYPE_PIPE ? FD_PIPE : 0;
}

static void add_standard(int number, handle file) {
    if (open_descriptor(number))
        return; /* inherited */
    bool32 is_missing = file == NULL || file == (handle)(iptr)-1;
    u8 flags = is_missing ? FD_DEVICE : flags_of(file);
    first_chunk[number] = (DESCRIPTOR){.Handle = is_missing ? NO_HANDLE : file, .Flags = flags | FD_OPEN | FD_TEXT};
}

void stdio_initialize(void) {
    PROCESS_PARAMETERS *parameters = peb()->ProcessParameters;
    take_inherited_descriptors(parameters->RuntimeData.Buffer, parameters->RuntimeData.Length);
    add_standard(0, parameters->StandardInput);
    add_standard(1, parameters->StandardOutput);
    add_standard(2, parameters->StandardError);
}

static u32 disposition(int flags) {
    switch (flags & (O_CREAT | O_EXCL | O_TRUNC)) {
    case O_CREAT:
        return OPEN_ALWAYS;
    case O_CREAT | O_EXCL:
    case O_CREAT | O_EXCL | O_TRUNC:
        return CREATE_NEW;
    case O_CREAT | O_TRUNC:
        return CREATE_ALWAYS;
    case O_TRUNC:
    case O_TRUNC | O_EXCL:
        return TRUNCATE_EXISTING;
    }
    return OPEN_EXISTING;
}

static u32 attributes(int flags, int mode) {
    u32 result = 0x80; /* FILE_ATTRIBUTE_NORMAL */
    if (flags & O_CREAT && !(mode & ~umask_bits & 0x80))
        result = 1; /* FILE_ATTRIBUTE_READONLY */
    if (flags & O_TEMPORARY)
        result |= 0x04000000; /* FILE_FLAG_DELETE_ON_CLOSE */
    if (flags & O_SHORT_LIVED)
        result |= 0x100;
    if (flags & O_SEQUENTIAL)
        result |= 0x08000000;
    else if (flags & O_RANDOM)
        result |= 0x10000000;
    return result;
}

/* `share`: 0x10 deny all, 0x20 deny writing, 0x30 deny reading, 0x40 deny nothing */
int open_file(const void *name, bool32 is_wide, int flags, int share, int mode) {
    u32 access = flags & O_RDWR ? GENERIC_READ | GENERIC_WRITE : flags & O_WRONLY ? GENERIC_WRITE : GENERIC_READ;
    u32 sharing = share == 0x40 ? 3 : share == 0x30 ? 2 : share == 0x20 ? 1 : 0;
    SECURITY_ATTRIBUTES security = {sizeof security, NULL, !(flags & O_NOINHERIT)};
    u32 how = disposition(flags), kind = attributes(flags, mode);
    if (flags & O_TEMPORARY) {
        access |= 0x10000; /* DELETE */
        sharing |= 4;
    }
    handle file = is_wide ? CreateFileW(name, access, sharing, &security, how, kind, NULL)
                          : CreateFileA(name, access, sharing, &security, how, kind, NULL);
    if (file == (handle)(iptr)-1) {
        set_errno_from_win32(teb()->LastErrorValue);
        return -1;
    }
    u8 kept = flags_of(file);
    int text = flags & (O_TEXT | O_BINARY) ? flags : _fmode;
    if (!(text & O_BINARY))
        kept |= FD_TEXT;
    if (flags & O_APPEND)
        kept |= FD_APPEND;
    if (flags & O_NOINHERIT)
        kept |= FD_NO_INHERIT;
    lock_stdio();
    int number = new_descriptor(file, kept);
    unlock_stdio();
    if (number < 0)
        CloseHandle(file);
    return number;
}

int _open(const char *name, int flags, int mode) { return open_file(name, FALSE, flags, 0x40, mode); }
int _wopen(const wchar *name, int flags, int mode) { return open_file(name, TRUE, flags, 0x40, mode); }
int _sopen(const char *name, int flags, int share, int mode) { return open_file(name, FALSE, flags, share, mode); }
int _wsopen(const wchar *name, int flags, int share, int mode) { return open_file(name, TRUE, flags, share, mode); }
int _creat(const char *name, int mode) { return _open(name, O_CREAT | O_TRUNC | O_RDWR, mode); }
int _wcreat(const wchar *name, int mode) { return _wopen(name, O_CREAT | O_TRUNC | O_RDWR, mode); }

int _sopen_s(int *number, const char *name, int flags, int share, int mode) {
    *number = open_file(name, FALSE, flags, share, mode);
    return *number < 0 ? crt_thread()->Errno : 0;
}
int _wsopen_s(int *number, const wchar *name, int flags, int share, int mode) {
    *number = open_file(name, TRUE, flags, share, mode);
    return *number < 0 ? crt_thread()->Errno : 0;
}

int _sopen_dispatch(const char *name, int flags, int share, int mode, int *number, int is_secure) {
    return (void)is_secure, _sopen_s(number, name, flags, share, mode);
}
int _wsopen_dispatch(const wchar *name, int flags, int share, int mode, int *number, int is_secure) {
    return (void)is_secure, _wsopen_s(number, name, flags, share, mode);
}

int _close(int number) {
    DESCRIPTOR *file = descriptor(number);
    if (!file)
        return -1;
    handle closed = file->Handle;
    file->Flags = 0;
    if (closed == NO_HANDLE || CloseHandle(closed))
        return 0;
    set_errno_from_win32(teb()->LastErrorValue);
    return -1;
}

int _umask(int bits) {
    int old = umask_bits;
    umask_bits = bits & 0x180;
    return old;
}

iptr _get_osfhandle(int number) {
    DESCRIPTOR *file = descriptor(number);
    return file ? (iptr)file->Handle : -1;
}

int _open_osfhandle(iptr file, int flags) {
    u8 kept = flags_of((handle)file) | (flags & O_TEXT ? FD_TEXT : 0) | (flags & O_APPEND ? FD_APPEND : 0);
    lock_stdio();
    int number = new_descriptor((handle)file, kept);
    unlock_stdio();
    return number;
}

int _isatty(int number) {
    DESCRIPTOR *file = descriptor(number);
    return file ? file->Flags & FD_DEVICE : 0;
}

int _setmode(int number, int mode) {
    DESCRIPTOR *file = descriptor(number);
    if (!file)
        return -1;
    int old = file->Flags & FD_TEXT ? O_TEXT : O_BINARY;
    if (mode == O_TEXT) {
        file->Flags |= FD_TEXT;
    } else if (mode == O_BINARY) {
        file->Flags &= (u8)~FD_TEXT;
    } else {
        set_errno(EINVAL);
        return -1;
    }
    return old;
}
