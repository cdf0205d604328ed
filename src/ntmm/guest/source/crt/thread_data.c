/* thread_data.c: what the run-time keeps for each thread, in a TLS slot, and the functions that only touch that. */
#include "crt.h"
#include "heap.h"
#include "text.h"

static u32 slot = ~0u;
static CRT_THREAD last_resort; /* shared by threads for which there is no memory */

void crt_thread_initialize(void) { slot = TlsAlloc(); }

CRT_THREAD *crt_thread(void) {
    CRT_THREAD *data = slot < TLS_SLOTS ? tls_slots()[slot] : NULL;
    if (LIKELY(data != NULL))
        return data;
    u32 last_error = teb()->LastErrorValue;
    data = process_allocate_zeroed(sizeof *data);
    if (!data || slot >= TLS_SLOTS)
        return &last_resort;
    data->RandomSeed = 1;
    TlsSetValue(slot, data);
    set_last_error(last_error);
    return data;
}

void crt_free_thread(void) {
    if (slot >= TLS_SLOTS)
        return;
    process_free(tls_slots()[slot]);
    tls_slots()[slot] = NULL;
}

int *_errno(void) { return &crt_thread()->Errno; }
u32 *__doserrno(void) { return &crt_thread()->DosErrno; }
void set_errno(int code) { crt_thread()->Errno = code; }
int _set_errno(int code) {
    set_errno(code);
    return 0;
}
int _get_errno(int *code) {
    if (!code)
        return EINVAL;
    *code = crt_thread()->Errno;
    return 0;
}

int rand(void) {
    u32 *seed = &crt_thread()->RandomSeed;
    *seed = *seed * 214013 + 2531011;
    return (int)(*seed >> 16 & 0x7FFF);
}
void srand(u32 seed) { crt_thread()->RandomSeed = seed; }

char *strtok_s(char *text, const char *separators, char **rest);
wchar *wcstok_s(wchar *text, const wchar *separators, wchar **rest);

char *strtok(char *text, const char *separators) {
    CRT_THREAD *data = crt_thread();
    return !text && !data->StrtokRest ? NULL : strtok_s(text, separators, &data->StrtokRest);
}

wchar *wcstok(wchar *text, const wchar *separators) {
    CRT_THREAD *data = crt_thread();
    return !text && !data->WcstokRest ? NULL : wcstok_s(text, separators, &data->WcstokRest);
}

/* ucrt's wcstok has the third argument of the standard's */
wchar *wcstok_standard(wchar *text, const wchar *separators, wchar **rest) {
    return rest ? wcstok_s(text, separators, rest) : wcstok(text, separators);
}
