"""Are a thread's registers whole after they were nowhere but in its trap frame?"""

import struct

import pytest

from ntmm.kernel.ke.exceptions import capture_context
from ntmm.kernel.ke.trap_frame import frame_size, load_registers, save_registers
from tests.kernel.ke.kernel_threads import AT, Booted

TEB = 0x7FFD_E000
PC, SP = 0x40_1234, AT + 0x3FF8


def float_image(xmm_registers: int) -> bytes:
    """x87 with three registers in use, rounding towards zero; every XMM register different."""
    image = bytearray(512)
    struct.pack_into("<HHB", image, 0, 0xF7F, 5 << 11, 0b11100000)
    struct.pack_into("<II", image, 24, 0x7F80, 0xFFFF)
    for number in range(3):
        image[32 + 16 * number : 42 + 16 * number] = struct.pack("<QH", (1 << 63) + number + 1, 0x4000 + number)
    for number in range(xmm_registers):
        image[160 + 16 * number : 176 + 16 * number] = bytes(range(number, number + 16))
    return bytes(image)


def test_are_all_registers_as_they_were(booted: Booted) -> None:
    cpu, wide = booted.kernel.cpu, booted.kernel.architecture.bits == 64
    directory = booted.process.space.directory
    context = cpu.create_context(directory, PC, SP, TEB)
    names = [name for name in context.general_registers() if name not in ("esp", "rsp", "eip", "rip")]
    for number, name in enumerate(names):
        context.set(name, 0x1111_2222_3333_4444 * (number + 1))
    context.flags = 0xA87  # carry, parity, sign, interrupts, overflow
    cpu.write_float_state(context, float_image(16 if wide else 8))
    before = capture_context(cpu, context), context.general_registers(), context.flags
    frames = save_registers(cpu, context)
    assert len(frames) == frame_size(booted.kernel.architecture.pointer_size)
    context.drop()
    load_registers(cpu, context, frames, directory, TEB)
    assert (capture_context(cpu, context), context.general_registers(), context.flags) == before
    assert context.teb_base == TEB
    assert context.page_directory == directory


def test_where_are_the_fields_of_the_frame(booted: Booted) -> None:
    cpu, wide = booted.kernel.cpu, booted.kernel.architecture.bits == 64
    registers = {"rax": 0x77, "r12": 0x88} if wide else {"eax": 0x77, "ebp": 0x88}
    frames = save_registers(cpu, cpu.create_context(booted.process.space.directory, PC, SP, TEB, registers))
    if wide:
        trap = frames[0x140:]
        assert struct.unpack_from("<Q", frames, 0x118) == (0x88,)
        assert struct.unpack_from("<Q", trap, 0x30) == (0x77,)
        assert struct.unpack_from("<QH6xI4xQH", trap, 0x168) == (PC, 0x33, 0x202, SP, 0x2B)
    else:
        assert struct.unpack_from("<I", frames, 0x44) == (0x77,)
        assert struct.unpack_from("<6I", frames, 0x60) == (0x88, 0, PC, 0x1B, 0x202, SP)


def test_is_the_use_of_dropped_registers_an_error(booted: Booted) -> None:
    cpu = booted.kernel.cpu
    context = cpu.create_context(booted.process.space.directory, PC, SP, TEB)
    context.drop()
    with pytest.raises(IndexError):
        cpu.run(context)
    with pytest.raises(IndexError):
        _ = context.pc
    with pytest.raises(AssertionError):
        _ = context.flags
