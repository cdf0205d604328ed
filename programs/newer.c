/* Shows what programs of today's tool chains ask of a system: its clock in the shared page, packets by the handful, folders by handle, DLLs by folder. */
#include <windows.h>

#include <stdio.h>
#include <string.h>

#include "check.h"

#define SHARED 0x7FFE0000u
#define TICK_COUNT_LOW 0x000u
#define MULTIPLIER 0x004u
#define INTERRUPT_TIME 0x008u
#define SYSTEM_TIME 0x014u
#define MILLISECOND 10000ull
#define FILES 40
#define MANY 8
#define SEARCH_SYSTEM32 0x800u
#define SEARCH_APPLICATION 0x200u
#define SEARCH_LOAD_DIR 0x100u
#define FULL_DIRECTORY 14
#define FULL_DIRECTORY_RESTART 15
#define NO_SYSTEM_VERSION 10092
#define NOT_STARTED 10093
#define NO_FAMILY 10047

typedef struct {
    ULONG_PTR key;
    OVERLAPPED *overlapped;
    ULONG_PTR status;
    DWORD count;
} entry;

typedef struct {
    ULONG next, index;
    LONGLONG times[4], size, allocated;
    ULONG attributes, name_size, ea_size;
    WCHAR name[1];
} folder_entry;

static ULONGLONG shared_time(ULONG place) {
    volatile ULONG *time = (volatile ULONG *)(ULONG_PTR)(SHARED + place);
    ULONG low, high;
    do {
        high = time[1];
        low = time[0];
    } while (high != time[2]);
    return (ULONGLONG)high << 32 | low;
}

static ULONG shared_ticks(void) {
    ULONGLONG ticks = *(volatile ULONG *)(ULONG_PTR)(SHARED + TICK_COUNT_LOW);
    return (ULONG)(ticks * *(volatile ULONG *)(ULONG_PTR)(SHARED + MULTIPLIER) >> 24);
}

static ULONGLONG system_time(void) {
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    return (ULONGLONG)now.dwHighDateTime << 32 | now.dwLowDateTime;
}

static DWORD WINAPI spin_until_later(void *unused) {
    ULONGLONG end = shared_time(INTERRUPT_TIME) + 100 * MILLISECOND;
    (void)unused;
    while (shared_time(INTERRUPT_TIME) < end)
        ;
    return 5;
}

static void show_clock(void) {
    ULONGLONG interrupt = shared_time(INTERRUPT_TIME), system = shared_time(SYSTEM_TIME);
    HANDLE threads[2];
    DWORD code = 0, before, now;
    section("The clock in the shared page");
    check(interrupt > 0, "time has passed since boot");
    before = shared_ticks();
    now = GetTickCount();
    check(before <= now && now <= shared_ticks(), "the ticks are those of GetTickCount");
    check(system_time() - shared_time(SYSTEM_TIME) < 16 * MILLISECOND, "the time of day is that of the last clock interrupt");
    Sleep(1000);
    check(shared_time(INTERRUPT_TIME) - interrupt >= 984 * MILLISECOND, "a second of sleep passes there too");
    check(shared_time(SYSTEM_TIME) - system == shared_time(INTERRUPT_TIME) - interrupt, "both times go on alike");
    for (int i = 0; i < 2; i++)
        threads[i] = CreateThread(NULL, 0, spin_until_later, NULL, 0, NULL);
    check(WaitForMultipleObjects(2, threads, TRUE, 10000) == WAIT_OBJECT_0, "two threads that only look at it go on");
    check(GetExitCodeThread(threads[1], &code) && code == 5, "to their ends");
    for (int i = 0; i < 2; i++)
        CloseHandle(threads[i]);
}

static void show_packets(void) {
    BOOL(WINAPI * take)(HANDLE, entry *, ULONG, ULONG *, DWORD, BOOL);
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    entry entries[MANY];
    OVERLAPPED request;
    ULONG count = 77, good = 0;
    section("Packets by the handful");
    take = (void *)GetProcAddress(GetModuleHandleA("kernel32.dll"), "GetQueuedCompletionStatusEx");
    check(take != NULL, "GetQueuedCompletionStatusEx is there");
    check(!take(port, entries, MANY, &count, 0, FALSE) && GetLastError() == WAIT_TIMEOUT && count == 0, "no packet yet");
    check(!take(port, entries, 0, &count, 0, FALSE) && GetLastError() == ERROR_INVALID_PARAMETER, "none is not asked for");
    for (DWORD i = 0; i < MANY + 2; i++)
        PostQueuedCompletionStatus(port, i, 100 + i, &request);
    check(take(port, entries, MANY, &count, INFINITE, FALSE) && count == MANY, "as many as there is room for");
    for (DWORD i = 0; i < MANY; i++)
        good += entries[i].key == 100 + i && entries[i].count == i && entries[i].overlapped == &request;
    check(good == MANY, "in their order");
    check(take(port, entries, MANY, &count, INFINITE, FALSE) && count == 2 && entries[1].count == MANY + 1, "then the rest");
    CloseHandle(port);
}

