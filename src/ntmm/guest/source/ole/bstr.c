/* bstr.c: oleaut32's BSTR: UTF-16 text behind a count of its bytes, followed by a zero character. */
#include "heap.h"
#include "text.h"

#define PREFIX (IS_64 ? 8u : 4u) /* the count is in the last four bytes */
#define LARGEST 0x7FFFFFF0u

static u32 *count_of(wchar *text) { return (u32 *)text - 1; }

u32 WINAPI SysStringByteLen(wchar *text) { return text ? *count_of(text) : 0; }
u32 WINAPI SysStringLen(wchar *text) { return SysStringByteLen(text) / 2; }

/* `bytes` bytes, copied from `from` unless that is NULL; NULL if there is no memory. */
wchar *WINAPI SysAllocStringByteLen(const char *from, u32 bytes) {
    u8 *block = bytes > LARGEST ? NULL : process_allocate((usize)PREFIX + bytes + 2 + bytes % 2);
    if (!block)
        return NULL;
    wchar *text = (wchar *)(block + PREFIX);
    *count_of(text) = bytes;
    if (from)
        memcpy(text, from, bytes);
    ((u8 *)text)[bytes] = ((u8 *)text)[bytes + 1] = 0;
    if (bytes % 2)
        ((u8 *)text)[bytes + 2] = 0;
    return text;
}

wchar *WINAPI SysAllocStringLen(const wchar *from, u32 length) {
    return length > LARGEST / 2 ? NULL : SysAllocStringByteLen((const char *)from, 2 * length);
}

wchar *WINAPI SysAllocString(const wchar *from) { return from ? SysAllocStringLen(from, (u32)wcslen(from)) : NULL; }

void WINAPI SysFreeString(wchar *text) {
    if (text)
        process_free((u8 *)text - PREFIX);
}

bool32 WINAPI SysReAllocStringLen(wchar **text, const wchar *from, u32 length) {
    wchar *made = SysAllocStringLen(from, length);
    if (!made)
        return FALSE;
    SysFreeString(*text);
    *text = made;
    return TRUE;
}

bool32 WINAPI SysReAllocString(wchar **text, const wchar *from) {
    return SysReAllocStringLen(text, from, from ? (u32)wcslen(from) : 0);
}
