"""EXCEPTION_RECORD and CONTEXT: there and back, and on the stack of a program."""

import struct

import pytest

from ntmm.hw.cpu import Context, Vector
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ke.exceptions import (
    CONTEXT_32_SIZE,
    CONTEXT_64_SIZE,
    ExceptionRecord,
    capture_context,
    decode_record,
    deliver,
    restore_context,
)
from ntmm.kernel.ke.vectors import emulate_time_stamp_counter, record_for
from ntmm.nt.status import Status
from tests.kernel.ke.kernel_threads import AT, Booted

TOP = AT + 0x4000
REGISTERS = {4: ("eax", "ecx", "edx", "ebx", "ebp", "esi", "edi"), 8: ("rax", "rbx", "rbp", "rsi", "r8", "r12", "r15")}


def new_context(booted: Booted, seed: int = 0x11) -> Context:
    registers = {
        name: seed * (number + 1) for number, name in enumerate(REGISTERS[booted.kernel.architecture.pointer_size])
    }
    return booted.kernel.cpu.create_context(booted.process.space.directory, 0x401234, TOP - 8, 0, registers)


def test_how_is_a_record_laid_out() -> None:
    record = ExceptionRecord(Status.ACCESS_VIOLATION, 0x401000, (1, 0x123), flags=1)
    assert record.encode(4) == struct.pack("<7I", 0xC0000005, 1, 0, 0x401000, 2, 1, 0x123) + bytes(13 * 4)
    assert record.encode(8) == struct.pack("<IIQQIIQQ", 0xC0000005, 1, 0, 0x401000, 2, 0, 1, 0x123) + bytes(13 * 8)


@pytest.mark.parametrize("count", [0, 2, 15])
def test_does_a_record_come_back(booted: Booted, count: int) -> None:
    memory = booted.process.memory
    record = ExceptionRecord(Status.IN_PAGE_ERROR, 0x77001234, tuple(range(7, 7 + count)))
    memory.write(AT, record.encode(memory.pointer_size))
    assert decode_record(memory, AT) == record


def test_is_a_parameter_count_past_15_cut(booted: Booted) -> None:
    memory = booted.process.memory
    memory.write(AT, ExceptionRecord(1, 2, tuple(range(15))).encode(memory.pointer_size))
    memory.write_u32(AT + (0x10 if memory.pointer_size == 4 else 0x18), 0xFFFFFFFF)
    assert decode_record(memory, AT).parameters == tuple(range(15))


def test_is_an_unknown_address_all_ones(booted: Booted) -> None:
    memory = booted.process.memory
    memory.write(AT, ExceptionRecord(Status.ACCESS_VIOLATION, 0x401000, (0, -1)).encode(memory.pointer_size))
    assert decode_record(memory, AT).parameters == (0, booted.kernel.architecture.address_mask)


def test_does_a_context_come_back(booted: Booted) -> None:
    cpu, memory = booted.kernel.cpu, booted.process.memory
    original = new_context(booted)
    original.flags = 0x246
    image = bytearray(cpu.read_float_state(original))
    image[160:176] = bytes(range(16))  # XMM0
    cpu.write_float_state(original, bytes(image))
    saved = capture_context(cpu, original)
    memory.write(AT, saved)
    other = new_context(booted, seed=0)
    other.pc = other.sp = 0
    restore_context(cpu, other, memory, AT)
    assert other.general_registers() == original.general_registers()
    assert other.flags & 0xFFF == 0x246
    assert cpu.read_float_state(other) == cpu.read_float_state(original)
    assert capture_context(cpu, other) == saved
    assert len(saved) == (CONTEXT_32_SIZE if memory.pointer_size == 4 else CONTEXT_64_SIZE)


def test_where_do_debuggers_find_the_registers(booted: Booted) -> None:
    context = new_context(booted)
    saved = capture_context(booted.kernel.cpu, context)
    wide = booted.kernel.architecture.bits == 64
    places = (
        {"rax": 0x78, "rbx": 0x90, "rsp": 0x98, "rip": 0xF8} if wide
        else {"eax": 0xB0, "ebx": 0xA4, "esp": 0xC4, "eip": 0xB8}
    )  # fmt: skip
    found = {name: struct.unpack_from("<Q" if wide else "<I", saved, at)[0] for name, at in places.items()}
    if wide:
        assert saved[0x30:0x34] == b"\x1f\x00\x10\x00"
        assert struct.unpack_from("<6H", saved, 0x38) == (0x33, 0x2B, 0x2B, 0x53, 0x2B, 0x2B)
    else:
        assert saved[:4] == b"\x3f\x00\x01\x00"
        assert [struct.unpack_from("<I", saved, at)[0] for at in (0xBC, 0xC8)] == [0x1B, 0x23]
    assert found == {name: context.general_registers()[name] for name in found}


