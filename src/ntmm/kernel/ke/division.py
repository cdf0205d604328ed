"""Why a division failed: the processor raises #DE for a divisor of zero and for a quotient that does not fit.

NT looks at the divisor again to tell the two apart (KiTrap00), so this decodes the operand of div and idiv.
"""

from typing import Final

from ntmm.hw.cpu import Context
from ntmm.kernel.ke.access import GuestFault, GuestMemory
from ntmm.kernel.ke.instructions import instruction_at
from ntmm.nt.status import Status

_NAMES: Final = ("ax", "cx", "dx", "bx", "sp", "bp", "si", "di")
_PLAIN_PREFIXES: Final = frozenset({0x26, 0x2E, 0x36, 0x3E, 0xF0, 0xF2, 0xF3})
"""Segments of base 0, lock and repeat: the operand is where it would be without them."""
_OPERAND_SIZE: Final = 0x66
_DIVISIONS: Final = frozenset({0xF6, 0xF7})
_STACK_POINTER: Final = 4
_BASE_POINTER: Final = 5


class _Undecoded(Exception):
    """The operand lies where this decoder does not look: behind FS or GS, or a 16-bit address."""


class _Operand:
    """The ModRM operand of an instruction at the program counter."""

    def __init__(self, context: Context, memory: GuestMemory) -> None:
        self._context, self._memory = context, memory
        self._is_64 = memory.pointer_size == 8
        self._code = instruction_at(memory, context.pc)
        self._at = 0
        self._rex = 0
        self.size = 4

    def divisor(self) -> int:
        """The value that div or idiv divides by."""
        self._skip_prefixes()
        opcode, form = self._take(1), self._take(1)
        if opcode not in _DIVISIONS or form >> 3 & 6 != 6:
            raise _Undecoded
        self.size = 1 if opcode == min(_DIVISIONS) else self.size
        if form >> 6 == 3:
            return self._register_operand(form & 7)
        address = self._address(form)
        return int.from_bytes(self._memory.read(address, self.size), "little")

    def _take(self, count: int) -> int:
        data = self._code[self._at : self._at + count]
        if len(data) != count:
            raise _Undecoded
        self._at += count
        return int.from_bytes(data, "little", signed=count > 1)

    def _skip_prefixes(self) -> None:
        while (byte := self._take(1)) in _PLAIN_PREFIXES or byte == _OPERAND_SIZE:
            self.size = 2 if byte == _OPERAND_SIZE else self.size
        if self._is_64 and byte & 0xF0 == 0x40:
            self._rex = byte
            self.size = 8 if byte & 8 else self.size
            return
        self._at -= 1

    def _register(self, number: int) -> int:
        if number > 7:
            return self._context.get(f"r{number}")
        return self._context.get(("r" if self._is_64 else "e") + _NAMES[number])

    def _register_operand(self, number: int) -> int:
        if self.size == 1 and not self._rex and number >= _STACK_POINTER:  # ah, ch, dh, bh
            return self._register(number - 4) >> 8 & 0xFF
        return self._register(number + 8 * (self._rex & 1)) & ((1 << 8 * self.size) - 1)

    def _address(self, form: int) -> int:
        mode, low = form >> 6, form & 7
        address = self._scaled(mode) if low == _STACK_POINTER else 0
        relative = mode == 0 and low == _BASE_POINTER
        if low != _STACK_POINTER and not relative:
            address = self._register(low + 8 * (self._rex & 1))
        address += self._take(4) if relative or mode == 2 else self._signed_byte() if mode == 1 else 0
        if relative and self._is_64:
            address += self._context.pc + self._at
        return address & ((1 << 8 * self._memory.pointer_size) - 1)

    def _scaled(self, mode: int) -> int:
        """Base and index of a SIB byte."""
        scale = self._take(1)
        index, base = (scale >> 3 & 7) + 8 * (self._rex >> 1 & 1), (scale & 7) + 8 * (self._rex & 1)
        scaled = 0 if index == _STACK_POINTER else self._register(index) << (scale >> 6)
        if scale & 7 == _BASE_POINTER and mode == 0:
            return scaled + self._take(4)
        return scaled + self._register(base)

    def _signed_byte(self) -> int:
        byte = self._take(1)
        return byte - 0x100 if byte & 0x80 else byte


def division_status(context: Context, memory: GuestMemory) -> Status:
    """INTEGER_OVERFLOW if the divisor of the division at the program counter is not zero.

    INTEGER_DIVIDE_BY_ZERO otherwise, also where the divisor cannot be read.
    """
    try:
        divisor = _Operand(context, memory).divisor()
    except (_Undecoded, GuestFault):
        divisor = 0
    return Status.INTEGER_OVERFLOW if divisor else Status.INTEGER_DIVIDE_BY_ZERO
