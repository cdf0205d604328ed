"""A process without a machine: flat memory, real handles, a real volume and the process parameters of Windows."""

import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ntmm.kernel.io.console import ConsoleFile
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ob import HandleTable
from ntmm.kernel.ob.names import ObjectNames
from ntmm.kernel.se import Token
from ntmm.nt.profile import SystemProfile
from ntmm.nt.status import Status, win32_error
from ntmm.win32.process_parameters import LAYOUT_32, LAYOUT_64

BASE = 0x10000
SIZE = 0x40000
PEB = 0x20000
PARAMETERS = 0x21000
TEXTS = 0x22000
ENVIRONMENT = 0x30000
BUFFER = 0x40000
"""Where tests let functions write."""


class FlatMemory:
    """Guest memory from BASE to BASE + SIZE; everything else faults."""

    def __init__(self, pointer_size: int) -> None:
        self.pointer_size = pointer_size
        self._bytes = bytearray(SIZE)

    def _check(self, address: int, size: int, access: int) -> int:
        if not BASE <= address <= address + size <= BASE + SIZE:
            raise GuestFault(Status.ACCESS_VIOLATION, address, access)
        return address - BASE

    def read(self, address: int, size: int) -> bytes:
        start = self._check(address, size, 0)
        return bytes(self._bytes[start : start + size])

    def write(self, address: int, data: bytes) -> None:
        start = self._check(address, len(data), 1)
        self._bytes[start : start + len(data)] = data

    def check_range(self, address: int, size: int) -> None:
        if address + size > 1 << 8 * self.pointer_size - 1:
            raise GuestFault(Status.ACCESS_VIOLATION, address, 1)

    def __getattr__(self, name: str) -> Any:
        """`read_u8` to `read_u64` and `write_u8` to `write_u64`, `read_pointer`, `write_pointer`."""
        kind, _, width = name.partition("_")
        if kind not in ("read", "write") or not (width == "pointer" or width[:1] == "u"):
            raise AttributeError(name)
        size = self.pointer_size if width == "pointer" else int(width[1:]) // 8
        if kind == "read":
            return lambda address: int.from_bytes(self.read(address, size), "little")
        return lambda address, value: self.write(address, (value & (1 << 8 * size) - 1).to_bytes(size, "little"))

    def read_cstring(self, address: int, limit: int = 1 << 20) -> bytes:
        start = self._check(address, 1, 0)
        return bytes(self._bytes[start : start + limit]).split(b"\0")[0]

    def read_wstring(self, address: int) -> str:
        end = address
        while self.read(end, 2) != b"\0\0":
            end += 2
        return self.read(address, end - address).decode("utf-16-le", "surrogatepass")


class FakeCall:
    """What a service is given, without threads."""

    def __init__(self, volume: Volume, pointer_size: int = 4, streams: tuple[ConsoleFile, ...] = ()) -> None:
        self.memory = FlatMemory(pointer_size)
        self.process = self.requester = FakeProcess()
        self.thread = SimpleNamespace(teb=BASE)
        profile = SystemProfile("x64" if pointer_size == 8 else "pae")
        self.kernel = SimpleNamespace(volume=volume, clock=Clock(), profile=profile, names=ObjectNames())
        self.last_error = 0xDEAD
        self._next_text = TEXTS
        handles = [self.process.handles.insert(stream, stream.access) for stream in streams]
        self._write_parameters(handles + [0] * (3 - len(handles)))

    def _write_parameters(self, handles: list[int]) -> None:
        layout = LAYOUT_64 if self.memory.pointer_size == 8 else LAYOUT_32
        self.memory.write_pointer(PEB + layout.peb_parameters, PARAMETERS)
        for index, handle in enumerate(handles):
            place = PARAMETERS + layout.standard_handles + index * self.memory.pointer_size
            self.memory.write_pointer(place, handle)
        folder = "C:\\".encode("utf-16-le")
        buffer = self.reserve(520)
        self.memory.write(buffer, folder)
        self.memory.write(PARAMETERS + layout.current_directory, struct.pack("<HH", len(folder), 520))
        self.memory.write_pointer(PARAMETERS + layout.current_directory + self.memory.pointer_size, buffer)
        self.memory.write_pointer(PARAMETERS + layout.environment, ENVIRONMENT)
        self.memory.write(ENVIRONMENT, "PATH=C:\\\0TMP=C:\\tmp\0\0".encode("utf-16-le"))

    def reserve(self, size: int) -> int:
        """Room for a text."""
        address = self._next_text
        self._next_text += (size + 7) & ~7
        return address

    def wide(self, text: str) -> int:
        """The address of a UTF-16 string."""
        data = text.encode("utf-16-le", "surrogatepass") + b"\0\0"
        address = self.reserve(len(data))
        self.memory.write(address, data)
        return address

    def ansi(self, text: str) -> int:
        """The address of an ANSI string."""
        data = text.encode("cp1252") + b"\0"
        address = self.reserve(len(data))
        self.memory.write(address, data)
        return address

    def wide_at(self, address: int) -> str:
        return self.memory.read_wstring(address)

    def set_last_error(self, code: int) -> None:
        self.last_error = code

    def fail(self, status: int) -> int:
        self.last_error = win32_error(status)
        return 0


class FakeProcess:
    """A process as far as these services ask."""

    id = 8
    peb = PEB
    ended = False
    space: Any = None

    def __init__(self) -> None:
        self.handles = HandleTable()
        self.token = Token()


def make_call(folder: Path, pointer_size: int = 4) -> Any:
    """A call over a volume; the tests close `call.kernel.volume`."""
    return FakeCall(Volume(folder), pointer_size)
