/* spawn.c: _spawn and _exec in all their forms, _cwait. Arguments are joined with blanks, as they are; programs that
   put quotes where they are needed find them on the other side. */
#include "children.h"
#include "codes.h"
#include "crt.h"
#include "process.h"
#include "stdio_internal.h"
#include "system.h"
#include "text.h"

#define MAX_PATH 260
#define MOST_ARGUMENTS 512
#define INFINITE 0xFFFFFFFFu
enum { WAIT, NO_WAIT, OVERLAY, NO_WAIT_O, DETACH };

typedef struct CREATED {
    handle Process, Thread;
    u32 ProcessId, ThreadId;
} CREATED;

char *getenv(const char *name);
NORETURN void _exit(int code);

bool32 is_file(const char *path) {
    u32 attributes = GetFileAttributesA(path);
    return attributes != ~0u && !(attributes & 0x10);
}

/* The path as it is, else with ".com" or ".exe" where it has no extension. */
static bool32 with_extension(char *to, const char *path) {
    static const char *const extensions[] = {".com", ".exe"};
    usize length = strlen(path);
    const char *name = path;
    for (const char *at = path; *at; at++)
        if (*at == '\\' || *at == '/' || *at == ':')
            name = at + 1;
    if (length + 5 > MAX_PATH)
        return FALSE;
    strcpy(to, path);
    if (strchr(name, '.'))
        return is_file(to);
    for (int index = 0; index < 2; index++) {
        strcpy(to + length, extensions[index]);
        if (is_file(to))
            return TRUE;
    }
    return FALSE;
}

static bool32 find_program(char *to, const char *path, bool32 on_path) {
    if (with_extension(to, path))
        return TRUE;
    const char *folders = on_path && !strchr(path, '\\') && !strchr(path, '/') && !strchr(path, ':') ? getenv("PATH") : NULL;
    while (folders && *folders) {
        char candidate[MAX_PATH];
        usize length = 0;
        while (folders[length] && folders[length] != ';')
            length++;
        if (length && length + strlen(path) + 2 < MAX_PATH) {
            memcpy(candidate, folders, length);
            candidate[length] = '\\';
            strcpy(candidate + length + 1, path);
            if (with_extension(to, candidate))
                return TRUE;
        }
        folders += length + (folders[length] == ';');
    }
    return FALSE;
}

/* Strings one after the other with `between`; a further zero at the end. */
char *join_words(const char *const *words, char between) {
    usize size = 2;
    for (const char *const *at = words; *at; at++)
        size += strlen(*at) + 1;
    char *text = malloc(size), *end = text;
    for (const char *const *at = words; text && *at; at++) {
        if (at != words)
            *end++ = between;
        strcpy(end, *at);
        end += strlen(end);
    }
    if (text)
        end[0] = end[1] = 0;
    return text;
}

/* Waits for a process and gives its exit code; the handle is closed. */
static iptr wait_for(handle process) {
    u32 code = 0;
    WaitForSingleObject(process, INFINITE);
    GetExitCodeProcess(process, &code);
    NtClose(process);
    return (iptr)(i32)code;
}

handle create_child(const char *program, char *line, char *environment, u32 flags, STARTUP *startup) {
    CREATED created;
    crt_flush_streams();
    if (!CreateProcessA(program, line, NULL, NULL, TRUE, flags, environment, NULL, startup, &created)) {
        set_errno_from_win32(teb()->LastErrorValue);
        return NULL;
    }
    NtClose(created.Thread);
    return created.Process;
}

static iptr start(int mode, const char *program, char *line, char *environment) {
    STARTUP startup = {.Size = sizeof startup};
    startup.ReservedBytes = descriptors_to_inherit(mode == DETACH, &startup.ReservedSize);
    handle process = create_child(program, line, environment, mode == DETACH ? 8 : 0, &startup);
    free(startup.ReservedBytes);
    if (!process)
        return -1;
    if (mode == WAIT)
        return wait_for(process);
    if (mode == OVERLAY)
        _exit(0);
    if (mode != DETACH)
        return (iptr)process;
    NtClose(process);
    return 0;
}

