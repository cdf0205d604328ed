/* security_info.c: GetSecurityInfo and SetSecurityInfo of files and kernel objects, by handle. */
#include "security.h"
#include "codes.h"
#include "heap.h"
#include "system.h"

#define SE_FILE_OBJECT 1
#define SE_KERNEL_OBJECT 6

#define OWNER_INFORMATION 1u
#define GROUP_INFORMATION 2u
#define DACL_INFORMATION 4u
#define SACL_INFORMATION 8u
#define ALL_INFORMATION 0xFu

void *WINAPI GlobalAlloc(u32 flags, usize size); /* global.c */
void *WINAPI GlobalFree(void *);

/* The descriptor of an object in a block of LocalAlloc. */
static u32 query(handle object, u32 information, DESCRIPTOR **out) {
    u32 needed = 0;
    status result = NtQuerySecurityObject(object, information, NULL, 0, &needed);
    if (result != STATUS_BUFFER_TOO_SMALL)
        return RtlNtStatusToDosError(result);
    DESCRIPTOR *descriptor = GlobalAlloc(0, needed);
    if (!descriptor)
        return ERROR_NOT_ENOUGH_MEMORY;
    result = NtQuerySecurityObject(object, information, descriptor, needed, &needed);
    if (!SUCCEEDED(result)) {
        GlobalFree(descriptor);
        return RtlNtStatusToDosError(result);
    }
    *out = descriptor;
    return ERROR_SUCCESS;
}

u32 WINAPI GetSecurityInfo(handle object, u32 type, u32 information, SID **owner, SID **group, ACL **dacl, ACL **sacl,
                           DESCRIPTOR **out) {
    DESCRIPTOR *descriptor;
    if (type != SE_FILE_OBJECT && type != SE_KERNEL_OBJECT)
        return ERROR_CALL_NOT_IMPLEMENTED;
    if (information & ~ALL_INFORMATION || (!out && (owner || group || dacl || sacl)))
        return ERROR_INVALID_PARAMETER;
    u32 code = query(object, information, &descriptor);
    if (code != ERROR_SUCCESS)
        return code;
    if (owner)
        *owner = descriptor_owner(descriptor);
    if (group)
        *group = descriptor_group(descriptor);
    if (dacl)
        *dacl = descriptor_dacl(descriptor);
    if (sacl)
        *sacl = descriptor_sacl(descriptor);
    if (out)
        *out = descriptor;
    else
        GlobalFree(descriptor);
    return ERROR_SUCCESS;
}

u32 WINAPI SetSecurityInfo(handle object, u32 type, u32 information, SID *owner, SID *group, ACL *dacl, ACL *sacl) {
    DESCRIPTOR descriptor = {.Revision = DESCRIPTOR_REVISION};
    if (type != SE_FILE_OBJECT && type != SE_KERNEL_OBJECT)
        return ERROR_CALL_NOT_IMPLEMENTED;
    if (information & ~ALL_INFORMATION)
        return ERROR_INVALID_PARAMETER;
    descriptor.Owner = owner;
    descriptor.Group = group;
    if (information & DACL_INFORMATION) {
        descriptor.Dacl = dacl;
        descriptor.Control |= SE_DACL_PRESENT;
    }
    if (information & SACL_INFORMATION) {
        descriptor.Sacl = sacl;
        descriptor.Control |= SE_SACL_PRESENT;
    }
    return RtlNtStatusToDosError(NtSetSecurityObject(object, information, &descriptor));
}
