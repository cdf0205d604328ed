/* Shows C++ exceptions as Microsoft's compilers make them: types, copies, destructors, nesting, casts, translated faults. */
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "check.h"

/* What Microsoft's own library would bring along. */
extern "C" void *const type_info_table[4] __asm__("??_7type_info@@6B@");
void *const type_info_table[4] = {};
extern "C" const int _fltused = 0;
extern "C" __declspec(dllimport) unsigned char __uncaught_exception(void);
class type_info {
public:
    virtual ~type_info();
    const char *raw_name() const { return name; }

private:
    void *undecorated;
    char name[1];
};
typedef void (*translator)(unsigned, EXCEPTION_POINTERS *);
typedef void (*terminator)(void);

void *operator new(size_t size) { return malloc(size); }
static unsigned deletes;
void operator delete(void *block) noexcept
{
    deletes++;
    free(block);
}
void operator delete(void *block, size_t) noexcept { operator delete(block); }

static char events[256]; /* what ran, in order */

static void note(const char *event, int number = -1)
{
    char text[32];

    snprintf(text, sizeof text, number < 0 ? "%s" : "%s%d", event, number);
    if (events[0])
        strcat(events, ", ");
    strcat(events, text);
}

static void check_events(const char *expected, const char *what)
{
    check(strcmp(events, expected) == 0, "%s", what);
    printf("      %s\n", events);
    events[0] = 0;
}

struct Guard {
    int number;
    explicit Guard(int value) : number(value) {}
    ~Guard() { note("~", number); }
};

static volatile int zero;

__attribute__((noinline)) static void throw_int(int value)
{
    if (value >= zero)
        throw value;
}

/* ---- types ---- */

struct Base {
    int base = 1;
    virtual ~Base() {}
};
struct Other {
    int other = 2;
    virtual ~Other() {}
};
struct Derived : Base, Other {
    int derived = 3;
};
struct Left : virtual Base {
    int left = 4;
};
struct Right : virtual Base {
    int right = 5;
};
struct Diamond : Left, Right {
    int diamond = 6;
};
struct Private : private Base {};

template <typename Thrown> __attribute__((noinline)) static void throw_it(const Thrown &value)
{
    if (!zero)
        throw value;
}

template <typename Thrown> static const char *caught_as(const Thrown &value)
{
    try {
        throw_it(value);
    } catch (int) {
        return "int";
    } catch (const char *) {
        return "const char *";
    } catch (Other &other) {
        return other.other == 2 ? "Other" : "wrong Other";
    } catch (Base &base) {
        return base.base == 1 ? "Base" : "wrong Base";
    } catch (const Other *other) {
        return other->other == 2 ? "Other *" : "wrong Other *";
    } catch (const void *) {
        return "void *";
    } catch (...) {
        return "...";
    }
    return "nothing";
}

static void types()
{
    static Derived derived;
    static Private hidden;
    int number = 1;

    section("Which block catches what");
    check(!strcmp(caught_as(5), "int"), "an int");
    check(!strcmp(caught_as(5L), "..."), "a long is not an int");
    check(!strcmp(caught_as(static_cast<char *>(nullptr)), "const char *"), "char * is caught as const char *");
    check(!strcmp(caught_as(derived), "Other"), "an object by its second base, at its place in the object");
    check(!strcmp(caught_as(Diamond()), "Base"), "and by its virtual base");
    check(!strcmp(caught_as(&derived), "Other *"), "a pointer by a base");
    check(!strcmp(caught_as(&number), "void *"), "a pointer as void *");
    check(!strcmp(caught_as(hidden), "..."), "but not by a private base");
    check(!strcmp(caught_as(5.0), "..."), "everything else by (...)");
}

/* ---- the thrown object ---- */

struct Counted {
    int number;
    explicit Counted(int value) : number(value) { note("make", number); }
    Counted(const Counted &from) : number(from.number + 1) { note("copy", number); }
    ~Counted() { note("~", number); }
};

