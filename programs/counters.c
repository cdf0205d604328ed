/* Shows the performance counters of memory under their PDH names, beside what other functions tell of the same things. */
#define PSAPI_VERSION 1
#include <string.h>
#include <windows.h>
#include <pdh.h>
#include <pdhmsg.h>
#include <psapi.h>
#include <stdlib.h>
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

/* ---- the same through the registry ---- */

static union {
    PERF_DATA_BLOCK block;
    char bytes[16384];
} data;
static char names[8192];

/* The name of an object or counter, found by its number as a program has to. */
static const char *name_of(DWORD number)
{
    const char *at = names;

    while (*at) {
        const char *name = at + strlen(at) + 1;

        if ((DWORD)atoi(at) == number)
            return name;
        at = name + strlen(name) + 1;
    }
    return "";
}

static PERF_COUNTER_DEFINITION *definition(PERF_OBJECT_TYPE *object, const char *name)
{
    char *at = (char *)object + object->HeaderLength;

    for (DWORD i = 0; i < object->NumCounters; i++, at += ((PERF_COUNTER_DEFINITION *)(void *)at)->ByteLength)
        if (!strcmp(name_of(((PERF_COUNTER_DEFINITION *)(void *)at)->CounterNameTitleIndex), name))
            return (PERF_COUNTER_DEFINITION *)(void *)at;
    return NULL;
}

static ULONGLONG value_of(PERF_OBJECT_TYPE *object, const char *name, DWORD type, DWORD size)
{
    PERF_COUNTER_DEFINITION *found = definition(object, name);
    char *values = (char *)object + object->DefinitionLength;
    ULONGLONG value = 0;

    check(found && found->CounterType == type && found->CounterSize == size, "%s: its type and size", name);
    if (found)
        memcpy(&value, values + found->CounterOffset, size);
    return value;
}

static void registry(void)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    PERFORMANCE_INFORMATION figures;
    DWORD size = sizeof names, type = 0;
    PERF_OBJECT_TYPE *object = NULL;
    LARGE_INTEGER frequency;

    section("Through the registry");
    check(RegQueryValueExA(HKEY_PERFORMANCE_DATA, "Counter 009", NULL, &type, (BYTE *)names, &size) == ERROR_SUCCESS
              && type == REG_MULTI_SZ, "the names of the counters");
    size = 100;
    check(RegQueryValueExA(HKEY_PERFORMANCE_DATA, "4", NULL, NULL, (BYTE *)data.bytes, &size) == ERROR_MORE_DATA, "a small buffer");
    size = sizeof data;
    check(RegQueryValueExA(HKEY_PERFORMANCE_DATA, "4", NULL, &type, (BYTE *)data.bytes, &size) == ERROR_SUCCESS
              && type == REG_BINARY, "the object 4");
    check(!memcmp(data.block.Signature, L"PERF", 8) && data.block.TotalByteLength == size, "a block of that length");
    check_equal(data.block.NumObjectTypes, 1, "with one object");
    QueryPerformanceFrequency(&frequency);
    check_equal(data.block.PerfFreq.QuadPart, frequency.QuadPart, "and the frequency of its times");
    object = (PERF_OBJECT_TYPE *)(void *)(data.bytes + data.block.HeaderLength);
    check(object->ObjectNameTitleIndex == 4 && !strcmp(name_of(4), "Memory"), "which is Memory");
    check_equal(object->TotalByteLength + data.block.HeaderLength, size, "and fills the block");
    check(object->NumInstances == PERF_NO_INSTANCES, "without instances");
    GlobalMemoryStatusEx(&status);
    GetPerformanceInfo(&figures, sizeof figures);
    check_equal(value_of(object, "Commit Limit", PERF_COUNTER_LARGE_RAWCOUNT, 8), status.ullTotalPageFile, "it is so large");
    check_equal(value_of(object, "Committed Bytes", PERF_COUNTER_LARGE_RAWCOUNT, 8) / PAGE, figures.CommitTotal, "so much");
    check(value_of(object, "Page Faults/sec", PERF_COUNTER_COUNTER, 4) > PAGES, "so many");
    check_equal(value_of(object, "% Committed Bytes In Use", PERF_RAW_FRACTION, 4), figures.CommitTotal, "this part");
    check_equal(definition(object, "% Committed Bytes In Use")[1].CounterType, PERF_RAW_BASE, "with its base behind it");
    size = sizeof data;
    check(RegQueryValueExA(HKEY_PERFORMANCE_DATA, "77", NULL, NULL, (BYTE *)data.bytes, &size) == ERROR_SUCCESS
              && data.block.NumObjectTypes == 0, "an object that is not there");
    size = sizeof data;
    check(RegQueryValueExA(HKEY_PERFORMANCE_DATA, "Global", NULL, NULL, (BYTE *)data.bytes, &size) == ERROR_SUCCESS
              && data.block.NumObjectTypes == 1, "all objects there are");
    check(RegQueryValueExA(HKEY_PERFORMANCE_DATA, "Nonsense", NULL, NULL, (BYTE *)data.bytes, &size) == ERROR_FILE_NOT_FOUND,
          "no value");
    check(RegCloseKey(HKEY_PERFORMANCE_DATA) == ERROR_SUCCESS, "closed");
}

int main(void)
{
    counting();
    refusals();
    registry();
    return verdict();
}
