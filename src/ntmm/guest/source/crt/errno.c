/* errno.c: Win32 errors as errno values, and the messages of strerror (as msvcrt words them). */
#include "codes.h"
#include "crt.h"
#include "text.h"

typedef struct ERROR_PAIR {
    u16 Win32;
    u16 Errno;
} ERROR_PAIR;

static const ERROR_PAIR pairs[] = {
    {1, EINVAL},   {2, ENOENT},   {3, ENOENT},   {4, EMFILE},  {5, EACCES},   {6, EBADF},    {7, ENOMEM},
    {8, ENOMEM},   {9, ENOMEM},   {10, 7},       {11, 8},      {12, EINVAL},  {13, EINVAL},  {15, ENOENT},
    {16, EACCES},  {17, 18},      {18, ENOENT},  {33, EACCES}, {53, ENOENT},  {65, EACCES},  {67, ENOENT},
    {80, EEXIST},  {82, EACCES},  {83, EACCES},  {87, EINVAL}, {89, 11},      {108, EACCES}, {109, EPIPE},
    {112, ENOSPC}, {114, EBADF},  {128, 10},     {129, 10},    {130, EBADF},  {131, EINVAL}, {132, EACCES},
    {145, 41},     {158, EACCES}, {161, ENOENT}, {164, 11},    {167, EACCES}, {183, EEXIST}, {206, ENOENT},
    {215, 11},     {1816, ENOMEM},
};

void set_errno_from_win32(u32 code) {
    int found = EINVAL;
    if (code >= 19 && code <= 36)
        found = EACCES;
    else if (code >= 188 && code <= 202)
        found = 8;
    for (u32 index = 0; index < sizeof pairs / sizeof *pairs; index++)
        if (pairs[index].Win32 == code)
            found = pairs[index].Errno;
    crt_thread()->DosErrno = code;
    set_errno(found);
}

static const char *const messages[] = {
    "No error", "Operation not permitted", "No such file or directory", "No such process",
    "Interrupted function call", "Input/output error", "No such device or address", "Arg list too long",
    "Exec format error", "Bad file descriptor", "No child processes", "Resource temporarily unavailable",
    "Not enough space", "Permission denied", "Bad address", "Unknown error", "Resource device",
    "File exists", "Improper link", "No such device", "Not a directory", "Is a directory",
    "Invalid argument", "Too many open files in system", "Too many open files",
    "Inappropriate I/O control operation", "Unknown error", "File too large", "No space left on device",
    "Invalid seek", "Read-only file system", "Too many links", "Broken pipe", "Domain error",
    "Result too large", "Unknown error", "Resource deadlock avoided", "Unknown error", "Filename too long",
    "No locks available", "Function not implemented", "Directory not empty", "Illegal byte sequence",
};

static const char *message_of(int code) {
    return (u32)code < sizeof messages / sizeof *messages ? messages[code] : "Unknown error";
}

char *strerror(int code) { return strcpy(crt_thread()->Message, message_of(code)); }

int strerror_s(char *to, usize room, int code) {
    if (!to || !room)
        return EINVAL;
    usize length = strnlen(message_of(code), room - 1);
    memcpy(to, message_of(code), length);
    to[length] = 0;
    return 0;
}
