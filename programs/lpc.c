/* Shows local procedure calls: a server and its client talk over a port, with small messages and through sections. */
/* Small messages lie in the messages themselves, large ones in sections that both see.
 *
 * `lpc` is the server and starts `lpc client`; `lpc short` leaves the sections out.
 */
#include <windows.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <winternl.h>

#include "check.h"

#define PORT_NAME L"\\RPC Control\\ntmm sample"
#define DATA_SIZE 160
#define SECTION_SIZE 0x20000
#define ROUNDS 200

enum { LPC_REQUEST = 1, LPC_REPLY, LPC_DATAGRAM, LPC_LOST_REPLY, LPC_PORT_CLOSED, LPC_CONNECTION_REQUEST = 10 };
enum { ADD = 1, LOOK, UPPER, OFFERED, QUIT, WHO };

#define STATUS_PORT_MESSAGE_TOO_LONG ((NTSTATUS)0xC000002F)
#define STATUS_OBJECT_NAME_NOT_FOUND ((NTSTATUS)0xC0000034)
#define STATUS_OBJECT_NAME_COLLISION ((NTSTATUS)0xC0000035)
#define STATUS_PORT_DISCONNECTED ((NTSTATUS)0xC0000037)
#define STATUS_PORT_CONNECTION_REFUSED ((NTSTATUS)0xC0000041)
#define STATUS_SERVER_SID_MISMATCH ((NTSTATUS)0xC00002A0)
#define STATUS_REPLY_MESSAGE_MISMATCH ((NTSTATUS)0xC000021F)

typedef struct {
    USHORT DataLength, TotalLength, Type, DataInfoOffset;
    CLIENT_ID ClientId;
    ULONG MessageId;
    SIZE_T ClientViewSize;
} HEAD;

typedef struct {
    HEAD head;
    ULONG what, numbers[3];
    struct {
        ULONG count;
        struct {
            void *base;
            ULONG size;
        } entry;
    } offered;
    char text[DATA_SIZE - 64];
} MESSAGE;

typedef struct {
    ULONG Length;
    HANDLE Section;
    ULONG Offset;
    SIZE_T ViewSize;
    void *ViewBase, *ViewRemoteBase;
} VIEW;

typedef struct {
    ULONG Length;
    SIZE_T ViewSize;
    void *ViewBase;
} REMOTE_VIEW;

#define FUNCTIONS(_)                                                                                                   \
    _(NtCreatePort, (HANDLE *, OBJECT_ATTRIBUTES *, ULONG, ULONG, ULONG))                                              \
    _(NtConnectPort, (HANDLE *, UNICODE_STRING *, void *, VIEW *, REMOTE_VIEW *, ULONG *, void *, ULONG *))            \
    _(NtSecureConnectPort,                                                                                             \
      (HANDLE *, UNICODE_STRING *, void *, VIEW *, void *, REMOTE_VIEW *, ULONG *, void *, ULONG *))                   \
    _(NtListenPort, (HANDLE, void *))                                                                                  \
    _(NtAcceptConnectPort, (HANDLE *, void *, void *, BOOLEAN, VIEW *, REMOTE_VIEW *))                                 \
    _(NtCompleteConnectPort, (HANDLE))                                                                                 \
    _(NtRequestPort, (HANDLE, void *))                                                                                 \
    _(NtRequestWaitReplyPort, (HANDLE, void *, void *))                                                                \
    _(NtReplyPort, (HANDLE, void *))                                                                                   \
    _(NtReplyWaitReceivePort, (HANDLE, void **, void *, void *))                                                       \
    _(NtImpersonateClientOfPort, (HANDLE, void *))                                                                     \
    _(NtReadRequestData, (HANDLE, void *, ULONG, void *, SIZE_T, SIZE_T *))

#define DECLARE(name, arguments) static NTSTATUS(NTAPI *p##name) arguments;
#define FIND(name, arguments) p##name = (void *)GetProcAddress(GetModuleHandleA("ntdll.dll"), #name);

FUNCTIONS(DECLARE)

static int with_sections;

static UNICODE_STRING name_of(wchar_t *text)
{
    UNICODE_STRING result = {(USHORT)(2 * wcslen(text)), (USHORT)(2 * wcslen(text) + 2), text};

    return result;
}

