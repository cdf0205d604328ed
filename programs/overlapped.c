/* Shows requests for pipes that go on after their call: their ends by event, completion port, APC, and when they are cut off. */
#include <windows.h>

#include <string.h>

#include "check.h"

#define NAME "\\\\.\\pipe\\ntmm overlapped"
#define QUOTA 64

typedef struct {
    HANDLE server, client, event;
    OVERLAPPED request;
} TALK;

static DWORD ended_count, ended_error, ended_calls;

static void begin(TALK *talk) {
    memset(&talk->request, 0, sizeof talk->request);
    ResetEvent(talk->event);
    talk->request.hEvent = talk->event;
}

static int goes_on(BOOL result) { return !result && GetLastError() == ERROR_IO_PENDING; }

/* A byte pipe whose both ends belong to this thread. */
static void show_connecting(TALK *talk) {
    DWORD count;
    section("Connecting");
    talk->event = CreateEventA(NULL, TRUE, FALSE, NULL);
    talk->server = CreateNamedPipeA(NAME, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, QUOTA, QUOTA, 0, NULL);
    check(talk->server != INVALID_HANDLE_VALUE, "CreateNamedPipe with FILE_FLAG_OVERLAPPED");
    begin(talk);
    check(goes_on(ConnectNamedPipe(talk->server, &talk->request)), "ConnectNamedPipe goes on");
    check(!HasOverlappedIoCompleted(&talk->request), "its OVERLAPPED says so");
    check(!GetOverlappedResult(talk->server, &talk->request, &count, FALSE) && GetLastError() == ERROR_IO_INCOMPLETE,
          "and GetOverlappedResult");
    check(WaitForSingleObject(talk->server, 0) == WAIT_TIMEOUT && WaitForSingleObject(talk->event, 0) == WAIT_TIMEOUT,
          "neither the pipe nor the event is signalled");
    talk->client = CreateFileA(NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    check(talk->client != INVALID_HANDLE_VALUE, "a client comes");
    check(WaitForSingleObject(talk->event, 0) == WAIT_OBJECT_0 && WaitForSingleObject(talk->server, 0) == WAIT_OBJECT_0,
          "and both are");
    check(GetOverlappedResult(talk->server, &talk->request, &count, FALSE), "the request has ended");
    begin(talk);
    check(!ConnectNamedPipe(talk->server, &talk->request) && GetLastError() == ERROR_PIPE_CONNECTED, "there is a client");
}

static int writes(HANDLE pipe, const char *text) {
    OVERLAPPED request = {0};
    DWORD count = 0;
    return WriteFile(pipe, text, (DWORD)strlen(text), &count, &request) && count == strlen(text);
}

static DWORD WINAPI write_soon(void *pipe) {
    Sleep(20);
    return writes(pipe, "late");
}

static void show_reading(TALK *talk) {
    char text[16] = "", other[16] = "";
    OVERLAPPED second = {0};
    DWORD count = 0;
    section("Reading");
    begin(talk);
    check(goes_on(ReadFile(talk->server, text, 5, NULL, &talk->request)), "ReadFile goes on");
    check(goes_on(ReadFile(talk->server, other, sizeof other, NULL, &second)), "a second one behind it");
    check(writes(talk->client, "firstsecond"), "the client writes");
    check(GetOverlappedResult(talk->server, &talk->request, &count, FALSE) && count == 5 && memcmp(text, "first", 5) == 0,
          "the first has what it has room for");
    check(GetOverlappedResult(talk->server, &second, &count, FALSE) && count == 6 && memcmp(other, "second", 6) == 0,
          "the second has the rest");
    check(writes(talk->client, "x") && ReadFile(talk->server, text, 5, &count, &second) && count == 1,
          "what is there already is read at once");
    memset(&second, 0, sizeof second);
    check(goes_on(ReadFile(talk->server, text, 5, NULL, &second)), "without an event");
    HANDLE thread = CreateThread(NULL, 0, write_soon, talk->client, 0, NULL);
    check(GetOverlappedResult(talk->server, &second, &count, TRUE) && count == 4, "the pipe itself is waited for");
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

static void show_writing(TALK *talk) {
    char data[3 * QUOTA], text[3 * QUOTA];
    OVERLAPPED read = {0};
    DWORD count = 0;
    section("Writing");
    memset(data, 'w', sizeof data);
    begin(talk);
    check(WriteFile(talk->server, data, QUOTA, &count, &talk->request) && count == QUOTA, "what there is room for is written at once");
    begin(talk);
    check(goes_on(WriteFile(talk->server, data, QUOTA, NULL, &talk->request)), "what there is none for goes on");
    check(ReadFile(talk->client, text, QUOTA / 2, &count, &read) && WaitForSingleObject(talk->event, 0) == WAIT_TIMEOUT,
          "until enough is read");
    check(ReadFile(talk->client, text, sizeof text, &count, &read) && count == 3 * QUOTA / 2, "the client reads it all");
    check(GetOverlappedResult(talk->server, &talk->request, &count, FALSE) && count == QUOTA, "then it ends");
}

static VOID CALLBACK ended(DWORD error, DWORD count, OVERLAPPED *request) {
    (void)request;
    ended_error = error;
    ended_count = count;
    ended_calls++;
}

static void show_routine(TALK *talk) {
    char text[16];
    OVERLAPPED request = {0};
    section("A completion routine");
    check(ReadFileEx(talk->server, text, sizeof text, &request, ended), "ReadFileEx");
    check(SleepEx(5, TRUE) == 0 && !ended_calls, "nothing yet");
    writes(talk->client, "routine");
    check(!ended_calls, "not before an alertable wait");
    check(SleepEx(5, TRUE) == WAIT_IO_COMPLETION && ended_calls == 1 && !ended_error && ended_count == 7, "then it is called");
}

static DWORD WINAPI read_and_leave(void *pipe) {
    static char text[16];
    static OVERLAPPED request;
    return goes_on(ReadFile(pipe, text, sizeof text, NULL, &request)) ? (DWORD)(ULONG_PTR)&request : 0;
}

static void show_cutting_off(TALK *talk) {
    char text[16];
    DWORD count;
    section("Requests that are cut off");
    begin(talk);
    check(goes_on(ReadFile(talk->server, text, sizeof text, NULL, &talk->request)), "a read");
    check(CancelIo(talk->client) && !HasOverlappedIoCompleted(&talk->request), "CancelIo for the other end does nothing to it");
    check(CancelIo(talk->server) && WaitForSingleObject(talk->event, 0) == WAIT_OBJECT_0, "CancelIo ends it");
    check(!GetOverlappedResult(talk->server, &talk->request, &count, FALSE) && GetLastError() == ERROR_OPERATION_ABORTED,
          "with ERROR_OPERATION_ABORTED");
    HANDLE thread = CreateThread(NULL, 0, read_and_leave, talk->server, 0, NULL);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    check(writes(talk->client, "kept") && ReadFile(talk->server, text, sizeof text, &count, &talk->request) && count == 4,
          "requests end with the thread that has made them");
}

static void show_port(TALK *talk) {
    char text[16];
    DWORD count = 0;
    ULONG_PTR key = 0;
    OVERLAPPED *found = NULL;
    section("A completion port");
    HANDLE port = CreateIoCompletionPort(talk->server, NULL, 77, 0);
    check(port != NULL, "CreateIoCompletionPort");
    begin(talk);
    check(goes_on(ReadFile(talk->server, text, sizeof text, NULL, &talk->request)), "a read");
    check(!GetQueuedCompletionStatus(port, &count, &key, &found, 5) && GetLastError() == WAIT_TIMEOUT && !found, "no packet yet");
    writes(talk->client, "to the port");
    check(GetQueuedCompletionStatus(port, &count, &key, &found, 5) && count == 11 && key == 77 && found == &talk->request,
          "a packet when it has ended");
    begin(talk);
    goes_on(ReadFile(talk->server, text, sizeof text, NULL, &talk->request));
    CloseHandle(talk->client);
    check(!GetQueuedCompletionStatus(port, &count, &key, &found, 5) && GetLastError() == ERROR_BROKEN_PIPE && found == &talk->request,
          "also when the client goes");
    DisconnectNamedPipe(talk->server);
    begin(talk);
    check(goes_on(ConnectNamedPipe(talk->server, &talk->request)), "waiting for the next client");
    CloseHandle(talk->server);
    check(!GetQueuedCompletionStatus(port, &count, &key, &found, 5) && GetLastError() == ERROR_OPERATION_ABORTED,
          "ends when the pipe is closed");
    CloseHandle(port);
}

int main(void) {
    TALK talk;
    show_connecting(&talk);
    show_reading(&talk);
    show_writing(&talk);
    show_routine(&talk);
    show_cutting_off(&talk);
    show_port(&talk);
    return verdict();
}
