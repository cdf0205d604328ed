/* inherited.c: the descriptors that programs started by _spawn share with their parent. STARTUPINFO carries them:
   a count, the flags of each descriptor, then their handles. */
#include "startup.h"
#include "stdio_internal.h"
#include "system.h"
#include "text.h"

#define ENTRY_SIZE (1 + sizeof(handle))

static bool32 is_inherited(int number, bool32 without_standard) {
    DESCRIPTOR *file = open_descriptor(number);
    return file && !(file->Flags & FD_NO_INHERIT) && !(without_standard && number < 3);
}

/* A block for free(), and its size; NULL and 0 without memory. */
void *descriptors_to_inherit(bool32 without_standard, u16 *size) {
    lock_stdio();
    u32 count = DESCRIPTORS;
    while (count && !is_inherited((int)count - 1, without_standard))
        count--;
    u8 *block = calloc(1, sizeof count + count * ENTRY_SIZE);
    *size = block ? (u16)(sizeof count + count * ENTRY_SIZE) : 0;
    if (block)
        memcpy(block, &count, sizeof count);
    for (u32 number = 0; block && number < count; number++) {
        DESCRIPTOR *file = open_descriptor((int)number);
        bool32 given = is_inherited((int)number, without_standard);
        handle value = given ? file->Handle : (handle)(iptr)-1;
        block[sizeof count + number] = given ? file->Flags : 0;
        memcpy(block + sizeof count + count + number * sizeof value, &value, sizeof value);
    }
    unlock_stdio();
    return block;
}

static void take(int number, u8 flags, handle file) {
    if (!(flags & FD_OPEN) || file == (handle)(iptr)-1 || file == NO_HANDLE || !GetFileType(file))
        return;
    DESCRIPTOR *place = descriptor_place(number);
    if (place)
        *place = (DESCRIPTOR){.Handle = file, .Flags = flags};
}

void take_inherited_descriptors(const void *block, u32 size) {
    u32 count = 0;
    if (size >= sizeof count)
        memcpy(&count, block, sizeof count);
    if (count > DESCRIPTORS || size < sizeof count + count * ENTRY_SIZE)
        return;
    const u8 *flags = (const u8 *)block + sizeof count;
    for (u32 number = 0; number < count; number++) {
        handle file;
        memcpy(&file, flags + count + number * sizeof file, sizeof file);
        take((int)number, flags[number], file);
    }
}