static void objects()
{
    section("The thrown object");
    try {
        throw Counted(1);
    } catch (Counted &caught) {
        note("caught", caught.number);
    }
    check_events("make1, caught1, ~1", "a reference refers to the object itself, which ends with the block");
    try {
        Guard guard(7);
        throw Counted(1);
    } catch (Counted caught) {
        note("caught", caught.number);
    }
    check_events("make1, copy2, ~7, caught2, ~2, ~1", "a block that catches by value gets a copy of it");
    try {
        try {
            throw Counted(1);
        } catch (Counted &) {
            Guard guard(8);
            throw;
        }
    } catch (Counted &caught) {
        note("caught", caught.number);
    }
    check_events("make1, ~8, caught1, ~1", "`throw;` keeps it alive");
    try {
        throw Counted(1);
    } catch (Counted &) {
        try {
            throw;
        } catch (...) {
            note("again");
        }
        note("still");
    }
    check_events("make1, again, still, ~1", "and so does the outer block");
    try {
        try {
            throw Counted(1);
        } catch (Counted &) {
            throw Counted(10);
        }
    } catch (Counted &caught) {
        note("caught", caught.number);
    }
    check_events("make1, make10, ~1, caught10, ~10", "another exception ends the one being handled");
}

/* ---- frames ---- */

__attribute__((noinline)) static void descend(int depth)
{
    Guard guard(depth);
    if (depth == 3)
        throw_int(33);
    if (depth < 4)
        descend(depth + 1);
    note("not reached");
}

static int compare(const void *, const void *)
{
    Guard guard(9);
    throw_int(44);
    return 0;
}

__attribute__((noinline)) static void nested_in_catch()
{
    try {
        throw_int(1);
    } catch (int) {
        Guard guard(1);
        try {
            Guard inner(2);
            throw_int(2);
        } catch (int value) {
            note("caught", value);
            try {
                throw 3L;
            } catch (long) {
                note("long");
            }
            throw 'x';
        }
    }
}

struct Member {
    Guard first, second;
    explicit Member(int value) : first(1), second(2) { throw_int(value); }
};

__attribute__((noinline)) static void make_member() { delete new Member(5); }

static void frames()
{
    int numbers[4] = {4, 3, 2, 1};

    section("Frames on the way");
    try {
        descend(1);
    } catch (int value) {
        note("caught", value);
    }
    check_events("~3, ~2, ~1, caught33", "destructors run from the inside out");
    try {
        qsort(numbers, 4, sizeof numbers[0], compare);
    } catch (int value) {
        note("caught", value);
    }
    check_events("~9, caught44", "an exception passes through qsort");
    try {
        nested_in_catch();
    } catch (char) {
        note("char");
    }
    check_events("~2, caught2, long, ~1, char", "try blocks within catch blocks");
    deletes = 0;
    try {
        make_member();
    } catch (int value) {
        note("caught", value);
    }
    check_events("~2, ~1, caught5", "members of an object whose constructor throws are destroyed");
    check_equal(deletes, 1, "and its memory is freed");
    int sum = 0;
    for (int turn = 0; turn < 1000; turn++) {
        try {
            try {
                throw_int(turn);
            } catch (int value) {
                if (value % 3 == 0)
                    throw 1L;
                sum += 1;
            }
        } catch (long) {
            sum += 1000;
        }
    }
    check_equal(static_cast<unsigned long long>(sum), 334666, "1,000 turns, each third of them with a second exception");
}

struct Asking {
    unsigned char *answer;
    ~Asking() { *answer = __uncaught_exception(); }
};

static void rethrow_elsewhere() { throw; }

static void uncaught()
{
    unsigned char while_unwinding = 2, in_block = 2;

    section("What the run-time knows");
    try {
        Asking asking = {&while_unwinding};
        throw_int(1);
    } catch (int) {
        in_block = __uncaught_exception();
    }
    check_equal(while_unwinding, 1, "uncaught_exception is true while destructors run");
    check_equal(in_block, 0, "and false in the catch block");
    try {
        try {
            throw 5L;
        } catch (...) {
            rethrow_elsewhere();
        }
    } catch (long value) {
        note("long", static_cast<int>(value));
    }
    check_events("long5", "`throw;` in a function that a catch block calls");
}

