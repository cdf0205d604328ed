/* environment.c: the environment as the C run-time sees it: arrays of "name=value", made from the process's block. */
#include "startup.h"
#include "heap.h"
#include "system.h"
#include "text.h"

int _wcsnicmp(const wchar *left, const wchar *right, usize limit);
int _strnicmp(const char *left, const char *right, usize limit);

char **_environ, **__initenv;
wchar **_wenviron, **__winitenv;

/* Strings that begin with "=" (the current folders of drives) are not part of the run-time's environment. */
static u32 count_strings(const wchar *block) {
    u32 count = 0;
    for (; *block; block += wcslen(block) + 1)
        count += *block != '=';
    return count;
}

bool32 ensure_wide_environment(void) {
    const wchar *block = peb()->ProcessParameters->Environment;
    u32 at = 0;
    if (_wenviron)
        return TRUE;
    wchar **table = block ? malloc((count_strings(block) + 1) * sizeof(wchar *)) : calloc(1, sizeof(wchar *));
    if (!table)
        return FALSE;
    for (; block && *block; block += wcslen(block) + 1)
        if (*block != '=') {
            table[at] = malloc(2 * (wcslen(block) + 1));
            if (!table[at])
                return FALSE;
            wcscpy(table[at++], block);
        }
    table[at] = NULL;
    _wenviron = __winitenv = table;
    return TRUE;
}

bool32 ensure_narrow_environment(void) {
    u32 count = 0;
    if (_environ)
        return TRUE;
    if (!ensure_wide_environment())
        return FALSE;
    while (_wenviron[count])
        count++;
    char **table = malloc((count + 1) * sizeof(char *));
    if (!table)
        return FALSE;
    for (u32 index = 0; index < count; index++)
        if (!(table[index] = narrow_copy(_wenviron[index])))
            return FALSE;
    table[count] = NULL;
    _environ = __initenv = table;
    return TRUE;
}

char ***__p__environ(void) {
    ensure_narrow_environment();
    return &_environ;
}
wchar ***__p__wenviron(void) {
    ensure_wide_environment();
    return &_wenviron;
}
char ***__p___initenv(void) {
    ensure_narrow_environment();
    return &__initenv;
}
wchar ***__p___winitenv(void) {
    ensure_wide_environment();
    return &__winitenv;
}
int _initialize_narrow_environment(void) { return ensure_narrow_environment() ? 0 : -1; }
int _initialize_wide_environment(void) { return ensure_wide_environment() ? 0 : -1; }
char **_get_initial_narrow_environment(void) { return *__p___initenv(); }
wchar **_get_initial_wide_environment(void) { return *__p___winitenv(); }

char *getenv(const char *name) {
    usize length = strlen(name);
    if (!length || !ensure_narrow_environment())
        return NULL;
    for (char **at = _environ; *at; at++)
        if (!_strnicmp(*at, name, length) && (*at)[length] == '=')
            return *at + length + 1;
    return NULL;
}

wchar *_wgetenv(const wchar *name) {
    usize length = wcslen(name);
    if (!length || !ensure_wide_environment())
        return NULL;
    for (wchar **at = _wenviron; *at; at++)
        if (!_wcsnicmp(*at, name, length) && (*at)[length] == '=')
            return *at + length + 1;
    return NULL;
}
