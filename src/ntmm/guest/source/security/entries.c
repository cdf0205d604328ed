/* entries.c: SetEntriesInAcl, which merges rights of users into a list, and who they are given to.
 *
 * Lists come out in the order that Windows keeps: denied before allowed, what was inherited last.
 */
#include "security.h"
#include "codes.h"
#include "heap.h"
#include "system.h"
#include "text.h"

#define ALLOWED 0
#define DENIED 1
#define AUDIT 2
#define INHERITED_ACE 0x10u
#define SUCCESSFUL_ACCESS 0x40u
#define FAILED_ACCESS 0x80u
#define CP_ACP 0
#define LARGEST_ACL 0xFFFFu

typedef enum ACCESS_MODE { NOT_USED, GRANT, SET, DENY, REVOKE, SET_AUDIT_SUCCESS, SET_AUDIT_FAILURE } ACCESS_MODE;

enum { TRUSTEE_IS_SID, TRUSTEE_IS_NAME };

typedef struct TRUSTEE {
    struct TRUSTEE *Multiple;
    u32 MultipleOperation, Form, Type;
    void *Name; /* a SID or text, as the form says */
} TRUSTEE;

typedef struct EXPLICIT_ACCESS {
    u32 Mask, Mode, Flags;
    TRUSTEE Trustee;
} EXPLICIT_ACCESS;

/* One of the caller's entries with the SID that it is for. */
typedef struct WANTED {
    const EXPLICIT_ACCESS *Entry;
    SID *Sid;
    u32 Mask;  /* with what the list had already */
    u8 Sids[8 + 4 * SID_MAXIMUM_PARTS];
} WANTED;

void *WINAPI GlobalAlloc(u32 flags, usize size); /* global.c */
bool32 WINAPI EqualSid(const SID *, const SID *);
bool32 WINAPI GetAce(const ACL *, u32 index, ACE **);
bool32 WINAPI InitializeAcl(ACL *, u32 size, u32 revision);
bool32 WINAPI AddAce(ACL *, u32 revision, u32 index, const ACE *, u32 size);

static u32 find_sid(WANTED *wanted, bool32 wide) {
    const TRUSTEE *trustee = &wanted->Entry->Trustee;
    u32 needed;
    if (trustee->Multiple || trustee->MultipleOperation || !trustee->Name)
        return ERROR_INVALID_PARAMETER;
    if (trustee->Form == TRUSTEE_IS_SID) {
        wanted->Sid = trustee->Name;
        return IsValidSid(wanted->Sid) ? ERROR_SUCCESS : ERROR_INVALID_SID;
    }
    if (trustee->Form != TRUSTEE_IS_NAME)
        return ERROR_INVALID_PARAMETER;
    wchar room[256], *name = trustee->Name;
    if (!wide) {
        if (!MultiByteToWideChar(CP_ACP, 0, trustee->Name, -1, room, sizeof room / sizeof *room))
            return ERROR_NONE_MAPPED;
        name = room;
    }
    wanted->Sid = (SID *)wanted->Sids;
    u32 code = NtmmSidOfAccount(name, wanted->Sid, sizeof wanted->Sids, &needed);
    return code > 0xFFFF ? RtlNtStatusToDosError((status)code) : code; /* a bad pointer gives a status */
}

static u8 type_of(const WANTED *wanted) {
    u32 mode = wanted->Entry->Mode;
    return mode == DENY ? DENIED : mode >= SET_AUDIT_SUCCESS ? AUDIT : ALLOWED;
}

static const SID *sid_of(const ACE *ace) { return (const SID *)(ace + 1); }

/* Whether an old entry stays; rights that a new one only adds to go into that one. */
static bool32 stays(const ACE *old, WANTED *wanted, u32 count) {
    if (old->Type > AUDIT || old->Flags & INHERITED_ACE)
        return TRUE;
    for (u32 i = 0; i < count; i++) {
        u32 mode = wanted[i].Entry->Mode;
        if (!EqualSid(sid_of(old), wanted[i].Sid))
            continue;
        if (mode == SET && old->Type != AUDIT)
            return FALSE;
        if (mode == REVOKE && old->Type != DENIED)
            return FALSE;
        if ((mode == GRANT || mode == DENY) && old->Type == type_of(&wanted[i]) &&
            old->Flags == (u8)wanted[i].Entry->Flags) {
            wanted[i].Mask |= old->Mask;
            return FALSE;
        }
    }
    return TRUE;
}

static void append(ACL *to, const ACE *ace) { AddAce(to, to->Revision, 0xFFFFFFFFu, ace, ace->Size); }

