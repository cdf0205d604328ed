/* text.h: memory, string and number functions that other guest code uses; all are exported under their C names. */
#pragma once
#include "base.h"

void *memcpy(void *to, const void *from, usize size);
void *memmove(void *to, const void *from, usize size);
void *memset(void *to, int value, usize size);
int memcmp(const void *left, const void *right, usize size);
void *memchr(const void *where, int value, usize size);

usize strlen(const char *text);
usize strnlen(const char *text, usize limit);
int strcmp(const char *left, const char *right);
int strncmp(const char *left, const char *right, usize limit);
char *strcpy(char *to, const char *from);
char *strchr(const char *text, int character);
usize wcslen(const wchar *text);
usize wcsnlen(const wchar *text, usize limit);
int wcscmp(const wchar *left, const wchar *right);
wchar *wcscpy(wchar *to, const wchar *from);
wchar *wcschr(const wchar *text, int character);

int tolower(int character);
int toupper(int character);
int isspace(int character);
int isdigit(int character);
int isalnum(int character);
int isgraph(int character);
u16 towlower(u16 character);
u16 towupper(u16 character);
int iswspace(u16 character);

/* decimal.c: digits of a number, written backwards so that they end before `end`; answers where they begin */
char *digits_backwards(char *end, u64 value, u32 base, char first_letter);
/* digit.c: the value of a digit, or 99 */
u32 digit_value(u32 character);
