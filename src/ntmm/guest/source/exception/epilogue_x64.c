/* epilogue_x64.c: epilogues have no unwind codes; they are known by their instructions, and unwound by following them.

       add rsp, n   or   lea rsp, [frame register + n]        (optional)
       pop register ...
       ret   or a jump out of the function */
#if defined(__x86_64__)
#include "unwind.h"

typedef struct EPILOGUE {
    const u8 *Code;
    i64 Add;        /* what the first instruction adds to RSP ... */
    u32 FrameBase;  /* ... or to this register, if not 0 */
    const u8 *Pops; /* the first pop */
} EPILOGUE;

static i32 i32_at(const u8 *code) { return (i32)(code[0] | code[1] << 8 | code[2] << 16 | (u32)code[3] << 24); }

/* add rsp, imm8 or imm32; lea rsp, [register + disp8 or disp32], only by the function's frame register */
static void read_release(EPILOGUE *epilogue, const UNWIND_INFO *info) {
    const u8 *code = epilogue->Code;
    if (code[0] == 0x48 && code[1] == 0x83 && code[2] == 0xC4) {
        epilogue->Add = (i8)code[3];
        epilogue->Code += 4;
    } else if (code[0] == 0x48 && code[1] == 0x81 && code[2] == 0xC4) {
        epilogue->Add = i32_at(code + 3);
        epilogue->Code += 7;
    } else if ((code[0] & 0xFE) == 0x48 && code[1] == 0x8D && (code[2] & 0x38) == 0x20 && info->FrameRegister) {
        u32 base = (code[2] & 7) | (code[0] & 1) << 3, mode = code[2] >> 6;
        if (base != info->FrameRegister || (code[2] & 7) == 4 || mode == 0 || mode == 3)
            return;
        epilogue->FrameBase = base;
        epilogue->Add = mode == 1 ? (i8)code[3] : i32_at(code + 3);
        epilogue->Code += mode == 1 ? 4 : 7;
    }
}

/* Length of a `pop register`, 0 for another instruction. */
static u32 pop_at(const u8 *code, u32 *number) {
    u32 is_long = (code[0] & 0xF8) == 0x40 && (code[1] & 0xF8) == 0x58;
    if (!is_long && (code[0] & 0xF8) != 0x58)
        return 0;
    *number = (code[is_long] & 7) | (is_long ? (code[0] & 1) << 3 : 0);
    return 1 + is_long;
}

static bool32 leaves_function(const FRAME_STEP *step, const u8 *target) {
    u64 at = (u64)target - step->ImageBase;
    return at < step->Function->BeginAddress || at >= step->Function->EndAddress;
}

/* ret, rep ret, ret n; a jump to another function, directly or through memory or (with REX) a register */
static bool32 is_end(const FRAME_STEP *step, const u8 *code) {
    if (code[0] == 0xC3 || (code[0] == 0xF3 && code[1] == 0xC3) || code[0] == 0xC2)
        return TRUE;
    if (code[0] == 0xEB)
        return leaves_function(step, code + 2 + (i8)code[1]);
    if (code[0] == 0xE9)
        return leaves_function(step, code + 5 + i32_at(code + 1));
    if (code[0] == 0xFF && code[1] == 0x25)
        return TRUE;
    return (code[0] & 0xF8) == 0x48 && code[1] == 0xFF && (code[2] & 0x38) == 0x20;
}

static bool32 is_epilogue(const FRAME_STEP *step, const UNWIND_INFO *info, EPILOGUE *epilogue) {
    u32 number, length;
    read_release(epilogue, info);
    epilogue->Pops = epilogue->Code;
    while ((length = pop_at(epilogue->Code, &number)))
        epilogue->Code += length;
    return is_end(step, epilogue->Code);
}

static bool32 follow(FRAME_STEP *step, const EPILOGUE *epilogue) {
    CONTEXT *context = step->Context;
    u32 number, length;
    if (epilogue->FrameBase)
        context->Rsp = *integer_register(context, epilogue->FrameBase);
    context->Rsp += (u64)epilogue->Add;
    for (const u8 *code = epilogue->Pops; (length = pop_at(code, &number)); code += length) {
        u64 at = context->Rsp;
        if (!read_stack(step, at, integer_register(context, number)))
            return FALSE;
        if (step->Pointers)
            step->Pointers->Integer[number] = (u64 *)at;
        context->Rsp += 8;
    }
    return unwind_leaf_frame(context, step->Low, step->High);
}

bool32 finish_epilogue(FRAME_STEP *step, const UNWIND_INFO *info, bool32 *failed) {
    EPILOGUE epilogue = {(const u8 *)step->ControlPc, 0, 0, NULL};
    if (!is_epilogue(step, info, &epilogue))
        return FALSE;
    *failed = !follow(step, &epilogue);
    return TRUE;
}
#endif
