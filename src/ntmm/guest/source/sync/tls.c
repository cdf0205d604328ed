/* tls.c: TlsAlloc and its kin: 64 slots in the TEB, 1024 more in a block that each thread gets when it needs it. */
#include "codes.h"
#include "crt.h"
#include "heap.h"
#include "sync.h"

#define EXPANSION_SLOTS 1024
#define OUT_OF_INDEXES 0xFFFFFFFFu

static CRITICAL_SECTION tls_lock = CRITICAL_SECTION_FREE;
static u32 expansion_bits[EXPANSION_SLOTS / 32];

static u32 take_bit(u32 *words, u32 count) {
    for (u32 word = 0; word < count; word++) {
        if (words[word] == ~0u)
            continue;
        u32 bit = (u32)__builtin_ctz(~words[word]);
        words[word] |= 1u << bit;
        return word * 32 + bit;
    }
    return OUT_OF_INDEXES;
}

u32 WINAPI TlsAlloc(void) {
    RtlEnterCriticalSection(&tls_lock);
    u32 index = take_bit(peb()->TlsBitmapBits, 2);
    if (index == OUT_OF_INDEXES) {
        index = take_bit(expansion_bits, EXPANSION_SLOTS / 32);
        if (index != OUT_OF_INDEXES)
            index += TLS_SLOTS;
    }
    if (index == OUT_OF_INDEXES)
        set_last_error(ERROR_NO_MORE_ITEMS);
    else
        TlsSetValue(index, NULL);
    RtlLeaveCriticalSection(&tls_lock);
    return index;
}

static u32 *bit_word(u32 index) {
    if (index < TLS_SLOTS)
        return &peb()->TlsBitmapBits[index / 32];
    return index < TLS_SLOTS + EXPANSION_SLOTS ? &expansion_bits[(index - TLS_SLOTS) / 32] : NULL;
}

/* Frees an index. Other threads' values stay behind, and TlsAlloc clears only its caller's: a program that frees an
   index while others use it finds old values, where Windows clears them. */
bool32 WINAPI TlsFree(u32 index) {
    u32 *word = bit_word(index), bit = 1u << index % 32;
    if (!word || !(*word & bit)) {
        set_last_error(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    RtlEnterCriticalSection(&tls_lock);
    TlsSetValue(index, NULL);
    *word &= ~bit;
    RtlLeaveCriticalSection(&tls_lock);
    return TRUE;
}

void *WINAPI TlsGetValue(u32 index) {
    set_last_error(ERROR_SUCCESS);
    if (LIKELY(index < TLS_SLOTS))
        return tls_slots()[index];
    if (index < TLS_SLOTS + EXPANSION_SLOTS)
        return *tls_expansion() ? (*tls_expansion())[index - TLS_SLOTS] : NULL;
    set_last_error(ERROR_INVALID_PARAMETER);
    return NULL;
}

bool32 WINAPI TlsSetValue(u32 index, void *value) {
    if (LIKELY(index < TLS_SLOTS)) {
        tls_slots()[index] = value;
        return TRUE;
    }
    if (index >= TLS_SLOTS + EXPANSION_SLOTS) {
        set_last_error(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    if (!*tls_expansion()) {
        if (!value)
            return TRUE;
        *tls_expansion() = process_allocate_zeroed(EXPANSION_SLOTS * sizeof(void *));
        if (!*tls_expansion()) {
            set_last_error(ERROR_NOT_ENOUGH_MEMORY);
            return FALSE;
        }
    }
    (*tls_expansion())[index - TLS_SLOTS] = value;
    return TRUE;
}

void tls_finish_thread(void) {
    process_free(*tls_expansion());
    *tls_expansion() = NULL;
}
