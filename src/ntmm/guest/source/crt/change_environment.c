/* change_environment.c: _putenv and its kin, which change both the run-time's tables and the process's environment, and
   the checked forms of getenv. */
#include "startup.h"
#include "system.h"
#include "text.h"

int _strnicmp(const char *left, const char *right, usize limit);
int _wcsnicmp(const wchar *left, const wchar *right, usize limit);
char *getenv(const char *name);
wchar *_wgetenv(const wchar *name);
extern char **_environ;
extern wchar **_wenviron;

static usize name_length(const wchar *setting) {
    usize length = 0;
    while (setting[length] && setting[length] != '=')
        length++;
    return length;
}

static int find(wchar *const *table, const wchar *setting, usize length) {
    for (int at = 0; table[at]; at++)
        if (name_length(table[at]) == length && !_wcsnicmp(table[at], setting, length))
            return at;
    return -1;
}

/* Puts `entry` in place of the entry at `found`, at the end (-1), or takes the entry out (NULL). FALSE without memory. */
static bool32 replace(void ***table, int found, void *entry) {
    int count = 0;
    while ((*table)[count])
        count++;
    if (found >= 0 && entry) {
        (*table)[found] = entry;
    } else if (found >= 0) {
        for (int at = found; at < count; at++)
            (*table)[at] = (*table)[at + 1];
    } else if (entry) {
        void **grown = malloc((usize)(count + 2) * sizeof(void *));
        if (!grown)
            return FALSE;
        memcpy(grown, *table, (usize)count * sizeof(void *));
        grown[count] = entry;
        grown[count + 1] = NULL;
        *table = grown; /* the old one may be what main was given */
    }
    return TRUE;
}

/* "name=value"; an empty value takes the variable away. What was there stays allocated: getenv may have handed it out. */
static int put(const wchar *setting) {
    usize length = name_length(setting);
    if (!length || setting[length] != '=' || !ensure_wide_environment() || !ensure_narrow_environment()) {
        set_errno(EINVAL);
        return -1;
    }
    const wchar *value = setting + length + 1;
    wchar *entry = malloc(2 * (wcslen(setting) + 1));
    char *narrow = narrow_copy(setting);
    if (!entry || !narrow) {
        set_errno(ENOMEM);
        return -1;
    }
    wcscpy(entry, setting);
    int found = find(_wenviron, setting, length);
    if (!replace((void ***)&_wenviron, found, *value ? entry : NULL) ||
        !replace((void ***)&_environ, found, *value ? narrow : NULL))
        return -1;
    wchar *name = malloc(2 * (length + 1));
    if (!name)
        return -1;
    memcpy(name, setting, 2 * length);
    name[length] = 0;
    bool32 done = SetEnvironmentVariableW(name, *value ? value : NULL);
    free(name);
    return done || !*value ? 0 : -1;
}

int _wputenv(const wchar *setting) { return setting ? put(setting) : (set_errno(EINVAL), -1); }
int _putenv(const char *setting) {
    wchar *wide = setting ? wide_copy(setting) : NULL;
    if (!wide)
        return set_errno(EINVAL), -1;
    int result = put(wide);
    free(wide);
    return result;
}

int _wputenv_s(const wchar *name, const wchar *value) {
    if (!name || !value)
        return set_errno(EINVAL), EINVAL;
    usize length = wcslen(name);
    wchar *setting = malloc(2 * (length + wcslen(value) + 2));
    if (!setting)
        return ENOMEM;
    wcscpy(setting, name);
    setting[length] = '=';
    wcscpy(setting + length + 1, value);
    int result = put(setting) ? crt_thread()->Errno : 0;
    free(setting);
    return result;
}
int _putenv_s(const char *name, const char *value) {
    if (!name || !value)
        return set_errno(EINVAL), EINVAL;
    wchar *wide_name = wide_copy(name), *wide_value = wide_copy(value);
    int result = wide_name && wide_value ? _wputenv_s(wide_name, wide_value) : ENOMEM;
    free(wide_name);
    free(wide_value);
    return result;
}

/* Units with the zero to *needed, 0 if the variable is not set; ERANGE if they do not fit. */
static int hand_out(usize *needed, void *to, usize room, const void *value, usize length, usize size) {
    if (!needed || !to != !room)
        return set_errno(EINVAL), EINVAL;
    *needed = value ? length + 1 : 0;
    if (to)
        memset(to, 0, size);
    if (!value || !to)
        return 0;
    if (length >= room)
        return set_errno(ERANGE), ERANGE;
    memcpy(to, value, (length + 1) * size);
    return 0;
}
int getenv_s(usize *needed, char *to, usize room, const char *name) {
    const char *value = name ? getenv(name) : NULL;
    return name ? hand_out(needed, to, room, value, value ? strlen(value) : 0, 1) : (set_errno(EINVAL), EINVAL);
}
int _wgetenv_s(usize *needed, wchar *to, usize room, const wchar *name) {
    const wchar *value = name ? _wgetenv(name) : NULL;
    return name ? hand_out(needed, to, room, value, value ? wcslen(value) : 0, 2) : (set_errno(EINVAL), EINVAL);
}

int _dupenv_s(char **to, usize *length, const char *name) {
    if (!to || !name)
        return set_errno(EINVAL), EINVAL;
    const char *value = getenv(name);
    *to = value ? malloc(strlen(value) + 1) : NULL;
    if (length)
        *length = value ? strlen(value) + 1 : 0;
    if (value && !*to)
        return ENOMEM;
    if (value)
        strcpy(*to, value);
    return 0;
}
int _wdupenv_s(wchar **to, usize *length, const wchar *name) {
    if (!to || !name)
        return set_errno(EINVAL), EINVAL;
    const wchar *value = _wgetenv(name);
    *to = value ? malloc(2 * (wcslen(value) + 1)) : NULL;
    if (length)
        *length = value ? wcslen(value) + 1 : 0;
    if (value && !*to)
        return ENOMEM;
    if (value)
        wcscpy(*to, value);
    return 0;
}
