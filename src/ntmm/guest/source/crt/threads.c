/* threads.c: _beginthreadex and _beginthread over kernel32's CreateThread. */
#include "crt.h"
#include "process.h"
#include "sync.h"
#include "system.h"

uptr _beginthreadex(void *security, u32 stack, void *start, void *argument, u32 flags, u32 *id) {
    u32 unused;
    handle thread = CreateThread(security, stack, start, argument, flags, id ? id : &unused);
    if (!thread)
        set_errno_from_win32(teb()->LastErrorValue);
    return (uptr)thread;
}

NORETURN void _endthreadex(u32 code) { ExitThread(code); }

typedef struct SIMPLE_START {
    void (*Start)(void *);
    void *Argument;
} SIMPLE_START;

static u32 WINAPI run_simple(SIMPLE_START *start) {
    SIMPLE_START copy = *start;
    free(start);
    copy.Start(copy.Argument);
    return 0;
}

/* Windows closes the handle when the thread ends; here it stays open until the program or its end closes it. */
uptr _beginthread(void (*start)(void *), u32 stack, void *argument) {
    SIMPLE_START *simple = malloc(sizeof *simple);
    if (!simple)
        return (uptr)-1;
    *simple = (SIMPLE_START){start, argument};
    uptr thread = _beginthreadex(NULL, stack, (void *)run_simple, simple, 0, NULL);
    if (!thread) {
        free(simple);
        return (uptr)-1;
    }
    return thread;
}

NORETURN void _endthread(void) { ExitThread(0); }
