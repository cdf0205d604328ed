"""Is a division by zero told apart from one whose quotient does not fit, whatever the form of its operand?"""

import pytest

from ntmm.hw.cpu import Context
from ntmm.kernel.ke.division import division_status
from ntmm.nt.status import Status
from tests.kernel.ke.kernel_threads import AT, Booted

CODE, HERE = AT, AT + 0x1000
Form = tuple[str, str | int, int]
FORMS: dict[str, Form] = {  # code, where the divisor lies (register or address), its size
    "idiv ecx": ("f7f9", "cx", 4),
    "div bx": ("66f7f3", "bx", 2),
    "div cl": ("f6f1", "cx", 1),
    "idiv dword [esi]": ("f73e", HERE, 4),
    "div byte [esi]": ("f636", HERE, 1),
    "idiv dword [esi+8]": ("f77e08", HERE + 8, 4),
    "idiv dword [esi-8]": ("f77ef8", HERE - 8, 4),
    "div dword [esi+100h]": ("f7b600010000", HERE + 0x100, 4),
    "idiv dword [esi+edi*4]": ("f73cbe", HERE + 0x40, 4),
    "idiv dword [edi*4+disp32]": ("f73cbd" + (HERE & 0xFFFFFFFF).to_bytes(4, "little").hex(), HERE + 0x40, 4),
    "idiv word ds:[esi]": ("3e66f73e", HERE, 2),
}
LONG_FORMS: dict[str, Form] = {
    "idiv r9": ("49f7f9", "r9", 8),
    "idiv rcx": ("48f7f9", "cx", 8),
    "idiv qword [r10+8]": ("49f77a08", HERE + 8, 8),
    "idiv dword [rip+100h]": ("f73d00010000", CODE + 6 + 0x100, 4),
    "div r9b": ("41f6f1", "r9", 1),
}
SHORT_FORMS: dict[str, Form] = {
    "div ch": ("f6f5", "cx", 1),
    "idiv dword [disp32]": ("f73d" + HERE.to_bytes(4, "little").hex(), HERE, 4),
}


def status_of(booted: Booted, code: str, where: str | int, size: int, divisor: int) -> Status:
    wide = booted.process.memory.pointer_size == 8
    registers = {"rsi" if wide else "esi": HERE, "rdi" if wide else "edi": 0x10}
    if wide:
        registers["r10"] = HERE
    booted.process.memory.write(HERE - 8, bytes(0x200))
    booted.process.memory.write(CODE, bytes.fromhex(code) + bytes(0x200))
    if isinstance(where, int):
        booted.process.memory.write(where, divisor.to_bytes(size, "little"))
    elif where.startswith("r"):
        registers[where] = divisor
    else:
        registers[("r" if wide else "e") + where] = divisor << 8 if code == "f6f5" else divisor
    return division_status(_context(booted, registers), booted.process.memory)


def _context(booted: Booted, registers: dict[str, int]) -> Context:
    return booted.kernel.cpu.create_context(booted.process.space.directory, CODE, AT + 0x3FF0, 0, registers)


@pytest.mark.parametrize("name", [*FORMS, *LONG_FORMS, *SHORT_FORMS])
def test_is_the_divisor_looked_at(booted: Booted, name: str) -> None:
    wide = booted.process.memory.pointer_size == 8
    form = (FORMS | (LONG_FORMS if wide else SHORT_FORMS)).get(name)
    if form is None:
        pytest.skip("a form of the other architecture")
    assert status_of(booted, *form, 0) is Status.INTEGER_DIVIDE_BY_ZERO
    assert status_of(booted, *form, 1) is Status.INTEGER_OVERFLOW
    assert status_of(booted, *form, 0x80 << 8 * (form[2] - 1)) is Status.INTEGER_OVERFLOW


@pytest.mark.parametrize("code", ["90", "f7c1", "64f73e", "67f73c"])
def test_is_another_instruction_taken_for_a_division_by_zero(booted: Booted, code: str) -> None:
    booted.process.memory.write(CODE, bytes.fromhex(code) + bytes(16))
    assert division_status(_context(booted, {}), booted.process.memory) is Status.INTEGER_DIVIDE_BY_ZERO


def test_does_an_unreadable_divisor_count_as_zero(booted: Booted) -> None:
    booted.process.memory.write(CODE, bytes.fromhex("f73e"))  # idiv dword [esi], and esi is 0
    assert division_status(_context(booted, {}), booted.process.memory) is Status.INTEGER_DIVIDE_BY_ZERO
