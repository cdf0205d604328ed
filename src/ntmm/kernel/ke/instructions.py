"""What the kernel must know of single x86 instructions: is it privileged, does it read and then write its operand?"""

from typing import Final

from ntmm.kernel.ke.access import GuestFault, GuestMemory

_LONGEST: Final = 15
_PREFIXES: Final = frozenset({0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3})
_PRIVILEGED: Final = frozenset({0xF4, 0xFA, 0xFB, 0x6C, 0x6D, 0x6E, 0x6F, *range(0xE4, 0xE8), *range(0xEC, 0xF0)})
"""hlt, cli, sti, in, out, ins, outs."""
_PRIVILEGED_0F: Final = frozenset({0x00, 0x01, 0x06, 0x07, 0x08, 0x09, 0x20, 0x21, 0x22, 0x23, 0x30, 0x32, 0x33, 0x35})
"""lldt, lgdt and kin, clts, sysret, invd, wbinvd, mov cr/dr, wrmsr, rdmsr, rdpmc, sysexit."""

_MODIFY: Final = frozenset(
    {*(base + form for base in range(0x00, 0x38, 8) for form in (0, 1)), 0x86, 0x87, 0xC0, 0xC1, *range(0xD0, 0xD4)}
)
"""add, or, adc, sbb, and, sub, xor to memory; xchg; rotates and shifts."""
_MODIFY_BY_GROUP: Final = {
    0x80: range(7),
    0x81: range(7),
    0x83: range(7),
    0xF6: range(2, 4),
    0xF7: range(2, 4),
    0xFE: range(2),
    0xFF: range(2),
}
"""Opcodes whose ModRM register field chooses the operation: the choices that modify (not cmp, test, call, push)."""
_MODIFY_0F: Final = frozenset({0xA4, 0xA5, 0xAB, 0xAC, 0xAD, 0xB0, 0xB1, 0xB3, 0xBB, 0xC0, 0xC1})
"""shld, shrd, bts, btr, btc, cmpxchg, xadd."""
_MODIFY_BY_GROUP_0F: Final = {0xBA: range(5, 8), 0xC7: range(1, 2)}


def instruction_at(memory: GuestMemory, address: int) -> bytes:
    """Up to 15 bytes at an address, fewer where memory cannot be read."""
    try:
        return memory.read(address, _LONGEST)
    except GuestFault:
        return _readable_part(memory, address)


def _readable_part(memory: GuestMemory, address: int) -> bytes:
    code = b""
    try:
        while len(code) < _LONGEST:
            code += memory.read(address + len(code), 1)
    except GuestFault:
        pass  # the instruction ends before the page does, or it would have faulted itself
    return code


def _without_prefixes(memory: GuestMemory, address: int) -> bytes:
    code, position = instruction_at(memory, address), 0
    while position < len(code) and code[position] in _PREFIXES:
        position += 1
    if memory.pointer_size == 8 and position < len(code) and code[position] & 0xF0 == 0x40:
        position += 1
    return code[position:]


def is_privileged(memory: GuestMemory, address: int) -> bool:
    """True if the instruction at an address may only run in ring 0."""
    code = _without_prefixes(memory, address)
    if code[:1] == b"\x0f":
        return len(code) > 1 and code[1] in _PRIVILEGED_0F
    return bool(code) and code[0] in _PRIVILEGED


def modifies_memory(memory: GuestMemory, address: int) -> bool:
    """True for an instruction that reads its memory operand and writes it back.

    The engine reports the fault of such an instruction on an absent page as a read; a processor reports a write.
    """
    code = _without_prefixes(memory, address)
    single, group = _MODIFY, _MODIFY_BY_GROUP
    if code[:1] == b"\x0f":
        code, single, group = code[1:], _MODIFY_0F, _MODIFY_BY_GROUP_0F
    if len(code) < 2:
        return False
    return code[0] in single or (code[1] >> 3 & 7) in group.get(code[0], ())
