/* multibyte_strings.c: the _mbs functions. The ANSI code page (1252) has single bytes only, so that most are the string
   functions themselves (exports.txt says which); here are those that no other function does. */
#include "text.h"

char *_mbsinc(const char *at) { return (char *)at + 1; }
char *_mbsdec(const char *start, const char *at) { return start < at ? (char *)at - 1 : NULL; }
char *_mbsninc(const char *at, usize count) { return (char *)at + strnlen(at, count); }
u32 _mbsnextc(const char *at) { return (u8)*at; }
usize _mbclen(const char *at) { return (void)at, 1; }
void _mbccpy(char *to, const char *from) { *to = *from; }
char *_mbsspnp(const char *text, const char *set) {
    while (*text && strchr(set, *text))
        text++;
    return *text ? (char *)text : NULL;
}

int _ismbbtrail(u32 byte) { return (void)byte, 0; }
int _ismbslead(const u8 *start, const u8 *at) { return (void)start, (void)at, 0; }
int _mbbtype(u8 byte, int kind) { return (void)kind, byte ? 0 : -1; }
int _mbsbtype(const u8 *text, usize at) { return at <= strlen((const char *)text) && text[at] ? 0 : -1; }
u32 _mbctombb(u32 character) { return character; }
int _ismbclegal(u32 character) { return (void)character, 0; /* of two bytes */ }
