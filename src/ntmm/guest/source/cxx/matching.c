/* matching.c: which catch block takes an exception. */
#include "cxx.h"
#include "text.h"

static uptr image_of(const EXCEPTION_RECORD *record) {
    return IS_64 ? record->ExceptionInformation[PARAMETER_BASE] : 0;
}

static bool32 is_same_type(const TYPE_DESCRIPTOR *left, const TYPE_DESCRIPTOR *right) {
    return left == right || !strcmp(left->Name, right->Name);
}

/* May a block for `wanted` take an object as this type, of those that the thrown object can be taken for? */
static bool32 fits(const CATCH *block, const TYPE_DESCRIPTOR *wanted, const CATCHABLE_TYPE *type, const THROW_INFO *info,
                   uptr thrown_in) {
    const u32 qualifiers = IS_CONST | IS_VOLATILE | IS_UNALIGNED;
    if (!is_same_type(wanted, in_image(thrown_in, type->Type)))
        return FALSE;
    if (type->Properties & BY_REFERENCE_ONLY && !(block->Adjectives & IS_REFERENCE))
        return FALSE;
    return !(info->Attributes & qualifiers & ~block->Adjectives);
}

static const CATCHABLE_TYPE *fitting_type(uptr base, const CATCH *block, const EXCEPTION_RECORD *record) {
    const THROW_INFO *info = (const THROW_INFO *)record->ExceptionInformation[PARAMETER_INFO];
    const TYPE_DESCRIPTOR *wanted = in_image(base, block->Type);
    const CATCHABLE_TYPES *types = info ? in_image(image_of(record), info->Types) : NULL;
    for (i32 index = 0; types && index < types->Count; index++) {
        const CATCHABLE_TYPE *type = in_image(image_of(record), types->Types[index]);
        if (fits(block, wanted, type, info, image_of(record)))
            return type;
    }
    return NULL;
}

static bool32 is_ellipsis(uptr base, const CATCH *block) {
    const TYPE_DESCRIPTOR *wanted = in_image(base, block->Type);
    return !wanted || !wanted->Name[0];
}

static bool32 takes(const CXX_FRAME *frame, const CATCH *block, const EXCEPTION_RECORD *record, const CATCHABLE_TYPE **type) {
    *type = NULL;
    if (is_ellipsis(frame->Base, block))
        return is_cxx_exception(record) || !(block->Adjectives & IS_CXX_ELLIPSIS);
    if (is_cxx_exception(record))
        *type = fitting_type(frame->Base, block, record);
    return *type != NULL;
}

/* The catch block of the try blocks around `state`, inner ones first; NULL if none takes the exception. */
const CATCH *find_catch(const CXX_FRAME *frame, const EXCEPTION_RECORD *record, i32 state, const TRY **found,
                        const CATCHABLE_TYPE **type) {
    const TRY *tries = in_image(frame->Base, frame->Info->Tries);
    for (u32 index = 0; tries && index < frame->Info->TryCount; index++) {
        const TRY *block = &tries[index];
        if (state < block->Low || state > block->High || block->Low <= frame->Lowest || block->High > frame->Highest)
            continue;
        const CATCH *catches = in_image(frame->Base, block->Catches);
        for (i32 number = 0; catches && number < block->Count; number++) {
            if (takes(frame, &catches[number], record, type)) {
                *found = block;
                return &catches[number];
            }
        }
    }
    return NULL;
}

typedef struct SPECIFICATION {
    i32 Count;
    table_offset Types;
} SPECIFICATION;

/* By the function's exception specification, `throw (types)` or `noexcept`. */
bool32 is_allowed(const CXX_FRAME *frame, const EXCEPTION_RECORD *record) {
    const FUNCTION_INFO *info = frame->Info;
    if (info->Magic >= CXX_MAGIC_LAST && info->Flags & FUNCTION_NOEXCEPT)
        return FALSE;
    const SPECIFICATION *list = info->Magic > CXX_MAGIC ? in_image(frame->Base, info->Specification) : NULL;
    if (!list)
        return TRUE;
    const CATCH *types = in_image(frame->Base, list->Types);
    const CATCHABLE_TYPE *type;
    for (i32 index = 0; types && index < list->Count; index++)
        if (takes(frame, &types[index], record, &type))
            return TRUE;
    return FALSE;
}