static iptr spawn(int mode, const char *path, const char *const *arguments, const char *const *environment, bool32 on_path) {
    char program[MAX_PATH];
    if (!path || !*path || !arguments || !arguments[0] || (u32)mode > DETACH) {
        set_errno(EINVAL);
        return -1;
    }
    if (!find_program(program, path, on_path)) {
        if (strlen(path) >= MAX_PATH)
            return set_errno(ENOENT), -1;
        strcpy(program, path); /* CreateProcess also finds the running program, which need not lie on a drive */
    }
    char *line = join_words(arguments, ' '), *block = environment ? join_words(environment, 0) : NULL;
    iptr result = line && (block || !environment) ? start(mode, program, line, block) : (set_errno(ENOMEM), -1);
    free(line);
    free(block);
    return result;
}

iptr _spawnv(int mode, const char *path, const char *const *arguments) { return spawn(mode, path, arguments, NULL, FALSE); }
iptr _spawnve(int mode, const char *path, const char *const *arguments, const char *const *environment) {
    return spawn(mode, path, arguments, environment, FALSE);
}
iptr _spawnvp(int mode, const char *path, const char *const *arguments) { return spawn(mode, path, arguments, NULL, TRUE); }
iptr _spawnvpe(int mode, const char *path, const char *const *arguments, const char *const *environment) {
    return spawn(mode, path, arguments, environment, TRUE);
}
iptr _execv(const char *path, const char *const *arguments) { return spawn(OVERLAY, path, arguments, NULL, FALSE); }
iptr _execve(const char *path, const char *const *arguments, const char *const *environment) {
    return spawn(OVERLAY, path, arguments, environment, FALSE);
}
iptr _execvp(const char *path, const char *const *arguments) { return spawn(OVERLAY, path, arguments, NULL, TRUE); }
iptr _execvpe(const char *path, const char *const *arguments, const char *const *environment) {
    return spawn(OVERLAY, path, arguments, environment, TRUE);
}

/* The forms with a list: arguments up to NULL, then perhaps the environment. */
static iptr spawn_list(int mode, const char *path, const char *first, bool32 on_path, bool32 with_environment, va_list more) {
    const char *arguments[MOST_ARGUMENTS + 1] = {first};
    int count = 1;
    while (first && count < MOST_ARGUMENTS && (arguments[count] = va_arg(more, const char *)))
        count++;
    arguments[count] = NULL;
    return spawn(mode, path, arguments, with_environment ? va_arg(more, const char *const *) : NULL, on_path);
}
#define LISTED(name, parameter, mode, on_path, with_environment)                              \
    iptr name(parameter const char *path, const char *first, ...) {                           \
        va_list more;                                                                         \
        va_start(more, first);                                                                \
        iptr result = spawn_list(mode, path, first, on_path, with_environment, more);         \
        va_end(more);                                                                         \
        return result;                                                                        \
    }
#define MODE_FIRST int mode,
#define NOTHING
LISTED(_spawnl, MODE_FIRST, mode, FALSE, FALSE)
LISTED(_spawnle, MODE_FIRST, mode, FALSE, TRUE)
LISTED(_spawnlp, MODE_FIRST, mode, TRUE, FALSE)
LISTED(_spawnlpe, MODE_FIRST, mode, TRUE, TRUE)
LISTED(_execl, NOTHING, OVERLAY, FALSE, FALSE)
LISTED(_execle, NOTHING, OVERLAY, FALSE, TRUE)
LISTED(_execlp, NOTHING, OVERLAY, TRUE, FALSE)
LISTED(_execlpe, NOTHING, OVERLAY, TRUE, TRUE)

/* Waits for a process that _spawn started without waiting; its exit code to *code. */
iptr _cwait(int *code, iptr process, int action) {
    u32 ended = 0;
    (void)action; /* has meant nothing since DOS */
    if (process == 0 || process == -1 || WaitForSingleObject((handle)process, INFINITE) != 0 ||
        !GetExitCodeProcess((handle)process, &ended)) {
        set_errno(ECHILD);
        return -1;
    }
    if (code)
        *code = (int)ended;
    NtClose((handle)process);
    return process;
}
