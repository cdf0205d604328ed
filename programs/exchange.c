/* Shows messages exchanged through a named section and two events: exchange [ROLE] [COUNT [SDDL]]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <sddl.h>

#include "check.h"

/* Two processes: `ntmm run exchange.exe produce --and exchange.exe consume`, in either order. Without a role two
 * threads of one process exchange the messages through views of their own. Whoever comes first gives section and events
 * the access list of SDDL, if there is one, so that processes of two users can exchange messages:
 *
 *     ntmm run exchange.exe produce 1000 "D:(A;;GA;;;WD)" --and --user other exchange.exe consume 1000 "D:(A;;GA;;;WD)"
 *
 * `ntmm run exchange.exe guard --and --user other exchange.exe intrude` shows that the other user is refused without it.
 */
#define COUNT 100000
#define SECTION "Local\\ntmm-exchange"
#define FULL "Local\\ntmm-exchange-full"
#define EMPTY "Local\\ntmm-exchange-empty"
#define TRIED "Local\\ntmm-exchange-tried"
#define SIZE 0x1000
#define PATIENCE 60000

struct message {
    volatile unsigned number;
    volatile unsigned length;
    volatile unsigned char bytes[56];
};

struct exchange {
    HANDLE map, full, empty;
    struct message *message;
};

static unsigned count = COUNT;
static unsigned produced, consumed;
static SECURITY_ATTRIBUTES security = {sizeof security, NULL, FALSE};
static int producer_joined, consumer_joined, last_taken;

/* Whoever comes first makes the section and the events. */
static int join(struct exchange *with)
{
    with->map = CreateFileMappingA(INVALID_HANDLE_VALUE, &security, PAGE_READWRITE, 0, SIZE, SECTION);
    with->full = CreateEventA(&security, FALSE, FALSE, FULL);
    with->empty = CreateEventA(&security, FALSE, TRUE, EMPTY);
    with->message = with->map ? MapViewOfFile(with->map, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0) : NULL;
    return with->message && with->full && with->empty;
}

static void leave(struct exchange *with)
{
    UnmapViewOfFile(with->message);
    CloseHandle(with->map);
    CloseHandle(with->full);
    CloseHandle(with->empty);
}

static unsigned length_of(unsigned number)
{
    return 1 + number * 13 % 56;
}

static unsigned char byte_of(unsigned number, unsigned at)
{
    return (unsigned char)(number * 31 + at * 7 + (number >> 8));
}

static DWORD WINAPI produce(void *unused)
{
    struct exchange with;

    (void)unused;
    if (!(producer_joined = join(&with)))
        return 1;
    while (produced < count && WaitForSingleObject(with.empty, PATIENCE) == WAIT_OBJECT_0) {
        unsigned number = produced + 1;

        with.message->number = number;
        with.message->length = length_of(number);
        for (unsigned at = 0; at < length_of(number); at++)
            with.message->bytes[at] = byte_of(number, at);
        SetEvent(with.full);
        produced = number;
    }
    last_taken = WaitForSingleObject(with.empty, PATIENCE) == WAIT_OBJECT_0;
    leave(&with);
    return 0;
}

static void report_production(void)
{
    check(producer_joined, "the producer has the section and the events");
    check_equal(produced, count, "%u messages were produced", count);
    check(last_taken, "the last one was taken");
}

static int is_right(const struct message *message, unsigned number)
{
    if (message->number != number || message->length != length_of(number))
        return 0;
    for (unsigned at = 0; at < message->length; at++)
        if (message->bytes[at] != byte_of(number, at))
            return 0;
    return 1;
}

static DWORD WINAPI consume(void *unused)
{
    struct exchange with;

    (void)unused;
    if (!(consumer_joined = join(&with)))
        return 1;
    for (unsigned number = 1; number <= count; number++) {
        if (WaitForSingleObject(with.full, PATIENCE) != WAIT_OBJECT_0)
            break;
        consumed += is_right(with.message, number);
        SetEvent(with.empty);
    }
    leave(&with);
    return 0;
}

static void report_consumption(void)
{
    check(consumer_joined, "the consumer has the section and the events");
    check_equal(consumed, count, "%u messages were consumed in order, each as it was sent", count);
}