static void append_wanted(ACL *to, const WANTED *wanted) {
    u8 room[sizeof(ACE) + 8 + 4 * SID_MAXIMUM_PARTS];
    u32 length = GetLengthSid(wanted->Sid), mode = wanted->Entry->Mode;
    u32 audit = mode == SET_AUDIT_SUCCESS ? SUCCESSFUL_ACCESS : mode == SET_AUDIT_FAILURE ? FAILED_ACCESS : 0;
    ACE *ace = (ACE *)room;
    *ace = (ACE){type_of(wanted), (u8)(wanted->Entry->Flags | audit), (u16)(sizeof *ace + length), wanted->Mask};
    memcpy(ace + 1, wanted->Sid, length);
    append(to, ace);
}

/* The old entries of a type, or those that were inherited. */
static void append_old(ACL *to, const ACL *old, u32 type, bool32 inherited, WANTED *wanted, u32 count) {
    ACE *ace;
    for (u32 i = 0; old && i < old->Count && GetAce(old, i, &ace); i++) {
        bool32 is_of_type = type == DENIED ? ace->Type == DENIED : ace->Type != DENIED;
        if (!(ace->Flags & INHERITED_ACE) != !inherited || (!inherited && !is_of_type))
            continue;
        if (stays(ace, wanted, count))
            append(to, ace);
    }
}

static void append_new(ACL *to, u32 type, const WANTED *wanted, u32 count) {
    for (u32 i = 0; i < count; i++)
        if (wanted[i].Entry->Mode != REVOKE && wanted[i].Entry->Mode != NOT_USED &&
            (type == DENIED) == (type_of(&wanted[i]) == DENIED))
            append_wanted(to, &wanted[i]);
}

static void collect(WANTED *wanted, u32 count, const ACL *old) {
    ACE *ace;
    for (u32 i = 0; old && i < old->Count && GetAce(old, i, &ace); i++)
        stays(ace, wanted, count); /* takes over the rights of those that go */
}

static u32 set_entries(u32 count, const EXPLICIT_ACCESS *entries, const ACL *old, ACL **out, bool32 wide) {
    u32 size = old ? old->Size : sizeof(ACL), code = ERROR_SUCCESS;
    if (!out || (count && !entries) || count > LARGEST_ACL / sizeof(ACE))
        return ERROR_INVALID_PARAMETER;
    *out = NULL;
    if (old && !IsValidAcl(old))
        return ERROR_INVALID_ACL;
    if (!count && !old)
        return ERROR_SUCCESS;
    WANTED *wanted = process_allocate(count * sizeof *wanted + 1);
    if (!wanted)
        return ERROR_NOT_ENOUGH_MEMORY;
    for (u32 i = 0; i < count && code == ERROR_SUCCESS; i++) {
        wanted[i].Entry = &entries[i];
        wanted[i].Mask = entries[i].Mask;
        code = entries[i].Mode > SET_AUDIT_FAILURE ? ERROR_INVALID_PARAMETER : find_sid(&wanted[i], wide);
        size += code == ERROR_SUCCESS ? sizeof(ACE) + GetLengthSid(wanted[i].Sid) : 0;
    }
    ACL *made = code == ERROR_SUCCESS && size <= LARGEST_ACL ? GlobalAlloc(0, size) : NULL;
    if (made) {
        InitializeAcl(made, size, old && old->Revision > ACL_REVISION ? old->Revision : ACL_REVISION);
        collect(wanted, count, old);
        append_new(made, DENIED, wanted, count);
        append_old(made, old, DENIED, FALSE, wanted, count);
        append_new(made, ALLOWED, wanted, count);
        append_old(made, old, ALLOWED, FALSE, wanted, count);
        append_old(made, old, ALLOWED, TRUE, wanted, count);
        *out = made;
    } else if (code == ERROR_SUCCESS) {
        code = size > LARGEST_ACL ? ERROR_INVALID_ACL : ERROR_NOT_ENOUGH_MEMORY;
    }
    process_free(wanted);
    return code;
}

u32 WINAPI SetEntriesInAclW(u32 count, const EXPLICIT_ACCESS *entries, const ACL *old, ACL **out) {
    return set_entries(count, entries, old, out, TRUE);
}

u32 WINAPI SetEntriesInAclA(u32 count, const EXPLICIT_ACCESS *entries, const ACL *old, ACL **out) {
    return set_entries(count, entries, old, out, FALSE);
}

/* The A and the W functions do the same: text is only pointed to. */
void WINAPI BuildTrusteeWithSidW(TRUSTEE *trustee, SID *sid) { *trustee = (TRUSTEE){.Name = sid}; }

void WINAPI BuildTrusteeWithNameW(TRUSTEE *trustee, void *name) {
    *trustee = (TRUSTEE){.Form = TRUSTEE_IS_NAME, .Name = name};
}

void WINAPI BuildExplicitAccessWithNameW(EXPLICIT_ACCESS *entry, void *name, u32 mask, u32 mode, u32 flags) {
    *entry = (EXPLICIT_ACCESS){.Mask = mask, .Mode = mode, .Flags = flags};
    BuildTrusteeWithNameW(&entry->Trustee, name);
}
