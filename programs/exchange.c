/* Shows messages exchanged through a named section and two events: exchange [produce | consume] [COUNT]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "check.h"

/* Two processes: `ntmm run exchange.exe produce --and exchange.exe consume`, in either order. Without a role two
 * threads of one process exchange the messages through views of their own.
 */
#define COUNT 100000
#define SECTION "Local\\ntmm-exchange"
#define FULL "Local\\ntmm-exchange-full"
#define EMPTY "Local\\ntmm-exchange-empty"
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
static int producer_joined, consumer_joined, last_taken;

/* Whoever comes first makes the section and the events. */
static int join(struct exchange *with)
{
    with->map = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, SIZE, SECTION);
    with->full = CreateEventA(NULL, FALSE, FALSE, FULL);
    with->empty = CreateEventA(NULL, FALSE, TRUE, EMPTY);
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

int main(int argc, char **argv)
{
    const char *role = argc > 1 ? argv[1] : "";
    int has_role = !strcmp(role, "produce") || !strcmp(role, "consume");

    if (argc > 1 + has_role)
        count = (unsigned)atoi(argv[1 + has_role]);
    if (!count) {
        fprintf(stderr, "usage: exchange [produce | consume] [COUNT]\n");
        return 64;
    }
    if (!has_role) {
        both();
    } else if (*role == 'p') {
        produce(NULL);
        report_production();
    } else {
        consume(NULL);
        report_consumption();
    }
    return verdict();
}
