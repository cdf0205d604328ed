/* type_info.c: C++'s type_info, which programs' own type descriptors are: comparison, decorated name, destructor. */
#include "crt.h"
#include "text.h"

/* struct type_info: virtual table, undecorated name made on demand, decorated name */
typedef struct TYPE_INFO {
    void *VirtualTable;
    void *UndecoratedName;
    char DecoratedName[1];
} TYPE_INFO;

#if defined(__i386__)
#define METHOD __attribute__((thiscall))
#else
#define METHOD
#endif

void METHOD destroy_type_info(TYPE_INFO *type) {
    free(type->UndecoratedName);
    type->UndecoratedName = NULL;
}

/* Names begin with a dot, which does not count. */
int METHOD type_is_equal(const TYPE_INFO *type, const TYPE_INFO *other) {
    return !strcmp(type->DecoratedName + 1, other->DecoratedName + 1);
}
int METHOD type_is_different(const TYPE_INFO *type, const TYPE_INFO *other) { return !type_is_equal(type, other); }
int METHOD type_is_before(const TYPE_INFO *type, const TYPE_INFO *other) {
    return strcmp(type->DecoratedName + 1, other->DecoratedName + 1) < 0;
}
const char *METHOD type_raw_name(const TYPE_INFO *type) { return type->DecoratedName; }
