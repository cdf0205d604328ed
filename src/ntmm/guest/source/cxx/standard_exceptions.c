/* standard_exceptions.c: class exception as msvcrt exports it, and what typeid and dynamic_cast throw.

   An object is a virtual table (destructor, what), the text, and whether the object owns the text. */
#include "crt.h"
#include "cxx.h"
#include "text.h"

#if defined(__i386__)
#define METHOD __attribute__((thiscall))
#else
#define METHOD
#endif

typedef struct EXCEPTION {
    void *const *VirtualTable;
    const char *Text;
    i32 OwnsText;
} EXCEPTION;

void METHOD destroy_exception(EXCEPTION *this) {
    if (this->OwnsText)
        free((void *)this->Text);
    this->Text = NULL;
    this->OwnsText = FALSE;
}

const char *METHOD exception_what(const EXCEPTION *this) { return this->Text ? this->Text : "Unknown exception"; }

/* Virtual tables start with this: bit 0 of `flags` frees the object, bit 1 means an array with its length in front. */
void *METHOD delete_exception(EXCEPTION *this, u32 flags) {
    if (flags & 2) {
        uptr *count = (uptr *)this - 1;
        for (uptr index = *count; index--;)
            destroy_exception(&this[index]);
        if (flags & 1)
            free(count);
        return count;
    }
    destroy_exception(this);
    if (flags & 1)
        free(this);
    return this;
}

void *const exception_table[] = {(void *)delete_exception, (void *)exception_what};
void *const bad_cast_table[] = {(void *)delete_exception, (void *)exception_what};
void *const bad_typeid_table[] = {(void *)delete_exception, (void *)exception_what};

typedef struct TEXT_OWNER {
    const char *Text;
    u8 OwnsText;
} TEXT_OWNER;

static const char *own_copy(const char *text) {
    usize size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

/* vcruntime's: the text of std::exception, copied and destroyed. */
void __std_exception_copy(const TEXT_OWNER *from, TEXT_OWNER *to) {
    const char *copy = from->OwnsText && from->Text ? own_copy(from->Text) : NULL;
    *to = copy ? (TEXT_OWNER){copy, TRUE} : (TEXT_OWNER){from->OwnsText ? NULL : from->Text, FALSE};
}
void __std_exception_destroy(TEXT_OWNER *owner) {
    if (owner->OwnsText)
        free((void *)owner->Text);
    *owner = (TEXT_OWNER){NULL, FALSE};
}

EXCEPTION *METHOD make_exception(EXCEPTION *this) {
    *this = (EXCEPTION){exception_table, NULL, FALSE};
    return this;
}
EXCEPTION *METHOD make_exception_text(EXCEPTION *this, const char *const *text) {
    *this = (EXCEPTION){exception_table, *text ? own_copy(*text) : NULL, TRUE};
    return this;
}
EXCEPTION *METHOD make_exception_shared(EXCEPTION *this, const char *const *text, int unused) {
    (void)unused;
    *this = (EXCEPTION){exception_table, *text, FALSE};
    return this;
}
EXCEPTION *METHOD copy_exception(EXCEPTION *this, const EXCEPTION *from) {
    *this = (EXCEPTION){exception_table, from->Text, FALSE};
    if (from->OwnsText && from->Text)
        make_exception_text(this, &from->Text);
    return this;
}
EXCEPTION *METHOD assign_exception(EXCEPTION *this, const EXCEPTION *from) {
    if (this != from) {
        void *const *table = this->VirtualTable;
        destroy_exception(this);
        copy_exception(this, from);
        this->VirtualTable = table;
    }
    return this;
}

/* standard_types.S */
extern const THROW_INFO bad_cast_info, bad_typeid_info;
NORETURN void WINAPI _CxxThrowException(void *object, const THROW_INFO *info);

NORETURN void throw_bad_cast(const char *what) {
    EXCEPTION object = {bad_cast_table, what, FALSE};
    _CxxThrowException(&object, &bad_cast_info);
}
NORETURN void throw_bad_typeid(const char *what) {
    EXCEPTION object = {bad_typeid_table, what, FALSE};
    _CxxThrowException(&object, &bad_typeid_info);
}

NORETURN void __std_terminate(void) { terminate(); }
