/* Shows the performance counters of memory under their PDH names, beside what other functions tell of the same things. */
#include <string.h>
#include <windows.h>
#include <pdh.h>
#include <pdhmsg.h>
#include <psapi.h>

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

int main(void)
{
    counting();
    refusals();
    return verdict();
}
