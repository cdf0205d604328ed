/* command.c: system, and what _popen starts: the command interpreter of COMSPEC. The machine has none of its own. */
#include "children.h"
#include "crt.h"

char *getenv(const char *name);
iptr _cwait(int *code, iptr process, int action);

static const char *interpreter(void) {
    const char *path = getenv("COMSPEC");
    return path && is_file(path) ? path : NULL;
}

handle start_command(const char *text, STARTUP *startup) {
    const char *path = interpreter();
    if (!path) {
        set_errno(ENOENT);
        return NULL;
    }
    char *line = join_words((const char *[]){path, "/c", text, NULL}, ' ');
    handle process = line ? create_child(path, line, NULL, 0, startup) : (set_errno(ENOMEM), NULL);
    free(line);
    return process;
}

int system(const char *text) {
    STARTUP startup = {.Size = sizeof startup};
    int code = -1;
    if (!text)
        return interpreter() != NULL;
    handle process = start_command(text, &startup);
    if (process)
        _cwait(&code, (iptr)process, 0);
    return code;
}
