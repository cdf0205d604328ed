"""Addresses and numbers as the prompt reads them: hexadecimal, as in WinDbg.

401000  0x401000  fffff680`00000000     hexadecimal; a grave accent is passed over
0n8                                     decimal
@esp  @rip                              a register of the stopped thread
kernel32!VirtualAlloc  VirtualAlloc     an exported function
VirtualAlloc+5  @esp-4                  sums and differences of these
"""

import re
from typing import Final

from ntmm.tools.debugger import Debugger
from ntmm.tools.rows import CommandError

_HEXADECIMAL: Final = re.compile(r"(?:0x)?[0-9a-f`]+", re.IGNORECASE)
_DECIMAL: Final = re.compile(r"0n[0-9]+", re.IGNORECASE)
_PARTS: Final = re.compile(r"([+-])")
_LONGEST: Final = 4300
"""Digits that Python converts at once."""


def number_of(text: str) -> int | None:
    """A hexadecimal number, or a decimal one that begins with 0n; None for anything else."""
    if len(text) > _LONGEST:
        return None
    if _DECIMAL.fullmatch(text):
        return int(text[2:])
    digits = text.replace("`", "")
    return int(digits, 16) if digits and _HEXADECIMAL.fullmatch(digits) else None


def address_of(debugger: Debugger, text: str) -> int:
    """The value of an expression, which must be an address of the machine; raises CommandError."""
    sign, value = 1, 0
    parts = [part.strip() for part in _PARTS.split(text)]
    for part in parts:
        if part in ("+", "-"):
            sign = 1 if part == "+" else -1
        else:
            value += sign * _term(debugger, part)
    if (
        not debugger.kernel.architecture.is_canonical(value)
        or not 0 <= value <= debugger.kernel.architecture.address_mask
    ):
        raise CommandError(f"{text!r} is no address of this machine")
    return value


def _term(debugger: Debugger, text: str) -> int:
    if text.startswith("@"):
        return _register(debugger, text[1:].lower())
    number = number_of(text)
    if number is not None:
        return number
    if not text:
        raise CommandError("an address is missing")
    if text[0].isdigit():
        raise CommandError(f"{text!r} is not a number: write hexadecimal digits, or decimal ones after 0n")
    return debugger.symbols.address(debugger.process, text)


def _register(debugger: Debugger, name: str) -> int:
    if debugger.thread is None:
        raise CommandError("no thread is stopped, so there are no registers")
    registers = debugger.thread.context.general_registers()
    if name not in registers:
        raise CommandError(f"there is no register {name!r}: there are {', '.join(registers)}")
    return registers[name]
