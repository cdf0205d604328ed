/* security.h: SIDs, access control lists and security descriptors as they lie in memory (winnt.h). */
#pragma once
#include "base.h"

#define SID_REVISION 1
#define SID_MAXIMUM_PARTS 15
#define ACL_REVISION 2
#define ACL_REVISION_DS 4
#define DESCRIPTOR_REVISION 1

#define SE_OWNER_DEFAULTED 0x0001u
#define SE_GROUP_DEFAULTED 0x0002u
#define SE_DACL_PRESENT 0x0004u
#define SE_DACL_DEFAULTED 0x0008u
#define SE_SACL_PRESENT 0x0010u
#define SE_SACL_DEFAULTED 0x0020u
#define SE_SELF_RELATIVE 0x8000u

typedef struct SID {
    u8 Revision, Count;
    u8 Authority[6];
    u32 Parts[];
} SID;

typedef struct ACL {
    u8 Revision, Unused;
    u16 Size; /* bytes */
    u16 Count;
    u16 Unused2;
} ACL;

typedef struct ACE {
    u8 Type, Flags;
    u16 Size; /* bytes */
    u32 Mask; /* of the types that have one */
} ACE;

/* The absolute form; the self-relative one has 32-bit offsets in the place of pointers. */
typedef struct DESCRIPTOR {
    u8 Revision, Unused;
    u16 Control;
    SID *Owner, *Group;
    ACL *Sacl, *Dacl;
} DESCRIPTOR;

typedef struct RELATIVE_DESCRIPTOR {
    u8 Revision, Unused;
    u16 Control;
    u32 Owner, Group, Sacl, Dacl;
} RELATIVE_DESCRIPTOR;

bool32 WINAPI IsValidSid(const SID *);
u32 WINAPI GetLengthSid(const SID *);
bool32 WINAPI IsValidAcl(const ACL *);

/* descriptor.c: the parts of a descriptor of either form; NULL where one is not there */
SID *descriptor_owner(const DESCRIPTOR *);
SID *descriptor_group(const DESCRIPTOR *);
ACL *descriptor_dacl(const DESCRIPTOR *);
ACL *descriptor_sacl(const DESCRIPTOR *);

/* sid.c: FALSE or NULL, with the last error set */
bool32 security_failure(u32 code);