@pytest.mark.parametrize("part", ["nothing", "control", "integer"])
def test_is_only_the_named_part_of_a_context_loaded(booted: Booted, part: str) -> None:
    cpu, memory = booted.kernel.cpu, booted.process.memory
    saved = bytearray(capture_context(cpu, new_context(booted, seed=0x77)))
    base = 0x100000 if memory.pointer_size == 8 else 0x10000
    struct.pack_into(
        "<I", saved, 0x30 if memory.pointer_size == 8 else 0, base | {"control": 1, "integer": 2}.get(part, 0)
    )
    memory.write(AT, bytes(saved))
    context = new_context(booted, seed=1)
    context.pc, context.sp = 1, 2
    before = context.general_registers()
    restore_context(cpu, context, memory, AT)
    control = {"eip", "esp", "rip", "rsp"} | ({"ebp"} if memory.pointer_size == 4 else set())
    changed = {name for name, value in context.general_registers().items() if value != before[name]}
    named = set(REGISTERS[memory.pointer_size])
    expected = {"nothing": set(), "control": control & set(before), "integer": named - control}[part]
    assert changed == expected


def test_may_a_program_set_any_flag(booted: Booted) -> None:
    cpu, memory = booted.kernel.cpu, booted.process.memory
    saved = bytearray(capture_context(cpu, new_context(booted)))
    struct.pack_into("<I", saved, 0x44 if memory.pointer_size == 8 else 0xC0, 0xFFFFFFFF)
    memory.write(AT, bytes(saved))
    context = new_context(booted)
    restore_context(cpu, context, memory, AT)
    assert context.flags & 0x7FFFF == 0x40DD5 | 0x202  # no IOPL, NT, RF or VM; interrupts stay on


def test_what_does_the_dispatcher_find_on_the_stack(booted: Booted) -> None:
    cpu, memory, context = booted.kernel.cpu, booted.process.memory, new_context(booted)
    context.flags = 0x302  # a trap flag that must not trap in the dispatcher
    saved, sp = capture_context(cpu, context), context.sp
    record = ExceptionRecord(Status.ACCESS_VIOLATION, 0x401234, (1, 0xDEAD))
    deliver(cpu, context, memory, record, 0x7C90EAEC)
    frame = context.sp
    if memory.pointer_size == 8:
        record_at, context_at = frame + 0x4F0, frame
        assert frame % 16 == 0
        machine_frame = struct.unpack("<5Q", memory.read(frame + 0x590, 40))
        assert machine_frame == (struct.unpack_from("<Q", saved, 0xF8)[0], 0x33, 0x302, sp, 0x2B)
    else:
        record_at, context_at = struct.unpack("<II", memory.read(frame, 8))
        assert frame % 4 == 0
    assert context.pc == 0x7C90EAEC
    assert decode_record(memory, record_at) == record
    assert memory.read(context_at, len(saved)) == saved
    assert context_at + len(saved) <= sp
    assert context.flags & 0x100 == 0


def test_what_if_the_stack_cannot_hold_an_exception(booted: Booted) -> None:
    context = new_context(booted)
    context.sp = AT + 0x10
    record = ExceptionRecord(Status.BREAKPOINT, 0)
    with pytest.raises(GuestFault) as caught:
        deliver(booted.kernel.cpu, context, booted.process.memory, record, 0x7C90EAEC)
    assert caught.value.status == Status.ACCESS_VIOLATION


