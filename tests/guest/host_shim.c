/* host_shim.c: stands in for the kernel when the guest's C code is compiled for the host and driven by tests.

   Memory comes from mmap, files are files of the host; a handle is a descriptor plus one. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

u8 ntmm_host_teb[0x2000] __attribute__((aligned(4096)));
u8 ntmm_host_peb[0x1000] __attribute__((aligned(4096)));
u8 ntmm_host_parameters[0x200];
int is_shutting_down, _fmode;
u64 host_committed, host_reserved, host_limit = ~0ull, host_traps;
int host_raised, host_terminated;

int (*host_format_double)(char *, u32, const char *, const double *);
int (*host_parse_double)(const char *, double *);
int (*host_math)(u32, const double *, double *);

/* What is reserved now, so that a release can give all of it back; released addresses are never used again. */
static struct {
    u8 *base;
    u64 size;
} reservations[65536];
static u32 reservation_count;

int NtAllocateVirtualMemory(void *process, void **base, u64 zero_bits, u64 *size, u32 type, u32 protect) {
    (void)process, (void)zero_bits, (void)protect;
    host_traps++;
    if (type & 0x1000 && host_committed + *size > host_limit)
        return (int)0xC0000017;
    if (type & 0x2000) {
        u64 whole = (*size + 0xFFFF) & ~0xFFFFull;
        u8 *room = mmap(0, whole + 0x10000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (room == MAP_FAILED)
            return (int)0xC0000017;
        *base = (u8 *)(((u64)room + 0xFFFF) & ~0xFFFFull);
        u8 *end = (u8 *)*base + whole, *last = room + whole + 0x10000; /* the host allows only so many mappings */
        if ((u8 *)*base != room)
            munmap(room, (u64)((u8 *)*base - room));
        if (end != last)
            munmap(end, (u64)(last - end));
        host_reserved += whole;
        if (reservation_count == sizeof reservations / sizeof *reservations)
            return (int)0xC0000017;
        reservations[reservation_count].base = *base;
        reservations[reservation_count++].size = whole;
    }
    if (type & 0x1000) {
        u64 from = (u64)*base & ~0xFFFull, to = ((u64)*base + *size + 0xFFF) & ~0xFFFull;
        if (mprotect((void *)from, to - from, PROT_READ | PROT_WRITE))
            return (int)0xC0000017;
        *size = to - from;
        host_committed += *size;
    }
    return 0;
}

int NtFreeVirtualMemory(void *process, void **base, u64 *size, u32 type) {
    (void)process;
    host_traps++;
    if (type == 0x8000) {
        u32 at = reservation_count;
        while (at && reservations[at - 1].base != *base)
            at--;
        if (!at)
            return (int)0xC000009F;
        u64 whole = reservations[at - 1].size;
        reservations[at - 1] = reservations[--reservation_count];
        return munmap(*base, whole) ? (int)0xC000000D : 0;
    }
    madvise(*base, *size, MADV_DONTNEED);
    host_committed -= *size;
    return mprotect(*base, *size, PROT_NONE) ? (int)0xC000000D : 0;
}

/* Memory that a test has made known with host_reserve: committed up to a point, reserved behind it. */
static struct {
    u8 *base;
    u64 committed, size;
} known;

void *host_reserve(u64 size, u64 committed) {
    void *base = 0;
    NtAllocateVirtualMemory(0, &base, 0, &size, 0x2000, 4);
    if (committed)
        NtAllocateVirtualMemory(0, &base, 0, &committed, 0x1000, 4);
    known.base = base;
    known.committed = committed;
    known.size = size;
    return base;
}

int NtQueryVirtualMemory(void *process, const u8 *address, u32 kind, void *found, u64 size, u64 *needed) {
    struct {
        const u8 *base, *allocation;
        u32 allocation_protect, padding;
        u64 size;
        u32 state, protect, type;
    } *answer = found;
    (void)process, (void)kind, (void)size, (void)needed;
    u64 offset = (u64)(address - known.base);
    if (offset >= known.size) {
        answer->base = address;
        answer->state = 0x10000;
        return 0;
    }
    answer->allocation = known.base;
    answer->base = address;
    answer->size = (offset < known.committed ? known.committed : known.size) - offset;
    answer->state = offset < known.committed ? 0x1000 : 0x2000;
    return 0;
}

int IsBadReadPtr(const void *address, u64 size) { return !address && size; }

void raise_status(u32 code) {
    host_raised = (int)code;
    for (;;)
        pause();
}

void RtlRaiseException(const int *record) { host_raised = *record; }
int NtTerminateProcess(void *process, int status) { return (void)process, host_terminated = status; }

int NtCreateEvent(void **event, u32 a, void *b, u32 c, u8 d) { return (void)event, (void)a, (void)b, (void)c, (void)d, -1; }
int NtWaitForSingleObject(void *event, u8 a, long long *b) { return (void)event, (void)a, (void)b, -1; }
int NtSetEvent(void *event, int *previous) { return (void)event, (void)previous, -1; }
int NtClose(void *object) { return (void)object, 0; }
int NtYieldExecution(void) { return 0; }
int RtlWaitOnAddress(const void *at, const void *compare, u64 size, void *timeout) {
    return (void)at, (void)compare, (void)size, (void)timeout, 0;
}
void RtlWakeAddressSingle(const void *at) { (void)at; }
void RtlWakeAddressAll(const void *at) { (void)at; }
int DuplicateHandle(void *a, void *from, void *b, void **copy, u32 access, int inherit, u32 options) {
    (void)a, (void)b, (void)access, (void)inherit, (void)options;
    int made = dup((int)(long long)from - 1);
    *copy = (void *)(made + 1ll);
    return made >= 0;
}
int SetStdHandle(u32 which, void *handle) { return (void)which, (void)handle, 1; }
int LockFile(void *file, u32 low, u32 high, u32 size, u32 size_high) {
    return (void)file, (void)low, (void)high, (void)size, (void)size_high, 1;
}
int UnlockFile(void *file, u32 low, u32 high, u32 size, u32 size_high) { return LockFile(file, low, high, size, size_high); }
int NtDelayExecution(u8 alertable, long long *interval) { return (void)alertable, (void)interval, 0; }

int NtmmFormatDouble(char *out, u32 size, const char *conversion, const double *value) {
    return host_format_double(out, size, conversion, value);
}
int NtmmParseDouble(const char *text, double *value) { return host_parse_double(text, value); }
int NtmmMath(u32 operation, const double *arguments, double *result) { return host_math(operation, arguments, result); }

void *CreateFileA(const char *name, u32 access, u32 share, void *security, u32 how, u32 flags, void *template) {
    static const int create[] = {0, O_CREAT | O_EXCL, O_CREAT | O_TRUNC, 0, O_CREAT, O_TRUNC};
    (void)share, (void)security, (void)flags, (void)template;
    int mode = access >> 30 == 3 ? O_RDWR : access >> 30 == 1 ? O_WRONLY : O_RDONLY;
    int file = open(name, mode | create[how], 0600);
    *(u32 *)(ntmm_host_teb + 0x68) = errno == EEXIST ? 80 : errno == EACCES ? 5 : 2;
    return file < 0 ? (void *)-1 : (void *)(file + 1ll);
}
void *CreateFileW(const void *name, u32 access, u32 share, void *security, u32 how, u32 flags, void *template) {
    char narrow[512];
    int at = 0;
    do
        narrow[at] = (char)((const unsigned short *)name)[at];
    while (narrow[at++]);
    return CreateFileA(narrow, access, share, security, how, flags, template);
}
static int descriptor_of(void *file) { return (int)(long long)file - 1; }
int ReadFile(void *file, void *buffer, u32 size, u32 *done, void *overlapped) {
    (void)overlapped;
    host_traps++;
    long got = read(descriptor_of(file), buffer, size);
    *done = got < 0 ? 0 : (u32)got;
    *(u32 *)(ntmm_host_teb + 0x68) = 5;
    return got >= 0;
}
int WriteFile(void *file, const void *buffer, u32 size, u32 *done, void *overlapped) {
    (void)overlapped;
    host_traps++;
    long put = write(descriptor_of(file), buffer, size);
    *done = put < 0 ? 0 : (u32)put;
    *(u32 *)(ntmm_host_teb + 0x68) = 5;
    return put >= 0;
}
int SetFilePointerEx(void *file, long long distance, long long *position, u32 origin) {
    long long at = lseek(descriptor_of(file), distance, (int)origin);
    if (position)
        *position = at;
    *(u32 *)(ntmm_host_teb + 0x68) = 131;
    return at >= 0;
}
int SetEndOfFile(void *file) { return !ftruncate(descriptor_of(file), lseek(descriptor_of(file), 0, SEEK_CUR)); }
int FlushFileBuffers(void *file) { return (void)file, 1; }
int CloseHandle(void *file) { return !close(descriptor_of(file)); }
u32 GetFileType(void *file) { return isatty(descriptor_of(file)) ? 2 : 1; }
int DeleteFileA(const char *name) { return !unlink(name); }
int DeleteFileW(const void *name) { return (void)name, 0; }
int MoveFileA(const char *from, const char *to) { return (void)from, (void)to, 0; }
int MoveFileW(const void *from, const void *to) { return (void)from, (void)to, 0; }
u32 GetFileAttributesA(const char *name) { return access(name, F_OK) ? ~0u : 0x80; }
u32 GetFileAttributesW(const void *name) { return (void)name, ~0u; }
int WideCharToMultiByte(u32 page, u32 flags, const unsigned short *from, int count, char *to, int room, void *a, void *b) {
    int length = 0;
    (void)page, (void)flags, (void)room, (void)a, (void)b;
    do
        if (to)
            to[length] = (char)from[length];
    while (count < 0 ? from[length++] : ++length < count);
    return length;
}
int MultiByteToWideChar(u32 page, u32 flags, const u8 *from, int count, unsigned short *to, int room) {
    int length = 0;
    (void)page, (void)flags, (void)room;
    do
        if (to)
            to[length] = from[length];
    while (count < 0 ? from[length++] : ++length < count);
    return length;
}

/* A variadic door to ucrt's formatter, whose own argument is a va_list. */
int __stdio_common_vsprintf(u64, char *, u64, const char *, void *, __builtin_va_list);
int test_ucrt_print(u64 options, char *to, u64 room, const char *text, ...) {
    __builtin_va_list arguments;
    __builtin_va_start(arguments, text);
    int result = __stdio_common_vsprintf(options, to, room, text, 0, arguments);
    __builtin_va_end(arguments);
    return result;
}

u32 RtlNtStatusToDosError(int status) { return (void)status, 317; }
