/* Shows asynchronous files: completion routines, user APCs, completion ports, and pages read and written anywhere. */
#include <windows.h>

#include <stdlib.h>
#include <string.h>

#include "check.h"

#define NAME "requests.tmp"
#define PAGE 4096u
#define PAGES 5u
#define WORKERS 3
#define PACKETS 30

static char order[64];
static DWORD completed_error, completed_count;
static OVERLAPPED *completed;

static void note(char what) {
    size_t length = strlen(order);
    if (length + 1 < sizeof order)
        order[length] = what;
}

static VOID CALLBACK note_apc(ULONG_PTR what) { note((char)what); }

static VOID CALLBACK queue_another(ULONG_PTR what) {
    note((char)what);
    QueueUserAPC(note_apc, GetCurrentThread(), what + 1);
}

static VOID CALLBACK done(DWORD error, DWORD count, OVERLAPPED *request) {
    completed_error = error;
    completed_count = count;
    completed = request;
    note('*');
}

static DWORD WINAPI wait_alertably(void *event) {
    note('t');
    return WaitForSingleObjectEx(event, INFINITE, TRUE);
}

static DWORD WINAPI only_note(void *unused) {
    (void)unused;
    note('r');
    return 7;
}

static void show_apcs(void) {
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL), thread;
    DWORD code = 0;
    section("User APCs");
    check(QueueUserAPC(note_apc, GetCurrentThread(), 'a') != 0, "QueueUserAPC to the own thread");
    check(QueueUserAPC(queue_another, GetCurrentThread(), 'b') != 0, "and another");
    Sleep(1);
    check(order[0] == 0, "a wait that is not alertable calls none");
    check(SleepEx(10000, TRUE) == WAIT_IO_COMPLETION, "SleepEx ends with WAIT_IO_COMPLETION");
    check(strcmp(order, "abc") == 0, "all were called in order, that one too which an APC had queued");
    check(SleepEx(1, TRUE) == 0, "now SleepEx sleeps its whole time");
    SetEvent(event);
    QueueUserAPC(note_apc, GetCurrentThread(), 'd');
    check(WaitForSingleObjectEx(event, INFINITE, TRUE) == WAIT_OBJECT_0, "a signalled object comes before an APC");
    check(strcmp(order, "abc") == 0, "which waits on");
    check(WaitForMultipleObjectsEx(1, &event, FALSE, 0, TRUE) == WAIT_IO_COMPLETION, "until the next alertable wait");
    check(strcmp(order, "abcd") == 0, "even one without a timeout");
    memset(order, 0, sizeof order);
    thread = CreateThread(NULL, 0, wait_alertably, event, 0, NULL);
    Sleep(5);
    check(QueueUserAPC(note_apc, thread, 'x') != 0, "QueueUserAPC to a thread that waits alertably");
    WaitForSingleObject(thread, INFINITE);
    check(GetExitCodeThread(thread, &code) && code == WAIT_IO_COMPLETION && strcmp(order, "tx") == 0, "wakes it");
    check(!QueueUserAPC(note_apc, thread, 'y') && GetLastError() == ERROR_GEN_FAILURE, "a thread that ended has none");
    CloseHandle(thread);
    memset(order, 0, sizeof order);
    thread = CreateThread(NULL, 0, only_note, NULL, CREATE_SUSPENDED, NULL);
    QueueUserAPC(note_apc, thread, 'q');
    ResumeThread(thread);
    WaitForSingleObject(thread, INFINITE);
    check(GetExitCodeThread(thread, &code) && code == 7 && strcmp(order, "qr") == 0, "a new thread calls them first");
    CloseHandle(thread);
    CloseHandle(event);
}

