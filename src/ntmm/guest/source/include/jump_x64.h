/* jump_x64.h: what setjmp keeps on x64. */
#pragma once
#include "unwind.h"

#if defined(__x86_64__)
typedef struct JUMP_BUFFER {
    u64 Frame; /* the establisher frame of setjmp's caller; 0: longjmp does not unwind */
    u64 Rbx, Rsp, Rbp, Rsi, Rdi, R12, R13, R14, R15, Rip;
    u32 MxCsr;
    u16 FpCsr, Spare;
    M128 Xmm[10]; /* xmm6 to xmm15 */
} JUMP_BUFFER;
_Static_assert(sizeof(JUMP_BUFFER) == 0x100, "_JUMP_BUFFER layout");

void take_from_jump_buffer(CONTEXT *context, const JUMP_BUFFER *buffer);
#endif
