/* Shows which exception handlers 32-bit Windows refuses: with an argument the program dies of one that is not allowed. */
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "check.h"

#ifndef __i386__
#error "chains of handlers exist on x86 only"
#endif

typedef struct REGISTRATION {
    struct REGISTRATION *next;
    void *handler;
} REGISTRATION;

static volatile LONG listed_calls;

__attribute__((used)) EXCEPTION_DISPOSITION __cdecl listed_handler(EXCEPTION_RECORD *, void *, CONTEXT *, void *);
__attribute__((used)) EXCEPTION_DISPOSITION __cdecl unlisted_handler(EXCEPTION_RECORD *, void *, CONTEXT *, void *);

EXCEPTION_DISPOSITION __cdecl listed_handler(EXCEPTION_RECORD *record, void *frame, CONTEXT *context, void *dispatcher)
{
    (void)frame;
    (void)context;
    (void)dispatcher;
    listed_calls++;
    return record->ExceptionCode == 0xE0001234 ? ExceptionContinueExecution : ExceptionContinueSearch;
}

EXCEPTION_DISPOSITION __cdecl unlisted_handler(EXCEPTION_RECORD *record, void *frame, CONTEXT *context, void *dispatcher)
{
    (void)record;
    (void)frame;
    (void)context;
    (void)dispatcher;
    printf("FAIL  a handler that is not listed was called\n");
    fflush(stdout);
    return ExceptionContinueExecution;
}

/* The frame handler of functions with __try as newer compilers make them: it checks that cookies in the frame are whole. */

DWORD security_cookie = 0x5EC0041E;

static void __fastcall check_cookie(DWORD cookie)
{
    if (cookie != security_cookie)
        TerminateProcess(GetCurrentProcess(), 0xC0000409);
}

typedef EXCEPTION_DISPOSITION(__cdecl *common_handler)(DWORD *, void *, EXCEPTION_RECORD *, void *, CONTEXT *, void *);
static common_handler except_handler4_common;

__attribute__((used)) EXCEPTION_DISPOSITION __cdecl cookie_handler(EXCEPTION_RECORD *, void *, CONTEXT *, void *);
EXCEPTION_DISPOSITION __cdecl cookie_handler(EXCEPTION_RECORD *record, void *frame, CONTEXT *context, void *dispatcher)
{
    return except_handler4_common(&security_cookie, check_cookie, record, frame, context, dispatcher);
}

DWORD finally_ran;

/* int guarded_call(function): __try { __try { function(); } __finally { finally_ran++; } } __except (1) { return 1; } */
__asm__(".section .rdata, \"dr\"\n.p2align 2\nguarded_scopes:\n.long -28, 0, -32, 0\n"
        ".long -2, guarded_filter, guarded_handler\n.long 0, 0, guarded_finally\n.text\n"
        ".globl _guarded_call\n_guarded_call:\n"
        "pushl %ebp\nmovl %esp, %ebp\npushl $-2\npushl $guarded_scopes\npushl $_cookie_handler\npushl %fs:0\n"
        "subl $0x14, %esp\nmovl _security_cookie, %eax\nxorl %eax, -8(%ebp)\nxorl %ebp, %eax\n"
        "movl %eax, -28(%ebp)\nmovl %eax, -32(%ebp)\npushl %ebx\npushl %esi\npushl %edi\n"
        "leal -16(%ebp), %eax\nmovl %eax, %fs:0\nmovl %esp, -24(%ebp)\nmovl $1, -4(%ebp)\n"
        "leal -28(%ebp), %eax\npushl %eax\ncall *8(%ebp)\naddl $4, %esp\nmovl $-2, -4(%ebp)\nxorl %eax, %eax\n"
        "1:\nmovl -16(%ebp), %ecx\nmovl %ecx, %fs:0\npopl %edi\npopl %esi\npopl %ebx\nmovl %ebp, %esp\npopl %ebp\nret\n"
        "guarded_filter:\nmovl $1, %eax\nret\n"
        "guarded_finally:\nincl _finally_ran\nret\n"
        "guarded_handler:\nmovl -24(%ebp), %esp\nmovl $-2, -4(%ebp)\nmovl $1, %eax\njmp 1b\n");
int guarded_call(void (*function)(DWORD *cookie));

static void raise_only(DWORD *cookie)
{
    (void)cookie;
    RaiseException(0xE0001234, EXCEPTION_NONCONTINUABLE, 0, NULL);
}

static void return_only(DWORD *cookie)
{
    (void)cookie;
}

