/* shell_arguments.c: shell32's CommandLineToArgvW: the arguments in one block that LocalFree takes. */
#include "codes.h"
#include "heap.h"
#include "startup.h"
#include "text.h"

/* Array of pointers with a NULL at its end, then the strings. */
static wchar **pack(wchar **arguments, int count) {
    usize pointers = (usize)(count + 1) * sizeof(wchar *), size = pointers;
    for (int index = 0; index < count; index++)
        size += 2 * (wcslen(arguments[index]) + 1);
    wchar **block = process_allocate(size);
    wchar *text = (wchar *)((u8 *)block + pointers);
    for (int index = 0; block && index < count; index++) {
        block[index] = wcscpy(text, arguments[index]);
        text += wcslen(text) + 1;
    }
    if (block)
        block[count] = NULL;
    return block;
}

wchar **WINAPI CommandLineToArgvW(const wchar *line, int *count) {
    if (!line || !count) {
        set_last_error(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    wchar **arguments = split_command_line(*line ? line : peb()->ProcessParameters->ImagePathName.Buffer, count);
    wchar **block = arguments ? pack(arguments, *count) : NULL;
    free(arguments);
    if (!block)
        set_last_error(ERROR_NOT_ENOUGH_MEMORY);
    return block;
}
