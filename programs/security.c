/* Shows who may do what: tokens, SIDs, access lists, descriptors of named objects and files, refused opens: security. */
#include <stdio.h>
#include <string.h>
#include <windows.h>
#include <aclapi.h>
#include <sddl.h>

#include "check.h"

/* Every check holds for an administrator and for an ordinary user: `ntmm run --user somebody security.exe`. */
#define SECTION "Local\\ntmm-security"
#define EVENT "Local\\ntmm-security-event"
#define ROOM 1024

static char buffer[ROOM];

static SID_IDENTIFIER_AUTHORITY world_authority = SECURITY_WORLD_SID_AUTHORITY;

static PSECURITY_DESCRIPTOR descriptor_of(const char *text)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;

    ConvertStringSecurityDescriptorToSecurityDescriptorA(text, SDDL_REVISION_1, &descriptor, NULL);
    return descriptor;
}

static int has_text(PSECURITY_DESCRIPTOR descriptor, SECURITY_INFORMATION which, const char *expected)
{
    char *text = NULL;
    int same;

    if (!ConvertSecurityDescriptorToStringSecurityDescriptorA(descriptor, SDDL_REVISION_1, which, &text, NULL))
        return 0;
    same = !strcmp(text, expected);
    if (!same)
        printf("      (got %s)\n", text);
    LocalFree(text);
    return same;
}

static int fails_with(int failed, DWORD code)
{
    return failed && GetLastError() == code;
}

static PSID own_sid(void)
{
    static char own[ROOM];
    HANDLE token;
    DWORD length;

    OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token);
    GetTokenInformation(token, TokenUser, own, sizeof own, &length);
    CloseHandle(token);
    return ((TOKEN_USER *)own)->User.Sid;
}

static void show_token(void)
{
    char name[ROOM], domain[ROOM], sid[ROOM];
    DWORD length = 0, name_size = sizeof name, domain_size = sizeof domain, sid_size = sizeof sid;
    SID_NAME_USE use;
    HANDLE token, reading;
    TOKEN_STATISTICS statistics;

    section("The token of this process");
    check(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &token), "it opens");
    check(fails_with(!GetTokenInformation(token, TokenUser, NULL, 0, &length), ERROR_INSUFFICIENT_BUFFER) && length,
          "the length of its user is told first");
    check(GetUserNameA(name, &name_size), "the user has a name");
    check(LookupAccountNameA(NULL, name, sid, &sid_size, domain, &domain_size, &use) && use == SidTypeUser,
          "the name has a SID");
    check(EqualSid(sid, own_sid()), "which is that of the token");
    name_size = sizeof name, domain_size = sizeof domain;
    check(LookupAccountSidA(NULL, own_sid(), name, &name_size, domain, &domain_size, &use) &&
              name_size == strlen(name) && domain_size == strlen(domain),
          "and has the name");
    check(GetTokenInformation(token, TokenStatistics, &statistics, sizeof statistics, &length) &&
              statistics.TokenType == TokenPrimary && length == sizeof statistics,
          "it is a primary token");
    check(fails_with(!SetTokenInformation(token, TokenOwner, buffer, sizeof(void *)), ERROR_ACCESS_DENIED),
          "a handle that only asks changes nothing");
    check(DuplicateTokenEx(token, TOKEN_QUERY, NULL, SecurityIdentification, TokenImpersonation, &reading),
          "a copy of it can be had");
    check(fails_with(!DuplicateTokenEx(reading, 0, NULL, SecurityImpersonation, TokenImpersonation, &token),
                     ERROR_ACCESS_DENIED),
          "but not from a handle that may only ask");
    CloseHandle(reading);
    CloseHandle(token);
}

static int adjust(HANDLE token, const char *name, DWORD attributes)
{
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};

    if (!LookupPrivilegeValueA(NULL, name, &wanted.Privileges[0].Luid))
        return 0;
    wanted.Privileges[0].Attributes = attributes;
    return AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL);
}

static int is_enabled(HANDLE token, const char *name)
{
    PRIVILEGE_SET set = {.PrivilegeCount = 1, .Control = PRIVILEGE_SET_ALL_NECESSARY};
    BOOL answer = FALSE;

    LookupPrivilegeValueA(NULL, name, &set.Privilege[0].Luid);
    return PrivilegeCheck(token, &set, &answer) && answer;
}

