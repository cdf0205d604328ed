/* fls.c: FlsAlloc and its kin: like TLS, with a callback for each value when its thread ends or its index is freed. */
#include "codes.h"
#include "crt.h"
#include "heap.h"
#include "sync.h"

#define FLS_SLOTS 128
#define OUT_OF_INDEXES 0xFFFFFFFFu

typedef void(WINAPI *fls_callback)(void *value);

/* The values of one thread, in a list so that FlsFree reaches all of them; TEB.FlsData points here. */
typedef struct FLS_DATA {
    LIST_ENTRY Link;
    void *Values[FLS_SLOTS];
} FLS_DATA;

static CRITICAL_SECTION fls_lock = CRITICAL_SECTION_FREE;
static fls_callback callbacks[FLS_SLOTS];
static u8 is_used[FLS_SLOTS] = {1}; /* index 0 is never given out */
static LIST_ENTRY all_threads = {&all_threads, &all_threads};

static FLS_DATA **fls_data(void) { return (FLS_DATA **)((u8 *)teb() + FLS_OFFSET); }

static FLS_DATA *ensure_data(void) {
    FLS_DATA *data = *fls_data();
    if (data)
        return data;
    data = process_allocate_zeroed(sizeof(FLS_DATA));
    if (!data)
        return NULL;
    RtlEnterCriticalSection(&fls_lock);
    data->Link.Flink = all_threads.Flink;
    data->Link.Blink = &all_threads;
    all_threads.Flink->Blink = &data->Link;
    all_threads.Flink = &data->Link;
    RtlLeaveCriticalSection(&fls_lock);
    return *fls_data() = data;
}

u32 WINAPI FlsAlloc(fls_callback callback) {
    u32 found = OUT_OF_INDEXES;
    RtlEnterCriticalSection(&fls_lock);
    for (u32 index = 1; index < FLS_SLOTS && found == OUT_OF_INDEXES; index++)
        if (!is_used[index])
            found = index;
    if (found == OUT_OF_INDEXES) {
        set_last_error(ERROR_INVALID_PARAMETER);
    } else {
        is_used[found] = TRUE;
        callbacks[found] = callback;
    }
    RtlLeaveCriticalSection(&fls_lock);
    return found;
}

static bool32 is_valid(u32 index) {
    if (index - 1 < FLS_SLOTS - 1 && is_used[index])
        return TRUE;
    set_last_error(ERROR_INVALID_PARAMETER);
    return FALSE;
}

bool32 WINAPI FlsFree(u32 index) {
    if (!is_valid(index))
        return FALSE;
    RtlEnterCriticalSection(&fls_lock);
    for (LIST_ENTRY *link = all_threads.Flink; link != &all_threads; link = link->Flink) {
        void *value = ((FLS_DATA *)link)->Values[index];
        ((FLS_DATA *)link)->Values[index] = NULL;
        if (value && callbacks[index])
            callbacks[index](value);
    }
    is_used[index] = FALSE;
    callbacks[index] = NULL;
    RtlLeaveCriticalSection(&fls_lock);
    return TRUE;
}

void *WINAPI FlsGetValue(u32 index) {
    if (!is_valid(index))
        return NULL;
    set_last_error(ERROR_SUCCESS);
    return *fls_data() ? (*fls_data())->Values[index] : NULL;
}

bool32 WINAPI FlsSetValue(u32 index, void *value) {
    if (!is_valid(index))
        return FALSE;
    FLS_DATA *data = ensure_data();
    if (!data) {
        set_last_error(ERROR_NOT_ENOUGH_MEMORY);
        return FALSE;
    }
    data->Values[index] = value;
    return TRUE;
}

void fls_finish_thread(void) {
    FLS_DATA *data = *fls_data();
    if (!data)
        return;
    for (u32 index = 1; index < FLS_SLOTS; index++) {
        void *value = data->Values[index];
        data->Values[index] = NULL;
        if (value && callbacks[index])
            callbacks[index](value);
    }
    RtlEnterCriticalSection(&fls_lock);
    data->Link.Flink->Blink = data->Link.Blink;
    data->Link.Blink->Flink = data->Link.Flink;
    RtlLeaveCriticalSection(&fls_lock);
    *fls_data() = NULL;
    process_free(data);
}
