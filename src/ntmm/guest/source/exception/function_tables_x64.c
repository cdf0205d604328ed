/* function_tables_x64.c: RtlLookupFunctionEntry: which function an address lies in, by the images' .pdata and by the tables
   that programs register for code they make (RtlAddFunctionTable, RtlInstallFunctionTableCallback). */
#if defined(__x86_64__)
#include "heap.h"
#include "image_list.h"
#include "sync.h"
#include "unwind.h"

#define MOST_INDIRECTIONS 8

typedef RUNTIME_FUNCTION *(*function_callback)(u64 pc, void *context);
enum { SORTED, UNSORTED, CALLBACK };

/* DYNAMIC_FUNCTION_TABLE, as debuggers know it */
typedef struct DYNAMIC_TABLE {
    LIST_ENTRY Link;
    RUNTIME_FUNCTION *Functions; /* of a callback: its identifier */
    i64 TimeStamp;
    u64 MinimumAddress, MaximumAddress, BaseAddress;
    function_callback Callback;
    void *Context;
    wchar *OutOfProcessCallbackDll;
    u32 Type, Count;
} DYNAMIC_TABLE;

static LIST_ENTRY tables = {&tables, &tables};
static CRITICAL_SECTION tables_lock = CRITICAL_SECTION_FREE;

u32 extent_of_image(u64 base) {
    const IMAGE_ENTRY *image = find_image(base);
    return image && image->DllBase == base ? image->SizeOfImage : ~0u;
}

static RUNTIME_FUNCTION *search_sorted(RUNTIME_FUNCTION *table, u32 count, u32 at) {
    u32 low = 0, high = count;
    while (low < high) {
        u32 middle = low + (high - low) / 2;
        if (at < table[middle].BeginAddress)
            high = middle;
        else if (at >= table[middle].EndAddress)
            low = middle + 1;
        else
            return &table[middle];
    }
    return NULL;
}

static RUNTIME_FUNCTION *search_unsorted(RUNTIME_FUNCTION *table, u32 count, u32 at) {
    for (u32 index = 0; index < count; index++)
        if (at >= table[index].BeginAddress && at < table[index].EndAddress)
            return &table[index];
    return NULL;
}

static RUNTIME_FUNCTION *follow_indirections(RUNTIME_FUNCTION *found, u64 base, u32 image_size) {
    for (u32 count = 0; found && found->UnwindData & 1; count++) {
        u32 at = found->UnwindData - 1;
        if (count == MOST_INDIRECTIONS || at > image_size - sizeof *found)
            return NULL;
        found = (RUNTIME_FUNCTION *)(base + at);
    }
    return found;
}

static RUNTIME_FUNCTION *search_image(const IMAGE_ENTRY *image, u64 pc) {
    u32 size, at = (u32)(pc - image->DllBase);
    RUNTIME_FUNCTION *table = image_directory(image, DIRECTORY_EXCEPTION, &size);
    return follow_indirections(search_sorted(table, size / sizeof *table, at), image->DllBase, image->SizeOfImage);
}

static RUNTIME_FUNCTION *search_table(const DYNAMIC_TABLE *table, u64 pc) {
    u32 at = (u32)(pc - table->BaseAddress);
    if (table->Type == SORTED)
        return search_sorted(table->Functions, table->Count, at);
    return search_unsorted(table->Functions, table->Count, at);
}

/* A callback is called with the list unlocked. */
static RUNTIME_FUNCTION *search_dynamic(u64 pc, u64 *base) {
    function_callback callback = NULL;
    void *context = NULL;
    RUNTIME_FUNCTION *found = NULL;
    RtlEnterCriticalSection(&tables_lock);
    for (LIST_ENTRY *link = tables.Flink; link != &tables && !found && !callback; link = link->Flink) {
        DYNAMIC_TABLE *table = (DYNAMIC_TABLE *)link;
        if (pc < table->MinimumAddress || pc >= table->MaximumAddress)
            continue;
        *base = table->BaseAddress;
        if (table->Type == CALLBACK) {
            callback = table->Callback;
            context = table->Context;
        } else {
            found = search_table(table, pc);
        }
    }
    RtlLeaveCriticalSection(&tables_lock);
    return callback ? callback(pc, context) : found;
}

RUNTIME_FUNCTION *RtlLookupFunctionEntry(u64 pc, u64 *base, void *history) {
    const IMAGE_ENTRY *image = find_image(pc);
    (void)history; /* a cache, which this search does without */
    *base = image ? image->DllBase : 0;
    if (image)
        return search_image(image, pc);
    return LIKELY(tables.Flink == &tables) ? NULL : search_dynamic(pc, base);
}

static void set_bounds(DYNAMIC_TABLE *table) {
    u32 low = ~0u, high = 0;
    table->Type = SORTED;
    for (u32 index = 0; index < table->Count; index++) {
        const RUNTIME_FUNCTION *function = &table->Functions[index];
        if (index && function->BeginAddress < function[-1].BeginAddress)
            table->Type = UNSORTED;
        low = function->BeginAddress < low ? function->BeginAddress : low;
        high = function->EndAddress > high ? function->EndAddress : high;
    }
    table->MinimumAddress = table->BaseAddress + low;
    table->MaximumAddress = table->BaseAddress + high;
}

static u8 insert(const DYNAMIC_TABLE *filled) {
    DYNAMIC_TABLE *table = process_allocate(sizeof *table);
    if (!table)
        return FALSE;
    *table = *filled;
    RtlEnterCriticalSection(&tables_lock);
    table->Link = (LIST_ENTRY){&tables, tables.Blink};
    tables.Blink->Flink = &table->Link;
    tables.Blink = &table->Link;
    RtlLeaveCriticalSection(&tables_lock);
    return TRUE;
}

u8 RtlAddFunctionTable(RUNTIME_FUNCTION *functions, u32 count, u64 base) {
    DYNAMIC_TABLE table = {.Functions = functions, .BaseAddress = base, .Count = count};
    set_bounds(&table);
    return insert(&table);
}

/* An identifier has its two low bits set, so that it cannot be an address of functions. */
u8 RtlInstallFunctionTableCallback(u64 identifier, u64 base, u32 length, function_callback callback, void *context,
                                   wchar *debugger_dll) {
    DYNAMIC_TABLE table = {.Functions = (void *)identifier, .BaseAddress = base, .MinimumAddress = base,
                           .MaximumAddress = base + length, .Callback = callback, .Context = context,
                           .OutOfProcessCallbackDll = debugger_dll, .Type = CALLBACK};
    return (identifier & 3) == 3 && (i32)length > 0 && insert(&table);
}

u8 RtlDeleteFunctionTable(RUNTIME_FUNCTION *functions) {
    DYNAMIC_TABLE *found = NULL;
    RtlEnterCriticalSection(&tables_lock);
    for (LIST_ENTRY *link = tables.Flink; link != &tables && !found; link = link->Flink)
        if (((DYNAMIC_TABLE *)link)->Functions == functions)
            found = (DYNAMIC_TABLE *)link;
    if (found) {
        found->Link.Flink->Blink = found->Link.Blink;
        found->Link.Blink->Flink = found->Link.Flink;
    }
    RtlLeaveCriticalSection(&tables_lock);
    if (found)
        process_free(found);
    return found != NULL;
}

LIST_ENTRY *RtlGetFunctionTableListHead(void) { return &tables; }
#endif
