/* sid.c: security identifiers: made, copied, compared. */
#include "security.h"
#include "codes.h"
#include "heap.h"
#include "text.h"

#define HEADER 8u

bool32 security_failure(u32 code) {
    set_last_error(code);
    return FALSE;
}

u32 WINAPI GetSidLengthRequired(u8 parts) { return HEADER + 4u * parts; }

bool32 WINAPI IsValidSid(const SID *sid) {
    return sid && sid->Revision == SID_REVISION && sid->Count <= SID_MAXIMUM_PARTS;
}

u32 WINAPI GetLengthSid(const SID *sid) { return GetSidLengthRequired(sid->Count); }

u8 *WINAPI GetSidIdentifierAuthority(SID *sid) { return sid->Authority; }

u32 *WINAPI GetSidSubAuthority(SID *sid, u32 index) { return &sid->Parts[index]; }

u8 *WINAPI GetSidSubAuthorityCount(SID *sid) { return &sid->Count; }

bool32 WINAPI InitializeSid(SID *sid, const u8 *authority, u8 parts) {
    if (parts > SID_MAXIMUM_PARTS)
        return security_failure(ERROR_INVALID_PARAMETER);
    sid->Revision = SID_REVISION;
    sid->Count = parts;
    memcpy(sid->Authority, authority, sizeof sid->Authority);
    return TRUE;
}

bool32 WINAPI AllocateAndInitializeSid(const u8 *authority, u8 parts, u32 p0, u32 p1, u32 p2, u32 p3, u32 p4, u32 p5,
                                       u32 p6, u32 p7, SID **out) {
    const u32 values[] = {p0, p1, p2, p3, p4, p5, p6, p7};
    if (parts > sizeof values / sizeof *values)
        return security_failure(ERROR_INVALID_SID);
    SID *sid = process_allocate(GetSidLengthRequired(parts));
    if (!sid)
        return security_failure(ERROR_NOT_ENOUGH_MEMORY);
    InitializeSid(sid, authority, parts);
    memcpy(sid->Parts, values, 4u * parts);
    *out = sid;
    return TRUE;
}

void *WINAPI FreeSid(SID *sid) {
    process_free(sid);
    return NULL;
}

bool32 WINAPI EqualSid(const SID *left, const SID *right) {
    return left->Revision == right->Revision && left->Count == right->Count &&
           !memcmp(left, right, GetLengthSid(left));
}

/* All but the last sub-authority. */
bool32 WINAPI EqualPrefixSid(const SID *left, const SID *right) {
    if (left->Revision != right->Revision || left->Count != right->Count)
        return FALSE;
    return !memcmp(left, right, GetSidLengthRequired(left->Count ? left->Count - 1 : 0));
}

bool32 WINAPI CopySid(u32 room, SID *to, const SID *from) {
    u32 length = GetLengthSid(from);
    if (room < length)
        return security_failure(ERROR_INSUFFICIENT_BUFFER);
    memmove(to, from, length);
    return TRUE;
}

/* Access masks. */

typedef struct GENERIC_MAPPING {
    u32 Read, Write, Execute, All;
} GENERIC_MAPPING;

#define GENERIC_ALL 0x10000000u
#define GENERIC_EXECUTE 0x20000000u
#define GENERIC_WRITE 0x40000000u
#define GENERIC_READ 0x80000000u

void WINAPI MapGenericMask(u32 *mask, const GENERIC_MAPPING *mapping) {
    u32 generic = *mask;
    *mask &= ~(GENERIC_ALL | GENERIC_EXECUTE | GENERIC_WRITE | GENERIC_READ);
    *mask |= (generic & GENERIC_READ ? mapping->Read : 0) | (generic & GENERIC_WRITE ? mapping->Write : 0) |
             (generic & GENERIC_EXECUTE ? mapping->Execute : 0) | (generic & GENERIC_ALL ? mapping->All : 0);
}

bool32 WINAPI AreAllAccessesGranted(u32 granted, u32 desired) { return !(desired & ~granted); }

bool32 WINAPI AreAnyAccessesGranted(u32 granted, u32 desired) { return (desired & granted) != 0; }
