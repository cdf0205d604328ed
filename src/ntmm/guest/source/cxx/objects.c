/* objects.c: the object that a catch block gets: a reference, a pointer, or a copy of what was thrown. */
#include "cxx.h"
#include "text.h"

static void *adjust_to_base(void *object, const DISPLACEMENT *displacement) {
    u8 *result = (u8 *)object + displacement->Member;
    if (displacement->VirtualTable >= 0) {
        u8 *holder = (u8 *)object + displacement->VirtualTable;
        result += displacement->VirtualTable + *(i32 *)(*(u8 **)holder + displacement->InTable);
    }
    return result;
}

/* Simple types are copied bytewise; a pointer to a class becomes a pointer to the base that is caught. */
static void copy_simple(void *target, void *object, const CATCHABLE_TYPE *type) {
    memcpy(target, object, (usize)type->Size);
    if (type->Size == sizeof(void *) && *(void **)target)
        *(void **)target = adjust_to_base(*(void **)target, &type->Displacement);
}

void make_caught_object(const CXX_FRAME *frame, const CATCH *block, const EXCEPTION_RECORD *record,
                        const CATCHABLE_TYPE *type) {
    if (!type || !block->Object)
        return;
    void *target = frame->Locals + block->Object, *object = (void *)record->ExceptionInformation[PARAMETER_OBJECT];
    if (block->Adjectives & IS_REFERENCE) {
        *(void **)target = type->Properties & SIMPLE_TYPE ? object : adjust_to_base(object, &type->Displacement);
    } else if (type->Properties & SIMPLE_TYPE) {
        copy_simple(target, object, type);
    } else if (!type->CopyConstructor) {
        memcpy(target, adjust_to_base(object, &type->Displacement), (usize)type->Size);
    } else {
        uptr base = IS_64 ? record->ExceptionInformation[PARAMETER_BASE] : 0;
        call_member(in_image(base, type->CopyConstructor), target, adjust_to_base(object, &type->Displacement),
                    (type->Properties & HAS_VIRTUAL_BASE) != 0);
    }
}

void *__AdjustPointer(void *object, const DISPLACEMENT *displacement) { return adjust_to_base(object, displacement); }
