/* Shows processes and threads made by the native services alone: NtCreateSection, NtCreateProcess, NtCreateThread. */
#include <windows.h>

#include <stdlib.h>
#include <string.h>
#include <winternl.h>

#include "check.h"

#define STACK_SIZE 0x40000
#define MARK "made by hand"

typedef struct {
    void *OldStackBase, *OldStackLimit, *StackBase, *StackLimit, *StackAllocationBase;
} NTMM_INITIAL_TEB;

typedef struct {
    void *TransferAddress;
    ULONG ZeroBits;
    SIZE_T MaximumStackSize, CommittedStackSize;
    ULONG rest[8];
} IMAGE_INFORMATION;

static struct {
    NTSTATUS(NTAPI *create_section)(HANDLE *, ULONG, void *, LARGE_INTEGER *, ULONG, ULONG, HANDLE);
    NTSTATUS(NTAPI *query_section)(HANDLE, ULONG, void *, SIZE_T, SIZE_T *);
    NTSTATUS(NTAPI *create_process)(HANDLE *, ULONG, void *, HANDLE, BOOLEAN, HANDLE, HANDLE, HANDLE);
    NTSTATUS(NTAPI *create_thread)(HANDLE *, ULONG, void *, HANDLE, void *, CONTEXT *, NTMM_INITIAL_TEB *, BOOLEAN);
    NTSTATUS(NTAPI *query_process)(HANDLE, ULONG, void *, ULONG, ULONG *);
    NTSTATUS(NTAPI *terminate_thread)(HANDLE, NTSTATUS);
} nt;

static void find_services(void) {
    HMODULE ntdll = GetModuleHandleA("ntdll.dll");
    nt.create_section = (void *)GetProcAddress(ntdll, "NtCreateSection");
    nt.query_section = (void *)GetProcAddress(ntdll, "NtQuerySection");
    nt.create_process = (void *)GetProcAddress(ntdll, "NtCreateProcess");
    nt.create_thread = (void *)GetProcAddress(ntdll, "NtCreateThread");
    nt.query_process = (void *)GetProcAddress(ntdll, "NtQueryInformationProcess");
    nt.terminate_thread = (void *)GetProcAddress(ntdll, "NtTerminateThread");
}

