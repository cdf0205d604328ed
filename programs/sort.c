/* Shows sorting by a binary search tree in two heaps, exceptions as flow of control: `sort [-n] [-m BYTES] FILE...`. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define NODE_HEAP_SIZE 0x8000
#define DATA_HEAP_SIZE 0x8000
#define CHUNK 0x4000
#define KEY_SIZE 8
#define MOST_HEAPS 64

/* The key is the line's first bytes, so that most comparisons need not touch the data heap. */
typedef struct NODE {
    struct NODE *left, *right;
    char key[KEY_SIZE];
    char *line;
} NODE;

typedef struct {
    HANDLE file, nodes, data;
    NODE *root;
    unsigned long lines;
    char *chunk;
    DWORD used, filled;
} SORT;

static int is_quiet;
static SIZE_T maximum_size;

/* ---- trying ---- */

#ifdef _X86_

/* 1 if the work was done, 0 if an exception ended it, whose code is then in `code`. */
static int attempt(void (*work)(SORT *), SORT *sort, DWORD *code)
{
    __try {
        work(sort);
        return 1;
    } __except (*code = GetExceptionCode(), EXCEPTION_EXECUTE_HANDLER) {
        return 0;
    }
}

#else

/* The compiler has no `__try` for this machine: a vectored handler jumps back instead. */
static jmp_buf back;
static volatile int is_trying;
static volatile DWORD caught;

static LONG CALLBACK jump_back(EXCEPTION_POINTERS *pointers)
{
    if (!is_trying)
        return EXCEPTION_CONTINUE_SEARCH;
    is_trying = 0;
    caught = pointers->ExceptionRecord->ExceptionCode;
    longjmp(back, 1);
}

__attribute__((noinline))
static int attempt(void (*work)(SORT *), SORT *sort, DWORD *code)
{
    void *handler = AddVectoredExceptionHandler(1, jump_back);
    volatile int done = 0;

    if (_setjmp(back, NULL) == 0) { /* without a frame nothing is unwound */
        is_trying = 1;
        work(sort);
        is_trying = 0;
        done = 1;
    }
    RemoveVectoredExceptionHandler(handler);
    *code = caught;
    return done;
}

#endif

/* ---- the tree ---- */

static int compare(const char *key, const char *line, const NODE *node)
{
    int order = memcmp(key, node->key, KEY_SIZE);

    return order ? order : strcmp(line, node->line);
}

static void insert(SORT *sort, char *line, size_t length)
{
    NODE *node = HeapAlloc(sort->nodes, HEAP_ZERO_MEMORY, sizeof *node), **place = &sort->root;

    memcpy(node->key, line, length < KEY_SIZE ? length : KEY_SIZE);
    node->line = line;
    while (*place)
        place = compare(node->key, line, *place) < 0 ? &(*place)->left : &(*place)->right;
    *place = node;
    sort->lines++;
}

static void scan(const NODE *node)
{
    for (; node; node = node->right) {
        scan(node->left);
        puts(node->line);
    }
}

/* ---- the file ---- */

/* The next byte, or -1 at the end. */
static int next_byte(SORT *sort)
{
    if (sort->used == sort->filled) {
        sort->used = 0;
        if (!ReadFile(sort->file, sort->chunk, CHUNK, &sort->filled, NULL))
            RaiseException(0xE0000001, EXCEPTION_NONCONTINUABLE, 0, NULL);
        if (!sort->filled)
            return -1;
    }
    return (unsigned char)sort->chunk[sort->used++];
}

/* A line grows in the data heap while it is read; NULL at the end of the file. */
static char *next_line(SORT *sort, size_t *length)
{
    size_t room = 32;
    char *line = HeapAlloc(sort->data, 0, room);
    int byte;

    *length = 0;
    while ((byte = next_byte(sort)) >= 0 && byte != '\n') {
        if (byte == '\r')
            continue;
        line[(*length)++] = (char)byte;
        if (*length == room)
            line = HeapReAlloc(sort->data, 0, line, room *= 2);
    }
    line[*length] = 0;
    if (byte >= 0 || *length)
        return HeapReAlloc(sort->data, 0, line, *length + 1);
    HeapFree(sort->data, 0, line);
    return NULL;
}

static void fill_tree(SORT *sort)
{
    size_t length;
    char *line;

    while ((line = next_line(sort, &length)))
        insert(sort, line, length);
}

static void sort_file(SORT *sort)
{
    sort->nodes = HeapCreate(HEAP_GENERATE_EXCEPTIONS | HEAP_NO_SERIALIZE, NODE_HEAP_SIZE, maximum_size);
    sort->data = HeapCreate(HEAP_GENERATE_EXCEPTIONS | HEAP_NO_SERIALIZE, DATA_HEAP_SIZE, maximum_size);
    sort->chunk = HeapAlloc(sort->data, 0, CHUNK);
    fill_tree(sort);
    if (!is_quiet)
        scan(sort->root);
}

/* ---- the end of a file ---- */

/* How many heaps the process has, or 0 if one of them is damaged. */
static unsigned valid_heaps(void)
{
    HANDLE heaps[MOST_HEAPS];
    DWORD count = GetProcessHeaps(MOST_HEAPS, heaps);

    for (DWORD i = 0; i < count; i++)
        if (!HeapValidate(heaps[i], 0, NULL))
            return 0;
    return count;
}

static void tidy(SORT *sort)
{
    if (sort->nodes)
        HeapDestroy(sort->nodes);
    if (sort->data)
        HeapDestroy(sort->data);
    CloseHandle(sort->file);
}

static int sort_one(const char *name)
{
    unsigned before = valid_heaps(), during, after;
    SORT sort = {.file = CreateFileA(name, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL)};
    DWORD code = 0;
    int done;

    if (sort.file == INVALID_HANDLE_VALUE) {
        fprintf(stderr, "sort: cannot open %s: error %lu\n", name, GetLastError());
        return 1;
    }
    done = attempt(sort_file, &sort, &code);
    if (!done)
        fprintf(stderr, "sort: exception 0x%08lX after %lu lines of %s\n", code, sort.lines, name);
    during = valid_heaps();
    tidy(&sort);
    after = valid_heaps();
    fprintf(stderr, "sort: %lu lines; heaps, all valid: %u before, %u with both, %u after\n", sort.lines, before, during,
            after);
    if (!before || !during || after != before)
        return 3;
    return done ? 0 : 2;
}

/* An exception needs stack; when memory has ended the stack cannot grow, so it grows first. */
__attribute__((noinline))
static char grow_stack(void)
{
    volatile char frame[32 * 1024];

    for (unsigned i = 0; i < sizeof frame; i += 4096)
        frame[i] = 1;
    return frame[0];
}

int main(int count, char **words)
{
    int result = grow_stack() - 1;

    for (int i = 1; i < count; i++) {
        if (!strcmp(words[i], "-n")) {
            is_quiet = 1;
        } else if (!strcmp(words[i], "-m") && i + 1 < count) {
            maximum_size = strtoul(words[++i], NULL, 0);
        } else {
            int one = sort_one(words[i]);

            result = one > result ? one : result;
        }
    }
    return result;
}
