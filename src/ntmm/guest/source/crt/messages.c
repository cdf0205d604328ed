/* messages.c: FormatMessage; the text is made by a service, a buffer that is to be allocated by guest code. */
#include "codes.h"
#include "heap.h"
#include "system.h"
#include "text.h"

#define ALLOCATE_BUFFER 0x100u
#define LONGEST 0x8000u /* characters: the documentation promises 64 KB */

#define FORMAT_MESSAGE(name, service, character)                                                                    \
    u32 WINAPI name(u32 flags, const void *source, u32 number, u32 language, character *to, u32 room, void *arguments) { \
        if (!(flags & ALLOCATE_BUFFER))                                                                             \
            return service(flags, source, number, language, to, room, arguments);                                   \
        *(character **)to = NULL;                                                                                   \
        character *text = process_allocate(LONGEST * sizeof(character));                                            \
        if (!text) {                                                                                                \
            set_last_error(ERROR_NOT_ENOUGH_MEMORY);                                                                \
            return 0;                                                                                               \
        }                                                                                                           \
        u32 length = service(flags & ~ALLOCATE_BUFFER, source, number, language, text, LONGEST, arguments);         \
        u32 wanted = length + 1 > room ? length + 1 : room;                                                         \
        character *block = length ? process_allocate(wanted * sizeof(character)) : NULL;                            \
        if (block)                                                                                                  \
            *(character **)to = memcpy(block, text, (length + 1) * sizeof(character));                              \
        else if (length)                                                                                            \
            set_last_error(ERROR_NOT_ENOUGH_MEMORY);                                                                \
        process_free(text);                                                                                         \
        return block ? length : 0;                                                                                  \
    }
FORMAT_MESSAGE(FormatMessageA, NtmmFormatMessageA, char)
FORMAT_MESSAGE(FormatMessageW, NtmmFormatMessageW, wchar)
