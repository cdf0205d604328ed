/* locale_list.c: EnumSystemLocales in its forms: it calls back with the one locale there is. */
#include "base.h"

typedef bool32(WINAPI *narrow_callback)(char *locale);
typedef bool32(WINAPI *wide_callback)(wchar *locale);
typedef bool32(WINAPI *named_callback)(wchar *locale, u32 flags, iptr parameter);

bool32 WINAPI EnumSystemLocalesA(narrow_callback callback, u32 flags) {
    static char english[] = "00000409";
    (void)flags;
    callback(english);
    return TRUE;
}
bool32 WINAPI EnumSystemLocalesW(wide_callback callback, u32 flags) {
    static wchar english[] = {'0', '0', '0', '0', '0', '4', '0', '9', 0};
    (void)flags;
    callback(english);
    return TRUE;
}
bool32 WINAPI EnumSystemLocalesEx(named_callback callback, u32 flags, iptr parameter, void *reserved) {
    static wchar english[] = {'e', 'n', '-', 'U', 'S', 0};
    (void)reserved;
    callback(english, flags ? flags : 1, parameter);
    return TRUE;
}
