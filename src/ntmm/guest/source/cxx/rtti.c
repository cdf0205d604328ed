/* rtti.c: typeid and dynamic_cast, by the tables that Microsoft's compilers put before an object's virtual table. */
#include "cxx.h"
#include "text.h"

typedef struct CLASS_HIERARCHY {
    u32 Signature, Attributes, BaseCount;
    table_offset Bases; /* array of BASE_CLASS offsets: the class itself, then its bases, each before its own bases */
} CLASS_HIERARCHY;

typedef struct BASE_CLASS {
    table_offset Type;
    u32 ContainedBases; /* that follow in the array */
    DISPLACEMENT Where;
    u32 Attributes;
} BASE_CLASS;

enum { NOT_VISIBLE = 1, PRIVATE_IN_OBJECT = 8 };

typedef struct OBJECT_LOCATOR {
    u32 Signature; /* 1: offsets, with the locator's own as the last field */
    i32 Offset;    /* of this virtual table's pointer in the complete object */
    i32 ConstructionOffset;
    table_offset Type, Hierarchy;
#if defined(__x86_64__)
    table_offset Self;
#endif
} OBJECT_LOCATOR;

typedef struct COMPLETE_OBJECT {
    u8 *Address;
    uptr Image;
    const TYPE_DESCRIPTOR *Type;
    const CLASS_HIERARCHY *Hierarchy;
} COMPLETE_OBJECT;

NORETURN void throw_bad_cast(const char *what);
NORETURN void throw_bad_typeid(const char *what);

static COMPLETE_OBJECT complete_object(void *object) {
    const OBJECT_LOCATOR *locator = (*(const OBJECT_LOCATOR ***)object)[-1];
    COMPLETE_OBJECT found = {(u8 *)object - locator->Offset, 0, NULL, NULL};
    if (locator->ConstructionOffset)
        found.Address -= *(i32 *)((u8 *)object - locator->ConstructionOffset);
#if defined(__x86_64__)
    found.Image = (uptr)locator - locator->Self;
#endif
    found.Type = in_image(found.Image, locator->Type);
    found.Hierarchy = in_image(found.Image, locator->Hierarchy);
    return found;
}

void *__RTCastToVoid(void *object) { return object ? complete_object(object).Address : NULL; }

const TYPE_DESCRIPTOR *__RTtypeid(void *object) {
    if (!object)
        throw_bad_typeid("Attempted a typeid of NULL pointer!");
    return complete_object(object).Type;
}

static u8 *address_of(const COMPLETE_OBJECT *object, const BASE_CLASS *base) {
    return __AdjustPointer(object->Address, &base->Where);
}

static const BASE_CLASS *base_at(const COMPLETE_OBJECT *object, u32 index) {
    const table_offset *bases = in_image(object->Image, object->Hierarchy->Bases);
    return in_image(object->Image, bases[index]);
}

static bool32 is_type(const COMPLETE_OBJECT *object, const BASE_CLASS *base, const TYPE_DESCRIPTOR *type) {
    const TYPE_DESCRIPTOR *own = in_image(object->Image, base->Type);
    return own == type || !strcmp(own->Name, type->Name);
}

/* Does the base class at `index` contain, publicly, the source object? */
static bool32 contains(const COMPLETE_OBJECT *object, u32 index, const TYPE_DESCRIPTOR *source, const u8 *at) {
    u32 end = index + base_at(object, index)->ContainedBases;
    for (u32 inner = index + 1; inner <= end && inner < object->Hierarchy->BaseCount; inner++) {
        const BASE_CLASS *base = base_at(object, inner);
        if (is_type(object, base, source) && address_of(object, base) == at && !(base->Attributes & NOT_VISIBLE))
            return TRUE;
    }
    return FALSE;
}

/* The only part of the target's type around the source object, or if there is none, the only one at all, if both are public
   parts of the object. */
static void *find_target(const COMPLETE_OBJECT *object, const TYPE_DESCRIPTOR *source, const TYPE_DESCRIPTOR *target,
                         const u8 *at) {
    u8 *around = NULL, *anywhere = NULL;
    bool32 is_source_public = FALSE, is_ambiguous = FALSE;
    for (u32 index = 0; index < object->Hierarchy->BaseCount; index++) {
        const BASE_CLASS *base = base_at(object, index);
        bool32 is_public = !(base->Attributes & (NOT_VISIBLE | PRIVATE_IN_OBJECT));
        u8 *place = address_of(object, base);
        is_source_public |= is_public && place == at && is_type(object, base, source);
        if (!is_type(object, base, target))
            continue;
        if (contains(object, index, source, at)) {
            if (around && around != place)
                return NULL;
            around = place;
        } else if (is_public) {
            is_ambiguous |= anywhere && anywhere != place;
            anywhere = place;
        }
    }
    return around ? around : is_source_public && !is_ambiguous ? anywhere : NULL;
}

/* `object` is where the pointer to the virtual table lies, `offset` bytes into the source object. */
void *__RTDynamicCast(void *object, i32 offset, const TYPE_DESCRIPTOR *source, const TYPE_DESCRIPTOR *target, i32 is_reference) {
    if (!object)
        return NULL;
    COMPLETE_OBJECT complete = complete_object(object);
    void *result = find_target(&complete, source, target, (u8 *)object - offset);
    if (!result && is_reference)
        throw_bad_cast("Bad dynamic_cast!");
    return result;
}
