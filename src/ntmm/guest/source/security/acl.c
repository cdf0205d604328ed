/* acl.c: access control lists: entries are added to what is left of the list's memory. */
#include "security.h"
#include "codes.h"
#include "text.h"

#define ACE_HEADER 4u
#define ACE_HEAD 8u /* with the mask */
#define AT_END 0xFFFFFFFFu
#define ACL_REVISION_INFORMATION 1
#define ACL_SIZE_INFORMATION 2

#define ALLOWED 0
#define DENIED 1
#define AUDIT 2
#define SUCCESSFUL_ACCESS 0x40u
#define FAILED_ACCESS 0x80u
#define INHERIT_FLAGS 0x1Fu

bool32 WINAPI InitializeAcl(ACL *acl, u32 size, u32 revision) {
    if (size < sizeof *acl)
        return security_failure(ERROR_INSUFFICIENT_BUFFER);
    if (size > 0xFFFF || revision < ACL_REVISION || revision > ACL_REVISION_DS)
        return security_failure(ERROR_INVALID_PARAMETER);
    *acl = (ACL){.Revision = (u8)revision, .Size = (u16)(size & ~3u)};
    return TRUE;
}

/* Where an entry begins; behind the last one for `index` equal to the count. NULL if the list is broken before it. */
static ACE *entry(const ACL *acl, u32 index) {
    u8 *at = (u8 *)(acl + 1), *end = (u8 *)acl + acl->Size;
    for (; index; index--) {
        if (end - at < (iptr)ACE_HEADER)
            return NULL;
        u16 size = ((ACE *)at)->Size;
        if (size < ACE_HEADER || size > end - at)
            return NULL;
        at += size;
    }
    return (ACE *)at;
}

bool32 WINAPI IsValidAcl(const ACL *acl) {
    if (!acl || acl->Revision < ACL_REVISION || acl->Revision > ACL_REVISION_DS || acl->Size < sizeof *acl)
        return FALSE;
    return entry(acl, acl->Count) != NULL;
}

bool32 WINAPI FindFirstFreeAce(const ACL *acl, ACE **out) {
    *out = NULL;
    if (!IsValidAcl(acl))
        return security_failure(ERROR_INVALID_ACL);
    ACE *free = entry(acl, acl->Count);
    if ((u8 *)free < (u8 *)acl + acl->Size)
        *out = free;
    return TRUE;
}

bool32 WINAPI GetAce(const ACL *acl, u32 index, ACE **out) {
    if (!acl || index >= acl->Count)
        return security_failure(ERROR_INVALID_PARAMETER);
    *out = entry(acl, index);
    return *out ? TRUE : security_failure(ERROR_INVALID_ACL);
}

/* Makes room for `size` bytes before entry `index`. */
static ACE *insert(ACL *acl, u32 revision, u32 index, u32 size, u32 count) {
    if (!IsValidAcl(acl)) {
        security_failure(ERROR_INVALID_ACL);
        return NULL;
    }
    if (revision < ACL_REVISION || revision > ACL_REVISION_DS) {
        security_failure(ERROR_REVISION_MISMATCH);
        return NULL;
    }
    u8 *end = (u8 *)entry(acl, acl->Count), *at = (u8 *)entry(acl, index < acl->Count ? index : acl->Count);
    if (size > (usize)((u8 *)acl + acl->Size - end)) {
        security_failure(ERROR_ALLOTTED_SPACE_EXCEEDED);
        return NULL;
    }
    memmove(at + size, at, end - at);
    acl->Count += (u16)count;
    if (acl->Revision < revision)
        acl->Revision = (u8)revision;
    return (ACE *)at;
}