/* ---- casts ---- */

__attribute__((noinline)) static Other *across(Base *base) { return dynamic_cast<Other *>(base); }
__attribute__((noinline)) static Derived *down(Other *other) { return dynamic_cast<Derived *>(other); }

static void casts()
{
    Derived derived;
    Base base;
    Diamond diamond;
    Left *left = &diamond;

    section("Casts by type");
    check(across(&derived) == static_cast<Other *>(&derived), "to another base of the object");
    check(across(&base) == nullptr, "which this object does not have");
    check(down(&derived) == &derived, "down to the whole object");
    check(dynamic_cast<Right *>(left) == static_cast<Right *>(&diamond), "across a virtual base");
    check(dynamic_cast<void *>(left) == &diamond, "to void *");
    check(!strcmp((typeid(*left)).raw_name(), ".?AUDiamond@@"), "typeid names the object's class");
    try {
        note(dynamic_cast<Derived &>(base).derived ? "cast" : "cast");
    } catch (...) {
        note("bad_cast");
    }
    check_events("bad_cast", "a reference that does not fit throws");
}

/* ---- faults ---- */

__attribute__((noinline)) static void fault() { *reinterpret_cast<volatile int *>(16) = 1; }

struct Translated {
    unsigned code;
};

static void translate(unsigned code, EXCEPTION_POINTERS *) { throw Translated{code}; }

__attribute__((noinline)) static void guarded_fault()
{
    Guard guard(6);
    fault();
}

static int fault_in_try()
{
    __try {
        guarded_fault();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return static_cast<int>(GetExceptionCode());
    }
    return 0;
}

static void faults()
{
    HMODULE library = GetModuleHandleA("msvcrt.dll");
#ifdef _WIN64
    const char *name = "?_set_se_translator@@YAP6AXIPEAU_EXCEPTION_POINTERS@@@ZP6AXI0@Z@Z";
#else
    const char *name = "?_set_se_translator@@YAP6AXIPAU_EXCEPTION_POINTERS@@@ZP6AXI0@Z@Z";
#endif
    FARPROC set = GetProcAddress(library, name);

    section("Faults");
    check_equal(static_cast<unsigned>(fault_in_try()), 0xC0000005, "__except catches a fault");
    check_events("~6", "and destructors on the way run");
    translator old = reinterpret_cast<translator (*)(translator)>(reinterpret_cast<void *>(set))(translate);
    try {
        guarded_fault();
    } catch (Translated &translated) {
        check_equal(translated.code, 0xC0000005, "a translator makes a C++ exception of a fault");
    }
    check_events("~6", "destructors run for it too");
    reinterpret_cast<translator (*)(translator)>(reinterpret_cast<void *>(set))(old);
}

/* ---- ends ---- */

static void say_terminated()
{
    printf("terminated\n");
    fflush(stdout);
    ExitProcess(42);
}

struct Throwing {
    ~Throwing() noexcept(false) { throw_int(2); }
};

static void end(const char *how)
{
    auto set = GetProcAddress(GetModuleHandleA("msvcrt.dll"), "?set_terminate@@YAP6AXXZP6AXXZ@Z");

    if (strcmp(how, "unhandled") == 0)
        throw_int(1);
    reinterpret_cast<terminator (*)(terminator)>(reinterpret_cast<void *>(set))(say_terminated);
    if (strcmp(how, "rethrow") == 0)
        rethrow_elsewhere();
    try {
        Throwing throwing;
        throw_int(1);
    } catch (int) {
        printf("FAIL  still alive\n");
    }
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        end(argv[1]);
        return 1;
    }
    types();
    objects();
    frames();
    uncaught();
    casts();
    faults();
    return verdict();
}