static void show_privileges(void)
{
    HANDLE token;
    LUID luid;
    DWORD size = sizeof buffer;

    section("Privileges");
    OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_ADJUST_PRIVILEGES, &token);
    check(LookupPrivilegeValueA(NULL, SE_DEBUG_NAME, &luid) && luid.LowPart == 20 && !luid.HighPart,
          "SeDebugPrivilege has number 20");
    check(LookupPrivilegeNameA(NULL, &luid, buffer, &size) && !strcmp(buffer, SE_DEBUG_NAME) && size == strlen(buffer),
          "and number 20 its name");
    check(fails_with(!LookupPrivilegeValueA(NULL, "SeNoPrivilege", &luid), ERROR_NO_SUCH_PRIVILEGE),
          "another name has none");
    check(is_enabled(token, SE_CHANGE_NOTIFY_NAME), "everybody passes through directories");
    check(adjust(token, SE_CHANGE_NOTIFY_NAME, 0) && !GetLastError() && !is_enabled(token, SE_CHANGE_NOTIFY_NAME),
          "until that is disabled");
    check(adjust(token, SE_CHANGE_NOTIFY_NAME, SE_PRIVILEGE_ENABLED) && is_enabled(token, SE_CHANGE_NOTIFY_NAME),
          "it can be enabled again");
    check(adjust(token, SE_TCB_NAME, SE_PRIVILEGE_ENABLED) && GetLastError() == ERROR_NOT_ALL_ASSIGNED,
          "a privilege that is not there stays away");
    CloseHandle(token);
}

static void show_sids_and_lists(void)
{
    char area[256], copy[ROOM], *text;
    PSID world, guests;
    PACL list = (PACL)area;
    SECURITY_DESCRIPTOR descriptor;
    ACL_SIZE_INFORMATION sizes;
    ACCESS_ALLOWED_ACE *entry;
    DWORD size = sizeof copy;

    section("SIDs, lists and descriptors in memory");
    check(AllocateAndInitializeSid(&world_authority, 1, SECURITY_WORLD_RID, 0, 0, 0, 0, 0, 0, 0, &world) &&
              IsValidSid(world) && GetLengthSid(world) == 12,
          "Everyone is a SID of 12 bytes");
    check(ConvertSidToStringSidA(world, &text) && !strcmp(text, "S-1-1-0"), "it reads S-1-1-0");
    LocalFree(text);
    check(ConvertStringSidToSidA("BG", &guests) && *GetSidSubAuthorityCount(guests) == 2 &&
              *GetSidSubAuthority(guests, 1) == DOMAIN_ALIAS_RID_GUESTS,
          "BG is the group of guests");
    check(!EqualSid(world, guests) && CopySid(sizeof buffer, buffer, guests) && EqualSid(buffer, guests),
          "a copy is equal, another SID is not");
    check(fails_with(!ConvertStringSidToSidA("S-2", &guests), ERROR_INVALID_SID), "S-2 is no SID");
    check(InitializeAcl(list, sizeof area, ACL_REVISION) &&
              AddAccessDeniedAce(list, ACL_REVISION, EVENT_MODIFY_STATE, guests) &&
              AddAccessAllowedAce(list, ACL_REVISION, GENERIC_ALL, world),
          "a list of two entries");
    check(GetAclInformation(list, &sizes, sizeof sizes, AclSizeInformation) && sizes.AceCount == 2 &&
              sizes.AclBytesInUse == 8 + 24 + 20,
          "has 52 bytes");
    check(GetAce(list, 1, (void **)&entry) && entry->Mask == GENERIC_ALL && EqualSid(&entry->SidStart, world),
          "the second is the one for Everyone");
    check(InitializeSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION) &&
              SetSecurityDescriptorDacl(&descriptor, TRUE, list, FALSE) &&
              SetSecurityDescriptorOwner(&descriptor, guests, FALSE) && IsValidSecurityDescriptor(&descriptor),
          "they make a descriptor");
    check(has_text(&descriptor, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                   "O:BGD:(D;;DC;;;BG)(A;;GA;;;WD)"),
          "whose text is O:BGD:(D;;DC;;;BG)(A;;GA;;;WD)");
    check(MakeSelfRelativeSD(&descriptor, copy, &size) && size == GetSecurityDescriptorLength(copy) &&
              has_text(copy, DACL_SECURITY_INFORMATION, "D:(D;;DC;;;BG)(A;;GA;;;WD)"),
          "the self-relative form says the same");
    check(DeleteAce(list, 0) && has_text(&descriptor, DACL_SECURITY_INFORMATION, "D:(A;;GA;;;WD)"),
          "an entry can be taken out");
    FreeSid(world);
    LocalFree(guests);
}

