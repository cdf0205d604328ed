/* Shows what becomes of code where only data should be: on the stack, on the heap, in the data section. */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int (*function)(void);

/* mov eax, 42; ret */
static const unsigned char code[] = {0xB8, 42, 0, 0, 0, 0xC3};

static unsigned char data[64] = {1};
static const char *where;

/* An access violation says by its first parameter what was tried: 0 read, 1 write, 8 execute. */
static LONG CALLBACK see(EXCEPTION_POINTERS *pointers)
{
    const EXCEPTION_RECORD *record = pointers->ExceptionRecord;

    printf("%s: exception %08lX, parameter %lu, %s\n", where, record->ExceptionCode,
           (unsigned long)record->ExceptionInformation[0],
           record->ExceptionInformation[1] == (ULONG_PTR)record->ExceptionAddress ? "at the code" : "elsewhere");
    fflush(stdout);
#ifdef _WIN64
    pointers->ContextRecord->Rip = *(ULONG_PTR *)pointers->ContextRecord->Rsp;
    pointers->ContextRecord->Rsp += 8;
    pointers->ContextRecord->Rax = 0;
#else
    pointers->ContextRecord->Eip = *(ULONG_PTR *)pointers->ContextRecord->Esp;
    pointers->ContextRecord->Esp += 4;
    pointers->ContextRecord->Eax = 0;
#endif
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void execute(const char *name, unsigned char *place)
{
    where = name;
    memcpy(place, code, sizeof code);
    FlushInstructionCache(GetCurrentProcess(), place, sizeof code);
    if (((function)(void *)place)() == 42)
        printf("%s: executed\n", name);
    fflush(stdout);
}

static BOOL enable_lock_memory(void)
{
    TOKEN_PRIVILEGES privileges = {.PrivilegeCount = 1};
    HANDLE token;
    BOOL done;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token))
        return FALSE;
    privileges.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    done = LookupPrivilegeValueA(NULL, "SeLockMemoryPrivilege", &privileges.Privileges[0].Luid) &&
           AdjustTokenPrivileges(token, FALSE, &privileges, 0, NULL, NULL) && GetLastError() == ERROR_SUCCESS;
    CloseHandle(token);
    return done;
}

static SIZE_T large_page(void)
{
    HMODULE kernel32 = GetModuleHandleA("kernel32.dll");
    SIZE_T(WINAPI *minimum)(void) = (void *)GetProcAddress(kernel32, "GetLargePageMinimum");

    return minimum ? minimum() : 0;
}

/* Memory that is locked: it is there where the privilege was granted. */
static void find_locked(unsigned char **large, unsigned char **window)
{
    ULONG_PTR count = 1, frame;

    *large = *window = NULL;
    if (!enable_lock_memory())
        return;
    *large = VirtualAlloc(NULL, large_page(), MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES, PAGE_READWRITE);
    *window = VirtualAlloc(NULL, 4096, MEM_RESERVE | MEM_PHYSICAL, PAGE_READWRITE);
    if (!AllocateUserPhysicalPages(GetCurrentProcess(), &count, &frame) || !MapUserPhysicalPages(*window, 1, &frame))
        *window = NULL;
}

__attribute__((noinline))
static void execute_stack(void)
{
    unsigned char local[64];

    execute("stack", local);
}

/* The functions came with later service packs, so they are looked up as programs of that time did. */
static void tell_policy(void)
{
    HMODULE kernel32 = GetModuleHandleA("kernel32.dll");
    DWORD(WINAPI *system_policy)(void) = (void *)GetProcAddress(kernel32, "GetSystemDEPPolicy");
    BOOL(WINAPI *process_policy)(HANDLE, DWORD *, BOOL *) = (void *)GetProcAddress(kernel32, "GetProcessDEPPolicy");
    DWORD flags = 0;
    BOOL permanent = FALSE;

    if (!system_policy || !process_policy) {
        puts("policy: not told");
        return;
    }
    printf("policy: %lu\n", system_policy());
    if (process_policy(GetCurrentProcess(), &flags, &permanent))
        printf("process: %lu, %s\n", flags, permanent ? "permanent" : "may change");
    else
        printf("process: error %lu\n", GetLastError());
}

static void set_policy(const char *text)
{
    HMODULE kernel32 = GetModuleHandleA("kernel32.dll");
    BOOL(WINAPI *set)(DWORD) = (void *)GetProcAddress(kernel32, "SetProcessDEPPolicy");

    if (set && set((DWORD)atoi(text)))
        printf("set %s: done\n", text);
    else
        printf("set %s: error %lu\n", text, GetLastError());
}

int main(int argc, char **argv)
{
    unsigned char *heap = malloc(64);
    unsigned char *page = VirtualAlloc(NULL, 4096, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
    unsigned char *large, *window;
    int turn;

    find_locked(&large, &window);
    AddVectoredExceptionHandler(1, see);
    for (turn = 0; turn < argc; turn++) {
        if (turn)
            set_policy(argv[turn]);
        tell_policy();
        execute_stack();
        execute("heap", heap);
        execute("data", data);
        execute("executable page", page);
        if (large)
            execute("large page", large);
        if (window)
            execute("window", window);
    }
    return 0;
}
