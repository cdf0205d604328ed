/* jump_x64.c: longjmp on x64: unwinds to the frame that setjmp was told, or only loads registers if it was told none. */
#if defined(__x86_64__)
#include "jump_x64.h"
#include "codes.h"
#include "text.h"

NORETURN void resume_jump(const JUMP_BUFFER *buffer, int value);

/* The registers that calls preserve; RtlRestoreContext loads the rest as the unwind found it. */
void take_from_jump_buffer(CONTEXT *context, const JUMP_BUFFER *buffer) {
    context->Rbx = buffer->Rbx;
    context->Rsp = buffer->Rsp;
    context->Rbp = buffer->Rbp;
    context->Rsi = buffer->Rsi;
    context->Rdi = buffer->Rdi;
    context->R12 = buffer->R12;
    context->R13 = buffer->R13;
    context->R14 = buffer->R14;
    context->R15 = buffer->R15;
    context->Rip = buffer->Rip;
    context->MxCsr = buffer->MxCsr;
    *(u32 *)(context->FltSave + 24) = buffer->MxCsr;
    *(u16 *)context->FltSave = buffer->FpCsr;
    memcpy(xmm_register(context, 6), buffer->Xmm, sizeof buffer->Xmm);
}

NORETURN void longjmp(JUMP_BUFFER *buffer, int value) {
    if (!value)
        value = 1;
    if (buffer->Frame) {
        CONTEXT context;
        EXCEPTION_RECORD record = {(u32)STATUS_LONGJUMP, 0, NULL, NULL, 1, {(uptr)buffer}};
        RtlUnwindEx((void *)buffer->Frame, (void *)buffer->Rip, &record, (void *)(iptr)value, &context, NULL);
    }
    resume_jump(buffer, value);
}
#endif
