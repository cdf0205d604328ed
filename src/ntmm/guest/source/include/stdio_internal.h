/* stdio_internal.h: descriptors (what _open answers) and streams (FILE), in msvcrt's layout. */
#pragma once
#include "crt.h"
#include "sync.h"

/* The layout is msvcrt's: programs reach stdin, stdout and stderr as elements of _iob, and getc and putc may be macros. */
typedef struct STREAM {
    u8 *_ptr;
    int _cnt; /* reading: bytes left in the buffer; writing: room left */
    u8 *_base;
    int _flag;
    int _file;
    int _charbuf;
    int _bufsiz;
    char *_tmpfname;
} STREAM;
_Static_assert(sizeof(STREAM) == (IS_64 ? 0x30 : 0x20), "FILE layout");

enum {
    IO_READ = 1,
    IO_WRITE = 2,
    IO_UNBUFFERED = 4,
    IO_OWN_BUFFER = 8,
    IO_EOF = 0x10,
    IO_ERROR = 0x20,
    IO_STRING = 0x40,
    IO_UPDATE = 0x80,
    IO_USER_BUFFER = 0x100,
    IO_COMMIT = 0x4000
};
#define EOF (-1)
#define WEOF ((u16)0xFFFF)
#define BUFFER_SIZE 4096
#define IOB_ENTRIES 20
enum { SEEK_SET, SEEK_CUR, SEEK_END };

enum {
    O_WRONLY = 1,
    O_RDWR = 2,
    O_APPEND = 8,
    O_RANDOM = 0x10,
    O_SEQUENTIAL = 0x20,
    O_TEMPORARY = 0x40,
    O_NOINHERIT = 0x80,
    O_CREAT = 0x100,
    O_TRUNC = 0x200,
    O_EXCL = 0x400,
    O_SHORT_LIVED = 0x1000,
    O_TEXT = 0x4000,
    O_BINARY = 0x8000
};

enum { FD_OPEN = 1, FD_EOF = 2, FD_PIPE = 8, FD_NO_INHERIT = 0x10, FD_APPEND = 0x20, FD_DEVICE = 0x40, FD_TEXT = 0x80 };

typedef struct DESCRIPTOR {
    handle Handle;
    u8 Flags;
    bool32 HasLookahead; /* the byte after a CR that was read from something that cannot seek */
    u8 Lookahead;
    i64 FillStart; /* position in the file where the last read began */
} DESCRIPTOR;

#define DESCRIPTORS 2048
#define NO_HANDLE ((handle)(iptr)-2)

/* descriptors.c */
DESCRIPTOR *open_descriptor(int number); /* NULL if it is not open */
DESCRIPTOR *descriptor(int number); /* NULL with errno EBADF if it is not open */
DESCRIPTOR *descriptor_place(int number); /* open or not, of 0 to 2047; NULL without memory */
int new_descriptor(handle file, u8 flags);
int open_file(const void *name, bool32 is_wide, int flags, int share, int mode);
int _read(int number, void *buffer, u32 size);
int _write(int number, const void *buffer, u32 size);
int _close(int number);
i64 _lseeki64(int number, i64 distance, int origin);
int translate_text(u8 *buffer, int size, bool32 is_device, bool32 *at_end);

/* inherited.c */
void *descriptors_to_inherit(bool32 without_standard, u16 *size);
void take_inherited_descriptors(const void *block, u32 size);

/* streams.c */
extern STREAM _iob[IOB_ENTRIES];
extern CRITICAL_SECTION stdio_lock;
int _isatty(int number);
STREAM *new_stream(void);
void ensure_buffer(STREAM *stream);
int flush_stream(STREAM *stream);
int close_stream(STREAM *stream);
void for_each_stream(int (*action)(STREAM *), int *failures, int *successes);

/* transfer.c */
int _filbuf(STREAM *stream);
int _flsbuf(int character, STREAM *stream);
usize stream_write(STREAM *stream, const void *data, usize size);
usize stream_read(STREAM *stream, void *data, usize size);

static inline void lock_stdio(void) { RtlEnterCriticalSection(&stdio_lock); }
static inline void unlock_stdio(void) { RtlLeaveCriticalSection(&stdio_lock); }
static inline int get_byte(STREAM *stream) { return --stream->_cnt >= 0 ? *stream->_ptr++ : _filbuf(stream); }
static inline int put_byte(int character, STREAM *stream) {
    return --stream->_cnt >= 0 ? (*stream->_ptr++ = (u8)character) : _flsbuf(character, stream);
}
