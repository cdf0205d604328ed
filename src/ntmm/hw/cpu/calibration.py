"""Finding the CPU's registers inside the engine's saved state, by experiment.

Unicorn saves the whole CPU state as one block of bytes but names no offsets, and has no register for the error code
of a page fault. A scratch x64 machine of 16 frames is run through faults with known error codes and known register
values; where the block always shows the expected number, there the field lies. The result holds for the host process.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from unicorn import x86_const as x86

from ntmm.hw.arch import OWNER, VALID, WRITE, X64
from ntmm.hw.cpu.engine import Engine, version
from ntmm.hw.cpu.ring3 import SupervisorArea, enter_ring3
from ntmm.hw.ram import Ram

GENERAL_REGISTERS = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16)))


class CalibrationError(RuntimeError):
    """Raised when the installed Unicorn keeps its CPU state where the calibration does not find it."""


@dataclass(frozen=True, kw_only=True)
class Slots:
    """Indices into a context's `u64` view of the 64-bit registers."""

    rax: int
    rcx: int
    rdx: int
    rbx: int
    rsp: int
    rbp: int
    rsi: int
    rdi: int
    r8: int
    r9: int
    r10: int
    r11: int
    r12: int
    r13: int
    r14: int
    r15: int
    rip: int
    cr2: int
    cr3: int
    fs_base: int
    gs_base: int


@dataclass(frozen=True, kw_only=True)
class StateLayout:
    """Where things lie in a saved state."""

    size: int
    slots: Slots
    error_code: int
    """Index in the `i32` view: error code of the last exception."""
    old_exception: int
    """Index in the `i32` view: 14 after a page fault; must be -1 again before the next one."""
    software_interrupt: int
    """Index in the `i32` view: 1 if the last vector came from an `int` instruction."""
    hidden_flags: int
    """Index in the `i32` view: the engine's privilege level (bits 0-1) and long-mode bit (14)."""


# The scratch machine: virtual = physical in the first 16 pages, one table per level.
TOP_TABLE, POINTERS, DIRECTORY, PAGE_TABLE = 0x1000, 0x2000, 0x3000, 0x4000
AREA = SupervisorArea(0x5000, 0x5000, 0x6000, 0x6000, 0x7000, 0x7000)
USER_CODE, READ_ONLY, NO_EXECUTE, ABSENT = 0x8000, 0x9000, 0xA000, 0xB000
READ, STORE, JUMP, TRAP = 0x8000, 0x8010, 0x8020, 0x8030
PROGRAM = {
    READ: b"\x8a\x03",  # mov al, [rbx]
    STORE: b"\x88\x03",  # mov [rbx], al
    JUMP: b"\xff\xe3",  # jmp rbx
    TRAP: b"\xcd\x2e",  # int 2Eh
}
FAULTS = (  # pc, address, page-fault error code
    (READ, ABSENT, 0x4),
    (STORE, ABSENT + 0x123, 0x6),
    (STORE, READ_ONLY + 0x45, 0x7),
    (READ, AREA.code_virtual + 0x67, 0x5),
    (JUMP, NO_EXECUTE + 0x89, 0x15),
)
HIDDEN_LONG_MODE = 1 << 14
HIDDEN_PRIVILEGE = 3


@cache
def state_layout() -> StateLayout:
    """Calibrate once per host process; raises CalibrationError with one sentence if a field is not found."""
    ram = _scratch_ram()
    engine = Engine(64, ram.size, ram.address)
    try:
        ring0 = engine.new_state()
        ring3 = enter_ring3(engine, ram, X64, AREA, TOP_TABLE).user
        return _layout(engine, ring0, ring3)
    finally:
        engine.close()


def _scratch_ram() -> Ram:
    ram = Ram(0x10000)
    for table, entry in ((TOP_TABLE, POINTERS), (POINTERS, DIRECTORY), (DIRECTORY, PAGE_TABLE)):
        ram.u64[table >> 3] = entry | VALID | WRITE | OWNER
    rights = {AREA.code_virtual: WRITE, AREA.descriptors_virtual: WRITE, AREA.stack_virtual: WRITE}
    rights |= {USER_CODE: OWNER | WRITE, READ_ONLY: OWNER, NO_EXECUTE: OWNER | X64.no_execute}
    for page, bits in rights.items():
        ram.u64[PAGE_TABLE + (page >> 12) * 8 >> 3] = page | bits | VALID
    for address, code in PROGRAM.items():
        ram.bytes[address : address + len(code)] = code
    return ram


