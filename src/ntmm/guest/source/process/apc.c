/* apc.c: asynchronous procedure calls as the Windows API has them: QueueUserAPC, ReadFileEx, WriteFileEx. */
#include "codes.h"
#include "process.h"

typedef void(WINAPI *apc_routine)(uptr data);
typedef void(WINAPI *completion_routine)(u32 error, u32 count, OVERLAPPED *overlapped);

/* What the kernel calls: the routine of QueueUserAPC with its one argument. */
void WINAPI RtlDispatchAPC(apc_routine routine, uptr data, void *context) {
    (void)context;
    routine(data);
}

static bool32 fail(u32 error) {
    set_last_error(error);
    return FALSE;
}

u32 WINAPI QueueUserAPC(apc_routine routine, handle thread, uptr data) {
    status result = NtQueueApcThread(thread, (void *)RtlDispatchAPC, (void *)routine, (void *)data, NULL);
    return SUCCEEDED(result) || fail(RtlNtStatusToDosError(result));
}

/* The end of a request, called with its OVERLAPPED as status block. */
static void WINAPI complete(completion_routine routine, OVERLAPPED *overlapped, void *reserved) {
    (void)reserved;
    status result = (status)overlapped->Internal;
    routine(SUCCEEDED(result) ? 0 : RtlNtStatusToDosError(result), (u32)overlapped->InternalHigh, overlapped);
}

static bool32 started(status result) {
    return (u32)result >> 30 != 3 || fail(RtlNtStatusToDosError(result));
}

bool32 WINAPI ReadFileEx(handle file, void *buffer, u32 size, OVERLAPPED *overlapped, completion_routine routine) {
    overlapped->Internal = STATUS_PENDING;
    return started(NtReadFile(file, NULL, (void *)complete, (void *)routine, overlapped, buffer, size,
                              &overlapped->Offset, NULL));
}

bool32 WINAPI WriteFileEx(handle file, void *buffer, u32 size, OVERLAPPED *overlapped, completion_routine routine) {
    overlapped->Internal = STATUS_PENDING;
    return started(NtWriteFile(file, NULL, (void *)complete, (void *)routine, overlapped, buffer, size,
                               &overlapped->Offset, NULL));
}
