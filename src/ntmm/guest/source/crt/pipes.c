/* pipes.c: _pipe, and _popen with _pclose, which run a command with a pipe in place of its input or output. */
#include "children.h"
#include "codes.h"
#include "startup.h"
#include "stdio_internal.h"
#include "system.h"
#include "text.h"

#define SAME_ACCESS 2
#define COMMAND_PIPE_SIZE 1024

extern int _fmode;
STREAM *_fdopen(int number, const char *mode);
iptr _get_osfhandle(int number);
iptr _cwait(int *code, iptr process, int action);

static int failed(void) {
    set_errno_from_win32(teb()->LastErrorValue);
    return -1;
}

/* The two ends of a new pipe, to read and to write. */
static bool32 create_pipe(handle ends[2], u32 size, bool32 inherit) {
    SECURITY_ATTRIBUTES security = {sizeof security, NULL, inherit};
    return CreatePipe(&ends[0], &ends[1], &security, size);
}

/* Descriptors for both ends, or none: -1 with errno. */
static int describe(int numbers[2], const handle ends[2], u8 flags) {
    lock_stdio();
    numbers[0] = new_descriptor(ends[0], flags);
    numbers[1] = numbers[0] < 0 ? -1 : new_descriptor(ends[1], flags);
    if (numbers[0] >= 0 && numbers[1] < 0)
        descriptor(numbers[0])->Flags = 0;
    unlock_stdio();
    if (numbers[1] >= 0)
        return 0;
    CloseHandle(ends[0]);
    CloseHandle(ends[1]);
    set_errno(EMFILE);
    return -1;
}

/* numbers[0] reads what numbers[1] writes. */
int _pipe(int *numbers, u32 size, int mode) {
    handle ends[2];
    if (numbers)
        numbers[0] = numbers[1] = -1;
    if (!numbers || mode & ~(O_NOINHERIT | O_TEXT | O_BINARY) || (mode & (O_TEXT | O_BINARY)) == (O_TEXT | O_BINARY)) {
        set_errno(EINVAL);
        return -1;
    }
    if (!create_pipe(ends, size, !(mode & O_NOINHERIT)))
        return failed();
    int text = mode & (O_TEXT | O_BINARY) ? mode : _fmode;
    return describe(numbers, ends, FD_PIPE | (text & O_BINARY ? 0 : FD_TEXT) | (mode & O_NOINHERIT ? FD_NO_INHERIT : 0));
}

/* The processes that _pclose waits for. */
typedef struct COMMAND {
    struct COMMAND *Next;
    STREAM *Stream;
    handle Process;
} COMMAND;
static COMMAND *commands;

static void remember(COMMAND *command) {
    lock_stdio();
    command->Next = commands;
    commands = command;
    unlock_stdio();
}

static COMMAND *forget(STREAM *stream) {
    lock_stdio();
    COMMAND **at = &commands, *found;
    while (*at && (*at)->Stream != stream)
        at = &(*at)->Next;
    found = *at;
    if (found)
        *at = found->Next;
    unlock_stdio();
    return found;
}

/* Starts the command with `end` as standard stream `which` (0 input, 1 output); NULL with errno. */
static handle start(const char *text, handle end, int which) {
    handle given;
    if (!DuplicateHandle(CURRENT_PROCESS, end, CURRENT_PROCESS, &given, 0, TRUE, SAME_ACCESS)) {
        failed();
        return NULL;
    }
    STARTUP startup = {.Size = sizeof startup, .Flags = USE_STANDARD_HANDLES};
    memcpy(startup.Standard, &peb()->ProcessParameters->StandardInput, sizeof startup.Standard);
    startup.Standard[which] = given;
    handle process = start_command(text, &startup);
    CloseHandle(given);
    return process;
}

/* The mode of a stream for `type`: "r" or "w", then perhaps "t" or "b"; NULL with errno EINVAL for another. */
static const char *stream_mode(const char *type) {
    static const char *const modes[2][3] = {{"r", "rt", "rb"}, {"w", "wt", "wb"}};
    while (type && *type == ' ')
        type++;
    if (type && (*type == 'r' || *type == 'w') && (!type[1] || !type[2])) {
        int way = !type[1] ? 0 : type[1] == 't' ? 1 : type[1] == 'b' ? 2 : -1;
        if (way >= 0)
            return modes[*type == 'w'][way];
    }
    set_errno(EINVAL);
    return NULL;
}

/* The command's end is closed here once it has it, so that the stream ends with the command. */
static handle start_and_close(const char *text, int number, int which) {
    handle process = start(text, (handle)_get_osfhandle(number), which);
    _close(number);
    return process;
}

STREAM *_popen(const char *text, const char *type) {
    int numbers[2];
    const char *mode = stream_mode(type);
    if (!text || !mode)
        return set_errno(EINVAL), NULL;
    bool32 writes = *mode == 'w';
    int translation = mode[1] == 't' ? O_TEXT : mode[1] == 'b' ? O_BINARY : 0;
    COMMAND *command = malloc(sizeof *command);
    if (!command || _pipe(numbers, COMMAND_PIPE_SIZE, O_NOINHERIT | translation) < 0) {
        free(command);
        return NULL;
    }
    STREAM *stream = _fdopen(numbers[writes], mode);
    command->Stream = stream;
    command->Process = stream ? start_and_close(text, numbers[!writes], !writes) : NULL;
    if (command->Process) {
        remember(command);
        return stream;
    }
    int code = crt_thread()->Errno;
    if (stream) {
        lock_stdio();
        close_stream(stream);
        unlock_stdio();
    } else {
        _close(numbers[0]);
        _close(numbers[1]);
    }
    free(command);
    set_errno(code);
    return NULL;
}

STREAM *_wpopen(const wchar *text, const wchar *type) {
    char *narrow = text ? narrow_copy(text) : NULL, *mode = type ? narrow_copy(type) : NULL;
    STREAM *stream = _popen(narrow, mode);
    free(narrow);
    free(mode);
    return stream;
}

/* The command's exit code, after it has ended; -1 for a stream that _popen did not give. */
int _pclose(STREAM *stream) {
    int code = -1;
    COMMAND *command = stream ? forget(stream) : NULL;
    if (!command)
        return set_errno(EINVAL), -1;
    lock_stdio();
    close_stream(stream);
    unlock_stdio();
    _cwait(&code, (iptr)command->Process, 0);
    free(command);
    return code;
}
