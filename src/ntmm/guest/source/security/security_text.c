/* security_text.c: SIDs and descriptors as text and back. The kernel knows the text; the memory is LocalAlloc's. */
#include "security.h"
#include "codes.h"
#include "heap.h"
#include "system.h"
#include "text.h"

#define CP_ACP 0
#define SDDL_REVISION 1

void *WINAPI GlobalAlloc(u32 flags, usize size); /* global.c */
void *WINAPI GlobalFree(void *);

typedef u32 (*CONVERSION)(const void *from, u32 information, void *to, u32 size, u32 *needed);

static u32 text_of_sid(const void *from, u32 unused, void *to, u32 size, u32 *needed) {
    (void)unused;
    return NtmmTextOfSid(from, to, size, needed);
}

static u32 sid_of_text(const void *from, u32 unused, void *to, u32 size, u32 *needed) {
    (void)unused;
    return NtmmSidOfText(from, to, size, needed);
}

static u32 descriptor_of_text(const void *from, u32 unused, void *to, u32 size, u32 *needed) {
    (void)unused;
    return NtmmDescriptorOfText(from, to, size, needed);
}

static u32 text_of_descriptor(const void *from, u32 information, void *to, u32 size, u32 *needed) {
    return NtmmTextOfDescriptor(from, information, to, size, needed);
}

/* The answer in a block of LocalAlloc; NULL with the last error set. */
static void *converted(CONVERSION convert, const void *from, u32 information, u32 *size) {
    u32 needed = 0, code = convert(from, information, NULL, 0, &needed);
    void *block = NULL;
    if (code == ERROR_INSUFFICIENT_BUFFER) {
        block = GlobalAlloc(0, needed);
        code = block ? convert(from, information, block, needed, &needed) : ERROR_NOT_ENOUGH_MEMORY;
    }
    if (code != ERROR_SUCCESS) {
        if (block)
            GlobalFree(block);
        set_last_error(code > 0xFFFF ? RtlNtStatusToDosError((status)code) : code); /* a bad pointer gives a status */
        return NULL;
    }
    *size = needed;
    return block;
}

/* An ANSI copy of a text in a block of LocalAlloc; the wide one is freed. */
static char *narrowed(wchar *wide) {
    i32 size = WideCharToMultiByte(CP_ACP, 0, wide, -1, NULL, 0, NULL, NULL);
    char *narrow = GlobalAlloc(0, size);
    if (narrow)
        WideCharToMultiByte(CP_ACP, 0, wide, -1, narrow, size, NULL, NULL);
    else
        set_last_error(ERROR_NOT_ENOUGH_MEMORY);
    GlobalFree(wide);
    return narrow;
}

/* A wide copy of an ANSI text in a block of LocalAlloc. */
static wchar *widened(const char *narrow) {
    i32 units = MultiByteToWideChar(CP_ACP, 0, narrow, -1, NULL, 0);
    wchar *wide = GlobalAlloc(0, units * sizeof *wide);
    if (wide)
        MultiByteToWideChar(CP_ACP, 0, narrow, -1, wide, units);
    else
        set_last_error(ERROR_NOT_ENOUGH_MEMORY);
    return wide;
}

bool32 WINAPI ConvertSidToStringSidW(const SID *sid, wchar **out) {
    u32 size;
    if (!IsValidSid(sid))
        return security_failure(ERROR_INVALID_SID);
    wchar *text = converted(text_of_sid, sid, 0, &size);
    if (text)
        *out = text;
    return text != NULL;
}

bool32 WINAPI ConvertSidToStringSidA(const SID *sid, char **out) {
    wchar *wide;
    char *text = ConvertSidToStringSidW(sid, &wide) ? narrowed(wide) : NULL;
    if (text)
        *out = text;
    return text != NULL;
}

bool32 WINAPI ConvertStringSidToSidW(const wchar *text, SID **out) {
    u32 size;
    if (!text || !out)
        return security_failure(ERROR_INVALID_PARAMETER);
    SID *sid = converted(sid_of_text, text, 0, &size);
    if (sid)
        *out = sid;
    return sid != NULL;
}

bool32 WINAPI ConvertStringSidToSidA(const char *text, SID **out) {
    wchar *wide = text ? widened(text) : NULL;
    bool32 done = wide ? ConvertStringSidToSidW(wide, out) : text ? FALSE : security_failure(ERROR_INVALID_PARAMETER);
    if (wide)
        GlobalFree(wide);
    return done;
}

bool32 WINAPI ConvertStringSecurityDescriptorToSecurityDescriptorW(const wchar *text, u32 revision, void **out,
                                                                   u32 *size) {
    u32 length;
    if (!text || !out)
        return security_failure(ERROR_INVALID_PARAMETER);
    if (revision != SDDL_REVISION)
        return security_failure(ERROR_UNKNOWN_REVISION);
    void *descriptor = converted(descriptor_of_text, text, 0, &length);
    if (!descriptor)
        return FALSE;
    *out = descriptor;
    if (size)
        *size = length;
    return TRUE;
}

bool32 WINAPI ConvertStringSecurityDescriptorToSecurityDescriptorA(const char *text, u32 revision, void **out,
                                                                   u32 *size) {
    wchar *wide = text ? widened(text) : NULL;
    if (!text)
        return security_failure(ERROR_INVALID_PARAMETER);
    if (!wide)
        return FALSE;
    bool32 done = ConvertStringSecurityDescriptorToSecurityDescriptorW(wide, revision, out, size);
    GlobalFree(wide);
    return done;
}

bool32 WINAPI ConvertSecurityDescriptorToStringSecurityDescriptorW(const DESCRIPTOR *descriptor, u32 revision,
                                                                   u32 information, wchar **out, u32 *units) {
    u32 size;
    if (!descriptor || !out)
        return security_failure(ERROR_INVALID_PARAMETER);
    if (revision != SDDL_REVISION)
        return security_failure(ERROR_UNKNOWN_REVISION);
    wchar *text = converted(text_of_descriptor, descriptor, information, &size);
    if (!text)
        return FALSE;
    *out = text;
    if (units)
        *units = size / sizeof *text;
    return TRUE;
}

bool32 WINAPI ConvertSecurityDescriptorToStringSecurityDescriptorA(const DESCRIPTOR *descriptor, u32 revision,
                                                                   u32 information, char **out, u32 *units) {
    wchar *wide;
    if (!out)
        return security_failure(ERROR_INVALID_PARAMETER);
    if (!ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, revision, information, &wide, units))
        return FALSE;
    char *text = narrowed(wide);
    if (text)
        *out = text;
    return text != NULL;
}
