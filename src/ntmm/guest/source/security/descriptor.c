/* descriptor.c: security descriptors of both forms: absolute ones hold pointers, self-relative ones offsets. */
#include "security.h"
#include "codes.h"
#include "text.h"

#define CONTROL_THAT_CAN_BE_SET 0x3F00u /* inheritance and protection of both lists */

bool32 WINAPI InitializeSecurityDescriptor(DESCRIPTOR *descriptor, u32 revision) {
    if (revision != DESCRIPTOR_REVISION)
        return security_failure(ERROR_UNKNOWN_REVISION);
    *descriptor = (DESCRIPTOR){.Revision = DESCRIPTOR_REVISION};
    return TRUE;
}

static void *part(const DESCRIPTOR *descriptor, u32 offset, void *pointer) {
    if (!(descriptor->Control & SE_SELF_RELATIVE))
        return pointer;
    return offset ? (u8 *)descriptor + offset : NULL;
}

static const RELATIVE_DESCRIPTOR *relative(const DESCRIPTOR *descriptor) {
    return (const RELATIVE_DESCRIPTOR *)descriptor;
}

SID *descriptor_owner(const DESCRIPTOR *descriptor) {
    return part(descriptor, relative(descriptor)->Owner, descriptor->Owner);
}

SID *descriptor_group(const DESCRIPTOR *descriptor) {
    return part(descriptor, relative(descriptor)->Group, descriptor->Group);
}

ACL *descriptor_dacl(const DESCRIPTOR *descriptor) {
    if (!(descriptor->Control & SE_DACL_PRESENT))
        return NULL;
    return part(descriptor, relative(descriptor)->Dacl, descriptor->Dacl);
}

ACL *descriptor_sacl(const DESCRIPTOR *descriptor) {
    if (!(descriptor->Control & SE_SACL_PRESENT))
        return NULL;
    return part(descriptor, relative(descriptor)->Sacl, descriptor->Sacl);
}

bool32 WINAPI IsValidSecurityDescriptor(const DESCRIPTOR *descriptor) {
    if (!descriptor || descriptor->Revision != DESCRIPTOR_REVISION)
        return FALSE;
    SID *owner = descriptor_owner(descriptor), *group = descriptor_group(descriptor);
    ACL *dacl = descriptor_dacl(descriptor), *sacl = descriptor_sacl(descriptor);
    return (!owner || IsValidSid(owner)) && (!group || IsValidSid(group)) && (!dacl || IsValidAcl(dacl)) &&
           (!sacl || IsValidAcl(sacl));
}

static u32 padded(u32 size) { return (size + 3) & ~3u; }
static u32 sid_size(const SID *sid) { return sid ? padded(GetLengthSid(sid)) : 0; }
static u32 acl_size(const ACL *acl) { return acl ? padded(acl->Size) : 0; }

u32 WINAPI GetSecurityDescriptorLength(const DESCRIPTOR *descriptor) {
    u32 head = descriptor->Control & SE_SELF_RELATIVE ? sizeof(RELATIVE_DESCRIPTOR) : sizeof(DESCRIPTOR);
    return head + sid_size(descriptor_owner(descriptor)) + sid_size(descriptor_group(descriptor)) +
           acl_size(descriptor_dacl(descriptor)) + acl_size(descriptor_sacl(descriptor));
}

bool32 WINAPI GetSecurityDescriptorControl(const DESCRIPTOR *descriptor, u16 *control, u32 *revision) {
    *revision = descriptor->Revision;
    if (descriptor->Revision != DESCRIPTOR_REVISION)
        return security_failure(ERROR_UNKNOWN_REVISION);
    *control = descriptor->Control;
    return TRUE;
}

bool32 WINAPI SetSecurityDescriptorControl(DESCRIPTOR *descriptor, u16 which, u16 bits) {
    if (which & ~CONTROL_THAT_CAN_BE_SET || bits & ~which)
        return security_failure(ERROR_INVALID_PARAMETER);
    descriptor->Control = (u16)((descriptor->Control & ~which) | bits);
    return TRUE;
}

