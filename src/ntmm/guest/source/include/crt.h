/* crt.h: what the parts of the C run-time share: errno, per-thread data, exit, and the heap under C names. */
#pragma once
#include "cxx_thread.h"

#define ENOENT 2
#define E2BIG 7
#define ENOEXEC 8
#define EINTR 4
#define EIO 5
#define EBADF 9
#define ECHILD 10
#define EAGAIN 11
#define ENOMEM 12
#define EACCES 13
#define EEXIST 17
#define ENOTDIR 20
#define EINVAL 22
#define EMFILE 24
#define ENOSPC 28
#define EPIPE 32
#define EDOM 33
#define ERANGE 34
#define ENOTEMPTY 41
#define EILSEQ 42
#define STRUNCATE 80

typedef struct CRT_THREAD {
    int Errno;
    u32 DosErrno;
    char *StrtokRest;
    wchar *WcstokRest;
    u32 RandomSeed;
    char Message[64];
    wchar WideMessage[64];
    int Calendar[9];         /* struct tm of gmtime and localtime */
    char LongMessage[200];   /* of _strerror */
    char TemporaryName[20];
    char TimeText[26];       /* of asctime and ctime */
    wchar WideTimeText[26];
    CXX_THREAD Cxx;
} CRT_THREAD;

/* thread_data.c: the calling thread's data, made at first use; never NULL */
CRT_THREAD *crt_thread(void);
void crt_free_thread(void);
void set_errno(int code);
/* errno.c: errno and _doserrno from the thread's last Win32 error */
void set_errno_from_win32(u32 code);

void *malloc(usize size);
void *calloc(usize count, usize size);
void *realloc(void *block, usize size);
void free(void *block);

/* startup.c, exit.c */
void crt_initialize(void);
void crt_run_exit_functions(void);
NORETURN void abort(void);
void crt_flush_streams(void);
