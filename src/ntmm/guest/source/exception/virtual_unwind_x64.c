/* virtual_unwind_x64.c: RtlVirtualUnwind: from a function's registers to its caller's, by the function's unwind codes.

   The codes undo the prologue, last instruction first. Every read of the stack is checked against the step's limits, so
   that bad tables end the search instead of faulting within it. */
#if defined(__x86_64__)
#include "codes.h"
#include "unwind.h"

enum {
    PUSH_NONVOL,
    ALLOC_LARGE,
    ALLOC_SMALL,
    SET_FPREG,
    SAVE_NONVOL,
    SAVE_NONVOL_FAR,
    EPILOG, /* of version 2: where the epilogues are; the instructions tell that too */
    SPARE,
    SAVE_XMM128,
    SAVE_XMM128_FAR,
    PUSH_MACHFRAME
};

#define MOST_CHAINED 32

bool32 read_stack(const FRAME_STEP *step, u64 at, u64 *value) {
    if (at % 8 || at < step->Low || at > step->High - 8)
        return FALSE;
    *value = *(const u64 *)at;
    return TRUE;
}

bool32 unwind_leaf_frame(CONTEXT *context, u64 low, u64 high) {
    FRAME_STEP step = {.Low = low, .High = high};
    if (!read_stack(&step, context->Rsp, &context->Rip))
        return FALSE;
    context->Rsp += 8;
    return TRUE;
}

static u32 slots_of(UNWIND_CODE code) {
    switch (code.Operation) {
    case ALLOC_LARGE:
        return code.Info ? 3 : 2;
    case SAVE_NONVOL:
    case EPILOG:
    case SAVE_XMM128:
        return 2;
    case SAVE_NONVOL_FAR:
    case SPARE:
    case SAVE_XMM128_FAR:
        return 3;
    }
    return 1;
}

static u32 far_number(const UNWIND_CODE *code) { return code[1].Number | (u32)code[2].Number << 16; }

static bool32 load_integer(FRAME_STEP *step, u32 number, u64 at) {
    if (!read_stack(step, at, integer_register(step->Context, number)))
        return FALSE;
    if (step->Pointers)
        step->Pointers->Integer[number] = (u64 *)at;
    return TRUE;
}

static bool32 load_xmm(FRAME_STEP *step, u32 number, u64 at) {
    M128 *target = xmm_register(step->Context, number);
    if (!read_stack(step, at, &target->Low) || !read_stack(step, at + 8, &target->High))
        return FALSE;
    if (step->Pointers)
        step->Pointers->Xmm[number] = (M128 *)at;
    return TRUE;
}

static bool32 pop_machine_frame(FRAME_STEP *step, u32 has_error_code) {
    u64 at = step->Context->Rsp + 8 * (u64)has_error_code;
    step->IsMachineFrame = TRUE;
    return read_stack(step, at, &step->Context->Rip) && read_stack(step, at + 24, &step->Context->Rsp);
}

static bool32 undo(FRAME_STEP *step, const UNWIND_INFO *info, const UNWIND_CODE *code) {
    CONTEXT *context = step->Context;
    switch (code->Operation) {
    case PUSH_NONVOL:
        if (!load_integer(step, code->Info, context->Rsp))
            return FALSE;
        if (code->Info != REGISTER_RSP)
            context->Rsp += 8;
        return TRUE;
    case ALLOC_LARGE:
        context->Rsp += code->Info ? far_number(code) : code[1].Number * 8u;
        return TRUE;
    case ALLOC_SMALL:
        context->Rsp += code->Info * 8u + 8;
        return TRUE;
    case SET_FPREG:
        context->Rsp = *integer_register(context, info->FrameRegister) - info->FrameOffset * 16u;
        return TRUE;
    case SAVE_NONVOL:
        return load_integer(step, code->Info, step->Frame + code[1].Number * 8u);
    case SAVE_NONVOL_FAR:
        return load_integer(step, code->Info, step->Frame + far_number(code));
    case SAVE_XMM128:
        return load_xmm(step, code->Info, step->Frame + code[1].Number * 16u);
    case SAVE_XMM128_FAR:
        return load_xmm(step, code->Info, step->Frame + far_number(code));
    case PUSH_MACHFRAME:
        return code->Info <= 1 && pop_machine_frame(step, code->Info);
    case EPILOG:
    case SPARE:
        return TRUE;
    }
    return FALSE;
}

