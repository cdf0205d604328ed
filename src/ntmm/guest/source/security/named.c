/* named.c: GetNamedSecurityInfo and SetNamedSecurityInfo: the object is opened by name for as long as it takes. */
#include "security.h"
#include "codes.h"
#include "heap.h"
#include "system.h"
#include "text.h"

#define SE_FILE_OBJECT 1
#define SE_KERNEL_OBJECT 6

#define OWNER_INFORMATION 1u
#define GROUP_INFORMATION 2u
#define DACL_INFORMATION 4u
#define SACL_INFORMATION 8u

#define READ_CONTROL 0x20000u
#define WRITE_DAC 0x40000u
#define WRITE_OWNER 0x80000u
#define ACCESS_SYSTEM_SECURITY 0x1000000u

#define SHARE_ALL 7
#define OPEN_EXISTING 3
#define BACKUP_SEMANTICS 0x2000000u
#define INVALID_HANDLE ((handle)(iptr)-1)
#define CP_ACP 0

u32 WINAPI GetSecurityInfo(handle, u32 type, u32 information, SID **owner, SID **group, ACL **dacl, ACL **sacl,
                           DESCRIPTOR **out);
u32 WINAPI SetSecurityInfo(handle, u32 type, u32 information, SID *owner, SID *group, ACL *dacl, ACL *sacl);

/* Events, mutexes, semaphores, timers and sections have their names in one place. */
static u32 open_kernel_object(const wchar *name, u32 access, handle *out) {
    handle (WINAPI *const openers[])(u32, bool32, const wchar *) = {
        OpenEventW, OpenMutexW, OpenSemaphoreW, OpenWaitableTimerW, OpenFileMappingW,
    };
    u32 code = ERROR_FILE_NOT_FOUND;
    for (u32 i = 0; i < sizeof openers / sizeof *openers; i++) {
        *out = openers[i](access, FALSE, name);
        if (*out)
            return ERROR_SUCCESS;
        code = teb()->LastErrorValue;
        if (code != ERROR_INVALID_HANDLE) /* it is an object of another kind */
            return code;
    }
    return code;
}

static u32 open_object(const wchar *name, u32 type, u32 access, handle *out) {
    if (!name)
        return ERROR_INVALID_PARAMETER;
    if (type == SE_KERNEL_OBJECT)
        return open_kernel_object(name, access, out);
    if (type != SE_FILE_OBJECT)
        return ERROR_CALL_NOT_IMPLEMENTED;
    *out = CreateFileW(name, access, SHARE_ALL, NULL, OPEN_EXISTING, BACKUP_SEMANTICS, NULL);
    return *out == INVALID_HANDLE ? teb()->LastErrorValue : ERROR_SUCCESS;
}

/* A wide copy of a name in the process heap; NULL for null, and where there is no memory. */
static wchar *widened(const char *name) {
    i32 size = name ? MultiByteToWideChar(CP_ACP, 0, name, -1, NULL, 0) : 0;
    wchar *wide = size ? process_allocate(2 * (usize)size) : NULL;
    if (wide)
        MultiByteToWideChar(CP_ACP, 0, name, -1, wide, size);
    return wide;
}

u32 WINAPI GetNamedSecurityInfoW(const wchar *name, u32 type, u32 information, SID **owner, SID **group, ACL **dacl,
                                 ACL **sacl, DESCRIPTOR **out) {
    u32 access = READ_CONTROL | (information & SACL_INFORMATION ? ACCESS_SYSTEM_SECURITY : 0);
    handle object;
    u32 code = open_object(name, type, access, &object);
    if (code == ERROR_SUCCESS) {
        code = GetSecurityInfo(object, type, information, owner, group, dacl, sacl, out);
        NtClose(object);
    }
    return code;
}

u32 WINAPI GetNamedSecurityInfoA(const char *name, u32 type, u32 information, SID **owner, SID **group, ACL **dacl,
                                 ACL **sacl, DESCRIPTOR **out) {
    wchar *wide = widened(name);
    u32 code = GetNamedSecurityInfoW(wide, type, information, owner, group, dacl, sacl, out);
    process_free(wide);
    return code;
}

u32 WINAPI SetNamedSecurityInfoW(const wchar *name, u32 type, u32 information, SID *owner, SID *group, ACL *dacl,
                                 ACL *sacl) {
    u32 access = (information & (OWNER_INFORMATION | GROUP_INFORMATION) ? WRITE_OWNER : 0) |
                 (information & DACL_INFORMATION ? WRITE_DAC : 0) |
                 (information & SACL_INFORMATION ? ACCESS_SYSTEM_SECURITY : 0);
    handle object;
    u32 code = open_object(name, type, access, &object);
    if (code == ERROR_SUCCESS) {
        code = SetSecurityInfo(object, type, information, owner, group, dacl, sacl);
        NtClose(object);
    }
    return code;
}

u32 WINAPI SetNamedSecurityInfoA(const char *name, u32 type, u32 information, SID *owner, SID *group, ACL *dacl,
                                 ACL *sacl) {
    wchar *wide = widened(name);
    u32 code = SetNamedSecurityInfoW(wide, type, information, owner, group, dacl, sacl);
    process_free(wide);
    return code;
}
