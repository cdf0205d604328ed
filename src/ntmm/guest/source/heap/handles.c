/* handles.c: the table of movable memory objects.

   A handle points half a unit into an entry of the table, so it never looks like a block. */
#include "handles.h"

#define HANDLE_LIMIT 0xFFFFu
#define TABLE_ENTRIES 255

typedef struct TABLE {
    struct TABLE *Next;
    uptr Padding;
    MEMORY_OBJECT Entries[TABLE_ENTRIES];
} TABLE;

_Static_assert(sizeof(MEMORY_OBJECT) == sizeof(HEAP_ENTRY), "handles are told from blocks by their low bits");
_Static_assert(offsetof(MEMORY_OBJECT, Block) == sizeof(HEAP_ENTRY) / 2, "handles are told from blocks by their low bits");

static CRITICAL_SECTION table_lock = CRITICAL_SECTION_FREE;
static TABLE *tables;
static MEMORY_OBJECT *first_free;
static u32 handles;

static void make_table(void) {
    TABLE *table = process_allocate(sizeof(TABLE));
    if (!table)
        return;
    table->Next = tables;
    tables = table;
    for (u32 index = TABLE_ENTRIES; index--;) {
        table->Entries[index] = (MEMORY_OBJECT){0, 0, first_free};
        first_free = &table->Entries[index];
    }
}

/* A new object without a block, or NULL: there is no memory, or there are 65535 handles. */
MEMORY_OBJECT *take_object(u16 flags) {
    MEMORY_OBJECT *object = NULL;
    RtlEnterCriticalSection(&table_lock);
    if (!first_free)
        make_table();
    if (first_free && handles < HANDLE_LIMIT) {
        object = first_free;
        first_free = object->Block;
        *object = (MEMORY_OBJECT){OBJECT_USED | flags, 0, NULL};
        handles++;
    }
    RtlLeaveCriticalSection(&table_lock);
    return object;
}

void give_back_object(MEMORY_OBJECT *object) {
    RtlEnterCriticalSection(&table_lock);
    *object = (MEMORY_OBJECT){0, 0, first_free};
    first_free = object;
    handles--;
    RtlLeaveCriticalSection(&table_lock);
}

bool32 is_handle(const void *memory) { return (uptr)memory % UNIT == UNIT / 2; }

handle handle_of(MEMORY_OBJECT *object) { return &object->Block; }

MEMORY_OBJECT *object_of(const void *memory) {
    MEMORY_OBJECT *object = (MEMORY_OBJECT *)((u8 *)memory - offsetof(MEMORY_OBJECT, Block));
    for (TABLE *table = is_handle(memory) ? tables : NULL; table; table = table->Next)
        if (object >= table->Entries && object < table->Entries + TABLE_ENTRIES)
            return object->Flags & OBJECT_USED ? object : NULL;
    return NULL;
}

/* The handle of the movable object whose block it is, or NULL. */
void *handle_of_block(const void *block) {
    for (TABLE *table = tables; table; table = table->Next)
        for (u32 index = 0; index < TABLE_ENTRIES; index++)
            if (table->Entries[index].Flags & OBJECT_USED && table->Entries[index].Block == block)
                return handle_of(&table->Entries[index]);
    return NULL;
}