static int find(const char *buffer, int *seen) {
    const folder_entry *found = (const folder_entry *)buffer;
    int count = 0, number;
    for (;; found = (const folder_entry *)((const char *)found + found->next)) {
        char name[64] = "";
        WideCharToMultiByte(CP_ACP, 0, found->name, (int)(found->name_size / 2), name, sizeof name - 1, NULL, NULL);
        count++;
        if (sscanf(name, "file%d", &number) == 1 && number < FILES && found->size == number)
            seen[number]++;
        if (!found->next)
            return count;
    }
}

static int list(HANDLE folder, int kind, int *seen, int *calls) {
    BOOL(WINAPI * ask)(HANDLE, int, void *, DWORD);
    char buffer[1024];
    int entries = 0;
    ask = (void *)GetProcAddress(GetModuleHandleA("kernel32.dll"), "GetFileInformationByHandleEx");
    for (*calls = 0; ask(folder, *calls ? FULL_DIRECTORY : kind, buffer, sizeof buffer); ++*calls)
        entries += find(buffer, seen);
    return GetLastError() == ERROR_NO_MORE_FILES ? entries : -1;
}

static void make_files(void) {
    char name[64];
    CreateDirectoryA("newer.tmp", NULL);
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "newer.tmp\\file%d", i);
        HANDLE file = CreateFileA(name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
        DWORD written;
        WriteFile(file, name, (DWORD)i, &written, NULL);
        CloseHandle(file);
    }
}

static void delete_files(void) {
    char name[64];
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "newer.tmp\\file%d", i);
        DeleteFileA(name);
    }
    check(RemoveDirectoryA("newer.tmp"), "the folder goes");
}

static void show_folders(void) {
    BOOL(WINAPI * volume)(HANDLE, WCHAR *, DWORD, DWORD *, DWORD *, DWORD *, WCHAR *, DWORD);
    int seen[FILES] = {0}, calls = 0, twice = 1, again;
    DWORD serial = 0, longest = 0, flags = 0, expected = 0;
    WCHAR system[16] = {0};
    section("Folders by handle");
    make_files();
    HANDLE folder = CreateFileA("newer.tmp", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                                FILE_FLAG_BACKUP_SEMANTICS, NULL);
    check(folder != INVALID_HANDLE_VALUE, "a folder is opened");
    check(list(folder, FULL_DIRECTORY, seen, &calls) == FILES + 2 && calls > 1, "its names come in several buffers");
    for (int i = 0; i < FILES; i++)
        twice &= seen[i] == 1;
    check(twice, "each file once, with its size");
    check(list(folder, FULL_DIRECTORY, seen, &again) == 0, "then no more");
    check(list(folder, FULL_DIRECTORY_RESTART, seen, &again) == FILES + 2 && again == calls, "and all again from the start");
    volume = (void *)GetProcAddress(GetModuleHandleA("kernel32.dll"), "GetVolumeInformationByHandleW");
    check(volume(folder, NULL, 0, &serial, &longest, &flags, system, 16), "the volume of an open folder");
    check(GetVolumeInformationA("C:\\", NULL, 0, &expected, NULL, NULL, NULL, 0) && serial == expected && longest == 255,
          "is that of its path");
    CloseHandle(folder);
    delete_files();
}

static void show_search(void) {
    char path[MAX_PATH];
    HMODULE kernel = GetModuleHandleA("kernel32.dll"), library;
    section("DLLs by folder");
    library = LoadLibraryExA("winmm.dll", NULL, SEARCH_SYSTEM32);
    check(library != NULL, "a system DLL from System32");
    check(LoadLibraryExA("kernel32.dll", NULL, SEARCH_APPLICATION) == kernel, "one that is loaded is not searched for");
    check(!LoadLibraryExA("newer.dll", NULL, SEARCH_SYSTEM32) && GetLastError() == ERROR_MOD_NOT_FOUND, "none of another name");
    check(!LoadLibraryExA("winmm.dll", NULL, SEARCH_LOAD_DIR) && GetLastError() == ERROR_INVALID_PARAMETER,
          "the DLL's own folder needs a path");
    check(!LoadLibraryExA("winmm.dll", NULL, SEARCH_SYSTEM32 | LOAD_WITH_ALTERED_SEARCH_PATH) &&
              GetLastError() == ERROR_INVALID_PARAMETER,
          "and the older flag does not go with the newer");
    UINT(WINAPI * begin)(UINT) = (void *)GetProcAddress(library, "timeBeginPeriod");
    UINT(WINAPI * end)(UINT) = (void *)GetProcAddress(library, "timeEndPeriod");
    DWORD(WINAPI * now)(void) = (void *)GetProcAddress(library, "timeGetTime");
    check(begin(1) == 0 && begin(0) == 97 && end(1) == 0, "timers as exact as a millisecond, but no less than one");
    DWORD start = now();
    Sleep(20);
    check(now() - start >= 20 && now() - start < 40, "timeGetTime counts milliseconds");
    check(GetModuleFileNameA(library, path, sizeof path) && strstr(path, "winmm.dll"), "it has a path");
    FreeLibrary(library);
}

