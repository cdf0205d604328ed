"""Which single instructions are privileged, and which read and write back their memory operand?"""

import pytest

from ntmm.kernel.ke.instructions import instruction_at, is_privileged, modifies_memory
from tests.kernel.ke.kernel_threads import AT, Booted

END = AT + 0x4000

PRIVILEGED = {
    "hlt": "f4", "cli": "fa", "sti": "fb", "in al, dx": "ec", "out 0x80, al": "e680", "rep outsb": "f36e",
    "insd": "6d", "mov eax, cr0": "0f20c0", "mov dr7, eax": "0f23f8", "wrmsr": "0f30", "rdmsr": "0f32",
    "invd": "0f08", "lgdt": "0f0110", "clts": "0f06", "in ax, dx": "66ed",
}  # fmt: skip
ALLOWED = {
    "nop": "90", "ret": "c3", "int3": "cc", "mov [eax], eax": "8900", "rdtsc": "0f31", "cpuid": "0fa2",
    "syscall": "0f05", "ud2": "0f0b", "push": "50", "cld": "fc", "pushf": "9c",
}  # fmt: skip

MODIFY = {
    "add [eax], eax": "0100", "or byte [eax], al": "0800", "adc": "1100", "sbb": "1900", "and": "2100", "sub": "2900",
    "xor": "3100", "lock xadd": "f00fc100", "lock cmpxchg": "f00fb108", "cmpxchg8b": "0fc708", "xchg": "8700",
    "inc dword": "ff00", "dec byte": "fe08", "not": "f710", "neg": "f718", "add imm8": "830001", "shl 1": "d120",
    "sar cl": "d338", "rol imm": "c00001", "bts": "0fab00", "btr imm": "0fba3001", "shld cl": "0fa500",
    "fs: 16-bit add": "6466010500000000",
}  # fmt: skip
ONLY_ONE_WAY = {
    "mov store": "8900", "mov load": "8b00", "add load": "0300", "cmp": "3900", "cmp imm": "833801",
    "test": "f70001000000",
    "test reg": "8500", "push mem": "ff30", "call mem": "ff10", "jmp mem": "ff20", "mul": "f720", "bt imm": "0fba2001",
    "bt": "0fa300", "movaps": "0f2900", "lea": "8d00", "stosd": "ab", "nop": "90", "imul": "0faf00",
}  # fmt: skip


def put(booted: Booted, code: str) -> int:
    """The code at the very end of readable memory: no byte behind it is needed."""
    data = bytes.fromhex(code)
    booted.process.memory.write(END - len(data), data)
    return END - len(data)


@pytest.mark.parametrize("name", PRIVILEGED)
def test_is_it_privileged(booted: Booted, name: str) -> None:
    assert is_privileged(booted.process.memory, put(booted, PRIVILEGED[name]))


@pytest.mark.parametrize("name", ALLOWED)
def test_is_it_allowed(booted: Booted, name: str) -> None:
    assert not is_privileged(booted.process.memory, put(booted, ALLOWED[name]))


@pytest.mark.parametrize("name", MODIFY)
def test_does_it_write_back(booted: Booted, name: str) -> None:
    assert modifies_memory(booted.process.memory, put(booted, MODIFY[name]))


@pytest.mark.parametrize("name", ONLY_ONE_WAY)
def test_does_it_read_or_write_only(booted: Booted, name: str) -> None:
    assert not modifies_memory(booted.process.memory, put(booted, ONLY_ONE_WAY[name]))


def test_is_a_rex_prefix_skipped_on_x64_only(booted: Booted) -> None:
    wide = booted.kernel.architecture.bits == 64
    assert modifies_memory(booted.process.memory, put(booted, "480100")) is wide  # add [rax], rax
    assert is_privileged(booted.process.memory, put(booted, "48f4")) is wide


def test_how_much_of_an_instruction_can_be_read(booted: Booted) -> None:
    memory = booted.process.memory
    memory.write(END - 16, bytes(range(16)))
    assert instruction_at(memory, END - 16) == bytes(range(15))
    assert instruction_at(memory, END - 3) == b"\x0d\x0e\x0f"
    assert instruction_at(memory, END) == b""
    assert not is_privileged(memory, END)
    assert not modifies_memory(memory, END - 1)
