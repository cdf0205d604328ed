/* counted_string.c: UNICODE_STRING and STRING, in which Nt services take their names (RtlInitUnicodeString and others). */
#include "base.h"
#include "codes.h"
#include "heap.h"
#include "system.h"
#include "text.h"

#define LARGEST 0xFFFEu /* bytes; the length has 16 bits and is even */
#define CP_ACP 0

typedef struct STRING {
    u16 Length, MaximumLength;
    char *Buffer;
} STRING;

void WINAPI RtlInitUnicodeString(UNICODE_STRING *string, const wchar *text) {
    usize size = text ? 2 * wcslen(text) : 0;
    if (size > LARGEST - 2)
        size = LARGEST - 2;
    *string = (UNICODE_STRING){(u16)size, text ? (u16)(size + 2) : 0, (wchar *)text};
}

status WINAPI RtlInitUnicodeStringEx(UNICODE_STRING *string, const wchar *text) {
    usize size = text ? 2 * wcslen(text) : 0;
    if (size > LARGEST - 2)
        return STATUS_NAME_TOO_LONG;
    RtlInitUnicodeString(string, text);
    return STATUS_SUCCESS;
}

void WINAPI RtlInitString(STRING *string, const char *text) {
    usize size = text ? strlen(text) : 0;
    if (size > LARGEST - 1)
        size = LARGEST - 1;
    *string = (STRING){(u16)size, text ? (u16)(size + 1) : 0, (char *)text};
}

u8 WINAPI RtlCreateUnicodeString(UNICODE_STRING *string, const wchar *text) {
    usize size = 2 * wcslen(text) + 2;
    wchar *copy = size <= LARGEST ? process_allocate(size) : NULL;
    if (!copy)
        return FALSE;
    memcpy(copy, text, size);
    *string = (UNICODE_STRING){(u16)(size - 2), (u16)size, copy};
    return TRUE;
}

void WINAPI RtlFreeUnicodeString(UNICODE_STRING *string) {
    if (string->Buffer)
        process_free(string->Buffer);
    *string = (UNICODE_STRING){0};
}

void WINAPI RtlFreeAnsiString(STRING *string) {
    if (string->Buffer)
        process_free(string->Buffer);
    *string = (STRING){0};
}

void WINAPI RtlCopyUnicodeString(UNICODE_STRING *to, const UNICODE_STRING *from) {
    u16 size = from ? from->Length : 0;
    if (size > to->MaximumLength)
        size = to->MaximumLength;
    if (size)
        memmove(to->Buffer, from->Buffer, size);
    to->Length = size;
    if (size + 2u <= to->MaximumLength)
        to->Buffer[size / 2] = 0;
}

i32 WINAPI RtlCompareUnicodeString(const UNICODE_STRING *left, const UNICODE_STRING *right, u8 ignore_case) {
    u32 count = (left->Length < right->Length ? left->Length : right->Length) / 2u;
    for (u32 at = 0; at < count; at++) {
        u16 one = left->Buffer[at], other = right->Buffer[at];
        i32 difference = ignore_case ? towupper(one) - towupper(other) : one - other;
        if (difference)
            return difference;
    }
    return left->Length - right->Length;
}

u8 WINAPI RtlEqualUnicodeString(const UNICODE_STRING *left, const UNICODE_STRING *right, u8 ignore_case) {
    return left->Length == right->Length && !RtlCompareUnicodeString(left, right, ignore_case);
}

u8 WINAPI RtlPrefixUnicodeString(const UNICODE_STRING *left, const UNICODE_STRING *right, u8 ignore_case) {
    UNICODE_STRING start = *right;
    if (left->Length > right->Length)
        return FALSE;
    start.Length = left->Length;
    return RtlEqualUnicodeString(left, &start, ignore_case);
}

static status append(UNICODE_STRING *to, const wchar *text, u32 size) {
    if (to->Length + size > to->MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    memmove(to->Buffer + to->Length / 2, text, size);
    to->Length += (u16)size;
    if (to->Length + 2u <= to->MaximumLength)
        to->Buffer[to->Length / 2] = 0;
    return STATUS_SUCCESS;
}

status WINAPI RtlAppendUnicodeToString(UNICODE_STRING *to, const wchar *text) {
    usize size = text ? 2 * wcslen(text) : 0;
    return size > LARGEST ? STATUS_BUFFER_TOO_SMALL : append(to, text, (u32)size);
}

status WINAPI RtlAppendUnicodeStringToString(UNICODE_STRING *to, const UNICODE_STRING *from) {
    return append(to, from->Buffer, from->Length);
}

/* Both conversions end the text with a zero where they make the room themselves, and want room for one elsewhere. */
status WINAPI RtlAnsiStringToUnicodeString(UNICODE_STRING *to, const STRING *from, u8 allocate) {
    u32 size = from->Length ? 2u * (u32)MultiByteToWideChar(CP_ACP, 0, from->Buffer, from->Length, NULL, 0) : 0;
    if (size + 2 > LARGEST)
        return STATUS_INVALID_PARAMETER_2;
    if (!allocate && size + 2 > to->MaximumLength)
        return STATUS_BUFFER_OVERFLOW;
    if (allocate) {
        to->Buffer = process_allocate(size + 2);
        to->MaximumLength = (u16)(size + 2);
        if (!to->Buffer)
            return STATUS_NO_MEMORY;
    }
    if (size)
        MultiByteToWideChar(CP_ACP, 0, from->Buffer, from->Length, to->Buffer, (i32)(size / 2));
    to->Buffer[size / 2] = 0;
    to->Length = (u16)size;
    return STATUS_SUCCESS;
}

status WINAPI RtlUnicodeStringToAnsiString(STRING *to, const UNICODE_STRING *from, u8 allocate) {
    i32 units = from->Length / 2;
    u32 size = units ? (u32)WideCharToMultiByte(CP_ACP, 0, from->Buffer, units, NULL, 0, NULL, NULL) : 0;
    if (size + 1 > LARGEST)
        return STATUS_INVALID_PARAMETER_2;
    if (!allocate && size + 1 > to->MaximumLength)
        return STATUS_BUFFER_OVERFLOW;
    if (allocate) {
        to->Buffer = process_allocate(size + 1);
        to->MaximumLength = (u16)(size + 1);
        if (!to->Buffer)
            return STATUS_NO_MEMORY;
    }
    if (size)
        WideCharToMultiByte(CP_ACP, 0, from->Buffer, units, to->Buffer, (i32)size, NULL, NULL);
    to->Buffer[size] = 0;
    to->Length = (u16)size;
    return STATUS_SUCCESS;
}
