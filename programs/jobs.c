/* Shows jobs: memory limits of each process and of all together, numbers of processes, messages at a completion port. */
#include <windows.h>

#include <stdlib.h>
#include <string.h>

#include "check.h"

#define MEGABYTE (1u << 20)

/* Commits megabyte after megabyte; answers how many it got. */
static int take(int most) {
    int taken = 0;
    while (taken < most && VirtualAlloc(NULL, MEGABYTE, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE))
        taken++;
    return taken;
}

static HANDLE start(const char *what, DWORD flags, HANDLE *thread) {
    char path[MAX_PATH], line[MAX_PATH + 32];
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    GetModuleFileNameA(NULL, path, sizeof path);
    snprintf(line, sizeof line, "\"%s\" %s", path, what);
    if (!CreateProcessA(NULL, line, NULL, NULL, FALSE, flags, NULL, NULL, &startup, &process))
        return NULL;
    if (thread)
        *thread = process.hThread;
    else
        CloseHandle(process.hThread);
    return process.hProcess;
}

static DWORD finish_of(HANDLE process) {
    DWORD code = 0;
    WaitForSingleObject(process, INFINITE);
    GetExitCodeProcess(process, &code);
    CloseHandle(process);
    return code;
}

/* Starts a child in a job. */
static HANDLE start_in(HANDLE job, const char *what) {
    HANDLE thread, process = start(what, CREATE_SUSPENDED, &thread);
    AssignProcessToJobObject(job, process);
    ResumeThread(thread);
    CloseHandle(thread);
    return process;
}

static int set(HANDLE job, DWORD flags, SIZE_T process_memory, SIZE_T job_memory, DWORD active) {
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    limits.BasicLimitInformation.LimitFlags = flags;
    limits.BasicLimitInformation.ActiveProcessLimit = active;
    limits.ProcessMemoryLimit = process_memory;
    limits.JobMemoryLimit = job_memory;
    return SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
}

static void show_process_limit(void) {
    HANDLE job = CreateJobObjectA(NULL, NULL), child;
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    BOOL inside = TRUE;
    DWORD got;
    section("A limit for each process");
    check(job != NULL, "CreateJobObject");
    check(set(job, JOB_OBJECT_LIMIT_PROCESS_MEMORY, 4 * MEGABYTE, 0, 0), "SetInformationJobObject: 4 MB");
    child = start_in(job, "take 20");
    check(IsProcessInJob(child, job, &inside) && inside, "a child in the job");
    check(IsProcessInJob(GetCurrentProcess(), NULL, &inside) && !inside, "its parent is in none");
    got = finish_of(child);
    check(got == 1003, "gets three megabytes beside its image and stack, then ERROR_COMMITMENT_LIMIT");
    check(QueryInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits, NULL),
          "QueryInformationJobObject");
    check(limits.PeakProcessMemoryUsed > 3 * MEGABYTE && limits.PeakProcessMemoryUsed <= 4 * MEGABYTE &&
              limits.PeakJobMemoryUsed == limits.PeakProcessMemoryUsed, "tells the peak, which is below the limit");
    check(finish_of(start("take 20", 0, NULL)) == 20, "a process outside gets all");
    CloseHandle(job);
}

static void show_job_limit(void) {
    HANDLE job = CreateJobObjectA(NULL, NULL), first;
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION accounting;
    section("A limit for all together");
    set(job, JOB_OBJECT_LIMIT_JOB_MEMORY, 0, 10 * MEGABYTE, 0);
    first = start_in(job, "hold 6");
    Sleep(100);
    check(finish_of(start_in(job, "take 20")) == 1003, "while one holds six megabytes another gets three");
    TerminateProcess(first, 5);
    check(finish_of(first) == 5, "that one is ended");
    check(finish_of(start_in(job, "take 20")) == 1009, "its share goes to the next");
    QueryInformationJobObject(job, JobObjectBasicAccountingInformation, &accounting, sizeof accounting, NULL);
    check(accounting.TotalProcesses == 3 && accounting.ActiveProcesses == 0, "three processes were in the job");
    check(accounting.TotalUserTime.QuadPart > 0 && accounting.TotalPageFaultCount > 0, "with their time and faults");
    CloseHandle(job);
}

