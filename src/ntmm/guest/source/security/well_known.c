/* well_known.c: SIDs that are the same on every machine, by their numbers of WELL_KNOWN_SID_TYPE (winnt.h). */
#include "security.h"
#include "codes.h"
#include "text.h"

#define BUILTIN 32
#define FIRST_OF_DOMAIN 38 /* WinAccountAdministratorSid */
#define NO_SID 0xFF

typedef struct WELL_KNOWN {
    u8 Authority, Count;
    u16 Parts[2];
} WELL_KNOWN;

static const WELL_KNOWN known[] = {
    {0, 1, {0}},  {1, 1, {0}},  {2, 1, {0}},  {3, 1, {0}},  {3, 1, {1}},  {3, 1, {2}},  {3, 1, {3}},
    {5, 0, {0}},  {5, 1, {1}},  {5, 1, {2}},  {5, 1, {3}},  {5, 1, {4}},  {5, 1, {6}},  {5, 1, {7}},
    {5, 1, {8}},  {5, 1, {9}},  {5, 1, {10}}, {5, 1, {11}}, {5, 1, {12}}, {5, 1, {13}}, {5, 1, {14}},
    {NO_SID, 0, {0}}, /* logon sessions have SIDs of their own */
    {5, 1, {18}}, {5, 1, {19}}, {5, 1, {20}}, {5, 1, {BUILTIN}},
    {5, 2, {BUILTIN, 544}}, {5, 2, {BUILTIN, 545}}, {5, 2, {BUILTIN, 546}}, {5, 2, {BUILTIN, 547}},
    {5, 2, {BUILTIN, 548}}, {5, 2, {BUILTIN, 549}}, {5, 2, {BUILTIN, 550}}, {5, 2, {BUILTIN, 551}},
    {5, 2, {BUILTIN, 552}}, {5, 2, {BUILTIN, 554}}, {5, 2, {BUILTIN, 555}}, {5, 2, {BUILTIN, 556}},
};

/* The last parts of the accounts and groups of a domain. */
static const u16 of_domain[] = {500, 501, 502, 512, 513, 514, 515, 516, 517, 518, 519, 520, 553};

#define KNOWN (sizeof known / sizeof *known)
#define OF_DOMAIN (sizeof of_domain / sizeof *of_domain)

u32 WINAPI GetSidLengthRequired(u8 parts);
bool32 WINAPI EqualSid(const SID *, const SID *);

/* The SID of a number; 0 if there is none. */
static u32 make(u32 type, const SID *domain, SID *sid) {
    *sid = (SID){.Revision = SID_REVISION};
    if (type < KNOWN && known[type].Authority != NO_SID) {
        sid->Count = known[type].Count;
        sid->Authority[5] = known[type].Authority;
        for (u32 i = 0; i < sid->Count; i++)
            sid->Parts[i] = known[type].Parts[i];
    } else if (type >= FIRST_OF_DOMAIN && type - FIRST_OF_DOMAIN < OF_DOMAIN && domain && IsValidSid(domain) &&
               domain->Count < SID_MAXIMUM_PARTS) {
        memcpy(sid, domain, GetLengthSid(domain));
        sid->Parts[sid->Count++] = of_domain[type - FIRST_OF_DOMAIN];
    } else {
        return 0;
    }
    return GetSidLengthRequired(sid->Count);
}

bool32 WINAPI CreateWellKnownSid(u32 type, const SID *domain, SID *sid, u32 *size) {
    u8 room[8 + 4 * SID_MAXIMUM_PARTS];
    u32 length = make(type, domain, (SID *)room), given = *size;
    if (!length)
        return security_failure(ERROR_INVALID_PARAMETER);
    *size = length;
    if (!sid || given < length)
        return security_failure(ERROR_INSUFFICIENT_BUFFER);
    memcpy(sid, room, length);
    return TRUE;
}

bool32 WINAPI IsWellKnownSid(const SID *sid, u32 type) {
    u8 room[8 + 4 * SID_MAXIMUM_PARTS];
    if (!IsValidSid(sid))
        return FALSE;
    if (type < KNOWN)
        return make(type, NULL, (SID *)room) && EqualSid(sid, (SID *)room);
    return type - FIRST_OF_DOMAIN < OF_DOMAIN && sid->Authority[5] == 5 && sid->Count == 5 && sid->Parts[0] == 21 &&
           sid->Parts[4] == of_domain[type - FIRST_OF_DOMAIN];
}
