/* startup.h: arguments and environment as the C run-time hands them to main, narrow and wide. */
#pragma once
#include "crt.h"

wchar **split_command_line(const wchar *line, int *count);
char *narrow_copy(const wchar *text);
wchar *wide_copy(const char *text);

extern int __argc;
extern char **__argv;
extern wchar **__wargv;

bool32 ensure_narrow_arguments(void);
bool32 ensure_wide_arguments(void);
bool32 ensure_narrow_environment(void);
bool32 ensure_wide_environment(void);

/* thread_data.c, streams.c */
void crt_thread_initialize(void);
void stdio_initialize(void);