static void show_children(void) {
    HANDLE job = CreateJobObjectA(NULL, "ntmm sample job"), port, child;
    JOBOBJECT_ASSOCIATE_COMPLETION_PORT association;
    JOBOBJECT_BASIC_LIMIT_INFORMATION limits = {0};
    DWORD message;
    ULONG_PTR key;
    OVERLAPPED *id;
    char heard[16] = "";
    section("Children, and messages at a port");
    port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    association.CompletionKey = (void *)77;
    association.CompletionPort = port;
    check(SetInformationJobObject(job, JobObjectAssociateCompletionPortInformation, &association, sizeof association),
          "the job tells a completion port");
    set(job, JOB_OBJECT_LIMIT_ACTIVE_PROCESS | JOB_OBJECT_LIMIT_PROCESS_MEMORY, 4 * MEGABYTE, 0, 2);
    check(finish_of(start_in(job, "nest 2")) == 112, "a child's child is in the job, and its child would be too many");
    while (GetQueuedCompletionStatus(port, &message, &key, &id, 0) && key == 77 && strlen(heard) < sizeof heard - 1)
        heard[strlen(heard)] = (char)('a' + message);
    check(strcmp(heard, "ggdhhe") == 0, "new, new, too many, exit, exit, none left: %s", heard);
    child = start_in(job, "take 20");
    finish_of(child);
    memset(heard, 0, sizeof heard);
    while (GetQueuedCompletionStatus(port, &message, &key, &id, 0) && strlen(heard) < sizeof heard - 1)
        heard[strlen(heard)] = (char)('a' + message);
    check(strcmp(heard, "gjhe") == 0, "new, out of memory, exit, none left: %s", heard);
    limits.LimitFlags = 0x10000;
    check(!SetInformationJobObject(job, JobObjectBasicLimitInformation, &limits, sizeof limits) &&
              GetLastError() == ERROR_INVALID_PARAMETER, "unknown limits are ERROR_INVALID_PARAMETER");
    check(!SetInformationJobObject(job, JobObjectBasicLimitInformation, &limits, 4) &&
              GetLastError() == ERROR_BAD_LENGTH, "a wrong size is ERROR_BAD_LENGTH");
    CloseHandle(port);
    CloseHandle(job);
}

static void show_ends(void) {
    HANDLE job = CreateJobObjectA(NULL, NULL), other = CreateJobObjectA(NULL, NULL), child, thread;
    section("Ends");
    child = start_in(job, "hold 1");
    check(!AssignProcessToJobObject(other, child) && GetLastError() == ERROR_ACCESS_DENIED, "one job for each process");
    Sleep(50);
    check(TerminateJobObject(job, 44), "TerminateJobObject");
    check(finish_of(child) == 44, "ends its processes");
    set(other, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, 0, 0, 0);
    child = start_in(other, "hold 1");
    Sleep(50);
    CloseHandle(other);
    check(WaitForSingleObject(child, 5000) == WAIT_OBJECT_0 && finish_of(child) == 0, "so does the last handle's end");
    set(job, JOB_OBJECT_LIMIT_ACTIVE_PROCESS, 0, 0, 0);
    child = start("hold 1", CREATE_SUSPENDED, &thread);
    check(!AssignProcessToJobObject(job, child) && GetLastError() == ERROR_NOT_ENOUGH_QUOTA, "a full job takes nobody");
    check(finish_of(child) == 0xC0000044, "and ends who was sent");
    CloseHandle(thread);
    CloseHandle(job);
}

static int nest(int depth) {
    char line[32];
    HANDLE child;
    if (depth == 0)
        return 1;
    snprintf(line, sizeof line, "nest %d", depth - 1);
    child = start(line, 0, NULL);
    if (!child)
        return GetLastError() == ERROR_NOT_ENOUGH_QUOTA ? 12 : 13;
    return (int)finish_of(child) + 100;
}

int main(int count, char **words) {
    if (count > 2) {
        int number = atoi(words[2]), got;
        if (strcmp(words[1], "nest") == 0)
            return nest(number);
        got = take(number);
        if (strcmp(words[1], "hold") == 0)
            Sleep(INFINITE);
        return got < number && GetLastError() == ERROR_COMMITMENT_LIMIT ? 1000 + got : got;
    }
    show_process_limit();
    show_job_limit();
    show_children();
    show_ends();
    return verdict();
}