static bool32 add(ACL *acl, u32 revision, u32 flags, u32 mask, const SID *sid, u8 type) {
    if (!IsValidSid(sid))
        return security_failure(ERROR_INVALID_SID);
    u32 size = ACE_HEAD + GetLengthSid(sid);
    ACE *ace = insert(acl, revision, AT_END, size, 1);
    if (!ace)
        return FALSE;
    *ace = (ACE){type, (u8)flags, (u16)size, mask};
    memcpy(ace + 1, sid, size - ACE_HEAD);
    return TRUE;
}

static bool32 add_inheriting(ACL *acl, u32 revision, u32 flags, u32 mask, const SID *sid, u8 type) {
    if (flags & ~INHERIT_FLAGS)
        return security_failure(ERROR_INVALID_FLAGS);
    return add(acl, revision, flags, mask, sid, type);
}

bool32 WINAPI AddAccessAllowedAce(ACL *acl, u32 revision, u32 mask, const SID *sid) {
    return add(acl, revision, 0, mask, sid, ALLOWED);
}

bool32 WINAPI AddAccessAllowedAceEx(ACL *acl, u32 revision, u32 flags, u32 mask, const SID *sid) {
    return add_inheriting(acl, revision, flags, mask, sid, ALLOWED);
}

bool32 WINAPI AddAccessDeniedAce(ACL *acl, u32 revision, u32 mask, const SID *sid) {
    return add(acl, revision, 0, mask, sid, DENIED);
}

bool32 WINAPI AddAccessDeniedAceEx(ACL *acl, u32 revision, u32 flags, u32 mask, const SID *sid) {
    return add_inheriting(acl, revision, flags, mask, sid, DENIED);
}

bool32 WINAPI AddAuditAccessAce(ACL *acl, u32 revision, u32 mask, const SID *sid, bool32 success, bool32 failure) {
    u32 flags = (success ? SUCCESSFUL_ACCESS : 0) | (failure ? FAILED_ACCESS : 0);
    return add(acl, revision, flags, mask, sid, AUDIT);
}

/* Adds entries that lie one behind another. */
bool32 WINAPI AddAce(ACL *acl, u32 revision, u32 index, const ACE *list, u32 size) {
    u32 count = 0;
    for (u32 at = 0; at < size; count++) {
        const ACE *ace = (const ACE *)((const u8 *)list + at);
        if (size - at < ACE_HEADER || ace->Size < ACE_HEADER || ace->Size > size - at)
            return security_failure(ERROR_INVALID_PARAMETER);
        at += ace->Size;
    }
    ACE *place = insert(acl, revision, index, size, count);
    if (!place)
        return FALSE;
    memcpy(place, list, size);
    return TRUE;
}

bool32 WINAPI DeleteAce(ACL *acl, u32 index) {
    if (!IsValidAcl(acl))
        return security_failure(ERROR_INVALID_ACL);
    if (index >= acl->Count)
        return security_failure(ERROR_INVALID_PARAMETER);
    u8 *at = (u8 *)entry(acl, index), *next = (u8 *)entry(acl, index + 1), *end = (u8 *)entry(acl, acl->Count);
    memmove(at, next, end - next);
    memset(at + (end - next), 0, next - at);
    acl->Count--;
    return TRUE;
}

bool32 WINAPI GetAclInformation(const ACL *acl, u32 *out, u32 size, u32 kind) {
    if (!IsValidAcl(acl))
        return security_failure(ERROR_INVALID_ACL);
    if (kind != ACL_REVISION_INFORMATION && kind != ACL_SIZE_INFORMATION)
        return security_failure(ERROR_INVALID_PARAMETER);
    if (size < (kind == ACL_SIZE_INFORMATION ? 12u : 4u))
        return security_failure(ERROR_INSUFFICIENT_BUFFER);
    if (kind == ACL_REVISION_INFORMATION) {
        out[0] = acl->Revision;
        return TRUE;
    }
    u32 used = (u32)((u8 *)entry(acl, acl->Count) - (u8 *)acl);
    out[0] = acl->Count;
    out[1] = used;
    out[2] = acl->Size - used;
    return TRUE;
}