static void show_sockets(void) {
    HMODULE library = LoadLibraryExA("ws2_32.dll", NULL, SEARCH_SYSTEM32);
    int(WINAPI * start)(WORD, void *) = (void *)GetProcAddress(library, "WSAStartup");
    int(WINAPI * cleanup)(void) = (void *)GetProcAddress(library, "WSACleanup");
    UINT_PTR(WINAPI * socket)(int, int, int) = (void *)GetProcAddress(library, "socket");
    int(WINAPI * protocols)(int *, void *, DWORD *) = (void *)GetProcAddress(library, "WSAEnumProtocolsW");
    int(WINAPI * error)(void) = (void *)GetProcAddress(library, "WSAGetLastError");
    unsigned char data[512];
    DWORD size = 100;
    section("Sockets without a network");
    check(cleanup() == -1 && error() == NOT_STARTED, "nothing to clean up");
    check(socket(2, 1, 0) == ~(UINT_PTR)0 && error() == NOT_STARTED, "no socket before the start");
    check(start(0, data) == NO_SYSTEM_VERSION, "there is no version 0");
    check(start(MAKEWORD(2, 2), data) == 0 && data[0] == 2 && data[1] == 2, "version 2.2");
    check(start(MAKEWORD(1, 1), data) == 0 && data[0] == 1 && data[2] == 2, "and again, as 1.1");
    check(protocols(NULL, NULL, &size) == 0 && size == 0, "no protocol is installed");
    check(socket(2, 1, 0) == ~(UINT_PTR)0 && error() == NO_FAMILY, "so no family of addresses is known");
    check(cleanup() == 0 && cleanup() == 0 && cleanup() == -1, "each start is taken back once");
    FreeLibrary(library);
}

static void show_settings(void) {
    HMODULE kernel = GetModuleHandleA("kernel32.dll"), native = GetModuleHandleA("ntdll.dll");
    UINT(WINAPI * mode)(void) = (void *)GetProcAddress(kernel, "GetErrorMode");
    HRESULT(WINAPI * set)(DWORD) = (void *)GetProcAddress(kernel, "WerSetFlags");
    HRESULT(WINAPI * get)(HANDLE, DWORD *) = (void *)GetProcAddress(kernel, "WerGetFlags");
    void(WINAPI * numbers)(DWORD *, DWORD *, DWORD *) = (void *)GetProcAddress(native, "RtlGetNtVersionNumbers");
    BOOL(WINAPI * boost)(HANDLE, BOOL) = (void *)GetProcAddress(kernel, "SetProcessPriorityBoost");
    DWORD flags = 0, major = 0, minor = 0, build = 0, version = GetVersion();
    section("Settings");
    SetErrorMode(SEM_FAILCRITICALERRORS);
    check(mode() == SEM_FAILCRITICALERRORS, "the error mode can be read");
    check(set(4) == S_OK && get(GetCurrentProcess(), &flags) == S_OK && flags == 4, "what error reports hold");
    check(set(0x1000) == E_INVALIDARG && get((HANDLE)0x7000, &flags) != S_OK, "not everything");
    numbers(&major, &minor, &build);
    check(major == (version & 0xFF) && minor == (version >> 8 & 0xFF), "the version as ntdll knows it");
    check(build == (version >> 16 | 0xF0000000u), "of a free build");
    numbers(NULL, NULL, NULL);
    check(boost(GetCurrentProcess(), TRUE), "boosts of priority are off");
}

