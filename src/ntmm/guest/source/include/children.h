/* children.h: starting other programs. */
#pragma once
#include "base.h"

#define USE_STANDARD_HANDLES 0x100

typedef struct STARTUP {
    u32 Size;
    void *Reserved, *Desktop, *Title;
    u32 Numbers[7], Flags;
    u16 Show, ReservedSize;
    void *ReservedBytes;
    handle Standard[3];
} STARTUP;

/* spawn.c: streams are flushed first; NULL with errno */
handle create_child(const char *program, char *line, char *environment, u32 flags, STARTUP *startup);
char *join_words(const char *const *words, char between);
bool32 is_file(const char *path);

/* command.c: by the command interpreter; NULL with errno */
handle start_command(const char *text, STARTUP *startup);