static void show_section(void)
{
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, NULL, TRUE};
    PSECURITY_DESCRIPTOR queried;
    HANDLE map, other;
    DWORD length, flags;
    PSID owner;
    char *view;

    section("A section that others may only read");
    attributes.lpSecurityDescriptor = descriptor_of("D:(D;;0x2;;;WD)(A;;GR;;;WD)");
    map = CreateFileMappingA(INVALID_HANDLE_VALUE, &attributes, PAGE_READWRITE, 0, 0x1000, SECTION);
    LocalFree(attributes.lpSecurityDescriptor);
    view = MapViewOfFile(map, FILE_MAP_WRITE, 0, 0, 0);
    check(view != NULL, "its maker writes all the same");
    check(GetHandleInformation(map, &flags) && flags == HANDLE_FLAG_INHERIT, "and children inherit the handle");
    check(fails_with(!OpenFileMappingA(FILE_MAP_WRITE, FALSE, SECTION), ERROR_ACCESS_DENIED), "an open to write: refused");
    check((other = OpenFileMappingA(FILE_MAP_READ, FALSE, SECTION)) != NULL, "an open to read: granted");
    check(fails_with(!MapViewOfFile(other, FILE_MAP_WRITE, 0, 0, 0), ERROR_ACCESS_DENIED),
          "a view to write of that handle: refused");
    check(fails_with(!CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0x1000, SECTION),
                     ERROR_ACCESS_DENIED),
          "creating it again opens it to write: refused");
    CloseHandle(other);
    check(fails_with(!GetKernelObjectSecurity(map, DACL_SECURITY_INFORMATION, NULL, 0, &length),
                     ERROR_INSUFFICIENT_BUFFER) &&
              length <= sizeof buffer &&
              GetKernelObjectSecurity(map, DACL_SECURITY_INFORMATION, buffer, length, &length),
          "its list can be asked for");
    check(has_text(buffer, DACL_SECURITY_INFORMATION, "D:(D;;DC;;;WD)(A;;CCLCRC;;;WD)"), "with generic rights mapped");
    check(GetSecurityInfo(map, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL, NULL, &queried) ==
                  ERROR_SUCCESS &&
              EqualSid(owner, own_sid()),
          "its owner is this user");
    LocalFree(queried);
    other = OpenFileMappingA(WRITE_DAC, FALSE, SECTION);
    check(other != NULL, "who may always change the list");
    queried = descriptor_of("D:(A;;GA;;;WD)");
    check(SetKernelObjectSecurity(other, DACL_SECURITY_INFORMATION, queried), "and does");
    CloseHandle(other);
    LocalFree(queried);
    check((other = OpenFileMappingA(FILE_MAP_WRITE, FALSE, SECTION)) != NULL, "now an open to write is granted");
    CloseHandle(other);
    CloseHandle(map);
    check((map = OpenFileMappingA(FILE_MAP_READ, FALSE, SECTION)) == NULL && GetLastError() == ERROR_FILE_NOT_FOUND,
          "without handles it has no name, though a view is left");
    view[0] = 1;
    UnmapViewOfFile(view);
}

