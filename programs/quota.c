/* Shows the page-file quota of a process: what may be committed, and which errors tell that there is no more. */
#include <windows.h>

#include <stdlib.h>

#include "check.h"

#define MB (1 << 20)
#define QUOTA (4 * MB)
#define PROCESS_QUOTA_LIMITS 1
#define PROCESS_POOLED_USAGE_AND_LIMITS 14
#define STATUS_OK 0
#define STATUS_NO_PRIVILEGE (LONG)0xC0000061
#define STATUS_QUOTA_EXCEEDED (LONG)0xC000012C

typedef struct {
    SIZE_T paged_pool, nonpaged_pool, minimum, maximum, page_file;
    LONGLONG time;
} limits_of_process;

static LONG(WINAPI *set_process)(HANDLE, ULONG, void *, ULONG);
static LONG(WINAPI *query_process)(HANDLE, ULONG, void *, ULONG, ULONG *);
static LONG(WINAPI *allocate)(HANDLE, void **, ULONG_PTR, SIZE_T *, ULONG, ULONG);

static void *volatile heap_block; /* else the compiler does without malloc */

static LONG set_quota(SIZE_T bytes)
{
    limits_of_process limits;

    query_process(GetCurrentProcess(), PROCESS_QUOTA_LIMITS, &limits, sizeof limits, NULL);
    limits.page_file = bytes;
    limits.minimum = limits.maximum = 0;
    return set_process(GetCurrentProcess(), PROCESS_QUOTA_LIMITS, &limits, sizeof limits);
}

static SIZE_T quota(void)
{
    limits_of_process limits;

    query_process(GetCurrentProcess(), PROCESS_QUOTA_LIMITS, &limits, sizeof limits, NULL);
    return limits.page_file;
}

static SIZE_T pooled_limit(void)
{
    SIZE_T values[9] = {0};

    query_process(GetCurrentProcess(), PROCESS_POOLED_USAGE_AND_LIMITS, values, sizeof values, NULL);
    return values[8];
}

static LONG commit(SIZE_T size, void **base)
{
    *base = NULL;
    return allocate(GetCurrentProcess(), base, 0, &size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

static void enable_privilege(void)
{
    TOKEN_PRIVILEGES wanted = {1, {{{0, 0}, SE_PRIVILEGE_ENABLED}}};
    HANDLE token;

    check(OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token), "the token opens");
    LookupPrivilegeValueA(NULL, "SeIncreaseQuotaPrivilege", &wanted.Privileges[0].Luid);
    AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL);
    CloseHandle(token);
}

static void within_the_quota(void)
{
    void *base;
    SIZE_T bytes = 8 * MB;

    section("A quota of 4 MB");
    check_equal(quota(), QUOTA, "it is told as set");
    check_equal(pooled_limit(), QUOTA, "and as the limit beside the usage");
    check_equal((ULONG)commit(8 * MB, &base), (ULONG)STATUS_QUOTA_EXCEEDED, "8 MB exceed it");
    check(VirtualAlloc(NULL, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) == NULL, "so VirtualAlloc fails");
    check(VirtualAlloc(NULL, bytes, MEM_RESERVE, PAGE_READWRITE) != NULL, "but 8 MB can be reserved");
    heap_block = malloc(bytes);
    check(heap_block == NULL, "malloc fails");
    check_equal((ULONG)commit(MB, &base), STATUS_OK, "1 MB is within it");
    if (base)
        check(VirtualFree(base, 0, MEM_RELEASE), "and can be freed");
    check_equal((ULONG)commit(MB, &base), STATUS_OK, "which makes room for 1 MB again");
}

int main(void)
{
    HMODULE ntdll = GetModuleHandleA("ntdll.dll");
    void *base;
    LONG status;

    set_process = (void *)GetProcAddress(ntdll, "NtSetInformationProcess");
    query_process = (void *)GetProcAddress(ntdll, "NtQueryInformationProcess");
    allocate = (void *)GetProcAddress(ntdll, "NtAllocateVirtualMemory");
    section("A process as it starts");
    check_equal(quota(), (SIZE_T)-1, "it has no limit");
    check_equal(pooled_limit(), (SIZE_T)-1, "nor one beside its usage");
    enable_privilege();
    status = set_quota(QUOTA);
    if (status == STATUS_NO_PRIVILEGE) {
        puts("(the user does not hold SeIncreaseQuotaPrivilege: run with --grant SeIncreaseQuotaPrivilege)");
        return verdict();
    }
    check_equal((ULONG)status, STATUS_OK, "a quota is set");
    within_the_quota();
    section("Without a limit again");
    check_equal((ULONG)set_quota((SIZE_T)-1), STATUS_OK, "the limit goes");
    check_equal((ULONG)commit(8 * MB, &base), STATUS_OK, "8 MB are committed");
    return verdict();
}
