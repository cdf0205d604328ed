/* locales.c: locale objects. "C" is the only locale, so that they hold nothing, and functions that take one do what those
   without do (exports.txt). Here are also the tables that macros of ctype.h read. */
#include "crt.h"
#include "stdio_internal.h"
#include "text.h"

typedef struct LOCALE {
    void *Information, *Multibyte;
} LOCALE;

static LOCALE c_locale;

static bool32 is_c(const char *name) { return name && (!*name || (name[0] == 'C' && !name[1])); }

LOCALE *_create_locale(int category, const char *name) { return (u32)category <= 5 && is_c(name) ? &c_locale : NULL; }
LOCALE *_wcreate_locale(int category, const wchar *name) {
    char narrow[2] = {name ? (char)name[0] : 'x', name && name[0] ? (char)name[1] : 0};
    return _create_locale(category, narrow);
}
void _free_locale(LOCALE *locale) { (void)locale; }
LOCALE *_get_current_locale(void) { return &c_locale; }
u32 ___lc_collate_cp_func(void) { return 0; }
static wchar *names[6];
wchar **___lc_locale_name_func(void) { return names; }
void _lock_locales(void) { lock_stdio(); }
void _unlock_locales(void) { unlock_stdio(); }
void __lconv_init(void) {}
void __initialize_lconv_for_unsigned_char(void) {}
int _setmbcp(int page) {
    if (page <= 0 && page >= -4)
        return 0; /* _MB_CP_SBCS and its kin: single bytes */
    return set_errno(EINVAL), -1;
}
int isleadbyte(int byte) { return (void)byte, 0; }

/* The first is for EOF; the bits are those of _isctype. Constant, so that programs that do not ask touch no page. */
#define AT(character) ((character) + 1)
static const u16 types[257] = {
    [AT(0) ... AT(8)] = 0x20,      [AT(9)] = 0x68,
    [AT(10) ... AT(13)] = 0x28,    [AT(14) ... AT(31)] = 0x20,
    [AT(' ')] = 0x48,              [AT('!') ... AT('/')] = 0x10,
    [AT('0') ... AT('9')] = 0x84,  [AT(':') ... AT('@')] = 0x10,
    [AT('A') ... AT('F')] = 0x181, [AT('G') ... AT('Z')] = 0x101,
    [AT('[') ... AT('`')] = 0x10,  [AT('a') ... AT('f')] = 0x182,
    [AT('g') ... AT('z')] = 0x102, [AT('{') ... AT('~')] = 0x10,
    [AT(127)] = 0x20,
};
const u16 *_pctype = types + 1, *_pwctype = types + 1;
const u16 *__pctype_func(void) { return _pctype; }
const u16 *__pwctype_func(void) { return _pwctype; }

static u8 multibyte_types[257], case_map[256];
u8 *__p__mbctype(void) { return multibyte_types; }
u8 *__p__mbcasemap(void) { return case_map; }

/* wctype: the mask of a class by its name, 0 for an unknown one */
u16 wctype(const char *name) {
    static const struct {
        const char *Name;
        u16 Mask;
    } classes[] = {
        {"alnum", 0x107}, {"alpha", 0x103}, {"cntrl", 0x20}, {"digit", 4},    {"graph", 0x117}, {"lower", 2},
        {"print", 0x157}, {"punct", 0x10},  {"space", 8},    {"upper", 1},    {"xdigit", 0x80}, {"blank", 0x40},
    };
    for (u32 index = 0; index < sizeof classes / sizeof *classes; index++)
        if (!strcmp(classes[index].Name, name))
            return classes[index].Mask;
    return 0;
}
u16 wctrans(const char *name) { return !strcmp(name, "tolower") ? 1 : !strcmp(name, "toupper") ? 2 : 0; }
u16 towctrans(u16 character, u16 how) {
    return how == 1 ? towlower(character) : how == 2 ? towupper(character) : character;
}

int iswgraph(u16 character) { return isgraph(character); }
int iswblank(u16 character) { return character == ' ' || character == '\t'; }
int iswascii(u16 character) { return character < 128; }
int __toascii(int character) { return character & 0x7F; }
int __iscsymf(int character) { return isalnum(character) ? !isdigit(character) : character == '_'; }
int __iscsym(int character) { return isalnum(character) || character == '_'; }
int __iswcsymf(u16 character) { return __iscsymf(character); }
int __iswcsym(u16 character) { return __iscsym(character); }
