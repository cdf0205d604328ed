/* Shows the performance counters of memory under their PDH names, beside what other functions tell of the same things. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>
#include <pdh.h>
#include <pdhmsg.h>
#include <psapi.h>
#include <winperf.h>

#include "check.h"

#define PAGES 500
#define PAGE 4096
#define NOT_HANDLE ((HANDLE)(ULONG_PTR)0x12345)

static HQUERY query;

static HCOUNTER add(const char *path)
{
    HCOUNTER counter = NULL;
    PDH_STATUS status = PdhAddCounterA(query, path, 0, &counter);

    check(status == ERROR_SUCCESS, "%s", path);
    return counter;
}

static LONGLONG large(HCOUNTER counter)
{
    PDH_FMT_COUNTERVALUE value;
    DWORD type;

    return PdhGetFormattedCounterValue(counter, PDH_FMT_LARGE, &type, &value) ? -1 : value.largeValue;
}

static void *touch_pages(void)
{
    volatile char *memory = VirtualAlloc(NULL, PAGES * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    for (unsigned i = 0; i < PAGES; i++)
        memory[i * PAGE] = 1;
    return (void *)memory;
}

static void counting(void)
{
    HCOUNTER available, committed, limit, use, faults, zeros, virtual_bytes, private_bytes, working_set, id, handles;
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    PDH_FMT_COUNTERVALUE value;
    LONGLONG before;
    DWORD type;

    section("Counters");
    check(PdhOpenQueryA(NULL, 0, &query) == ERROR_SUCCESS, "a query");
    available = add("\\Memory\\Available Bytes");
    committed = add("\\Memory\\Committed Bytes");
    limit = add("\\Memory\\Commit Limit");
    use = add("\\memory\\% committed bytes in use");
    faults = add("\\Memory\\Page Faults/sec");
    zeros = add("\\Memory\\Demand Zero Faults/sec");
    virtual_bytes = add("\\Process(counters)\\Virtual Bytes");
    private_bytes = add("\\Process(counters)\\Private Bytes");
    working_set = add("\\Process(_Total)\\Working Set");
    id = add("\\Process(Counters)\\ID Process");
    handles = add("\\Process(counters)\\Handle Count");
    section("A first sample");
    GlobalMemoryStatusEx(&status);
    check(PdhCollectQueryData(query) == ERROR_SUCCESS, "collected");
    check_equal((unsigned long long)large(limit), status.ullTotalPageFile, "the commit limit is GlobalMemoryStatusEx's");
    check(large(available) > 0 && (unsigned long long)large(available) <= status.ullTotalPhys, "some memory is available");
    check_equal((unsigned long long)large(id), GetCurrentProcessId(), "the process's id");
    check(large(handles) >= 0 && large(working_set) > 0, "handles, and the working sets of all processes");
    check(PdhGetFormattedCounterValue(faults, PDH_FMT_DOUBLE, &type, &value) == (PDH_STATUS)PDH_INVALID_DATA,
          "a rate needs two samples");
    check(PdhGetFormattedCounterValue(use, PDH_FMT_DOUBLE, &type, &value) == ERROR_SUCCESS && value.doubleValue > 0
              && value.doubleValue < 100,
          "a part of the commit limit is in use");
    before = large(private_bytes);
    section("After 500 pages");
    touch_pages();
    Sleep(10);
    check(PdhCollectQueryData(query) == ERROR_SUCCESS, "collected again");
    check(large(private_bytes) - before >= PAGES * PAGE, "the process's private bytes grew by them");
    check(large(virtual_bytes) > large(private_bytes) && large(committed) > large(private_bytes), "within the others");
    check(PdhGetFormattedCounterValue(faults, PDH_FMT_DOUBLE, &type, &value) == ERROR_SUCCESS && value.doubleValue > 1000,
          "many page faults a second");
    check(PdhGetFormattedCounterValue(zeros, PDH_FMT_LONG, &type, &value) == ERROR_SUCCESS && value.longValue > 1000,
          "most of them for zeros");
    check_equal(type, PERF_COUNTER_COUNTER, "a rate's type");
}

static void refusals(void)
{
    HCOUNTER counter;
    HQUERY other;

    section("Refusals");
    check(PdhAddCounterA(query, "\\Memory\\Happiness", 0, &counter) == (PDH_STATUS)PDH_CSTATUS_NO_COUNTER, "no counter");
    check(PdhAddCounterA(query, "\\Oven\\Heat", 0, &counter) == (PDH_STATUS)PDH_CSTATUS_NO_OBJECT, "no object");
    check(PdhAddCounterA(query, "\\Process(nobody)\\Private Bytes", 0, &counter) == (PDH_STATUS)PDH_CSTATUS_NO_INSTANCE,
          "no instance");
    check(PdhAddCounterA(query, "nonsense", 0, &counter) == (PDH_STATUS)PDH_CSTATUS_BAD_COUNTERNAME, "no path");
    check(PdhCollectQueryData(NOT_HANDLE) == (PDH_STATUS)PDH_INVALID_HANDLE, "no query");
    check(PdhOpenQueryA(NULL, 0, &other) == ERROR_SUCCESS && PdhCollectQueryData(other) == (PDH_STATUS)PDH_NO_DATA,
          "a query without counters");
    check(PdhCloseQuery(other) == ERROR_SUCCESS && PdhCloseQuery(query) == ERROR_SUCCESS, "closed");
    check(PdhCloseQuery(query) == (PDH_STATUS)PDH_INVALID_HANDLE, "only once");
}

/* The number of a name in the list "Counter 009", which alternates numbers and names; 0 if it is not there. */
static DWORD number_of(const char *names, const char *wanted)
{
    while (*names) {
        const char *name = names + strlen(names) + 1;
        if (!strcmp(name, wanted))
            return (DWORD)atoi(names);
        names = name + strlen(name) + 1;
    }
    return 0;
}

