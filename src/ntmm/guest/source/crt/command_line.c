/* command_line.c: splitting a command line into arguments by the rules of Microsoft's C run-time.

   Blanks separate; quotes keep blanks; 2n backslashes before a quote are n backslashes, one more makes the quote
   literal; two quotes within quotes are one. The first argument, the program, knows no escapes. */
#include "startup.h"

typedef struct SPLITTER {
    const wchar *At;
    wchar **Arguments; /* NULL while counting */
    wchar *Text;
    u32 Count;
    usize Characters;
} SPLITTER;

static void put(SPLITTER *splitter, wchar character) {
    if (splitter->Arguments)
        splitter->Text[splitter->Characters] = character;
    splitter->Characters++;
}

static void begin(SPLITTER *splitter) {
    if (splitter->Arguments)
        splitter->Arguments[splitter->Count] = splitter->Text + splitter->Characters;
    splitter->Count++;
}

static bool32 is_blank(wchar character) { return character == ' ' || character == '\t'; }

static void split_program(SPLITTER *splitter) {
    bool32 is_quoted = FALSE;
    begin(splitter);
    for (; *splitter->At && (is_quoted || !is_blank(*splitter->At)); splitter->At++)
        if (*splitter->At == '"')
            is_quoted = !is_quoted;
        else
            put(splitter, *splitter->At);
    put(splitter, 0);
}

static void split_argument(SPLITTER *splitter) {
    bool32 is_quoted = FALSE;
    begin(splitter);
    while (*splitter->At && (is_quoted || !is_blank(*splitter->At))) {
        u32 slashes = 0;
        for (; *splitter->At == '\\'; splitter->At++)
            slashes++;
        bool32 is_quote = *splitter->At == '"';
        for (u32 index = is_quote ? slashes / 2 : slashes; index; index--)
            put(splitter, '\\');
        if (is_quote && slashes % 2) {
            put(splitter, '"');
            splitter->At++;
        } else if (is_quote) {
            splitter->At++;
            if (is_quoted && *splitter->At == '"') {
                put(splitter, '"');
                splitter->At++;
            } else {
                is_quoted = !is_quoted;
            }
        } else if (!slashes) {
            put(splitter, *splitter->At++);
        }
    }
    put(splitter, 0);
}

static void split(SPLITTER *splitter) {
    split_program(splitter);
    for (;;) {
        while (is_blank(*splitter->At))
            splitter->At++;
        if (!*splitter->At)
            return;
        split_argument(splitter);
    }
}

/* The arguments in one block of the heap, ending with NULL; NULL if there is no memory. */
wchar **split_command_line(const wchar *line, int *count) {
    SPLITTER counting = {line, NULL, NULL, 0, 0};
    split(&counting);
    usize table = (counting.Count + 1) * sizeof(wchar *);
    wchar **arguments = malloc(table + counting.Characters * sizeof(wchar));
    if (!arguments)
        return NULL;
    SPLITTER filling = {line, arguments, (wchar *)((u8 *)arguments + table), 0, 0};
    split(&filling);
    arguments[filling.Count] = NULL;
    *count = (int)filling.Count;
    return arguments;
}
