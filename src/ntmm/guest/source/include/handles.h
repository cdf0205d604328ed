/* handles.h: the table of movable memory objects (LocalAlloc, GlobalAlloc). */
#pragma once
#include "heap.h"

/* An entry, as kernel32 lays it out (RTL_HANDLE_TABLE_ENTRY). A handle is the address of its Block. */
typedef struct MEMORY_OBJECT {
    u16 Flags;
    u16 Locks;
    void *Block; /* NULL: discarded; of an entry that is not in use: the next such entry */
} MEMORY_OBJECT;

#define OBJECT_USED 0x01
#define OBJECT_MOVEABLE 0x02
#define OBJECT_DISCARDABLE 0x04
#define OBJECT_DISCARDED 0x08
#define OBJECT_SHARED 0x8000
#define LOCK_LIMIT 0xFF

MEMORY_OBJECT *take_object(u16 flags);
void give_back_object(MEMORY_OBJECT *object);
/* Whether it looks like a handle rather than a block; and the object of one that is in use, or NULL. */
bool32 is_handle(const void *memory);
MEMORY_OBJECT *object_of(const void *memory);
handle handle_of(MEMORY_OBJECT *object);
