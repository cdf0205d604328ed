/* Shows C++ exceptions as Clang and GCC make them for Windows, with the standard library: unwinding by their own tables. */
#include <csetjmp>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <windows.h>

#include "check.h"

static std::string events; // what ran, in order

static void note(const std::string &event)
{
    events += events.empty() ? event : ", " + event;
}

static void check_events(const char *expected, const char *what)
{
    check(events == expected, "%s", what);
    printf("      %s\n", events.c_str());
    events.clear();
}

struct Guard {
    std::string name;
    ~Guard() { note("~" + name); }
};

__attribute__((noinline)) static void descend(int depth)
{
    Guard guard{std::to_string(depth)};
    if (depth == 3)
        throw std::runtime_error("deep");
    descend(depth + 1);
}

static int compare(const void *, const void *)
{
    throw 44;
}

static void frames()
{
    int numbers[4] = {4, 3, 2, 1};

    section("Frames on the way");
    try {
        descend(1);
    } catch (const std::exception &caught) {
        note(caught.what());
    }
    check_events("~3, ~2, ~1, deep", "destructors run, and a base class catches");
    try {
        try {
            throw std::out_of_range("far");
        } catch (const std::logic_error &) {
            Guard guard{"inside"};
            throw;
        }
    } catch (const std::out_of_range &caught) {
        note(caught.what());
    }
    check_events("~inside, far", "`throw;` goes on with the same object");
#ifdef _WIN64
    try {
        qsort(numbers, 4, sizeof numbers[0], compare);
    } catch (int value) {
        note(std::to_string(value));
    }
    check_events("44", "an exception passes through qsort");
#else
    (void)numbers; /* on 32 bit system DLLs have none of these tables */
    (void)compare;
#endif
    try {
        note(std::string(1, std::string().at(5)));
    } catch (const std::out_of_range &) {
        note("at");
    }
    check_events("at", "the library throws");
    try {
        volatile size_t all = static_cast<size_t>(-1) / 2;
        delete[] new char[all];
    } catch (const std::bad_alloc &) {
        note("bad_alloc");
    }
    check_events("bad_alloc", "and so does new");
}

static void turns()
{
    int sum = 0;

    section("Many turns");
    for (int turn = 0; turn < 500; turn++) {
        try {
            throw turn;
        } catch (int value) {
            sum += value;
        }
    }
    check_equal(static_cast<unsigned>(sum), 124750, "500 exceptions");
}

static jmp_buf place;

__attribute__((noinline)) static void jump(int depth)
{
    if (depth == 0)
        longjmp(place, 7);
    jump(depth - 1);
}

static void jumps()
{
    volatile int got = 0;

    section("longjmp");
    got = setjmp(place);
    if (!got)
        jump(3);
    check_equal(static_cast<unsigned>(got), 7, "over three frames");
}

[[noreturn]] static void say_terminated()
{
    printf("terminated\n");
    fflush(stdout);
    std::_Exit(42);
}

int main(int argc, char **)
{
    if (argc > 1) {
        std::set_terminate(say_terminated);
        descend(1);
    }
    frames();
    turns();
    jumps();
    return verdict();
}
