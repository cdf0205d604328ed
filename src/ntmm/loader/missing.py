"""Functions that a program imports and no DLL provides.

Real programs import far more than they call, so a missing function is no reason not to start. It is bound to a thunk
that traps with its number; only then does the kernel learn that the function was really needed.

    x86   mov eax, 0FFFFh; mov edx, index; int 2Eh        x64   mov edx, index; mov eax, 0FFFFh; syscall
"""

import struct
from typing import Final

from ntmm.loader.space import AddressSpace
from ntmm.native.service_table import MISSING_SERVICE
from ntmm.nt.memory import PAGE_EXECUTE_READ, PAGE_READWRITE

THUNK_SIZE: Final = 16
_PAGE_SIZE: Final = 0x1000
_THUNKS_IN_PAGE: Final = _PAGE_SIZE // THUNK_SIZE


class MissingImports:
    """The missing functions of one process: `imports` holds (DLL, name) by number; an ordinal's name is "#number"."""

    def __init__(self, space: AddressSpace) -> None:
        self._space = space
        self._pages: list[int] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self.imports: list[tuple[str, str]] = []

    def bind(self, dll: str, symbol: str | int) -> int:
        """The address of the thunk that stands for a function; the same one for the same function."""
        key = (dll.lower(), f"#{symbol}" if isinstance(symbol, int) else symbol)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.imports)
            self.imports.append((dll, key[1]))
        while len(self._pages) <= number // _THUNKS_IN_PAGE:
            self._pages.append(self._new_page())
        return self._pages[number // _THUNKS_IN_PAGE] + number % _THUNKS_IN_PAGE * THUNK_SIZE

    def _new_page(self) -> int:
        """A read-only page of code with the thunks of the next 256 numbers."""
        first = len(self._pages) * _THUNKS_IN_PAGE
        encode = _x64_thunk if self._space.memory.pointer_size == 8 else _x86_thunk
        address = self._space.allocate(_PAGE_SIZE, PAGE_READWRITE)
        code = b"".join(encode(first + index).ljust(THUNK_SIZE, b"\xcc") for index in range(_THUNKS_IN_PAGE))
        self._space.memory.write(address, code)
        self._space.protect(address, _PAGE_SIZE, PAGE_EXECUTE_READ)
        return address


def _x86_thunk(number: int) -> bytes:
    return b"\xb8" + struct.pack("<I", MISSING_SERVICE) + b"\xba" + struct.pack("<I", number) + b"\xcd\x2e"


def _x64_thunk(number: int) -> bytes:
    return b"\xba" + struct.pack("<I", number) + b"\xb8" + struct.pack("<I", MISSING_SERVICE) + b"\x0f\x05"
