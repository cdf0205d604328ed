"""Export directories of mapped images: functions by name or ordinal (LdrpSnapThunk, LdrGetProcedureAddress).

Everything is read through the mapped image, so looking up a name touches the pages Windows would touch.
"""

import struct
from dataclasses import dataclass
from typing import Final

from ntmm.loader.errors import LoaderError
from ntmm.loader.image_text import read_text
from ntmm.loader.modules import LoadedModule
from ntmm.loader.space import Memory
from ntmm.pe.headers import DIRECTORY_EXPORT

MAXIMUM_EXPORTS: Final = 0x10000
LONGEST_NAME: Final = 4096


@dataclass(frozen=True, slots=True)
class Forwarder:
    """An export that another module provides: its module name without extension, and the name or ordinal there."""

    module: str
    symbol: str | int


class ExportTable:
    """The export directory of one mapped image. Building it raises LoaderError if the directory cannot be.

    Answers are remembered, so a name is searched once in each process.
    """

    def __init__(self, memory: Memory, module: LoadedModule) -> None:
        self._memory = memory
        self._module = module
        self._start, self._size = module.directory(DIRECTORY_EXPORT)
        self._answers: dict[str, int | Forwarder | None] = {}
        self._base = self._function_count = self._name_count = 0
        self._names: tuple[int, ...] = ()
        self._name_ordinals: tuple[int, ...] = ()
        if self._size:
            self._read_directory()

    def find(self, symbol: str | int, hint: int | None = None) -> int | Forwarder | None:
        """The address of an export, a forwarder, or None if the module does not export it.

        `symbol` is a name or an ordinal; `hint` is where in the name table the importer expects the name.
        """
        if isinstance(symbol, int):
            return self._function(symbol - self._base)
        if symbol not in self._answers:
            position = self._search(symbol.encode("latin-1", "replace"), hint)
            self._answers[symbol] = None if position is None else self._function(self._name_ordinals[position])
        return self._answers[symbol]

    def _read_directory(self) -> None:
        fields = struct.unpack("<6I", self._read(self._start, 40)[16:])
        self._base, self._function_count, self._name_count = fields[:3]
        if self._function_count > MAXIMUM_EXPORTS or self._name_count > MAXIMUM_EXPORTS:
            raise LoaderError(f"{self._module.name} claims more than {MAXIMUM_EXPORTS} exports")
        self._functions_at, names_at, ordinals_at = fields[3:]
        names = self._read(names_at, 4 * self._name_count)
        ordinals = self._read(ordinals_at, 2 * self._name_count)
        self._names = struct.unpack(f"<{self._name_count}I", names)
        self._name_ordinals = struct.unpack(f"<{self._name_count}H", ordinals)

    def _read(self, address: int, size: int) -> bytes:
        if address + size > self._module.size:
            raise LoaderError(f"the export directory of {self._module.name} points outside the image")
        return self._memory.read(self._module.base + address, size)

    def _text(self, address: int, limit: int) -> bytes:
        """Up to `limit` bytes of text before its zero byte."""
        text = read_text(self._memory, self._module, address, limit)
        if text is None:
            raise LoaderError(f"an export name of {self._module.name} lies outside the image")
        return text

    def _search(self, name: bytes, hint: int | None) -> int | None:
        """Index of a name: at the hint, else by binary search, as Windows does."""
        limit = len(name) + 1
        if hint is not None and hint < self._name_count and self._text(self._names[hint], limit) == name:
            return hint
        low, high = 0, self._name_count - 1
        while low <= high:
            middle = (low + high) // 2
            found = self._text(self._names[middle], limit)
            if found == name:
                return middle
            if found < name:
                low = middle + 1
            else:
                high = middle - 1
        return None

    def _function(self, index: int) -> int | Forwarder | None:
        if not 0 <= index < self._function_count:
            return None
        address = int.from_bytes(self._read(self._functions_at + 4 * index, 4), "little")
        if address == 0:
            return None
        if self._start <= address < self._start + self._size:
            return self._forwarder(address)
        if address >= self._module.size:
            raise LoaderError(f"{self._module.name} exports a function at {address:#x}, outside the image")
        return self._module.base + address

    def _forwarder(self, address: int) -> Forwarder:
        text = self._text(address, LONGEST_NAME).decode("latin-1")
        module, dot, symbol = text.rpartition(".")
        if not dot or not module or not symbol:
            raise LoaderError(f"{self._module.name} has a forwarder that names no function: {text[:80]!r}")
        if symbol.startswith("#"):
            digits = symbol[1:]
            if not (digits.isascii() and digits.isdigit() and len(digits) <= 5):
                raise LoaderError(f"{self._module.name} has a forwarder to a bad ordinal: {text[:80]!r}")
            return Forwarder(module, int(digits))
        return Forwarder(module, symbol)
