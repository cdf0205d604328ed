"""Strings of programs: the W functions' UTF-16 and the A functions' ANSI, in and out of guest memory."""

from abc import ABC, abstractmethod
from typing import Final

from ntmm.native.call import Call
from ntmm.nt.win32 import Win32Error
from ntmm.win32.codepages import ANSI_PAGE, OEM_PAGE, SingleByteCodePage


class StringKind(ABC):
    """One of the two string types of the Windows API."""

    unit: int

    @abstractmethod
    def read(self, call: Call, address: int) -> str:
        """The string at `address`, up to its zero."""

    @abstractmethod
    def encode(self, text: str) -> bytes:
        """The text in memory, without a zero."""

    @abstractmethod
    def decode(self, data: bytes) -> str:
        """The text of bytes from memory."""

    def terminated(self, text: str) -> bytes:
        """The text in memory with its zero."""
        return self.encode(text) + bytes(self.unit)

    def fixed(self, text: str, units: int) -> bytes:
        """The text in an array of `units`, cut so that a zero follows it."""
        return self.encode(text)[: (units - 1) * self.unit].ljust(units * self.unit, b"\0")


class WideStrings(StringKind):
    """UTF-16, as the W functions take it."""

    unit = 2

    def read(self, call: Call, address: int) -> str:
        return call.memory.read_wstring(address)

    def encode(self, text: str) -> bytes:
        return text.encode("utf-16-le", "surrogatepass")

    def decode(self, data: bytes) -> str:
        return data.decode("utf-16-le", "surrogatepass")


class NarrowStrings(StringKind):
    """A code page of single bytes, as the A functions take it."""

    unit = 1

    def __init__(self, page: SingleByteCodePage) -> None:
        self._page = page

    def read(self, call: Call, address: int) -> str:
        return self._page.decode(call.memory.read_cstring(address))

    def encode(self, text: str) -> bytes:
        return self._page.encode(text)[0]

    def decode(self, data: bytes) -> str:
        return self._page.decode(data)


WIDE: Final = WideStrings()
ANSI: Final = NarrowStrings(ANSI_PAGE)
OEM: Final = NarrowStrings(OEM_PAGE)


def answer_string(call: Call, kind: StringKind, text: str, buffer: int, size: int) -> int:
    """Writes `text` where a function answers with a string in a buffer of `size` units.

    Answers the length without the zero; if the buffer is too small, nothing is written and the answer is the size
    needed with the zero. This is the rule of GetCurrentDirectory, GetFullPathName, GetTempPath and others.
    """
    data = kind.terminated(text)
    units = len(data) // kind.unit
    if units > size:
        return units
    call.memory.write(buffer, data)
    return units - 1


def answer_sized_string(call: Call, kind: StringKind, text: str, buffer: int, size_address: int) -> int:
    """As `answer_string` where the size is in memory (GetComputerName): TRUE, or FALSE with BUFFER_OVERFLOW (111)."""
    units = len(kind.encode(text)) // kind.unit
    room = call.memory.read_u32(size_address)
    if units + 1 > room:
        call.memory.write_u32(size_address, units + 1)
        call.set_last_error(Win32Error.BUFFER_OVERFLOW)
        return 0
    call.memory.write(buffer, kind.terminated(text))
    call.memory.write_u32(size_address, units)
    return 1