@pytest.mark.parametrize(
    ("vector", "code", "status", "moved", "parameters"),
    [
        (Vector.DIVIDE_ERROR, "f6f4", Status.INTEGER_DIVIDE_BY_ZERO, 0, ()),  # div ah, which is 0
        (Vector.DIVIDE_ERROR, "f7f6", Status.INTEGER_OVERFLOW, 0, ()),  # div esi, which is not
        (Vector.DEBUG, "90", Status.SINGLE_STEP, 0, ()),
        (Vector.BREAKPOINT, "90", Status.BREAKPOINT, -1, (0,)),
        (Vector.OVERFLOW, "90", Status.INTEGER_OVERFLOW, -1, ()),
        (Vector.BOUND_RANGE, "90", Status.ARRAY_BOUNDS_EXCEEDED, 0, ()),
        (Vector.INVALID_OPCODE, "0f0b", Status.ILLEGAL_INSTRUCTION, 0, ()),
        (Vector.GENERAL_PROTECTION, "f4", Status.PRIVILEGED_INSTRUCTION, 0, ()),
        (Vector.GENERAL_PROTECTION, "8b00", Status.ACCESS_VIOLATION, 0, (0, -1)),
        (Vector.ALIGNMENT_CHECK, "90", Status.DATATYPE_MISALIGNMENT, 0, ()),
        (Vector.FLOATING_POINT, "90", Status.FLOAT_INVALID_OPERATION, 0, (0,)),
    ],
)
def test_which_status_does_a_processor_exception_have(
    booted: Booted, vector: Vector, code: str, status: Status, moved: int, parameters: tuple[int, ...]
) -> None:
    context, cpu = new_context(booted), booted.kernel.cpu
    booted.process.memory.write(AT, bytes.fromhex(code))
    context.pc, cpu.error_code = AT, 0
    context.set("rcx" if context.bits == 64 else "ecx", 0)  # the divisor
    record = record_for(cpu, context, booted.process.memory, vector)
    assert record == ExceptionRecord(status, AT + moved, parameters)
    assert context.pc == AT + moved


@pytest.mark.parametrize(
    ("status_word", "control_word", "status"),
    [
        (0x01, 0x27E, Status.FLOAT_INVALID_OPERATION),
        (0x41, 0x27E, Status.FLOAT_STACK_CHECK),
        (0x04, 0x27B, Status.FLOAT_DIVIDE_BY_ZERO),
        (0x05, 0x27B, Status.FLOAT_DIVIDE_BY_ZERO),
        (0x08, 0x277, Status.FLOAT_OVERFLOW),
        (0x10, 0x26F, Status.FLOAT_UNDERFLOW),
        (0x38, 0x25F, Status.FLOAT_INEXACT_RESULT),
    ],
)
def test_which_status_does_an_x87_exception_have(
    booted: Booted, status_word: int, control_word: int, status: Status
) -> None:
    context, cpu = new_context(booted), booted.kernel.cpu
    image = bytearray(cpu.read_float_state(context))
    struct.pack_into("<HH", image, 0, control_word, status_word)
    cpu.write_float_state(context, bytes(image))
    context.pc = AT
    record = record_for(cpu, context, booted.process.memory, Vector.FLOATING_POINT)
    assert record == ExceptionRecord(status, AT, (0,))


@pytest.mark.parametrize(
    ("control", "status_32", "status_64"),
    [
        (0x1F01 & ~0x80, Status.FLOAT_MULTIPLE_FAULTS, Status.FLOAT_INVALID_OPERATION),
        (0x1F84 & ~0x200, Status.FLOAT_MULTIPLE_FAULTS, Status.FLOAT_DIVIDE_BY_ZERO),
        (0x1FA8 & ~0x400, Status.FLOAT_MULTIPLE_TRAPS, Status.FLOAT_OVERFLOW),
        (0x1FA0 & ~0x1000, Status.FLOAT_MULTIPLE_TRAPS, Status.FLOAT_INEXACT_RESULT),
    ],
)
def test_which_status_does_an_sse_exception_have(
    booted: Booted, control: int, status_32: Status, status_64: Status
) -> None:
    context, cpu = new_context(booted), booted.kernel.cpu
    image = bytearray(cpu.read_float_state(context))
    struct.pack_into("<I", image, 24, control)
    cpu.write_float_state(context, bytes(image))
    context.pc = AT
    record = record_for(cpu, context, booted.process.memory, Vector.SIMD_FLOATING_POINT)
    wide = booted.process.memory.pointer_size == 8
    assert record == ExceptionRecord(status_64 if wide else status_32, AT, (0, control))


def test_does_rdtsc_show_virtual_time(booted: Booted) -> None:
    context, clock, memory = new_context(booted), booted.kernel.clock, booted.process.memory
    memory.write(AT, b"\x0f\x31\x90")
    clock.advance(100_000_000)
    context.pc = AT
    assert emulate_time_stamp_counter(context, memory, clock)
    registers = context.general_registers()
    low, high = (registers[name] for name in (("rax", "rdx") if memory.pointer_size == 8 else ("eax", "edx")))
    assert (high << 32 | low, context.pc) == (clock.time_stamp_counter(), AT + 2)
    assert not emulate_time_stamp_counter(context, memory, clock)
    assert context.pc == AT + 2