static void show_event(void)
{
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, descriptor_of("D:(A;;0x100001;;;WD)"), FALSE};
    HANDLE event = CreateEventA(&attributes, TRUE, FALSE, EVENT), waiting, copy;

    section("An event that others may only wait for");
    LocalFree(attributes.lpSecurityDescriptor);
    check(SetEvent(event), "its maker sets it");
    check(fails_with(!OpenEventA(EVENT_MODIFY_STATE, FALSE, EVENT), ERROR_ACCESS_DENIED), "an open to set: refused");
    check((waiting = OpenEventA(SYNCHRONIZE, FALSE, EVENT)) && WaitForSingleObject(waiting, 0) == WAIT_OBJECT_0,
          "an open to wait: granted");
    check(fails_with(!ResetEvent(waiting), ERROR_ACCESS_DENIED), "resetting with that handle: refused");
    check(fails_with(!DuplicateHandle(GetCurrentProcess(), waiting, GetCurrentProcess(), &copy, EVENT_MODIFY_STATE,
                                      FALSE, 0),
                     ERROR_ACCESS_DENIED),
          "a duplicate that may set: refused");
    CloseHandle(waiting);
    check((waiting = OpenEventA(MAXIMUM_ALLOWED, FALSE, EVENT)) && WaitForSingleObject(waiting, 0) == WAIT_OBJECT_0 &&
              !ResetEvent(waiting),
          "the most that is allowed is waiting");
    CloseHandle(waiting);
    check((waiting = OpenEventA(SYNCHRONIZE, FALSE, "Global\\ntmm-security-event")) == NULL ||
              WaitForSingleObject(waiting, 0) == WAIT_OBJECT_0,
          "under Global\\ it is the same event or, in a session of its own, none");
    if (waiting)
        CloseHandle(waiting);
    check(fails_with(!OpenEventA(SYNCHRONIZE, FALSE, "Local\\NTMM-security-event"), ERROR_FILE_NOT_FOUND),
          "names are told apart by case");
    check(fails_with(!OpenMutexA(SYNCHRONIZE, FALSE, EVENT), ERROR_INVALID_HANDLE), "it is no mutex");
    check(SetHandleInformation(event, HANDLE_FLAG_PROTECT_FROM_CLOSE, HANDLE_FLAG_PROTECT_FROM_CLOSE) &&
              !CloseHandle(event) && WaitForSingleObject(event, 0) == WAIT_OBJECT_0,
          "a protected handle stays open");
    check(SetHandleInformation(event, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0) && CloseHandle(event), "until it is not");
}

static void show_impersonation(void)
{
    HANDLE token, event;

    section("A thread with a token of its own");
    check(fails_with(!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token), ERROR_NO_TOKEN),
          "it has none at first");
    check(ImpersonateSelf(SecurityImpersonation) &&
              OpenThreadToken(GetCurrentThread(), TOKEN_QUERY | TOKEN_ADJUST_PRIVILEGES, TRUE, &token),
          "then one like the process's");
    check(adjust(token, SE_CHANGE_NOTIFY_NAME, 0) && !is_enabled(token, SE_CHANGE_NOTIFY_NAME), "which it changes");
    CloseHandle(token);
    check(RevertToSelf() && !OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token), "it is given back");
    OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token);
    check(is_enabled(token, SE_CHANGE_NOTIFY_NAME), "the process's token was never touched");
    CloseHandle(token);
    event = CreateEventA(NULL, TRUE, FALSE, EVENT);
    check(ImpersonateSelf(SecurityIdentification) &&
              fails_with(!OpenEventA(SYNCHRONIZE, FALSE, EVENT), ERROR_BAD_IMPERSONATION_LEVEL),
          "who is only identified opens nothing");
    check(fails_with(!CreateEventA(NULL, TRUE, FALSE, EVENT "-2"), ERROR_BAD_IMPERSONATION_LEVEL),
          "and makes nothing with a name");
    check(RevertToSelf() && CloseHandle(event), "the process itself does");
}