/* Only absolute descriptors can be changed. */
static bool32 is_changeable(const DESCRIPTOR *descriptor) {
    if (descriptor->Revision != DESCRIPTOR_REVISION)
        return security_failure(ERROR_UNKNOWN_REVISION);
    if (descriptor->Control & SE_SELF_RELATIVE)
        return security_failure(ERROR_INVALID_SECURITY_DESCR);
    return TRUE;
}

static void mark(DESCRIPTOR *descriptor, u32 bits, bool32 set) {
    descriptor->Control = (u16)(set ? descriptor->Control | bits : descriptor->Control & ~bits);
}

bool32 WINAPI SetSecurityDescriptorDacl(DESCRIPTOR *descriptor, bool32 present, ACL *dacl, bool32 defaulted) {
    if (!is_changeable(descriptor))
        return FALSE;
    descriptor->Dacl = present ? dacl : NULL;
    mark(descriptor, SE_DACL_PRESENT, present);
    mark(descriptor, SE_DACL_DEFAULTED, present && defaulted);
    return TRUE;
}

bool32 WINAPI SetSecurityDescriptorSacl(DESCRIPTOR *descriptor, bool32 present, ACL *sacl, bool32 defaulted) {
    if (!is_changeable(descriptor))
        return FALSE;
    descriptor->Sacl = present ? sacl : NULL;
    mark(descriptor, SE_SACL_PRESENT, present);
    mark(descriptor, SE_SACL_DEFAULTED, present && defaulted);
    return TRUE;
}

bool32 WINAPI SetSecurityDescriptorOwner(DESCRIPTOR *descriptor, SID *owner, bool32 defaulted) {
    if (!is_changeable(descriptor))
        return FALSE;
    if (owner && !IsValidSid(owner))
        return security_failure(ERROR_INVALID_SID);
    descriptor->Owner = owner;
    mark(descriptor, SE_OWNER_DEFAULTED, defaulted);
    return TRUE;
}

bool32 WINAPI SetSecurityDescriptorGroup(DESCRIPTOR *descriptor, SID *group, bool32 defaulted) {
    if (!is_changeable(descriptor))
        return FALSE;
    if (group && !IsValidSid(group))
        return security_failure(ERROR_INVALID_SID);
    descriptor->Group = group;
    mark(descriptor, SE_GROUP_DEFAULTED, defaulted);
    return TRUE;
}

static bool32 is_known(const DESCRIPTOR *descriptor) {
    return descriptor->Revision == DESCRIPTOR_REVISION ? TRUE : security_failure(ERROR_UNKNOWN_REVISION);
}

bool32 WINAPI GetSecurityDescriptorDacl(const DESCRIPTOR *descriptor, bool32 *present, ACL **dacl, bool32 *defaulted) {
    if (!is_known(descriptor))
        return FALSE;
    *present = (descriptor->Control & SE_DACL_PRESENT) != 0;
    if (*present) {
        *dacl = descriptor_dacl(descriptor);
        *defaulted = (descriptor->Control & SE_DACL_DEFAULTED) != 0;
    }
    return TRUE;
}

bool32 WINAPI GetSecurityDescriptorSacl(const DESCRIPTOR *descriptor, bool32 *present, ACL **sacl, bool32 *defaulted) {
    if (!is_known(descriptor))
        return FALSE;
    *present = (descriptor->Control & SE_SACL_PRESENT) != 0;
    if (*present) {
        *sacl = descriptor_sacl(descriptor);
        *defaulted = (descriptor->Control & SE_SACL_DEFAULTED) != 0;
    }
    return TRUE;
}

bool32 WINAPI GetSecurityDescriptorOwner(const DESCRIPTOR *descriptor, SID **owner, bool32 *defaulted) {
    if (!is_known(descriptor))
        return FALSE;
    *owner = descriptor_owner(descriptor);
    *defaulted = (descriptor->Control & SE_OWNER_DEFAULTED) != 0;
    return TRUE;
}