static void overwrite_cookie(DWORD *cookie)
{
    *cookie += 1;
    raise_only(cookie);
}

/* The image's table of handlers, as linkers make it with /SAFESEH: two entries in ascending order. */
__asm__(".section .rdata, \"dr\"\n.p2align 2\n.globl _safe_handlers\n_safe_handlers:\n"
        ".rva _listed_handler, _cookie_handler\n.text\n");
extern const DWORD safe_handlers[];

const IMAGE_LOAD_CONFIG_DIRECTORY32 _load_config_used = {
    .Size = 0x48,
    .SEHandlerTable = (DWORD)safe_handlers,
    .SEHandlerCount = 2,
};

/* The innermost registration, as the thread's first word */
static REGISTRATION *top(void)
{
    return (REGISTRATION *)__readfsdword(0);
}

static void raise_below(REGISTRATION *registration)
{
    REGISTRATION *old = top();

    __writefsdword(0, (DWORD)registration);
    RaiseException(0xE0001234, 0, 0, NULL);
    __writefsdword(0, (DWORD)old);
}

static void raise_with(void *handler)
{
    REGISTRATION registration = {top(), handler};

    raise_below(&registration);
}

/* mov eax, 0; ret: a handler that answers ExceptionContinueExecution */
static void *make_handler(DWORD protection)
{
    static const unsigned char code[] = {0xB8, 0, 0, 0, 0, 0xC3};
    void *made = VirtualAlloc(NULL, 0x1000, MEM_RESERVE | MEM_COMMIT, protection);

    memcpy(made, code, sizeof code);
    return made;
}

typedef LONG(NTAPI *set_information)(HANDLE, ULONG, void *, ULONG);

static LONG set_execute_options(ULONG options)
{
    void *function = (void *)GetProcAddress(GetModuleHandleA("ntdll.dll"), "NtSetInformationProcess");

    return ((set_information)function)(GetCurrentProcess(), 34, &options, sizeof options);
}

static void allowed(void)
{
    section("Handlers that are called");
    raise_with(listed_handler);
    check_equal((unsigned)listed_calls, 1, "one that the image lists");
    check(guarded_call(return_only) == 0 && finally_ran == 0, "_except_handler4's frame, without an exception");
    check(guarded_call(raise_only) == 1 && finally_ran == 1, "and with one");
    check_equal((unsigned)set_execute_options(0x20), 0, "with handlers outside of images allowed");
    raise_with(make_handler(PAGE_EXECUTE_READWRITE));
    check(1, "one in executable memory");
    check_equal((unsigned)set_execute_options(0x30), 0, "with handlers in all memory allowed");
    check_equal((unsigned)set_execute_options(0x40), 0xC000000D, "an unknown option is refused");
    check_equal((unsigned)set_execute_options(0x08 | 0x01), 0, "options can be made permanent");
    check_equal((unsigned)set_execute_options(0x20), 0xC0000022, "and are");
}

static void on_stack(void)
{
    char code[16] = {(char)0xB8, 0, 0, 0, 0, (char)0xC3};

    raise_with(code);
}

static void chain_is_cycle(void)
{
    REGISTRATION registration = {NULL, NULL};

    registration.next = &registration;
    registration.handler = (void *)GetProcAddress(LoadLibraryA("msvcrt.dll"), "_except_handler3");
    raise_below(&registration);
}

static void wrong(const char *how)
{
    unsigned char block[64] __attribute__((aligned(4))) = {0};

    if (strcmp(how, "unlisted") == 0)
        raise_with(unlisted_handler);
    else if (strcmp(how, "cookie") == 0)
        guarded_call(overwrite_cookie);
    else if (strcmp(how, "stack") == 0)
        on_stack();
    else if (strcmp(how, "heap") == 0)
        raise_with(make_handler(PAGE_READWRITE));
    else if (strcmp(how, "executable") == 0)
        raise_with(make_handler(PAGE_EXECUTE_READWRITE));
    else if (strcmp(how, "static") == 0)
        raise_below(memset(malloc(8), 0, 8));
    else if (strcmp(how, "unaligned") == 0)
        raise_below((REGISTRATION *)(block + 1));
    else if (strcmp(how, "null") == 0)
        raise_below(NULL);
    else
        chain_is_cycle();
    printf("FAIL  still alive\n");
}

int main(int argc, char **argv)
{
    except_handler4_common = (common_handler)(void *)GetProcAddress(LoadLibraryA("msvcrt.dll"), "_except_handler4_common");
    if (argc > 1) {
        wrong(argv[1]);
        return 1;
    }
    allowed();
    return verdict();
}
