/* entry_x86.S: the exception code that needs registers: entry from the kernel, capturing a CONTEXT, calling handlers. */
#if defined(__i386__)
    .text

/* CONTEXT offsets */
#define C_FLAGS 0x00
#define C_GS 0x8C
#define C_FS 0x90
#define C_ES 0x94
#define C_DS 0x98
#define C_EDI 0x9C
#define C_ESI 0xA0
#define C_EBX 0xA4
#define C_EDX 0xA8
#define C_ECX 0xAC
#define C_EAX 0xB0
#define C_EBP 0xB4
#define C_EIP 0xB8
#define C_CS 0xBC
#define C_EFLAGS 0xC0
#define C_ESP 0xC4
#define C_SS 0xC8
#define C_SIZE 0x2CC
#define CONTEXT_FULL 0x10007

/* The kernel starts us here: [esp] EXCEPTION_RECORD *, [esp+4] CONTEXT *. */
    .globl _KiUserExceptionDispatcher
_KiUserExceptionDispatcher:
    cld
    mov (%esp), %ecx
    mov 4(%esp), %ebx
    push %ebx
    push %ecx
    call _dispatch_and_continue
    int3

/* Fills the CONTEXT at EBX with all but EBX, ESP, EBP and EIP; keeps every register. */
capture:
    pushl %eax
    movl $CONTEXT_FULL, C_FLAGS(%ebx)
    mov %eax, C_EAX(%ebx)
    mov %ecx, C_ECX(%ebx)
    mov %edx, C_EDX(%ebx)
    mov %esi, C_ESI(%ebx)
    mov %edi, C_EDI(%ebx)
    pushfl
    popl C_EFLAGS(%ebx)
    xor %eax, %eax
    mov %cs, %ax
    mov %eax, C_CS(%ebx)
    mov %ds, %ax
    mov %eax, C_DS(%ebx)
    mov %es, %ax
    mov %eax, C_ES(%ebx)
    mov %fs, %ax
    mov %eax, C_FS(%ebx)
    mov %gs, %ax
    mov %eax, C_GS(%ebx)
    mov %ss, %ax
    mov %eax, C_SS(%ebx)
    popl %eax
    ret

/* void RtlCaptureContext(CONTEXT *): the context of the caller's caller, as Windows does on 32 bit. */
    .globl _RtlCaptureContext@4
_RtlCaptureContext@4:
    push %ebx
    mov 8(%esp), %ebx
    call capture
    push %eax
    mov 4(%esp), %eax
    mov %eax, C_EBX(%ebx)
    mov (%ebp), %eax
    mov %eax, C_EBP(%ebx)
    mov 4(%ebp), %eax
    mov %eax, C_EIP(%ebx)
    lea 8(%ebp), %eax
    mov %eax, C_ESP(%ebx)
    pop %eax
    pop %ebx
    ret $4

/* void RtlRaiseException(EXCEPTION_RECORD *): the context is the one that follows the return from here. */
    .globl _RtlRaiseException@4
_RtlRaiseException@4:
    push %ebp
    mov %esp, %ebp
    sub $C_SIZE, %esp
    push %ebx
    lea -C_SIZE(%ebp), %ebx
    call capture
    mov (%esp), %eax
    mov %eax, C_EBX(%ebx)
    mov (%ebp), %eax
    mov %eax, C_EBP(%ebx)
    mov 4(%ebp), %eax
    mov %eax, C_EIP(%ebx)
    mov 8(%ebp), %ecx
    mov %eax, 0x0C(%ecx)
    lea 12(%ebp), %eax
    mov %eax, C_ESP(%ebx)
    push %ebx
    push %ecx
    call _raise_with_context
    int3

/* void RtlUnwind(frame, address, record, value): answers `value` in EAX; resumes after the call, as on Windows. */
    .globl _RtlUnwind@16
_RtlUnwind@16:
    push %ebp
    mov %esp, %ebp
    sub $C_SIZE, %esp
    push %ebx
    lea -C_SIZE(%ebp), %ebx
    call capture
    mov (%esp), %eax
    mov %eax, C_EBX(%ebx)
    mov (%ebp), %eax
    mov %eax, C_EBP(%ebx)
    mov 4(%ebp), %eax
    mov %eax, C_EIP(%ebx)
    lea 24(%ebp), %eax
    mov %eax, C_ESP(%ebx)
    mov 20(%ebp), %eax
    mov %eax, C_EAX(%ebx)
    push %ebx
    pushl 16(%ebp)
    pushl 8(%ebp)
    call _unwind_frames
    add $12, %esp
    mov C_EAX(%ebx), %eax
    pop %ebx
    leave
    ret $16

/* int call_*_handler(record, frame, context, dispatcher, handler): calls the handler below a registration of ours. */
    .globl _call_search_handler
_call_search_handler:
    mov $_search_call_handler, %edx
    jmp call_handler
    .globl _call_unwind_handler
_call_unwind_handler:
    mov $_unwind_call_handler, %edx
call_handler:
    push %ebp
    mov %esp, %ebp
    push %ebx
    push %esi
    push %edi
    xor %ebx, %ebx
    xor %esi, %esi
    xor %edi, %edi
    pushl 12(%ebp)
    push %edx
    pushl %fs:0
    mov %esp, %fs:0
    pushl 20(%ebp)
    pushl 16(%ebp)
    pushl 12(%ebp)
    pushl 8(%ebp)
    call *24(%ebp)
    mov %fs:0, %esp
    popl %fs:0
    lea -12(%ebp), %esp
    pop %edi
    pop %esi
    pop %ebx
    pop %ebp
    ret

/* int call_in_frame(code, frame) */
    .globl _call_in_frame
_call_in_frame:
    push %ebp
    push %ebx
    push %esi
    push %edi
    mov 20(%esp), %eax
    mov 24(%esp), %ebp
    add $16, %ebp
    xor %ebx, %ebx
    xor %ecx, %ecx
    xor %edx, %edx
    xor %esi, %esi
    xor %edi, %edi
    call *%eax
    pop %edi
    pop %esi
    pop %ebx
    pop %ebp
    ret

/* void jump_in_frame(code, frame) */
    .globl _jump_in_frame
_jump_in_frame:
    mov 4(%esp), %eax
    mov 8(%esp), %ebp
    add $16, %ebp
    xor %ebx, %ebx
    xor %ecx, %ecx
    xor %edx, %edx
    xor %esi, %esi
    xor %edi, %edi
    jmp *%eax
#endif