static const PERF_COUNTER_DEFINITION *definition_of(const PERF_OBJECT_TYPE *object, DWORD number)
{
    const PERF_COUNTER_DEFINITION *each = (const void *)((const char *)object + object->HeaderLength);

    for (DWORD i = 0; i < object->NumCounters; i++, each = (const void *)((const char *)each + each->ByteLength))
        if (each->CounterNameTitleIndex == number)
            return each;
    return NULL;
}

/* Of the instance whose name is `wanted`, or of an object without instances. */
static const PERF_COUNTER_BLOCK *values_of(const PERF_OBJECT_TYPE *object, const wchar_t *wanted)
{
    const char *at = (const char *)object + object->DefinitionLength;

    if (object->NumInstances == PERF_NO_INSTANCES)
        return (const void *)at;
    for (LONG i = 0; i < object->NumInstances; i++) {
        const PERF_INSTANCE_DEFINITION *instance = (const void *)at;
        const PERF_COUNTER_BLOCK *values = (const void *)(at + instance->ByteLength);
        if (!wcscmp((const wchar_t *)(at + instance->NameOffset), wanted))
            return values;
        at += instance->ByteLength + values->ByteLength;
    }
    return NULL;
}

static void registry(void)
{
    static char names[8192], buffer[32768];
    DWORD size = sizeof names, type = 0;
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    const PERF_DATA_BLOCK *block = (const void *)buffer;
    const PERF_OBJECT_TYPE *memory, *process;
    const PERF_COUNTER_DEFINITION *counter;
    const PERF_COUNTER_BLOCK *values;

    section("The registry");
    check(!RegQueryValueExA(HKEY_PERFORMANCE_DATA, "Counter 009", NULL, &type, (BYTE *)names, &size) && type == REG_MULTI_SZ,
          "the list of names");
    check(number_of(names, "Memory") == 4 && number_of(names, "Process") == 230, "Memory is 4, Process 230");
    size = 100;
    check(RegQueryValueExA(HKEY_PERFORMANCE_DATA, "Global", NULL, &type, (BYTE *)buffer, &size) == ERROR_MORE_DATA,
          "100 bytes are too few");
    size = sizeof buffer;
    check(!RegQueryValueExA(HKEY_PERFORMANCE_DATA, "4 230", NULL, &type, (BYTE *)buffer, &size) && type == REG_BINARY,
          "both objects");
    check(!wmemcmp(block->Signature, L"PERF", 4) && block->TotalByteLength == size && block->NumObjectTypes == 2,
          "a block of two objects");
    memory = (const void *)(buffer + block->HeaderLength);
    process = (const void *)((const char *)memory + memory->TotalByteLength);
    check((const char *)process + process->TotalByteLength == buffer + size, "with nothing behind them");
    GlobalMemoryStatusEx(&status);
    counter = definition_of(memory, number_of(names, "Commit Limit"));
    values = values_of(memory, NULL);
    check(counter && counter->CounterSize == 8 &&
          *(const ULONGLONG *)((const char *)values + counter->CounterOffset) == status.ullTotalPageFile,
          "the commit limit is that of GlobalMemoryStatusEx");
    counter = definition_of(process, number_of(names, "ID Process"));
    values = values_of(process, L"counters");
    check(counter && values && *(const DWORD *)((const char *)values + counter->CounterOffset) == GetCurrentProcessId(),
          "this process has its id");
    RegCloseKey(HKEY_PERFORMANCE_DATA);
}

int main(void)
{
    counting();
    registry();
    refusals();
    return verdict();
}
