/* Shows processes: it starts itself with arguments, and looks into its children, changes them and ends them. */
/* `process` runs all checks; `process child ...` is what it starts.
 */
#define PSAPI_VERSION 1
#include <windows.h>

#include <psapi.h>
#include <stdlib.h>
#include <string.h>
#include <tlhelp32.h>

#include "check.h"

#define PAGE 4096
#define REMOTE_SIZE (3 * PAGE)

static char own_path[MAX_PATH];
static volatile LONG target_number = 11;

static int fails_with(BOOL result, DWORD error)
{
    return !result && GetLastError() == error;
}

static DWORD CALLBACK add_to_number(void *parameter)
{
    target_number += (LONG)(LONG_PTR)parameter;
    return (DWORD)target_number;
}

/* ---- the child's part ---- */

static int child_of(int count, char **words)
{
    const char *what = words[2];

    if (!strcmp(what, "exit"))
        return atoi(words[3]);
    if (!strcmp(what, "words"))
        return count == 6 && !strcmp(words[3], "two words") && !strcmp(words[4], "") && !strcmp(words[5], "a\"b\\");
    if (!strcmp(what, "set"))
        return SetEvent((HANDLE)(ULONG_PTR)strtoul(words[3], NULL, 10)) ? 1 : (int)GetLastError();
    if (!strcmp(what, "variable")) {
        char value[100] = "";

        GetEnvironmentVariableA("CHILD_VARIABLE", value, sizeof value);
        return !strcmp(value, "of the child") && !GetEnvironmentVariableA("TEMP", value, sizeof value);
    }
    if (!strcmp(what, "folder")) {
        char folder[MAX_PATH] = "";

        GetCurrentDirectoryA(sizeof folder, folder);
        return !strcmp(folder, words[3]);
    }
    if (!strcmp(what, "write")) {
        puts("written by the child");
        fflush(stdout);
        return 0;
    }
    if (!strcmp(what, "fault"))
        *(volatile int *)0 = 1;
    if (!strcmp(what, "sleep"))
        Sleep(INFINITE);
    return (int)target_number;
}

/* ---- starting ---- */

static PROCESS_INFORMATION start_with(const char *arguments, BOOL inherit, DWORD flags, void *environment,
                                      const char *folder, STARTUPINFOA *startup)
{
    char line[2 * MAX_PATH];
    STARTUPINFOA plain = {.cb = sizeof plain};
    PROCESS_INFORMATION result = {0};

    snprintf(line, sizeof line, "\"%s\" child %s", own_path, arguments);
    if (!CreateProcessA(NULL, line, NULL, NULL, inherit, flags, environment, folder, startup ? startup : &plain,
                        &result))
        printf("CreateProcess %s: error %lu\n", arguments, GetLastError());
    return result;
}

static PROCESS_INFORMATION start(const char *arguments, DWORD flags)
{
    return start_with(arguments, FALSE, flags, NULL, NULL, NULL);
}

static DWORD exit_code(PROCESS_INFORMATION child)
{
    DWORD code = 0;

    WaitForSingleObject(child.hProcess, INFINITE);
    GetExitCodeProcess(child.hProcess, &code);
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
    return code;
}

static void exit_codes(void)
{
    PROCESS_INFORMATION child = start("exit 7", CREATE_SUSPENDED);
    DWORD code = 0;

    section("Exit codes");
    check(GetExitCodeProcess(child.hProcess, &code) && code == STILL_ACTIVE, "a child that has not begun is active");
    check_equal(WaitForSingleObject(child.hProcess, 10), WAIT_TIMEOUT, "waiting for it takes its time");
    check_equal(ResumeThread(child.hThread), 1, "its first thread was suspended once");
    check_equal(WaitForSingleObject(child.hThread, INFINITE), WAIT_OBJECT_0, "its thread ends");
    check(GetExitCodeThread(child.hThread, &code) && code == 7, "with the code of main");
    check_equal(exit_code(child), 7, "and so does the process");
    check_equal(exit_code(start("fault", 0)), EXCEPTION_ACCESS_VIOLATION, "a fault's code is the exit code");
    child = start("sleep", 0);
    check(TerminateProcess(child.hProcess, 1234), "TerminateProcess ends one that sleeps");
    check_equal(WaitForSingleObject(child.hProcess, INFINITE), WAIT_OBJECT_0, "it has ended");
    check(fails_with(TerminateProcess(child.hProcess, 1), ERROR_ACCESS_DENIED), "a second time is refused: 5");
    check_equal(exit_code(child), 1234, "its exit code is the one given");
}