static void show_access_check(void)
{
    static GENERIC_MAPPING mapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS};
    PSECURITY_DESCRIPTOR descriptor = descriptor_of("O:SYG:SYD:(A;;FR;;;WD)(A;;FA;;;SY)");
    PRIVILEGE_SET privileges;
    DWORD size = sizeof privileges, granted, desired = GENERIC_READ;
    HANDLE own, token;
    BOOL answer;

    section("The check itself");
    OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE | TOKEN_QUERY, &own);
    check(DuplicateToken(own, SecurityIdentification, &token), "it takes an impersonation token");
    MapGenericMask(&desired, &mapping);
    check(AccessCheck(descriptor, token, desired, &mapping, &privileges, &size, &granted, &answer) && answer &&
              granted == FILE_GENERIC_READ,
          "everybody may read");
    check(AccessCheck(descriptor, token, FILE_WRITE_DATA, &mapping, &privileges, &size, &granted, &answer) && !answer &&
              GetLastError() == ERROR_ACCESS_DENIED,
          "only the system may write");
    check(AccessCheck(descriptor, token, MAXIMUM_ALLOWED, &mapping, &privileges, &size, &granted, &answer) && answer &&
              granted == FILE_GENERIC_READ,
          "the most that is allowed is reading");
    CloseHandle(own);
    CloseHandle(token);
    LocalFree(descriptor);
}

static void show_file(void)
{
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, descriptor_of("D:(A;;GRSD;;;WD)"), FALSE};
    HANDLE file = CreateFileA("guarded.tmp", GENERIC_WRITE, 7, &attributes, CREATE_NEW, 0, NULL), other;
    DWORD length;

    section("A file that is only read");
    LocalFree(attributes.lpSecurityDescriptor);
    check(WriteFile(file, "text", 4, &length, NULL), "its maker writes it");
    CloseHandle(file);
    file = CreateFileA("guarded.tmp", GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);
    check(fails_with(file == INVALID_HANDLE_VALUE, ERROR_ACCESS_DENIED), "an open to write: refused");
    file = CreateFileA("guarded.tmp", GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    check(file != INVALID_HANDLE_VALUE, "an open to read: granted");
    check(fails_with(!CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL), ERROR_ACCESS_DENIED),
          "a section to write of that handle: refused");
    check(DuplicateHandle(GetCurrentProcess(), file, GetCurrentProcess(), &other, FILE_READ_ATTRIBUTES, FALSE, 0) &&
              fails_with(!ReadFile(other, buffer, 4, &length, NULL), ERROR_ACCESS_DENIED) &&
              ReadFile(file, buffer, 4, &length, NULL),
          "a duplicate for attributes reads nothing, the handle itself does");
    CloseHandle(other);
    CloseHandle(file);
    check(GetFileSecurityA("guarded.tmp", DACL_SECURITY_INFORMATION, buffer, sizeof buffer, &length) &&
              has_text(buffer, DACL_SECURITY_INFORMATION, "D:(A;;0x130089;;;WD)"),
          "its list can be asked for");
    check(DeleteFileA("guarded.tmp"), "it is deleted");
}

static DWORD count_of(ACL *acl)
{
    ACL_SIZE_INFORMATION information = {0};

    GetAclInformation(acl, &information, sizeof information, AclSizeInformation);
    return information.AceCount;
}

static ACCESS_ALLOWED_ACE *ace_of(ACL *acl, DWORD index)
{
    void *ace = NULL;

    GetAce(acl, index, &ace);
    return ace;
}

static int is_ace(ACL *acl, DWORD index, BYTE type, DWORD mask, PSID sid)
{
    ACCESS_ALLOWED_ACE *ace = ace_of(acl, index);

    return ace && ace->Header.AceType == type && ace->Mask == mask && EqualSid(&ace->SidStart, sid);
}

static DWORD add_entry(ACL *old, DWORD mode, DWORD mask, PSID sid, ACL **made)
{
    EXPLICIT_ACCESSA entry = {0};

    entry.grfAccessPermissions = mask;
    entry.grfAccessMode = mode;
    BuildTrusteeWithSidA(&entry.Trustee, sid);
    return SetEntriesInAclA(1, &entry, old, made);
}

