/* scan.c: the scanner behind all scanf functions. */
#include "format.h"
#include "system.h"
#include "text.h"

enum { SIZE_NONE, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_64 };
#define NUMBER_LIMIT 512

typedef struct SCANNER {
    STREAM *Stream; /* or text: */
    const void *Text;
    usize Left;
    bool32 TextIsWide;
    const void *Pattern;
    bool32 PatternIsWide;
    u64 Options;
    i32 Consumed, Peeked; /* Peeked: a character not yet taken, -1 at the end, NOT_PEEKED */
    int Stored;
    bool32 HitEnd;
    va_list Arguments;
} SCANNER;

#define NOT_PEEKED (-2)

static i32 read_unit(SCANNER *scanner) {
    if (scanner->Stream)
        return get_byte(scanner->Stream);
    if (!scanner->Left)
        return -1;
    i32 unit = scanner->TextIsWide ? *(const wchar *)scanner->Text : *(const u8 *)scanner->Text;
    if (!unit)
        return -1;
    scanner->Text = (const u8 *)scanner->Text + (1 << scanner->TextIsWide);
    scanner->Left--;
    return unit;
}

static i32 peek(SCANNER *scanner) {
    if (scanner->Peeked == NOT_PEEKED)
        scanner->Peeked = read_unit(scanner);
    if (scanner->Peeked < 0)
        scanner->HitEnd = TRUE;
    return scanner->Peeked;
}

static void skip(SCANNER *scanner) {
    scanner->Peeked = NOT_PEEKED;
    scanner->Consumed++;
}

static u32 pattern_at(SCANNER *scanner, usize index) {
    return scanner->PatternIsWide ? ((const wchar *)scanner->Pattern)[index] : ((const u8 *)scanner->Pattern)[index];
}

static void advance(SCANNER *scanner, usize count) {
    scanner->Pattern = (const u8 *)scanner->Pattern + (count << scanner->PatternIsWide);
}

static void skip_blanks(SCANNER *scanner) {
    while (peek(scanner) >= 0 && isspace(peek(scanner)))
        skip(scanner);
}

typedef struct DIRECTIVE {
    bool32 IsSuppressed;
    i32 Width; /* 0: none */
    u32 Size;
    char Letter;
} DIRECTIVE;

static u32 parse_size(SCANNER *scanner) {
    u32 first = pattern_at(scanner, 0), second = first ? pattern_at(scanner, 1) : 0;
    if (first == 'I' && second == '6' && pattern_at(scanner, 2) == '4') {
        advance(scanner, 3);
        return SIZE_64;
    }
    if (first == 'h' || first == 'l') {
        advance(scanner, first == second ? 2 : 1);
        return first == 'h' ? (first == second ? SIZE_CHAR : SIZE_SHORT) : (first == second ? SIZE_64 : SIZE_LONG);
    }
    if (first == 'I' || first == 'z' || first == 't') {
        advance(scanner, 1);
        return IS_64 ? SIZE_64 : SIZE_NONE;
    }
    if (first == 'L' || first == 'j' || first == 'w') {
        advance(scanner, 1);
        return first == 'j' ? SIZE_64 : SIZE_LONG;
    }
    return SIZE_NONE;
}

static DIRECTIVE parse_directive(SCANNER *scanner) {
    DIRECTIVE directive = {0};
    if (pattern_at(scanner, 0) == '*') {
        directive.IsSuppressed = TRUE;
        advance(scanner, 1);
    }
    for (u32 digit; (digit = pattern_at(scanner, 0) - '0') < 10; advance(scanner, 1))
        directive.Width = directive.Width < 100000000 ? directive.Width * 10 + (i32)digit : directive.Width;
    directive.Size = parse_size(scanner);
    directive.Letter = (char)pattern_at(scanner, 0);
    if (directive.Letter)
        advance(scanner, 1);
    return directive;
}

/* Takes the next character if it is one of two; appends it to the number's text. */
static bool32 take_either(SCANNER *scanner, i32 *width, char first, char second, char *text, u32 *length) {
    i32 unit = *width ? peek(scanner) : -1;
    if (unit != first && unit != second)
        return FALSE;
    text[(*length)++] = (char)unit;
    skip(scanner);
    --*width;
    return TRUE;
}

static u32 take_digits(SCANNER *scanner, i32 *width, u32 base, char *text, u32 *length) {
    u32 taken = 0;
    while (*width && *length < NUMBER_LIMIT - 8 && peek(scanner) >= 0 && digit_value((u32)peek(scanner)) < base) {
        text[(*length)++] = (char)peek(scanner);
        skip(scanner);
        --*width;
        taken++;
    }
    return taken;
}