static void show_routines(void) {
    OVERLAPPED request;
    char text[32];
    HANDLE file = CreateFileA(NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_FLAG_OVERLAPPED, NULL);
    DWORD count = 0;
    section("Completion routines");
    memset(order, 0, sizeof order);
    memset(&request, 0, sizeof request);
    check(file != INVALID_HANDLE_VALUE, "CreateFile with FILE_FLAG_OVERLAPPED");
    check(!WriteFile(file, "x", 1, &count, NULL) && GetLastError() == ERROR_INVALID_PARAMETER,
          "WriteFile needs an OVERLAPPED");
    check(WriteFileEx(file, (void *)"0123456789", 10, &request, done), "WriteFileEx");
    check(order[0] == 0, "the routine waits for an alertable wait");
    check(SleepEx(INFINITE, TRUE) == WAIT_IO_COMPLETION && strcmp(order, "*") == 0, "which calls it");
    check(completed == &request && completed_error == 0 && completed_count == 10, "with the request and its count");
    request.Offset = 4;
    check(ReadFileEx(file, text, sizeof text, &request, done), "ReadFileEx at an offset");
    check(SleepEx(0, TRUE) == WAIT_IO_COMPLETION && completed_count == 6 && memcmp(text, "456789", 6) == 0,
          "reads what is there");
    request.Offset = 10;
    check(!ReadFileEx(file, text, 1, &request, done) && GetLastError() == ERROR_HANDLE_EOF, "at the end it fails");
    check(SleepEx(0, TRUE) == 0, "and calls nothing");
    request.Offset = 0;
    request.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    check(ReadFile(file, text, 3, NULL, &request) || GetLastError() == ERROR_IO_PENDING, "ReadFile with an event");
    check(GetOverlappedResult(file, &request, &count, TRUE) && count == 3, "GetOverlappedResult tells the count");
    check(HasOverlappedIoCompleted(&request) && WaitForSingleObject(request.hEvent, 0) == 0, "its event is signalled");
    check(CancelIo(file), "CancelIo has nothing to cancel");
    CloseHandle(request.hEvent);
    CloseHandle(file);
}

static HANDLE port;
static volatile LONG taken[WORKERS], sum;

static DWORD WINAPI work(void *number) {
    for (;;) {
        DWORD count;
        ULONG_PTR key;
        OVERLAPPED *request;
        if (!GetQueuedCompletionStatus(port, &count, &key, &request, INFINITE))
            return 1;
        if (key == 0)
            return 0;
        InterlockedExchangeAdd(&sum, (LONG)count);
        InterlockedIncrement(&taken[(ULONG_PTR)number]);
    }
}

static void show_workers(void) {
    HANDLE threads[WORKERS];
    LONG all = 0;
    for (ULONG_PTR i = 0; i < WORKERS; i++)
        threads[i] = CreateThread(NULL, 0, work, (void *)i, 0, NULL);
    for (DWORD i = 1; i <= PACKETS; i++)
        PostQueuedCompletionStatus(port, i, 1, NULL);
    for (int i = 0; i < WORKERS; i++)
        PostQueuedCompletionStatus(port, 0, 0, NULL);
    WaitForMultipleObjects(WORKERS, threads, TRUE, INFINITE);
    for (int i = 0; i < WORKERS; i++) {
        all += taken[i];
        CloseHandle(threads[i]);
    }
    check(all == PACKETS && sum == PACKETS * (PACKETS + 1) / 2, "three threads share thirty packets, each once");
}

