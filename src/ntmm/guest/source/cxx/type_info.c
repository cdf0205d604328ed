/* type_info.c: what std::type_info asks of vcruntime140: order, hash, and the end of the names that were made. */
#include "cxx.h"
#include "crt.h"
#include "heap.h"
#include "sync.h"
#include "text.h"

/* TYPE_DESCRIPTOR without its virtual table. */
typedef struct {
    void *UndecoratedName;
    char Name[];
} TYPE_NAME;

#define FNV_START (IS_64 ? 14695981039346656037ull : 2166136261ull)
#define FNV_PRIME (IS_64 ? 1099511628211ull : 16777619ull)

/* Less than, equal to or greater than zero; the first character of a decorated name says nothing. */
int __std_type_info_compare(const TYPE_NAME *left, const TYPE_NAME *right) {
    return left == right ? 0 : strcmp(left->Name + 1, right->Name + 1);
}

usize __std_type_info_hash(const TYPE_NAME *type) {
    usize hash = (usize)FNV_START;
    for (const char *at = type->Name + 1; *at; at++)
        hash = (hash ^ (u8)*at) * (usize)FNV_PRIME;
    return hash;
}

/* Frees what a module's list holds, blocks of malloc. */
void __std_type_info_destroy_list(SLIST_HEADER *list) {
    SLIST_ENTRY *entry = RtlInterlockedFlushSList(list);
    while (entry) {
        SLIST_ENTRY *next = entry->Next;
        free(entry);
        entry = next;
    }
}