bool32 WINAPI GetSecurityDescriptorGroup(const DESCRIPTOR *descriptor, SID **group, bool32 *defaulted) {
    if (!is_known(descriptor))
        return FALSE;
    *group = descriptor_group(descriptor);
    *defaulted = (descriptor->Control & SE_GROUP_DEFAULTED) != 0;
    return TRUE;
}

/* Puts a part at `*at` and answers its offset, 0 for none. */
static u32 put(RELATIVE_DESCRIPTOR *to, u32 *at, const void *from, u32 size) {
    if (!from)
        return 0;
    u32 offset = *at;
    memcpy((u8 *)to + offset, from, size);
    *at += padded(size);
    return offset;
}

bool32 WINAPI MakeSelfRelativeSD(const DESCRIPTOR *from, RELATIVE_DESCRIPTOR *to, u32 *room) {
    SID *owner = descriptor_owner(from), *group = descriptor_group(from);
    ACL *dacl = descriptor_dacl(from), *sacl = descriptor_sacl(from);
    u32 at = sizeof *to, needed = at + sid_size(owner) + sid_size(group) + acl_size(dacl) + acl_size(sacl);
    if (from->Control & SE_SELF_RELATIVE)
        return security_failure(ERROR_BAD_DESCRIPTOR_FORMAT);
    u32 had = *room;
    *room = needed;
    if (had < needed)
        return security_failure(ERROR_INSUFFICIENT_BUFFER);
    memset(to, 0, needed);
    to->Revision = from->Revision;
    to->Control = (u16)(from->Control | SE_SELF_RELATIVE);
    to->Sacl = put(to, &at, sacl, sacl ? sacl->Size : 0);
    to->Dacl = put(to, &at, dacl, dacl ? dacl->Size : 0);
    to->Owner = put(to, &at, owner, owner ? GetLengthSid(owner) : 0);
    to->Group = put(to, &at, group, group ? GetLengthSid(group) : 0);
    return TRUE;
}

/* Writes what a buffer must have; TRUE if it has it. */
static bool32 has_room(u32 *room, u32 needed) {
    u32 had = *room;
    *room = needed;
    return had >= needed;
}

static void *copied(void *to, const void *from, u32 size) { return from ? memcpy(to, from, size) : NULL; }

bool32 WINAPI MakeAbsoluteSD(const DESCRIPTOR *from, DESCRIPTOR *to, u32 *room, ACL *dacl, u32 *dacl_room, ACL *sacl,
                             u32 *sacl_room, SID *owner, u32 *owner_room, SID *group, u32 *group_room) {
    SID *own = descriptor_owner(from), *primary = descriptor_group(from);
    ACL *access = descriptor_dacl(from), *audit = descriptor_sacl(from);
    if (!(from->Control & SE_SELF_RELATIVE))
        return security_failure(ERROR_BAD_DESCRIPTOR_FORMAT);
    bool32 fits = has_room(room, sizeof *to);
    fits &= has_room(dacl_room, acl_size(access));
    fits &= has_room(sacl_room, acl_size(audit));
    fits &= has_room(owner_room, sid_size(own));
    fits &= has_room(group_room, sid_size(primary));
    if (!fits)
        return security_failure(ERROR_INSUFFICIENT_BUFFER);
    *to = (DESCRIPTOR){.Revision = from->Revision, .Control = (u16)(from->Control & ~SE_SELF_RELATIVE)};
    to->Dacl = copied(dacl, access, access ? access->Size : 0);
    to->Sacl = copied(sacl, audit, audit ? audit->Size : 0);
    to->Owner = copied(owner, own, own ? GetLengthSid(own) : 0);
    to->Group = copied(group, primary, primary ? GetLengthSid(primary) : 0);
    return TRUE;
}