static void show_entries(void)
{
    char everyone[SECURITY_MAX_SID_SIZE], administrators[SECURITY_MAX_SID_SIZE], small[4];
    ACL *first = NULL, *second = NULL, *third = NULL, *fourth = NULL, *fifth = NULL;
    DWORD length = sizeof everyone;
    EXPLICIT_ACCESSA named;

    section("Lists made of entries");
    check(CreateWellKnownSid(WinWorldSid, NULL, everyone, &length) && IsWellKnownSid(everyone, WinWorldSid),
          "CreateWellKnownSid: everyone");
    length = sizeof administrators;
    check(CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, administrators, &length) && length == 16
              && !IsWellKnownSid(administrators, WinWorldSid),
          "and the administrators");
    length = sizeof small;
    check(fails_with(!CreateWellKnownSid(WinWorldSid, NULL, small, &length), ERROR_INSUFFICIENT_BUFFER) && length == 12,
          "which need room");
    check(add_entry(NULL, GRANT_ACCESS, FILE_MAP_READ, everyone, &first) == ERROR_SUCCESS && count_of(first) == 1
              && is_ace(first, 0, ACCESS_ALLOWED_ACE_TYPE, FILE_MAP_READ, everyone),
          "an entry makes a list of one");
    check(!add_entry(first, DENY_ACCESS, FILE_MAP_WRITE, administrators, &second) && count_of(second) == 2
              && is_ace(second, 0, ACCESS_DENIED_ACE_TYPE, FILE_MAP_WRITE, administrators),
          "what is denied goes before");
    check(!add_entry(second, GRANT_ACCESS, FILE_MAP_WRITE, everyone, &third) && count_of(third) == 2
              && is_ace(third, 1, ACCESS_ALLOWED_ACE_TYPE, FILE_MAP_READ | FILE_MAP_WRITE, everyone),
          "granting more adds to what there is");
    check(!add_entry(third, SET_ACCESS, READ_CONTROL, everyone, &fourth) && count_of(fourth) == 2
              && is_ace(fourth, 1, ACCESS_ALLOWED_ACE_TYPE, READ_CONTROL, everyone),
          "setting replaces it");
    check(!add_entry(fourth, REVOKE_ACCESS, 0, everyone, &fifth) && count_of(fifth) == 1, "revoking takes it away");
    LocalFree(fifth);
    BuildExplicitAccessWithNameA(&named, "Administrators", GENERIC_READ, GRANT_ACCESS, NO_INHERITANCE);
    check(!SetEntriesInAclA(1, &named, NULL, &fifth) && is_ace(fifth, 0, ACCESS_ALLOWED_ACE_TYPE, GENERIC_READ, administrators),
          "an entry may name its user");
    LocalFree(fifth);
    named.Trustee.ptstrName = (char *)"nobody at all";
    check(SetEntriesInAclA(1, &named, NULL, &fifth) == ERROR_NONE_MAPPED && !fifth, "who must be there");
    LocalFree(first), LocalFree(second), LocalFree(third), LocalFree(fourth);
}

static void show_names(void)
{
    PSECURITY_DESCRIPTOR made = descriptor_of("D:(A;;GA;;;WD)"), got = NULL;
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, made, FALSE};
    HANDLE event = CreateEventA(&attributes, TRUE, FALSE, EVENT);
    ACL *dacl = NULL, *less = NULL;
    char everyone[SECURITY_MAX_SID_SIZE];
    DWORD length = sizeof everyone;

    section("Security by name");
    CreateWellKnownSid(WinWorldSid, NULL, everyone, &length);
    check(!GetNamedSecurityInfoA((char *)EVENT, SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &dacl, NULL, &got)
              && is_ace(dacl, 0, ACCESS_ALLOWED_ACE_TYPE, EVENT_ALL_ACCESS, everyone),
          "GetNamedSecurityInfo of an event");
    add_entry(dacl, SET_ACCESS, SYNCHRONIZE | READ_CONTROL, everyone, &less);
    check(!SetNamedSecurityInfoA((char *)EVENT, SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, less, NULL),
          "SetNamedSecurityInfo");
    check(fails_with(!OpenEventA(EVENT_MODIFY_STATE, FALSE, EVENT), ERROR_ACCESS_DENIED), "which is obeyed");
    check(GetNamedSecurityInfoA((char *)"ntmm-none", SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &dacl, NULL, NULL)
              != ERROR_SUCCESS,
          "a name that nothing has");
    LocalFree(less), LocalFree(got), LocalFree(made);
    CloseHandle(event);
}

int main(void)
{
    show_token();
    show_privileges();
    show_sids_and_lists();
    show_section();
    show_event();
    show_impersonation();
    show_access_check();
    show_file();
    show_entries();
    show_names();
    return verdict();
}