static void arguments(void)
{
    char variables[] = "CHILD_VARIABLE=of the child\0";
    wchar_t wide[] = L"CHILD_VARIABLE=of the child\0";
    PROCESS_INFORMATION child;

    section("Arguments, environment and folder");
    check_equal(exit_code(start("words \"two words\" \"\" \"a\\\"b\\\\\"", 0)), 1, "arguments arrive as they were quoted");
    child = start_with("variable", FALSE, 0, variables, NULL, NULL);
    check_equal(exit_code(child), 1, "an ANSI environment block replaces the whole environment");
    child = start_with("variable", FALSE, CREATE_UNICODE_ENVIRONMENT, wide, NULL, NULL);
    check_equal(exit_code(child), 1, "a Unicode one does so with its flag");
    child = start_with("folder C:\\Windows", FALSE, 0, NULL, "C:\\Windows", NULL);
    check_equal(exit_code(child), 1, "the current folder is the one that was given");
}

static void refusals(void)
{
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    char missing[] = "there_is_no_such_program with arguments";
    HANDLE file;
    DWORD done;

    section("What cannot be started");
    check(fails_with(CreateProcessA(NULL, missing, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child),
                     ERROR_FILE_NOT_FOUND), "a missing program: 2");
    check(fails_with(CreateProcessA("C:\\missing\\program.exe", NULL, NULL, NULL, FALSE, 0, NULL, NULL, &startup,
                                    &child), ERROR_PATH_NOT_FOUND), "in a missing folder: 3");
    check(fails_with(CreateProcessA(own_path, NULL, NULL, NULL, FALSE, 0, NULL, "C:\\missing", &startup, &child),
                     ERROR_DIRECTORY), "a missing current folder: 267");
    file = CreateFileA("not_a_program.exe", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    WriteFile(file, "no program at all", 17, &done, NULL);
    CloseHandle(file);
    check(fails_with(CreateProcessA("not_a_program.exe", NULL, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child),
                     ERROR_BAD_EXE_FORMAT), "a file that is no program: 193");
    check(DeleteFileA("not_a_program.exe"), "nobody holds on to it");
}

/* ---- handles ---- */

static void inheritance(void)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL), copy = NULL;
    SECURITY_ATTRIBUTES inheritable = {sizeof inheritable, NULL, TRUE};
    STARTUPINFOA startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    char line[40], text[100] = "";
    PROCESS_INFORMATION child;
    DWORD done;

    section("Inherited handles");
    snprintf(line, sizeof line, "set %lu", (unsigned long)(ULONG_PTR)event);
    child = start_with(line, TRUE, 0, NULL, NULL, NULL);
    check_equal(exit_code(child), ERROR_INVALID_HANDLE, "a handle that is not inheritable is none in the child: 6");
    SetHandleInformation(event, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    child = start_with(line, FALSE, 0, NULL, NULL, NULL);
    check_equal(exit_code(child), ERROR_INVALID_HANDLE, "nor is an inheritable one unless handles are inherited");
    check_equal(WaitForSingleObject(event, 0), WAIT_TIMEOUT, "so the event is not set");
    child = start_with(line, TRUE, 0, NULL, NULL, NULL);
    check_equal(exit_code(child), 1, "an inherited handle has the same value");
    check_equal(WaitForSingleObject(event, 0), WAIT_OBJECT_0, "and the child has set the event");

    child = start("sleep", 0);
    check(DuplicateHandle(GetCurrentProcess(), event, child.hProcess, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS),
          "DuplicateHandle gives a handle to a child that runs");
    check(DuplicateHandle(child.hProcess, copy, GetCurrentProcess(), &copy, 0, FALSE,
                          DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE), "and takes it back");
    check(ResetEvent(copy) && WaitForSingleObject(event, 0) == WAIT_TIMEOUT, "it is the same event");
    TerminateProcess(child.hProcess, 0);
    exit_code(child);
    CloseHandle(copy);
    CloseHandle(event);

    startup.hStdOutput = CreateFileA("output.txt", GENERIC_READ | GENERIC_WRITE, 0, &inheritable, CREATE_ALWAYS, 0, NULL);
    SetHandleInformation(startup.hStdOutput, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    child = start_with("write", TRUE, 0, NULL, NULL, &startup);
    check_equal(exit_code(child), 0, "a child whose standard output is a file");
    SetFilePointer(startup.hStdOutput, 0, NULL, FILE_BEGIN);
    check(ReadFile(startup.hStdOutput, text, sizeof text - 1, &done, NULL) && !strcmp(text, "written by the child\r\n"),
          "has written into it");
    CloseHandle(startup.hStdOutput);
    DeleteFileA("output.txt");
    check_equal(exit_code(start("write", 0)), 0, "without a word about it, the child shares the standard streams");
}

/* ---- memory ---- */

static void remote_memory(void)
{
    PROCESS_INFORMATION child = start("number", CREATE_SUSPENDED);
    static char written[REMOTE_SIZE], back[REMOTE_SIZE];
    MEMORY_BASIC_INFORMATION region;
    LONG number = 0;
    DWORD old = 0;
    SIZE_T done = 0;
    char *memory;

    section("Memory of another process");
    memory = VirtualAllocEx(child.hProcess, NULL, REMOTE_SIZE, MEM_RESERVE, PAGE_READWRITE);
    check(memory && VirtualAllocEx(child.hProcess, memory, REMOTE_SIZE, MEM_COMMIT, PAGE_READWRITE) == memory,
          "VirtualAllocEx reserves and commits");
    for (unsigned i = 0; i < REMOTE_SIZE; i++)
        written[i] = (char)(i * 7 >> 3);
    check(WriteProcessMemory(child.hProcess, memory, written, REMOTE_SIZE, &done) && done == REMOTE_SIZE,
          "WriteProcessMemory writes three pages");
    check(ReadProcessMemory(child.hProcess, memory + 1, back, REMOTE_SIZE - 1, &done) && done == REMOTE_SIZE - 1 &&
          !memcmp(back, written + 1, REMOTE_SIZE - 1), "ReadProcessMemory reads them back");
    check(VirtualProtectEx(child.hProcess, memory + PAGE, PAGE, PAGE_READONLY, &old) && old == PAGE_READWRITE,
          "VirtualProtectEx makes the second read-only");
    check(VirtualQueryEx(child.hProcess, memory + PAGE, &region, sizeof region) && region.RegionSize == PAGE &&
          region.Protect == PAGE_READONLY && region.AllocationBase == memory, "VirtualQueryEx tells of it");
    check(VirtualFreeEx(child.hProcess, memory + 2 * PAGE, PAGE, MEM_DECOMMIT), "VirtualFreeEx decommits the third");
    check(fails_with(ReadProcessMemory(child.hProcess, memory + PAGE, back, 2 * PAGE, &done), ERROR_PARTIAL_COPY) &&
          done == PAGE, "a read across it is partial: 299, one page");
    check(fails_with(WriteProcessMemory(child.hProcess, memory + PAGE, back, PAGE, &done), ERROR_NOACCESS),
          "a write to the read-only page: 998");
    check(VirtualFreeEx(child.hProcess, memory, 0, MEM_RELEASE), "VirtualFreeEx releases all");
    check(ReadProcessMemory(child.hProcess, (void *)&target_number, &number, sizeof number, NULL) && number == 11,
          "the child's variable is found at the parent's address");
    number = 4711;
    WriteProcessMemory(child.hProcess, (void *)&target_number, &number, sizeof number, NULL);
    check_equal((unsigned)target_number, 11, "changing it leaves the parent's own alone");
    ResumeThread(child.hThread);
    check_equal(exit_code(child), 4711, "and the child answers with it");
}

static void remote_threads(void)
{
    PROCESS_INFORMATION child = start("sleep", 0);
    CONTEXT context = {.ContextFlags = CONTEXT_FULL};
    DWORD code = 0, id = 0;
    HANDLE thread;

    section("Threads of another process");
    thread = CreateRemoteThread(child.hProcess, NULL, 0, add_to_number, (void *)31, 0, &id);
    check(thread && id, "CreateRemoteThread starts one");
    WaitForSingleObject(thread, INFINITE);
    check(GetExitCodeThread(thread, &code) && code == 42, "it ran in the child's memory");
    check_equal((unsigned)target_number, 11, "not in the parent's");
    CloseHandle(thread);

    thread = CreateRemoteThread(child.hProcess, NULL, 0, add_to_number, (void *)1, CREATE_SUSPENDED, NULL);
    check_equal(SuspendThread(thread), 1, "SuspendThread tells the count before");
    check(GetThreadContext(thread, &context), "GetThreadContext reads its registers");
#ifdef _WIN64
    check(context.Rsp && context.Rip, "stack pointer and instruction pointer are there");
    context.Rax = 0x1234;
#else
    check(context.Esp && context.Eip, "stack pointer and instruction pointer are there");
    context.Eax = 0x1234;
#endif
    check(SetThreadContext(thread, &context), "SetThreadContext changes one");
    memset(&context, 0, sizeof context);
    context.ContextFlags = CONTEXT_INTEGER;
    GetThreadContext(thread, &context);
#ifdef _WIN64
    check(context.Rax == 0x1234 && !context.Rip, "and only the parts that are asked for come back");
#else
    check(context.Eax == 0x1234 && !context.Eip, "and only the parts that are asked for come back");
#endif
    check(ResumeThread(thread) == 2 && ResumeThread(thread) == 1, "ResumeThread twice lets it run");
    WaitForSingleObject(thread, INFINITE);
    check(GetExitCodeThread(thread, &code) && code == 43, "it went on as if nothing had been");
    CloseHandle(thread);
    TerminateProcess(child.hProcess, 0);
    WaitForSingleObject(child.hProcess, INFINITE);
    check(fails_with(VirtualAllocEx(child.hProcess, NULL, PAGE, MEM_COMMIT, PAGE_READWRITE) != NULL,
                     ERROR_ACCESS_DENIED), "a process that has ended gets no memory: 5");
    exit_code(child);
}

/* ---- who is there ---- */

static int is_in_list(DWORD id, const DWORD *list, DWORD bytes)
{
    for (DWORD i = 0; i < bytes / sizeof *list; i++)
        if (list[i] == id)
            return 1;
    return 0;
}

static void lists(void)
{
    PROCESS_INFORMATION child = start("sleep", 0);
    PROCESSENTRY32 process = {.dwSize = sizeof process};
    MODULEENTRY32 module = {.dwSize = sizeof module};
    THREADENTRY32 thread = {.dwSize = sizeof thread};
    int found = 0, threads = 0, modules = 0;
    char name[MAX_PATH] = "";
    DWORD ids[64], bytes = 0;
    HMODULE images[64];
    MODULEINFO information;
    HANDLE snapshot, opened;

    section("Lists of processes, threads and modules");
    snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS | TH32CS_SNAPTHREAD | TH32CS_SNAPMODULE, child.dwProcessId);
    for (BOOL more = Process32First(snapshot, &process); more; more = Process32Next(snapshot, &process))
        if (process.th32ProcessID == child.dwProcessId)
            found = process.th32ParentProcessID == GetCurrentProcessId() && !strcmp(process.szExeFile, "process.exe");
    check(found, "the snapshot has the child with its parent's id and its name");
    check_equal(GetLastError(), ERROR_NO_MORE_FILES, "it ends with error 18");
    for (BOOL more = Thread32First(snapshot, &thread); more; more = Thread32Next(snapshot, &thread))
        threads += thread.th32OwnerProcessID == child.dwProcessId && thread.th32ThreadID == child.dwThreadId;
    check_equal(threads, 1, "the child's thread is there once");
    for (BOOL more = Module32First(snapshot, &module); more; more = Module32Next(snapshot, &module))
        modules++;
    check(modules >= 3, "its program, ntdll and kernel32 at least are loaded");
    CloseHandle(snapshot);

    check(EnumProcesses(ids, sizeof ids, &bytes) && is_in_list(child.dwProcessId, ids, bytes) &&
          is_in_list(GetCurrentProcessId(), ids, bytes), "EnumProcesses knows parent and child");
    check(EnumProcessModules(child.hProcess, images, sizeof images, &bytes) && bytes == modules * sizeof *images,
          "EnumProcessModules has as many modules as the snapshot");
    check(images[0] == GetModuleHandleA(NULL), "the first is the program");
    check(GetModuleBaseNameA(child.hProcess, images[0], name, sizeof name) == 11 && !strcmp(name, "process.exe"),
          "GetModuleBaseName tells its name");
    check(GetModuleFileNameExA(child.hProcess, NULL, name, sizeof name) && !strcmp(name, own_path),
          "GetModuleFileNameEx its path");
    check(GetModuleInformation(child.hProcess, images[0], &information, sizeof information) &&
          information.lpBaseOfDll == images[0] && information.SizeOfImage, "GetModuleInformation its size");
    check(GetProcessImageFileNameA(child.hProcess, name, sizeof name) && strstr(name, "\\Device\\HarddiskVolume") == name,
          "GetProcessImageFileName spells it as the kernel does");

    opened = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, child.dwProcessId);
    check(opened && GetProcessId(opened) == child.dwProcessId, "OpenProcess finds it by its id");
    check(fails_with(TerminateProcess(opened, 1), ERROR_ACCESS_DENIED), "a handle to look does not let end it: 5");
    check(fails_with(ReadProcessMemory(opened, images[0], name, 2, NULL), ERROR_ACCESS_DENIED), "nor read it: 5");
    CloseHandle(opened);
    opened = OpenThread(THREAD_TERMINATE, FALSE, child.dwThreadId);
    check(opened && TerminateThread(opened, 99), "OpenThread finds its thread, TerminateThread ends it");
    CloseHandle(opened);
    check_equal(exit_code(child), 99, "and with the last thread the process");
    check(fails_with(OpenProcess(PROCESS_ALL_ACCESS, FALSE, 4321) != NULL, ERROR_INVALID_PARAMETER),
          "an id that nobody has: 87");
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "child"))
        return child_of(argc, argv);
    GetModuleFileNameA(NULL, own_path, sizeof own_path);
    exit_codes();
    arguments();
    refusals();
    inheritance();
    remote_memory();
    remote_threads();
    lists();
    return verdict();
}