static void show_node(void) {
    HMODULE kernel = GetModuleHandleA("kernel32.dll");
    void *(WINAPI * allocate)(HANDLE, void *, SIZE_T, DWORD, DWORD, DWORD);
    BOOL(WINAPI * ask)(HANDLE, void *, DWORD) = (void *)GetProcAddress(kernel, "K32QueryWorkingSetEx");
    BOOL(WINAPI * highest)(ULONG *) = (void *)GetProcAddress(kernel, "GetNumaHighestNodeNumber");
    BOOL(WINAPI * free_bytes)(UCHAR, ULONGLONG *) = (void *)GetProcAddress(kernel, "GetNumaAvailableMemoryNode");
    ULONG node = 9;
    ULONGLONG left = 0;
    ULONG_PTR pages[4];
    section("Pages and nodes");
    allocate = (void *)GetProcAddress(kernel, "VirtualAllocExNuma");
    check(highest(&node) && node == 0, "one node");
    check(free_bytes(0, &left) && left > 0 && !free_bytes(1, &left), "which has the RAM that is left");
    check(!allocate(GetCurrentProcess(), NULL, 8192, MEM_COMMIT, PAGE_READWRITE, 3) &&
              GetLastError() == ERROR_INVALID_PARAMETER,
          "a node that is not there gives none");
    char *memory = allocate(GetCurrentProcess(), NULL, 8192, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE, 0);
    memory[4096] = 1;
    pages[0] = (ULONG_PTR)memory;
    pages[2] = (ULONG_PTR)memory + 4096;
    check(ask(GetCurrentProcess(), pages, sizeof pages), "QueryWorkingSetEx");
    check((pages[1] & 1) == 0 && (pages[3] & 0xC0FFFF) == (PAGE_READWRITE << 4 | 1), "only the touched page is in the working set");
    check(VirtualLock(memory, 8192) && ask(GetCurrentProcess(), pages, sizeof pages), "locked");
    check((pages[1] & pages[3] & 0x400001) == 0x400001, "both are there and locked");
    check(!ask(GetCurrentProcess(), pages, sizeof pages - 1) && GetLastError() == ERROR_BAD_LENGTH, "half an entry is none");
    VirtualFree(memory, 0, MEM_RELEASE);
}

static void show_names(void) {
    HMODULE kernel = GetModuleHandleA("kernel32.dll"), shell = LoadLibraryA("shell32.dll");
    BOOL(WINAPI * name)(int, char *, DWORD *) = (void *)GetProcAddress(kernel, "GetComputerNameExA");
    HRESULT(WINAPI * folder)(HWND, int, HANDLE, DWORD, char *) = (void *)GetProcAddress(shell, "SHGetFolderPathA");
    HRESULT(WINAPI * known)(GUID *, DWORD, HANDLE, WCHAR **) = (void *)GetProcAddress(shell, "SHGetKnownFolderPath");
    void(WINAPI * memory_free)(void *) = (void *)GetProcAddress(LoadLibraryA("ole32.dll"), "CoTaskMemFree");
    GUID windows = {0xF38BF404, 0x1D43, 0x42F2, {0x93, 0x05, 0x67, 0xDE, 0x0B, 0x28, 0xFC, 0x23}};
    WCHAR *found = NULL;
    char text[MAX_PATH], plain[MAX_COMPUTERNAME_LENGTH + 1], value[16];
    DWORD size = 2, room = sizeof plain;
    section("Names");
    check(!name(0, text, &size) && GetLastError() == ERROR_MORE_DATA && size > 2, "a name that does not fit tells its size");
    check(name(0, text, &size) && GetComputerNameA(plain, &room) && strcmp(text, plain) == 0, "the computer's name");
    check(!name(8, text, &size) && GetLastError() == ERROR_INVALID_PARAMETER, "there are eight kinds of names");
    check(folder(NULL, 0x24, NULL, 0, text) == S_OK && strcmp(text, "C:\\WINDOWS") == 0, "where Windows is");
    check(folder(NULL, 0x7F, NULL, 0, text) == E_INVALIDARG && !*text, "no such folder");
    check(known(&windows, 0, NULL, &found) == S_OK && wcscmp(found, L"C:\\WINDOWS") == 0, "the same by its newer name");
    memory_free(found);
    windows.Data1++;
    check(known(&windows, 0, NULL, &found) != S_OK && !found, "and none of an unknown one");
    SetEnvironmentVariableA("NEWER", "here");
    char *block = GetEnvironmentStrings(), *at = block;
    value[0] = 0;
    for (; *at; at += strlen(at) + 1)
        if (strncmp(at, "NEWER=", 6) == 0)
            strncpy(value, at + 6, sizeof value - 1), value[sizeof value - 1] = 0;
    check(strcmp(value, "here") == 0, "the environment as ANSI text");
    check(FreeEnvironmentStringsA(block), "which is freed");
}

int main(void) {
    show_clock();
    show_packets();
    show_folders();
    show_search();
    show_sockets();
    show_settings();
    show_node();
    show_names();
    return verdict();
}