static void store_integer(SCANNER *scanner, DIRECTIVE *directive, u64 value) {
    if (directive->IsSuppressed)
        return;
    void *target = va_arg(scanner->Arguments, void *);
    switch (directive->Size) {
    case SIZE_CHAR:
        *(u8 *)target = (u8)value;
        break;
    case SIZE_SHORT:
        *(u16 *)target = (u16)value;
        break;
    case SIZE_64:
        *(u64 *)target = value;
        break;
    default:
        *(u32 *)target = (u32)value;
    }
}

static u64 value_of(const char *text, u32 length, u32 base) {
    u64 value = 0;
    u32 at = text[0] == '-' || text[0] == '+';
    for (; at < length; at++)
        if (digit_value((u32)text[at]) < base)
            value = value * base + digit_value((u32)text[at]);
        else
            value = 0; /* the x of 0x */
    return text[0] == '-' ? 0 - value : value;
}

static bool32 scan_integer(SCANNER *scanner, DIRECTIVE *directive, u32 base) {
    char text[NUMBER_LIMIT];
    u32 length = 0, zeros = 0;
    i32 width = directive->Width ? directive->Width : 0x7FFFFFFF;
    skip_blanks(scanner);
    take_either(scanner, &width, '-', '+', text, &length);
    if ((base == 0 || base == 16) && take_either(scanner, &width, '0', '0', text, &length)) {
        zeros = 1;
        if (take_either(scanner, &width, 'x', 'X', text, &length)) {
            base = 16;
            zeros = 0;
        } else if (base == 0) {
            base = 8;
        }
    }
    if (base == 0)
        base = 10;
    if (!(take_digits(scanner, &width, base, text, &length) + zeros))
        return FALSE;
    store_integer(scanner, directive, value_of(text, length, base));
    return TRUE;
}

static bool32 scan_double(SCANNER *scanner, DIRECTIVE *directive) {
    char text[NUMBER_LIMIT];
    u32 length = 0, digits;
    i32 width = directive->Width ? directive->Width : 0x7FFFFFFF;
    double value;
    skip_blanks(scanner);
    take_either(scanner, &width, '-', '+', text, &length);
    digits = take_digits(scanner, &width, 10, text, &length);
    if (take_either(scanner, &width, '.', '.', text, &length))
        digits += take_digits(scanner, &width, 10, text, &length);
    if (!digits)
        return FALSE;
    if (take_either(scanner, &width, 'e', 'E', text, &length)) {
        take_either(scanner, &width, '-', '+', text, &length);
        if (!take_digits(scanner, &width, 10, text, &length))
            return FALSE;
    }
    text[length] = 0;
    if (NtmmParseDouble(text, &value) < 0)
        return FALSE;
    if (directive->IsSuppressed)
        return TRUE;
    void *target = va_arg(scanner->Arguments, void *);
    if (directive->Size == SIZE_LONG)
        *(double *)target = value;
    else
        *(float *)target = (float)value;
    return TRUE;
}

/* A set as a bit for each of 256 characters; characters beyond belong to an inverted set only. */
typedef struct CHARACTER_SET {
    u32 Bits[8];
    bool32 IsInverted;
} CHARACTER_SET;

static void add_to_set(CHARACTER_SET *set, u32 from, u32 to) {
    for (; from <= to && from < 256; from++)
        set->Bits[from / 32] |= 1u << from % 32;
}

static bool32 is_in_set(const CHARACTER_SET *set, u32 unit) {
    bool32 is_listed = unit < 256 && set->Bits[unit / 32] >> unit % 32 & 1;
    return is_listed != set->IsInverted;
}

static bool32 parse_set(SCANNER *scanner, CHARACTER_SET *set) {
    bool32 is_first = TRUE;
    *set = (CHARACTER_SET){0};
    if (pattern_at(scanner, 0) == '^') {
        set->IsInverted = TRUE;
        advance(scanner, 1);
    }
    for (u32 unit; (unit = pattern_at(scanner, 0)); is_first = FALSE) {
        advance(scanner, 1);
        if (unit == ']' && !is_first)
            return TRUE;
        u32 last = pattern_at(scanner, 0) == '-' ? pattern_at(scanner, 1) : 0;
        if (last && last != ']') {
            add_to_set(set, unit < last ? unit : last, unit < last ? last : unit);
            advance(scanner, 2);
        } else {
            add_to_set(set, unit, unit);
        }
    }
    return FALSE;
}