static void both(void)
{
    HANDLE threads[2];

    threads[0] = CreateThread(NULL, 0, produce, NULL, 0, NULL);
    threads[1] = CreateThread(NULL, 0, consume, NULL, 0, NULL);
    check(WaitForMultipleObjects(2, threads, TRUE, INFINITE) == WAIT_OBJECT_0, "both threads have ended");
    report_production();
    report_consumption();
    CloseHandle(threads[0]);
    CloseHandle(threads[1]);
    check(OpenFileMappingA(FILE_MAP_READ, FALSE, SECTION) == NULL && GetLastError() == ERROR_FILE_NOT_FOUND,
          "the name is gone");
}

/* The section and the events are there until the other process has tried to open them. */
static void guard(void)
{
    SECURITY_ATTRIBUTES open_to_all = {sizeof open_to_all, NULL, FALSE};
    struct exchange with;
    HANDLE tried;

    check(join(&with), "the guard has the section and the events");
    ConvertStringSecurityDescriptorToSecurityDescriptorA("D:(A;;GA;;;WD)", SDDL_REVISION_1,
                                                         &open_to_all.lpSecurityDescriptor, NULL);
    tried = CreateEventA(&open_to_all, TRUE, FALSE, TRIED);
    LocalFree(open_to_all.lpSecurityDescriptor);
    check(WaitForSingleObject(tried, PATIENCE) == WAIT_OBJECT_0, "somebody has tried to open them");
    CloseHandle(tried);
    leave(&with);
}

static int is_refused(HANDLE handle)
{
    if (!handle)
        return GetLastError() == ERROR_ACCESS_DENIED;
    CloseHandle(handle);
    return 0;
}

static void intrude(void)
{
    HANDLE tried = NULL;

    for (int tries = 0; !tried && tries < PATIENCE; tries += 10) {
        tried = OpenEventA(EVENT_MODIFY_STATE, FALSE, TRIED);
        if (!tried && GetLastError() != ERROR_FILE_NOT_FOUND)
            break;
        Sleep(10);
    }
    check(tried != NULL, "the event that is open to all opens");
    check(is_refused(OpenFileMappingA(FILE_MAP_READ, FALSE, SECTION)), "reading the section: ERROR_ACCESS_DENIED");
    check(is_refused(OpenFileMappingA(FILE_MAP_WRITE, FALSE, SECTION)), "writing it: ERROR_ACCESS_DENIED");
    check(is_refused(OpenFileMappingA(READ_CONTROL, FALSE, SECTION)), "who may: ERROR_ACCESS_DENIED");
    check(is_refused(CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, SIZE, SECTION)),
          "creating it again: ERROR_ACCESS_DENIED");
    check(is_refused(OpenEventA(SYNCHRONIZE, FALSE, FULL)), "waiting for an event: ERROR_ACCESS_DENIED");
    check(is_refused(OpenEventA(EVENT_MODIFY_STATE, FALSE, EMPTY)), "setting an event: ERROR_ACCESS_DENIED");
    SetEvent(tried);
    CloseHandle(tried);
}

static int is_role(const char *word)
{
    return !strcmp(word, "produce") || !strcmp(word, "consume") || !strcmp(word, "guard") || !strcmp(word, "intrude");
}

int main(int argc, char **argv)
{
    const char *role = argc > 1 ? argv[1] : "";
    int has_role = is_role(role), is_descriptor = 1;

    if (argc > 1 + has_role)
        count = (unsigned)atoi(argv[1 + has_role]);
    if (argc > 2 + has_role)
        is_descriptor = ConvertStringSecurityDescriptorToSecurityDescriptorA(argv[2 + has_role], SDDL_REVISION_1,
                                                                             &security.lpSecurityDescriptor, NULL);
    if (!count || !is_descriptor) {
        fprintf(stderr, "usage: exchange [produce | consume | guard | intrude] [COUNT [SDDL]]\n");
        return 64;
    }
    if (!has_role) {
        both();
    } else if (*role == 'g') {
        guard();
    } else if (*role == 'i') {
        intrude();
    } else if (*role == 'p') {
        produce(NULL);
        report_production();
    } else {
        consume(NULL);
        report_consumption();
    }
    return verdict();
}
