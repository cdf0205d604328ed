/* exit.c: atexit tables and the ways a program ends. */
#include "crt.h"
#include "process.h"
#include "sync.h"
#include "text.h"

typedef int (*exit_function)(void);

/* The layout is ucrt's _onexit_table_t, which programs make themselves. */
typedef struct EXIT_TABLE {
    exit_function *First, *Next, *End;
} EXIT_TABLE;

static CRITICAL_SECTION exit_lock = CRITICAL_SECTION_FREE;
static EXIT_TABLE at_exit, at_quick_exit;
static bool32 is_exiting;

static int add(EXIT_TABLE *table, exit_function function) {
    int result = -1;
    RtlEnterCriticalSection(&exit_lock);
    if (table->Next == table->End) {
        usize used = (usize)(table->Next - table->First), room = used ? 2 * used : 32;
        exit_function *grown = realloc(table->First, room * sizeof *grown);
        if (grown)
            *table = (EXIT_TABLE){grown, grown + used, grown + room};
    }
    if (table->Next != table->End) {
        *table->Next++ = function;
        result = 0;
    }
    RtlLeaveCriticalSection(&exit_lock);
    return result;
}

/* Last registered, first called; functions registered meanwhile are called too. */
static void run(EXIT_TABLE *table) {
    for (;;) {
        RtlEnterCriticalSection(&exit_lock);
        exit_function function = table->Next != table->First ? *--table->Next : NULL;
        bool32 is_empty = table->Next == table->First;
        RtlLeaveCriticalSection(&exit_lock);
        if (function)
            function();
        if (is_empty && table->Next == table->First)
            break;
    }
    free(table->First);
    *table = (EXIT_TABLE){NULL, NULL, NULL};
}

int _crt_atexit(exit_function function) { return add(&at_exit, function); }
int _crt_at_quick_exit(exit_function function) { return add(&at_quick_exit, function); }
int atexit(exit_function function) { return add(&at_exit, function); }
exit_function _onexit(exit_function function) { return add(&at_exit, function) ? NULL : function; }

int _initialize_onexit_table(EXIT_TABLE *table) {
    if (!table)
        return -1;
    if (table->First != table->End)
        return 0;
    *table = (EXIT_TABLE){NULL, NULL, NULL};
    return 0;
}
int _register_onexit_function(EXIT_TABLE *table, exit_function function) { return table ? add(table, function) : -1; }
int _execute_onexit_table(EXIT_TABLE *table) {
    if (!table)
        return -1;
    run(table);
    return 0;
}

/* msvcrt's form: the program keeps first and next itself; the room comes from the size of the heap block. */
usize _msize(void *block);
exit_function __dllonexit(exit_function function, exit_function **first, exit_function **next) {
    exit_function result = NULL;
    RtlEnterCriticalSection(&exit_lock);
    usize used = (usize)(*next - *first), room = *first ? _msize(*first) / sizeof *first : 0;
    if (used >= room) {
        exit_function *grown = realloc(*first, (room ? 2 * room : 32) * sizeof *grown);
        if (grown) {
            *first = grown;
            *next = grown + used;
            room = used + 1;
        }
    }
    if (used < room) {
        *(*next)++ = function;
        result = function;
    }
    RtlLeaveCriticalSection(&exit_lock);
    return result;
}

void _cexit(void) {
    if (!is_exiting) {
        is_exiting = TRUE;
        run(&at_exit);
        is_exiting = FALSE;
    }
    crt_flush_streams();
}
void _c_exit(void) {}

NORETURN void _exit(int code) { RtlExitUserProcess((u32)code); }

NORETURN void exit(int code) {
    void crt_thread_exits(void);
    if (!is_exiting) {
        is_exiting = TRUE;
        crt_thread_exits();
        run(&at_exit);
    }
    crt_flush_streams();
    RtlExitUserProcess((u32)code);
}

NORETURN void quick_exit(int code) {
    run(&at_quick_exit);
    RtlExitUserProcess((u32)code);
}

/* Ends the process with code 3, after the handler that the program set for SIGABRT. */
int raise(int number);
NORETURN void abort(void) {
    raise(22);
    RtlExitUserProcess(3);
}

NORETURN void _amsg_exit(int number) {
    (void)number;
    RtlExitUserProcess(255);
}

typedef void (*purecall_function)(void);
static purecall_function purecall_handler;

purecall_function _set_purecall_handler(purecall_function handler) {
    purecall_function old = purecall_handler;
    purecall_handler = handler;
    return old;
}

purecall_function _get_purecall_handler(void) { return purecall_handler; }

/* A call of a pure virtual function. */
int _purecall(void) {
    if (purecall_handler)
        purecall_handler();
    abort();
}