static bool32 takes_wide(SCANNER *scanner, DIRECTIVE *directive) {
    if (directive->Size == SIZE_SHORT || directive->Size == SIZE_CHAR)
        return FALSE;
    if (directive->Size == SIZE_LONG || directive->Size == SIZE_64)
        return TRUE;
    bool32 is_small = directive->Letter != 'S' && directive->Letter != 'C';
    return scanner->PatternIsWide ? is_small : !is_small;
}

/* %s, %c and %[: `set` NULL for a run of non-blanks (s) or any characters (c). */
static bool32 scan_text(SCANNER *scanner, DIRECTIVE *directive, const CHARACTER_SET *set) {
    bool32 is_character = directive->Letter == 'c' || directive->Letter == 'C', is_wide = takes_wide(scanner, directive);
    i32 width = directive->Width ? directive->Width : is_character ? 1 : 0x7FFFFFFF, taken = 0;
    u8 *target = directive->IsSuppressed ? NULL : va_arg(scanner->Arguments, u8 *), *start = target;
    u32 room = ~0u;
    if (target && scanner->Options & OPTION_SECURE_SCAN)
        room = va_arg(scanner->Arguments, u32);
    if (!is_character && !set)
        skip_blanks(scanner);
    for (; taken < width && peek(scanner) >= 0; taken++) {
        i32 unit = peek(scanner);
        if (set ? !is_in_set(set, (u32)unit) : !is_character && isspace(unit))
            break;
        if (target && (u32)taken + !is_character >= room) { /* too small a buffer: it is emptied, and the scan ends */
            if (room)
                memset(start, 0, 1u << is_wide);
            set_errno(ENOMEM);
            return FALSE;
        }
        skip(scanner);
        if (target && is_wide)
            *(wchar *)target = (wchar)unit;
        else if (target)
            *target = (u8)unit;
        target += target ? 1 << is_wide : 0;
    }
    if (!taken || (is_character && taken < width))
        return FALSE;
    if (target && !is_character) {
        *target = 0;
        if (is_wide)
            target[1] = 0;
    }
    return TRUE;
}

/* FALSE ends the scan. */
static bool32 scan_directive(SCANNER *scanner) {
    DIRECTIVE directive = parse_directive(scanner);
    CHARACTER_SET set;
    bool32 done;
    switch (directive.Letter) {
    case '%':
        skip_blanks(scanner);
        if (peek(scanner) != '%')
            return FALSE;
        skip(scanner);
        return TRUE;
    case 'n':
        store_integer(scanner, &directive, (u64)scanner->Consumed);
        return TRUE;
    case 'd': case 'u':
        done = scan_integer(scanner, &directive, 10);
        break;
    case 'i':
        done = scan_integer(scanner, &directive, 0);
        break;
    case 'o':
        done = scan_integer(scanner, &directive, 8);
        break;
    case 'p':
        directive.Size = IS_64 ? SIZE_64 : SIZE_NONE;
        done = scan_integer(scanner, &directive, 16);
        break;
    case 'x': case 'X':
        done = scan_integer(scanner, &directive, 16);
        break;
    case 'e': case 'E': case 'f': case 'F': case 'g': case 'G':
        done = scan_double(scanner, &directive);
        break;
    case 's': case 'S': case 'c': case 'C':
        done = scan_text(scanner, &directive, NULL);
        break;
    case '[':
        done = parse_set(scanner, &set) && scan_text(scanner, &directive, &set);
        break;
    default:
        return FALSE;
    }
    scanner->Stored += done && !directive.IsSuppressed;
    return done;
}

int scan(STREAM *stream, const void *text, usize count, bool32 text_is_wide, u64 options, const void *pattern,
         bool32 pattern_is_wide, va_list arguments) {
    SCANNER scanner = {.Stream = stream, .Text = text, .Left = count, .TextIsWide = text_is_wide, .Options = options,
                       .Pattern = pattern, .PatternIsWide = pattern_is_wide, .Peeked = NOT_PEEKED};
    bool32 goes_on = TRUE;
    va_copy(scanner.Arguments, arguments);
    while (goes_on && pattern_at(&scanner, 0)) {
        u32 unit = pattern_at(&scanner, 0);
        advance(&scanner, 1);
        if (isspace((int)unit)) {
            skip_blanks(&scanner);
        } else if (unit == '%') {
            goes_on = scan_directive(&scanner);
        } else if (peek(&scanner) == (i32)unit) {
            skip(&scanner);
        } else {
            goes_on = FALSE;
        }
    }
    va_end(scanner.Arguments);
    int ungetc(int, STREAM *);
    if (stream && scanner.Peeked >= 0)
        ungetc(scanner.Peeked, stream);
    return !goes_on && scanner.HitEnd && !scanner.Stored ? EOF : scanner.Stored;
}
