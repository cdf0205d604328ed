/* assertions.c: _assert and _wassert, run-time failures, messages of system errors, and small things of stdlib.h. */
#include "codes.h"
#include "crt.h"
#include "process.h"
#include "stdio_internal.h"
#include "sync.h"
#include "system.h"
#include "text.h"

int fprintf(STREAM *stream, const char *text, ...);
int fwprintf(STREAM *stream, const wchar *text, ...);
char *strerror(int code);

NORETURN void _assert(const char *expression, const char *file, u32 line) {
    fprintf(&_iob[2], "Assertion failed: %s, file %s, line %d\n", expression, file, line);
    abort();
}
NORETURN void _wassert(const wchar *expression, const wchar *file, u32 line) {
    fwprintf(&_iob[2], (const wchar *)L"Assertion failed: %ls, file %ls, line %d\n", expression, file, line);
    abort();
}

/* Ends the process as the fail-fast of Windows does. */
NORETURN void _invoke_watson(const wchar *expression, const wchar *function, const wchar *file, u32 line, uptr unused) {
    (void)expression, (void)function, (void)file, (void)line, (void)unused;
    for (;;)
        NtTerminateProcess(CURRENT_PROCESS, (status)0xC0000417); /* STATUS_INVALID_CRUNTIME_PARAMETER */
}
NORETURN void _invalid_parameter_noinfo_noreturn(void) { _invoke_watson(NULL, NULL, NULL, 0, 0); }

wchar *_wcserror(int code) {
    const char *text = strerror(code);
    CRT_THREAD *data = crt_thread();
    for (usize at = 0; (data->WideMessage[at] = (u8)text[at]); at++)
        ;
    return data->WideMessage;
}
int strerror_s(char *to, usize room, int code);
int _wcserror_s(wchar *to, usize room, int code) {
    char narrow[64];
    if (!to || !room)
        return set_errno(EINVAL), EINVAL;
    strerror_s(narrow, sizeof narrow, code);
    for (usize at = 0; at < room; at++)
        if (!(to[at] = at + 1 < room ? (u8)narrow[at] : 0))
            break;
    return 0;
}
char *_strerror(const char *text) {
    CRT_THREAD *data = crt_thread();
    const char *message = strerror(data->Errno);
    if (text && *text) {
        usize length = strnlen(text, sizeof data->LongMessage - 70);
        memcpy(data->LongMessage, text, length);
        strcpy(data->LongMessage + length, ": ");
        strcpy(data->LongMessage + length + 2, message);
    } else {
        strcpy(data->LongMessage, message);
    }
    strcpy(data->LongMessage + strlen(data->LongMessage), "\n");
    return data->LongMessage;
}

void _wperror(const wchar *text) {
    int code = crt_thread()->Errno;
    if (text && *text)
        fwprintf(&_iob[2], (const wchar *)L"%ls: ", text);
    fprintf(&_iob[2], "%s\n", strerror(code));
}

/* msvcrt's numbered locks, which MinGW's start-up code takes (_lock(8), _unlock(8)). */
#define LOCKS 64
static CRITICAL_SECTION locks[LOCKS];
static i32 lock_states[LOCKS]; /* 0: not made, 1: being made, 2: made */
static CRITICAL_SECTION *numbered(int number) {
    i32 *state = &lock_states[number % LOCKS];
    if (atomic_replace(state, 0, 1)) {
        RtlInitializeCriticalSection(&locks[number % LOCKS]);
        __atomic_store_n(state, 2, __ATOMIC_SEQ_CST);
    }
    for (u32 round = 0; __atomic_load_n(state, __ATOMIC_SEQ_CST) != 2; round++)
        back_off(round);
    return &locks[number % LOCKS];
}
void _lock(int number) { RtlEnterCriticalSection(numbered(number)); }
void _unlock(int number) { RtlLeaveCriticalSection(numbered(number)); }

int _getpid(void) { return (int)teb()->UniqueProcess; }
void _sleep(u32 milliseconds) {
    i64 interval = -10000ll * milliseconds;
    NtDelayExecution(FALSE, &interval);
}
void _beep(u32 frequency, u32 milliseconds) {
    (void)frequency; /* there is no loudspeaker; the time passes */
    _sleep(milliseconds);
}
void _seterrormode(int mode) { SetErrorMode((u32)mode); }

int rand_s(u32 *result) {
    if (!result)
        return set_errno(EINVAL), EINVAL;
    return NtmmRandomBytes(result, sizeof *result) >= 0 ? 0 : (set_errno(ENOMEM), ENOMEM);
}

/* The program's thread_local destructors of the main thread: called once, before the functions of atexit. */
typedef void(WINAPI *tls_callback)(void *base, u32 reason, void *reserved);
static tls_callback thread_exit;
void _register_thread_local_exe_atexit_callback(tls_callback callback) { thread_exit = callback; }
void crt_thread_exits(void) {
    if (thread_exit)
        thread_exit(NULL, DLL_THREAD_DETACH, NULL);
}

int _set_doserrno(u32 code) {
    crt_thread()->DosErrno = code;
    return 0;
}
int _get_doserrno(u32 *code) {
    if (!code)
        return EINVAL;
    *code = crt_thread()->DosErrno;
    return 0;
}
