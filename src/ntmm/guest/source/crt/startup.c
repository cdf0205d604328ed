/* startup.c: what program start-up code calls before main, and the variables it sets. */
#include "startup.h"
#include "system.h"

int _fmode, _commode, _adjust_fdiv;
static int application_type;

int *__p__fmode(void) { return &_fmode; }
int *__p__commode(void) { return &_commode; }
int _get_fmode(int *mode) {
    *mode = _fmode;
    return 0;
}
int _set_fmode(int mode) {
    if (mode != 0x4000 && mode != 0x8000) {
        set_errno(EINVAL);
        return EINVAL;
    }
    _fmode = mode;
    return 0;
}

void __set_app_type(int type) { application_type = type; }
int _query_app_type(void) { return application_type; }

typedef struct STARTUP_INFO {
    int NewMode;
} STARTUP_INFO;

int _set_new_mode(int mode);

static int get_arguments(STARTUP_INFO *info) {
    if (info)
        _set_new_mode(info->NewMode);
    return 0;
}

int __getmainargs(int *count, char ***arguments, char ***environment, int expand_wildcards, STARTUP_INFO *info) {
    (void)expand_wildcards; /* not done: programs linked with setargv.obj see their patterns as they were typed */
    if (!ensure_narrow_arguments() || !ensure_narrow_environment())
        return -1;
    extern char **_environ;
    *count = __argc;
    *arguments = __argv;
    *environment = _environ;
    return get_arguments(info);
}

int __wgetmainargs(int *count, wchar ***arguments, wchar ***environment, int expand_wildcards, STARTUP_INFO *info) {
    (void)expand_wildcards;
    if (!ensure_wide_arguments() || !ensure_wide_environment())
        return -1;
    extern wchar **_wenviron;
    *count = __argc;
    *arguments = __wargv;
    *environment = _wenviron;
    return get_arguments(info);
}

typedef void (*initializer)(void);
typedef int (*checked_initializer)(void);

void _initterm(initializer *at, initializer *end) {
    for (; at < end; at++)
        if (*at)
            (*at)();
}

int _initterm_e(checked_initializer *at, checked_initializer *end) {
    int result = 0;
    for (; at < end && !result; at++)
        if (*at)
            result = (*at)();
    return result;
}

typedef int (*math_error_handler)(void *);
static math_error_handler math_handler;
void __setusermatherr(math_error_handler handler) { math_handler = handler; }

/* Before the first DllMain. The data exports _acmdln, _wcmdln, __initenv and so on have to be there from the start. */
void crt_initialize(void) {
    extern char **__p__acmdln(void);
    extern wchar **__p__wcmdln(void);
    extern void crt_clock_initialize(void);
    crt_thread_initialize();
    crt_clock_initialize();
    stdio_initialize();
    __p__acmdln();
    __p__wcmdln();
    ensure_narrow_arguments();
    ensure_narrow_environment();
}