static void show_port(void) {
    OVERLAPPED request, *told = NULL;
    DWORD count = 0;
    ULONG_PTR key = 0;
    char text[8];
    HANDLE file = CreateFileA(NAME, GENERIC_READ, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    HANDLE plain = CreateFileA("requests2.tmp", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
    section("Completion ports");
    port = CreateIoCompletionPort(file, NULL, 42, 1);
    check(port != NULL, "CreateIoCompletionPort makes a port for a file");
    check(!CreateIoCompletionPort(file, port, 43, 0) && GetLastError() == ERROR_INVALID_PARAMETER, "one for each file");
    check(!CreateIoCompletionPort(plain, port, 44, 0) && GetLastError() == ERROR_INVALID_PARAMETER,
          "and none for a synchronous one");
    check(!GetQueuedCompletionStatus(port, &count, &key, &told, 5) && GetLastError() == WAIT_TIMEOUT && !told,
          "nothing has happened yet");
    memset(&request, 0, sizeof request);
    request.Offset = 2;
    check(ReadFile(file, text, 4, NULL, &request) || GetLastError() == ERROR_IO_PENDING, "ReadFile");
    check(GetQueuedCompletionStatus(port, &count, &key, &told, INFINITE), "is told at the port");
    check(count == 4 && key == 42 && told == &request && memcmp(text, "2345", 4) == 0, "with the file's key");
    request.hEvent = (HANDLE)((ULONG_PTR)CreateEventA(NULL, TRUE, FALSE, NULL) | 1);
    check(ReadFile(file, text, 4, NULL, &request), "an event with a set low bit");
    check(!GetQueuedCompletionStatus(port, &count, &key, &told, 0), "keeps a request from the port");
    check(!ReadFileEx(file, text, 4, &request, done) && GetLastError() == ERROR_INVALID_PARAMETER,
          "a file with a port has no completion routines");
    check(PostQueuedCompletionStatus(port, 1, 2, (OVERLAPPED *)3), "PostQueuedCompletionStatus");
    check(GetQueuedCompletionStatus(port, &count, &key, &told, 0) && count == 1 && key == 2 && told == (OVERLAPPED *)3,
          "gives any packet");
    show_workers();
    CloseHandle((HANDLE)((ULONG_PTR)request.hEvent & ~(ULONG_PTR)1));
    CloseHandle(file);
    CloseHandle(plain);
    CloseHandle(port);
}

static void show_pages(void) {
    FILE_SEGMENT_ELEMENT segments[PAGES + 1];
    OVERLAPPED request;
    char *pages = VirtualAlloc(NULL, 2 * PAGES * PAGE, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    HANDLE file = CreateFileA(NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
                              FILE_FLAG_OVERLAPPED | FILE_FLAG_NO_BUFFERING, NULL), buffered;
    DWORD count = 0;
    int good = 1;
    section("Scattered pages");
    memset(&request, 0, sizeof request);
    memset(segments, 0, sizeof segments);
    for (DWORD i = 0; i < PAGES; i++) {
        memset(pages + 2 * i * PAGE, 'A' + (int)i, PAGE);
        segments[PAGES - 1 - i].Buffer = PtrToPtr64(pages + 2 * i * PAGE);
    }
    check(WriteFileGather(file, segments, PAGES * PAGE, NULL, &request) || GetLastError() == ERROR_IO_PENDING,
          "WriteFileGather writes pages in any order");
    check(GetOverlappedResult(file, &request, &count, TRUE) && count == PAGES * PAGE, "five of them");
    for (DWORD i = 0; i < PAGES; i++)
        segments[i].Buffer = PtrToPtr64(pages + (2 * i + 1) * PAGE);
    check(ReadFileScatter(file, segments, PAGES * PAGE, NULL, &request) || GetLastError() == ERROR_IO_PENDING,
          "ReadFileScatter reads them");
    check(GetOverlappedResult(file, &request, &count, TRUE) && count == PAGES * PAGE, "all");
    for (DWORD i = 0; i < PAGES; i++)
        good &= pages[(2 * i + 1) * PAGE] == 'E' - (int)i && pages[(2 * i + 2) * PAGE - 1] == 'E' - (int)i;
    check(good, "each where it belongs");
    segments[0].Buffer = PtrToPtr64(pages + 1);
    check(!ReadFileScatter(file, segments, PAGE, NULL, &request) && GetLastError() == ERROR_INVALID_PARAMETER,
          "a segment must be a page");
    segments[0].Buffer = PtrToPtr64(pages);
    check(!ReadFileScatter(file, segments, 100, NULL, &request) && GetLastError() == ERROR_INVALID_PARAMETER,
          "the size whole sectors");
    request.Offset = PAGES * PAGE;
    check(!ReadFileScatter(file, segments, PAGE, NULL, &request) && GetLastError() == ERROR_HANDLE_EOF,
          "past the end there is nothing");
    CloseHandle(file);
    request.Offset = 0;
    buffered = CreateFileA(NAME, GENERIC_READ, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    check(!ReadFileScatter(buffered, segments, PAGE, NULL, &request) && GetLastError() == ERROR_INVALID_PARAMETER,
          "and the file unbuffered");
    CloseHandle(buffered);
    VirtualFree(pages, 0, MEM_RELEASE);
}

int main(void) {
    show_apcs();
    show_routines();
    show_port();
    show_pages();
    check(DeleteFileA(NAME), "the file goes");
    return verdict();
}
