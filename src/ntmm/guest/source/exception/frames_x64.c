/* frames_x64.c: on x64 a search through the frames needs the images' unwind tables, which is not implemented: an
   exception that the vectored handlers leave goes straight to the top-level filter. */
#if defined(__x86_64__)
#include "codes.h"
#include "process.h"
#include "system.h"

bool32 dispatch_to_frames(EXCEPTION_RECORD *record, CONTEXT *context) {
    EXCEPTION_POINTERS pointers = {record, context};
    i32 answer = UnhandledExceptionFilter(&pointers);
    if (answer == EXCEPTION_EXECUTE_HANDLER)
        RtlExitUserProcess(record->ExceptionCode);
    if (answer != EXCEPTION_CONTINUE_EXECUTION)
        return FALSE;
    if (record->ExceptionFlags & EXCEPTION_NONCONTINUABLE)
        raise_noncontinuable((u32)STATUS_NONCONTINUABLE_EXCEPTION, record);
    return TRUE;
}
#endif