/* A stack in a process, and a CONTEXT that begins at `start` with one argument and no return address. */
static void make_stack(HANDLE process, NTMM_INITIAL_TEB *stack, CONTEXT *context, void *start, void *argument) {
    char *base = VirtualAllocEx(process, NULL, STACK_SIZE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    memset(stack, 0, sizeof *stack);
    memset(context, 0, sizeof *context);
    stack->StackAllocationBase = stack->StackLimit = base;
    stack->StackBase = base + STACK_SIZE;
    context->ContextFlags = CONTEXT_FULL;
#ifdef _WIN64
    context->Rip = (DWORD64)start;
    context->Rcx = (DWORD64)argument;
    context->Rsp = (DWORD64)(base + STACK_SIZE - 0x28);
    context->SegCs = 0x33;
    context->SegSs = 0x2B;
    context->EFlags = 0x200;
#else
    {
        void *frame[2] = {NULL, argument};
        context->Eip = (DWORD)start;
        context->Esp = (DWORD)(base + STACK_SIZE - 16);
        WriteProcessMemory(process, (void *)context->Esp, frame, sizeof frame, NULL);
    }
    context->SegCs = 0x1B;
    context->SegSs = context->SegDs = context->SegEs = 0x23;
    context->SegFs = 0x3B;
    context->EFlags = 0x200;
#endif
}

static volatile LONG seen;

static void NTAPI run_here(LONG *number) {
    seen += *number + (LONG)(GetCurrentThreadId() != 0);
    nt.terminate_thread(NULL, 9);
}

static VOID CALLBACK add_thousand(ULONG_PTR unused) {
    (void)unused;
    seen += 1000;
}

static void show_thread(void) {
    NTMM_INITIAL_TEB stack;
    CONTEXT context;
    OBJECT_ATTRIBUTES attributes;
    LONG number = 41;
    HANDLE thread = NULL;
    DWORD code = 0;
    char probe;
    section("A thread on a stack of one's own");
    make_stack(GetCurrentProcess(), &stack, &context, (void *)run_here, &number);
    InitializeObjectAttributes(&attributes, NULL, OBJ_INHERIT, NULL, NULL);
    attributes.Length = 1;
    check(nt.create_thread(&thread, THREAD_ALL_ACCESS, &attributes, GetCurrentProcess(), NULL, &context, &stack, TRUE) ==
                  (NTSTATUS)0xC000000D,
          "attributes of a wrong length make none");
    attributes.Length = sizeof attributes;
    check(nt.create_thread(&thread, THREAD_ALL_ACCESS, &attributes, GetCurrentProcess(), NULL, &context, &stack, TRUE) == 0,
          "NtCreateThread, suspended");
    check(GetHandleInformation(thread, &code) && code == HANDLE_FLAG_INHERIT, "its handle is inheritable, as was asked");
    check(WaitForSingleObject(thread, 5) == WAIT_TIMEOUT && seen == 0, "it does not run yet");
    QueueUserAPC(add_thousand, thread, 0);
    check(ResumeThread(thread) == 1, "ResumeThread");
    WaitForSingleObject(thread, INFINITE);
    check(seen == 1042, "APCs first, then it begins with the registers that it was given");
    check(GetExitCodeThread(thread, &code) && code == 9, "and ends with NtTerminateThread");
    check(ReadProcessMemory(GetCurrentProcess(), stack.StackLimit, &probe, 1, NULL), "its stack is still there");
    VirtualFree(stack.StackAllocationBase, 0, MEM_RELEASE);
    CloseHandle(thread);
}

static HANDLE image_section(void) {
    char path[MAX_PATH];
    HANDLE file, result = NULL;
    GetModuleFileNameA(NULL, path, sizeof path);
    file = CreateFileA(path, GENERIC_READ | GENERIC_EXECUTE, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    check(file != INVALID_HANDLE_VALUE, "CreateFile of the own image");
    check(nt.create_section(&result, SECTION_ALL_ACCESS, NULL, NULL, PAGE_EXECUTE, SEC_IMAGE, file) == 0,
          "NtCreateSection with SEC_IMAGE");
    CloseHandle(file);
    return result;
}

/* Gives a process another command line; its old one lies in its process parameters. */
static int set_command_line(HANDLE process, char *peb, const wchar_t *text) {
    UNICODE_STRING line;
    SIZE_T size = (wcslen(text) + 1) * sizeof *text;
    char *parameters, *room = VirtualAllocEx(process, NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    line.Length = (USHORT)(size - sizeof *text);
    line.MaximumLength = (USHORT)size;
    line.Buffer = (wchar_t *)room;
    return ReadProcessMemory(process, peb + (sizeof(void *) == 8 ? 0x20 : 0x10), &parameters, sizeof parameters, NULL) &&
           WriteProcessMemory(process, room, text, size, NULL) &&
           WriteProcessMemory(process, parameters + (sizeof(void *) == 8 ? 0x70 : 0x40), &line, sizeof line, NULL);
}

static void show_process(void) {
    IMAGE_INFORMATION image;
    PROCESS_BASIC_INFORMATION basic;
    NTMM_INITIAL_TEB stack;
    CONTEXT context;
    LONGLONG times[4] = {0};
    HANDLE process = NULL, thread = NULL, of_image = image_section();
    DWORD code = 0;
    void *base = NULL;
    section("A process over a section");
    check(nt.create_process(&process, PROCESS_ALL_ACCESS, NULL, GetCurrentProcess(), FALSE, of_image, NULL, NULL) == 0,
          "NtCreateProcess");
    check(nt.query_section(of_image, 1, &image, sizeof image, NULL) == 0, "NtQuerySection tells the entry point");
    check(nt.query_process(process, 0, &basic, sizeof basic, NULL) == 0 && basic.PebBaseAddress, "the process has a PEB");
    check(ReadProcessMemory(process, (char *)basic.PebBaseAddress + 2 * sizeof(void *), &base, sizeof base, NULL) &&
              base != NULL, "with the image's base");
    check(WaitForSingleObject(process, 0) == WAIT_TIMEOUT, "and no thread");
    check(set_command_line(process, (char *)basic.PebBaseAddress, L"native \"made by hand\""), "a new command line");
    make_stack(process, &stack, &context, (char *)image.TransferAddress, basic.PebBaseAddress);
    check(nt.create_thread(&thread, THREAD_ALL_ACCESS, NULL, process, NULL, &context, &stack, FALSE) == 0,
          "NtCreateThread, its first");
    check(WaitForSingleObject(process, 10000) == WAIT_OBJECT_0 && GetExitCodeProcess(process, &code) && code == 77,
          "the program runs, finds its command line and ends");
    check(nt.query_process(process, 4, times, sizeof times, NULL) == 0 && times[1] > times[0] && times[3] > 0,
          "NtQueryInformationProcess tells when it ended and how long it ran");
    CloseHandle(thread);
    CloseHandle(process);
    check(nt.create_process(&process, PROCESS_ALL_ACCESS, NULL, GetCurrentProcess(), FALSE, of_image, NULL, NULL) == 0,
          "another one");
    CloseHandle(process);
    check(TRUE, "goes with its handle, as it never had a thread");
    CloseHandle(of_image);
}

static void show_refusals(void) {
    HANDLE process = NULL, data = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, NULL);
    section("What is no image");
    check(nt.create_process(&process, PROCESS_ALL_ACCESS, NULL, GetCurrentProcess(), FALSE, data, NULL, NULL) < 0 &&
              process == NULL, "a section of data is refused");
    CloseHandle(data);
}

int main(int count, char **words) {
    find_services();
    if (count == 2 && strcmp(words[1], MARK) == 0)
        return 77;
    show_thread();
    show_process();
    show_refusals();
    return verdict();
}