static MESSAGE new_message(ULONG what, ULONG first, ULONG second)
{
    MESSAGE result = {.what = what, .numbers = {first, second, 0}};

    result.head.DataLength = sizeof result - sizeof result.head;
    result.head.TotalLength = sizeof result;
    return result;
}

static HANDLE new_section(VIEW *view)
{
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, SECTION_SIZE, NULL);

    *view = (VIEW){.Length = sizeof *view, .Section = section, .ViewSize = SECTION_SIZE};
    return section;
}

/* ---- the client ---- */

static NTSTATUS join(HANDLE *port, VIEW *view, REMOTE_VIEW *remote, char *information, ULONG *length, ULONG *largest)
{
    static wchar_t text[] = PORT_NAME;
    UNICODE_STRING name = name_of(text);
    SECURITY_QUALITY_OF_SERVICE quality = {sizeof quality, SecurityImpersonation, SECURITY_DYNAMIC_TRACKING, TRUE};

    return pNtConnectPort(port, &name, &quality, view, remote, largest, information, length);
}

/* Only to a server that runs for the system itself. */
static NTSTATUS join_securely(HANDLE *port)
{
    static wchar_t text[] = PORT_NAME;
    UNICODE_STRING name = name_of(text);
    SECURITY_QUALITY_OF_SERVICE quality = {sizeof quality, SecurityImpersonation, SECURITY_DYNAMIC_TRACKING, TRUE};
    SID_IDENTIFIER_AUTHORITY nt = SECURITY_NT_AUTHORITY;
    SID system = {SID_REVISION, 1, nt, {SECURITY_LOCAL_SYSTEM_RID}};

    return pNtSecureConnectPort(port, &name, &quality, NULL, &system, NULL, NULL, NULL, NULL);
}

static void small_messages(HANDLE port)
{
    MESSAGE message, reply;
    int right = 0;

    for (ULONG i = 0; i < ROUNDS; i++) {
        message = new_message(ADD, i, 3 * i);
        right += pNtRequestWaitReplyPort(port, &message, &reply) == 0 && reply.head.Type == LPC_REPLY &&
                 reply.numbers[2] == 4 * i;
    }
    check_equal(right, ROUNDS, "client: %d requests were answered rightly", ROUNDS);
    message = new_message(WHO, 0, 0);
    check(pNtRequestWaitReplyPort(port, &message, &reply) == 0 && reply.numbers[2] == 1,
          "client: the server has acted for it, at the level that it was trusted with");
    message = new_message(LOOK, 5, 0);
    check(pNtRequestPort(port, &message) == 0, "client: a datagram needs no reply");
    message.head.TotalLength = message.head.DataLength = 0;
    check(pNtRequestPort(port, &message) != 0, "client: a message must have room for its head");
    message.head.DataLength = 250;
    message.head.TotalLength = 250 + sizeof message.head;
    check(pNtRequestPort(port, &message) == STATUS_PORT_MESSAGE_TOO_LONG, "client: a message longer than the port takes");
}

static void offered_memory(HANDLE port)
{
    static char offered[10000];
    MESSAGE message = new_message(OFFERED, sizeof offered, 0), reply;

    for (unsigned i = 0; i < sizeof offered; i++)
        offered[i] = (char)(i % 251);
    message.offered.count = 1;
    message.offered.entry.base = offered;
    message.offered.entry.size = sizeof offered;
    message.head.DataInfoOffset = offsetof(MESSAGE, offered);
    check(pNtRequestWaitReplyPort(port, &message, &reply) == 0 && reply.numbers[2] == 1,
          "client: the server has read what was offered");
}

