/* type_info.c: the destructor of C++'s type_info, which programs' own type descriptors are destroyed with. */
#include "crt.h"

/* struct type_info: virtual table, undecorated name made on demand, decorated name */
typedef struct TYPE_INFO {
    void *VirtualTable;
    void *UndecoratedName;
    char DecoratedName[1];
} TYPE_INFO;

#if defined(__i386__)
__attribute__((thiscall))
#endif
void destroy_type_info(TYPE_INFO *type) {
    free(type->UndecoratedName);
    type->UndecoratedName = NULL;
}