/* Undoes the codes of one function entry whose instructions lie before `offset` into the function. */
static bool32 undo_codes(FRAME_STEP *step, const UNWIND_INFO *info, u32 offset) {
    for (u32 index = 0, slots; index < info->CountOfCodes; index += slots) {
        const UNWIND_CODE *code = &info->Codes[index];
        slots = slots_of(*code);
        if (index + slots > info->CountOfCodes)
            return FALSE;
        if (code->CodeOffset <= offset && !undo(step, info, code))
            return FALSE;
    }
    return TRUE;
}

static const void *behind_codes(const UNWIND_INFO *info) { return &info->Codes[(info->CountOfCodes + 1) & ~1]; }

/* The information of a function; NULL if it is malformed or lies outside of the image. */
static const UNWIND_INFO *info_of(const FRAME_STEP *step, const RUNTIME_FUNCTION *function) {
    const UNWIND_INFO *info = (const UNWIND_INFO *)(step->ImageBase + function->UnwindData);
    if (function->UnwindData & 3 || function->UnwindData > step->Extent - sizeof *info)
        return NULL;
    if (info->Version < 1 || info->Version > 2)
        return NULL;
    u32 size = (u32)((u8 *)behind_codes(info) - (u8 *)info) + (info->Flags ? sizeof(RUNTIME_FUNCTION) : 0);
    return size > step->Extent - function->UnwindData ? NULL : info;
}

/* The frame by which the function's saved registers and its handler find their places. Within the prologue the frame
   register holds it only once the prologue has set it. */
static u64 establisher_frame(const FRAME_STEP *step, const UNWIND_INFO *info, u32 offset) {
    bool32 is_set = offset >= info->SizeOfProlog || info->Flags & UNW_CHAININFO;
    if (!info->FrameRegister)
        return step->Context->Rsp;
    for (u32 index = 0; index < info->CountOfCodes && !is_set; index += slots_of(info->Codes[index]))
        is_set = info->Codes[index].Operation == SET_FPREG && info->Codes[index].CodeOffset <= offset;
    u64 base = *integer_register(step->Context, info->FrameRegister);
    return is_set ? base - info->FrameOffset * 16u : step->Context->Rsp;
}

/* Undoes the function's own codes and those it continues; answers the last one's information, NULL if it is bad. */
static const UNWIND_INFO *undo_chain(FRAME_STEP *step, const UNWIND_INFO *info, u32 offset) {
    for (u32 count = 0; count < MOST_CHAINED; count++) {
        if (!undo_codes(step, info, offset))
            return NULL;
        if (!(info->Flags & UNW_CHAININFO))
            return info;
        info = info_of(step, behind_codes(info));
        if (!info)
            return NULL;
        offset = ~0u;
    }
    return NULL;
}

bool32 unwind_one_frame(FRAME_STEP *step, u32 wanted) {
    step->Extent = extent_of_image(step->ImageBase);
    const UNWIND_INFO *info = info_of(step, step->Function);
    u32 offset = (u32)(step->ControlPc - step->ImageBase) - step->Function->BeginAddress;
    bool32 failed = FALSE;
    step->Handler = NULL;
    step->IsMachineFrame = FALSE;
    if (!info)
        return FALSE;
    step->Frame = establisher_frame(step, info, offset);
    bool32 is_behind_prologue = offset >= info->SizeOfProlog;
    if (is_behind_prologue && finish_epilogue(step, info, &failed))
        return !failed;
    const UNWIND_INFO *last = undo_chain(step, info, offset);
    if (!last || (!step->IsMachineFrame && !unwind_leaf_frame(step->Context, step->Low, step->High)))
        return FALSE;
    if (is_behind_prologue && last->Flags & wanted && !(last->Flags & UNW_CHAININFO)) {
        const u32 *place = behind_codes(last);
        if (*place >= step->Extent)
            return FALSE;
        step->Handler = (language_handler)(step->ImageBase + *place);
        step->HandlerData = (void *)(place + 1);
    }
    return TRUE;
}

/* The public form trusts its caller: the whole address space may be read as stack. */
language_handler RtlVirtualUnwind(u32 wanted, u64 image_base, u64 pc, RUNTIME_FUNCTION *function, CONTEXT *context,
                                  void **handler_data, u64 *frame, CONTEXT_POINTERS *pointers) {
    FRAME_STEP step = {image_base, pc, function, context, pointers, 0, ~7ull, 0, 0, NULL, NULL, FALSE};
    if (!unwind_one_frame(&step, wanted))
        raise_status((u32)STATUS_BAD_FUNCTION_TABLE);
    *frame = step.Frame;
    *handler_data = step.HandlerData;
    return step.Handler;
}
#endif
