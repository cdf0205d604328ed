/* arguments.c: argc, argv and the command line: the run-time's variables and the functions that answer them. */
#include "startup.h"
#include "system.h"
#include "text.h"

#define CP_ACP 0

int __argc;
char **__argv;
wchar **__wargv;
char *_acmdln;
wchar *_wcmdln;
char *_pgmptr;
wchar *_wpgmptr;

/* A copy of text on the heap in the program's code page; NULL if there is no memory. */
char *narrow_copy(const wchar *text) {
    i32 size = WideCharToMultiByte(CP_ACP, 0, text, -1, NULL, 0, NULL, NULL);
    char *copy = size > 0 ? malloc((usize)size) : NULL;
    if (copy)
        WideCharToMultiByte(CP_ACP, 0, text, -1, copy, size, NULL, NULL);
    return copy;
}

wchar *wide_copy(const char *text) {
    i32 size = MultiByteToWideChar(CP_ACP, 0, text, -1, NULL, 0);
    wchar *copy = size > 0 ? malloc(2 * (usize)size) : NULL;
    if (copy)
        MultiByteToWideChar(CP_ACP, 0, text, -1, copy, size);
    return copy;
}

bool32 ensure_wide_arguments(void) {
    if (__wargv)
        return TRUE;
    _wcmdln = peb()->ProcessParameters->CommandLine.Buffer;
    __wargv = split_command_line(_wcmdln, &__argc);
    if (__wargv)
        _wpgmptr = __wargv[0];
    return __wargv != NULL;
}

bool32 ensure_narrow_arguments(void) {
    if (__argv)
        return TRUE;
    if (!ensure_wide_arguments())
        return FALSE;
    char **arguments = malloc(((usize)__argc + 1) * sizeof(char *));
    if (!arguments)
        return FALSE;
    for (int index = 0; index < __argc; index++)
        if (!(arguments[index] = narrow_copy(__wargv[index])))
            return FALSE;
    arguments[__argc] = NULL;
    _pgmptr = arguments[0];
    __argv = arguments;
    return TRUE;
}

int *__p___argc(void) {
    ensure_wide_arguments();
    return &__argc;
}
char ***__p___argv(void) {
    ensure_narrow_arguments();
    return &__argv;
}
wchar ***__p___wargv(void) {
    ensure_wide_arguments();
    return &__wargv;
}
char **__p__acmdln(void) {
    if (!_acmdln)
        _acmdln = narrow_copy(peb()->ProcessParameters->CommandLine.Buffer);
    return &_acmdln;
}
wchar **__p__wcmdln(void) {
    _wcmdln = peb()->ProcessParameters->CommandLine.Buffer;
    return &_wcmdln;
}
char **__p__pgmptr(void) {
    ensure_narrow_arguments();
    return &_pgmptr;
}
wchar **__p__wpgmptr(void) {
    ensure_wide_arguments();
    return &_wpgmptr;
}

/* What ucrt's start-up calls; wildcards are not expanded, and asking for that (mode 2) fails with EINVAL. */
int _configure_narrow_argv(int mode) { return mode == 2 ? EINVAL : ensure_narrow_arguments() ? 0 : ENOMEM; }
int _configure_wide_argv(int mode) { return mode == 2 ? EINVAL : ensure_wide_arguments() ? 0 : ENOMEM; }
char *_get_narrow_winmain_command_line(void) {
    char *at = *__p__acmdln();
    bool32 is_quoted = FALSE;
    for (; at && *at && (is_quoted || (u8)*at > ' '); at++)
        if (*at == '"')
            is_quoted = !is_quoted;
    while (at && *at && (u8)*at <= ' ')
        at++;
    return at;
}
