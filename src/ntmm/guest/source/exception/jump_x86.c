/* jump_x86.c: longjmp on 32 bit: unwinds the frames above the one that called setjmp, then its __finally blocks. */
#if defined(__i386__)
#include "system.h"

#define COOKIE 0x56433230 /* "VC20": the buffer has an unwind function */

typedef struct JUMP_BUFFER {
    u32 Ebp, Ebx, Edi, Esi, Esp, Eip;
    EXCEPTION_REGISTRATION *Registration;
    i32 TryLevel;
    u32 Cookie;
    void(WINAPI *UnwindFunction)(struct JUMP_BUFFER *);
    u32 UnwindData[6];
} JUMP_BUFFER;

void WINAPI RtlUnwind(void *target, void *address, EXCEPTION_RECORD *record, void *value);
void _local_unwind2(void *frame, i32 target);
NORETURN void resume_jump(JUMP_BUFFER *buffer, int value);

NORETURN void longjmp(JUMP_BUFFER *buffer, int value) {
    EXCEPTION_REGISTRATION *frame = buffer->Registration;
    if (frame != teb()->ExceptionList && frame != CHAIN_END)
        RtlUnwind(frame, NULL, NULL, NULL);
    if (frame != CHAIN_END) {
        if (buffer->Cookie == COOKIE && buffer->UnwindFunction)
            buffer->UnwindFunction(buffer);
        else
            _local_unwind2(frame, buffer->TryLevel);
    }
    teb()->ExceptionList = frame;
    resume_jump(buffer, value ? value : 1);
}
#endif