static void large_messages(HANDLE port, VIEW *own, REMOTE_VIEW *theirs)
{
    MESSAGE message, reply;
    char *text = own->ViewBase, *answer = theirs->ViewBase;

    check(own->ViewSize == SECTION_SIZE && own->ViewBase && own->ViewRemoteBase, "client: its section is mapped twice");
    check(theirs->ViewSize == SECTION_SIZE && theirs->ViewBase, "client: the server's section is there as well");
    for (unsigned i = 0; i < SECTION_SIZE; i++)
        text[i] = (char)('a' + i % 26);
    message = new_message(UPPER, 0x100, SECTION_SIZE - 0x100);
    check(pNtRequestWaitReplyPort(port, &message, &reply) == 0 && answer[0x100] == (char)('A' + 0x100 % 26) &&
          answer[SECTION_SIZE - 1] == (char)('A' + (SECTION_SIZE - 1) % 26) && !answer[0xFF],
          "client: 127 KB went there and came back through the sections");
}

static int client(void)
{
    char information[40] = "knock";
    ULONG length = sizeof information, largest = 0;
    REMOTE_VIEW remote = {.Length = sizeof remote};
    VIEW view = {.Length = sizeof view};
    HANDLE port = NULL;
    MESSAGE message, reply;

    check(join(&port, NULL, NULL, information, &length, NULL) == STATUS_PORT_CONNECTION_REFUSED,
          "client: the first connection is refused");
    check(join_securely(&port) == STATUS_SERVER_SID_MISMATCH, "client: the server is not the system's");
    strcpy(information, "knock again");
    length = sizeof information;
    if (with_sections)
        new_section(&view);
    check(join(&port, with_sections ? &view : NULL, with_sections ? &remote : NULL, information, &length, &largest) == 0,
          "client: the second one is accepted");
    check(largest == sizeof(MESSAGE) && !strcmp(information, "come in"), "client: it is told the largest message, and more");
    small_messages(port);
    offered_memory(port);
    if (with_sections)
        large_messages(port, &view, &remote);
    CloseHandle(port);

    check(join(&port, NULL, NULL, NULL, NULL, NULL) == 0, "client: a third connection");
    message = new_message(QUIT, 0, 0);
    check(pNtRequestWaitReplyPort(port, &message, &reply) == STATUS_PORT_DISCONNECTED,
          "client: the server hangs up instead of an answer");
    check(pNtRequestPort(port, &message) == STATUS_PORT_DISCONNECTED, "client: nothing goes over a port that is dead");
    return checks_failed;
}

/* ---- the server ---- */

/* Acts for the client as long as it takes to look whether it does. */
static ULONG acts_for_client(HANDLE port, MESSAGE *message)
{
    SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous;
    HANDLE token = NULL;
    DWORD size;

    if (OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token) || pNtImpersonateClientOfPort(port, message))
        return 0;
    if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token) ||
        !GetTokenInformation(token, TokenImpersonationLevel, &level, sizeof level, &size))
        return 0;
    CloseHandle(token);
    return level == SecurityImpersonation && RevertToSelf() &&
           !OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token);
}

static int serve(MESSAGE *message, HANDLE port, VIEW *own, REMOTE_VIEW *theirs)
{
    static char copy[10000];
    SIZE_T done = 0;

    switch (message->what) {
    case ADD:
        message->numbers[2] = message->numbers[0] + message->numbers[1];
        return 1;
    case WHO:
        message->numbers[2] = acts_for_client(port, message);
        return 1;
    case OFFERED:
        message->numbers[2] = pNtReadRequestData(port, message, 0, copy, message->numbers[0], &done) == 0 &&
                              done == sizeof copy && copy[9999] == (char)(9999 % 251);
        message->head.DataInfoOffset = 0;
        return 1;
    case UPPER:
        for (ULONG i = message->numbers[0]; i < message->numbers[0] + message->numbers[1]; i++)
            ((char *)own->ViewBase)[i] = (char)(((char *)theirs->ViewBase)[i] - 'a' + 'A');
        return 1;
    default:
        return 0;
    }
}

static HANDLE accept_client(HANDLE port, void *context, char *answer, VIEW *view, REMOTE_VIEW *remote)
{
    struct {
        HEAD head;
        char information[40];
    } request = {0};
    HANDLE result = NULL;

    check(pNtListenPort(port, &request) == 0 && request.head.Type == LPC_CONNECTION_REQUEST,
          "server: a client wants to connect");
    if (answer) {
        check(!strncmp(request.information, "knock", 5), "server: it says: %s", request.information);
        memset(request.information, 0, sizeof request.information);
        strcpy(request.information, answer);
        request.head.DataLength = (USHORT)(strlen(answer) + 1);
        request.head.TotalLength = (USHORT)(request.head.DataLength + sizeof request.head);
    }
    check(pNtAcceptConnectPort(&result, context, &request, context != NULL, view, remote) == 0, "server: %s it",
          context ? "accepts" : "refuses");
    if (context)
        check(pNtCompleteConnectPort(result) == 0, "server: completes the connection");
    return result;
}

