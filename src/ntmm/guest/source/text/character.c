/* character.c: classes and cases of characters in the "C" locale, and comparisons without regard to case.

   Only the 128 ASCII characters have a class as bytes; wide characters also change case in Latin-1. */
#include "text.h"

enum { UPPER = 1, LOWER = 2, DIGIT = 4, SPACE = 8, PUNCTUATION = 0x10, CONTROL = 0x20, BLANK = 0x40, HEX = 0x80 };

static int class_of(u32 character) {
    if (character - 'A' < 26u)
        return UPPER | (character <= 'F' ? HEX : 0);
    if (character - 'a' < 26u)
        return LOWER | (character <= 'f' ? HEX : 0);
    if (character - '0' < 10u)
        return DIGIT | HEX;
    if (character == ' ')
        return SPACE | BLANK;
    if (character - 9u < 5u)
        return SPACE | CONTROL | (character == 9 ? BLANK : 0);
    if (character < 32 || character == 127)
        return CONTROL;
    return character < 127 ? PUNCTUATION : 0;
}

#define ALPHA (UPPER | LOWER)
int isalpha(int character) { return class_of(character) & ALPHA; }
int isupper(int character) { return class_of(character) & UPPER; }
int islower(int character) { return class_of(character) & LOWER; }
int isdigit(int character) { return class_of(character) & DIGIT; }
int isxdigit(int character) { return class_of(character) & HEX; }
int isspace(int character) { return class_of(character) & SPACE; }
int ispunct(int character) { return class_of(character) & PUNCTUATION; }
int isalnum(int character) { return class_of(character) & (ALPHA | DIGIT); }
int isprint(int character) { return character == ' ' || class_of(character) & (ALPHA | DIGIT | PUNCTUATION); }
int isgraph(int character) { return class_of(character) & (ALPHA | DIGIT | PUNCTUATION); }
int iscntrl(int character) { return class_of(character) & CONTROL; }
int isblank(int character) { return class_of(character) & BLANK; }
int __isascii(int character) { return (u32)character < 128; }

int iswalpha(u16 character) { return class_of(character) & ALPHA; }
int iswupper(u16 character) { return class_of(character) & UPPER; }
int iswlower(u16 character) { return class_of(character) & LOWER; }
int iswdigit(u16 character) { return class_of(character) & DIGIT; }
int iswxdigit(u16 character) { return class_of(character) & HEX; }
int iswspace(u16 character) { return class_of(character) & SPACE; }
int iswpunct(u16 character) { return class_of(character) & PUNCTUATION; }
int iswalnum(u16 character) { return class_of(character) & (ALPHA | DIGIT); }
int iswprint(u16 character) { return isprint(character); }
int iswcntrl(u16 character) { return class_of(character) & CONTROL; }

/* The ctype bits of the run-time's tables: 1 upper, 2 lower, 4 digit, 8 space, 0x10 punct, 0x20 control, 0x40 blank, 0x80 hex, 0x100 alpha */
int _isctype(int character, int mask) {
    int bits = class_of(character);
    return (bits | (bits & ALPHA ? 0x100 : 0)) & mask;
}

int iswctype(u16 character, u16 mask) { return _isctype(character, mask); }

int tolower(int character) { return (u32)character - 'A' < 26u ? character + 32 : character; }
int toupper(int character) { return (u32)character - 'a' < 26u ? character - 32 : character; }

u16 towlower(u16 character) {
    if (character - 'A' < 26u || (character >= 0xC0 && character <= 0xDE && character != 0xD7))
        return character + 32;
    return character;
}

u16 towupper(u16 character) {
    if (character - 'a' < 26u || (character >= 0xE0 && character <= 0xFE && character != 0xF7))
        return character - 32;
    return character;
}

int _stricmp(const char *left, const char *right) {
    for (;; left++, right++) {
        int difference = tolower((u8)*left) - tolower((u8)*right);
        if (difference || !*left)
            return difference;
    }
}

int _strnicmp(const char *left, const char *right, usize limit) {
    for (; limit; limit--, left++, right++) {
        int difference = tolower((u8)*left) - tolower((u8)*right);
        if (difference || !*left)
            return difference;
    }
    return 0;
}

char *_strlwr(char *text) {
    for (char *at = text; *at; at++)
        *at = (char)tolower((u8)*at);
    return text;
}

char *_strupr(char *text) {
    for (char *at = text; *at; at++)
        *at = (char)toupper((u8)*at);
    return text;
}