def _layout(engine: Engine, ring0: bytes, ring3: bytes) -> StateLayout:
    old_exception = _only("old_exception", _matches("i", [ring0, ring3], [-1, 14]))  # ring 3 is reached by a page fault
    ring3 = with_word(ring3, old_exception, -1)
    registers = _register_slots(engine, ring3)
    faults = [_run(engine, ring3, pc, address) for pc, address, _ in FAULTS]
    codes = [code for _, _, code in FAULTS]
    addresses = [address for _, address, _ in FAULTS]
    trap = _run(engine, ring3, TRAP, 0)
    error_code = _only("the error code", _matches("i", faults, codes))
    cr2 = [index for index in _matches("Q", faults, addresses) if index != registers["rbx"]]
    interrupt = _matches("i", [trap, *faults], [1, *(0 for _ in faults)])
    return StateLayout(
        size=len(ring3),
        slots=Slots(cr2=_only("CR2", cr2), **registers),
        error_code=error_code,
        old_exception=old_exception,
        software_interrupt=_only("the software-interrupt mark", [i for i in interrupt if abs(i - error_code) < 4]),
        hidden_flags=_hidden_flags(ring0, ring3),
    )


def with_word(state: bytes, index: int, value: int) -> bytes:
    """A copy of a saved state with one word of its `i32` view replaced."""
    return state[: index * 4] + struct.pack("<i", value) + state[index * 4 + 4 :]


def _run(engine: Engine, state: bytes, pc: int, rbx: int) -> bytes:
    engine.restore(state)
    engine.write_register(x86.UC_X86_REG_RBX, rbx)
    engine.start(pc)
    engine.vectors.clear()
    return engine.new_state()


def _register_slots(engine: Engine, ring3: bytes) -> dict[str, int]:
    names = {
        name: getattr(x86, f"UC_X86_REG_{name.upper()}") for name in (*GENERAL_REGISTERS, "rip", "fs_base", "gs_base")
    }
    engine.restore(ring3)
    states, patterns = [], (0x5EED_0000_0000, 0x2BAD_0000_0000)
    for pattern in patterns:
        for number, register in enumerate(names.values()):
            engine.write_register(register, pattern + number * 0x1010)
        engine.write_register(x86.UC_X86_REG_CR3, pattern & 0xFFFF_0000_0000 | TOP_TABLE)
        states.append(engine.new_state())
    slots = {"cr3": _only("CR3", _matches("Q", states, [pattern | TOP_TABLE for pattern in patterns]))}
    for number, name in enumerate(names):
        expected = [pattern + number * 0x1010 for pattern in patterns]
        slots[name] = _only(name.upper(), _matches("Q", states, expected))
    return slots


def _matches(kind: Literal["i", "Q"], states: Iterable[bytes], expected: Iterable[int]) -> list[int]:
    """Indices at which every state, seen as an array of `kind`, holds its expected number."""
    width = struct.calcsize(kind)
    found: Iterable[int] | None = None
    for state, number in zip(states, expected, strict=True):
        words = memoryview(state[: len(state) // width * width]).cast("B").cast(kind)
        found = [index for index in (range(len(words)) if found is None else found) if words[index] == number]
    return list(found or ())


def _hidden_flags(ring0: bytes, ring3: bytes) -> int:
    below, above = memoryview(ring0).cast("i"), memoryview(ring3).cast("i")
    return _only(
        "the privilege level",
        [
            index
            for index, word in enumerate(below)
            if word & HIDDEN_LONG_MODE
            and above[index] & HIDDEN_LONG_MODE
            and word & HIDDEN_PRIVILEGE == 0
            and above[index] & HIDDEN_PRIVILEGE == 3
        ],
    )


def _only(what: str, found: list[int]) -> int:
    if len(found) != 1:
        raise CalibrationError(
            f"Unicorn {version()} keeps {what} at {len(found)} places of its CPU state where one was expected; "
            "install a version this program was tested with (2.1.4)."
        )
    return found[0]