static void serve_until_closed(HANDLE port, HANDLE connection, VIEW *own, REMOTE_VIEW *theirs)
{
    MESSAGE message, stale;
    unsigned served = 0, looked = 0, strange = 0;
    void *context = NULL;
    MESSAGE *reply = NULL;

    while (pNtReplyWaitReceivePort(port, &context, reply, &message) == 0) {
        reply = NULL;
        strange += context != (void *)0x1234;
        if (message.head.Type == LPC_PORT_CLOSED)
            break;
        if (message.head.Type == LPC_DATAGRAM)
            looked += message.what == LOOK && message.numbers[0] == 5;
        else if (serve(&message, connection, own, theirs)) {
            served++;
            stale = *(reply = &message);
        }
    }
    check_equal(served, ROUNDS + 2 + with_sections, "server: it has answered every request");
    check_equal(looked, 1, "server: the datagram arrived");
    check_equal(strange, 0, "server: each message came with the connection's context");
    check_equal(message.head.Type, LPC_PORT_CLOSED, "server: it is told when the client closes its end");
    check(pNtReplyPort(port, &stale) == STATUS_REPLY_MESSAGE_MISMATCH, "server: nobody waits for a second reply");
}

static HANDLE start_client(void)
{
    char path[MAX_PATH], line[MAX_PATH + 40];
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child = {0};

    GetModuleFileNameA(NULL, path, sizeof path);
    snprintf(line, sizeof line, "\"%s\" client %s", path, with_sections ? "" : "short");
    CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child);
    CloseHandle(child.hThread);
    return child.hProcess;
}

static void server(void)
{
    static wchar_t text[] = PORT_NAME;
    UNICODE_STRING name = name_of(text);
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes, .ObjectName = &name};
    REMOTE_VIEW remote = {.Length = sizeof remote};
    VIEW view = {.Length = sizeof view};
    HANDLE port = NULL, second = NULL, child, connection;
    MESSAGE message;
    DWORD code = 1;

    section("Ports");
    check(join(&second, NULL, NULL, NULL, NULL, NULL) == STATUS_OBJECT_NAME_NOT_FOUND, "server: there is no port yet");
    check(pNtCreatePort(&port, &attributes, 40, sizeof(MESSAGE), 0) == 0, "server: it creates one");
    check(pNtCreatePort(&second, &attributes, 40, sizeof(MESSAGE), 0) == STATUS_OBJECT_NAME_COLLISION,
          "server: not a second one of that name");
    child = start_client();
    accept_client(port, NULL, NULL, NULL, NULL);
    if (with_sections)
        new_section(&view);
    connection = accept_client(port, (void *)0x1234, "come in", with_sections ? &view : NULL,
                               with_sections ? &remote : NULL);
    serve_until_closed(port, connection, &view, &remote);
    CloseHandle(connection);
    connection = accept_client(port, (void *)0x5678, NULL, NULL, NULL);
    check(pNtReplyWaitReceivePort(port, NULL, NULL, &message) == 0 && message.what == QUIT, "server: a last request");
    CloseHandle(connection);
    WaitForSingleObject(child, INFINITE);
    check(GetExitCodeProcess(child, &code) && code == 0, "the client's checks have all passed");
    CloseHandle(child);
    CloseHandle(port);
    check(join(&second, NULL, NULL, NULL, NULL, NULL) == STATUS_OBJECT_NAME_NOT_FOUND, "with its handle the port is gone");
}

int main(int argc, char **argv)
{
    FUNCTIONS(FIND)
    with_sections = strcmp(argv[argc - 1], "short") != 0;
    if (argc > 1 && !strcmp(argv[1], "client"))
        return client();
    server();
    return verdict();
}
