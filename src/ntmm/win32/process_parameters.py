"""RTL_USER_PROCESS_PARAMETERS: what a process was started with, read and written in its own memory.

Offsets are those of the structure in Windows' public symbols, on 32 and on 64 bit.
"""

import struct
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.ke.access import GuestMemory
from ntmm.native.call import Call


@dataclass(frozen=True, slots=True)
class Layout:
    """Byte offsets of the fields used here, and of ProcessParameters in the PEB."""

    peb_parameters: int
    standard_handles: int
    current_directory: int
    image_path: int
    command_line: int
    environment: int
    window: int
    window_title: int
    desktop: int
    runtime_data: int


LAYOUT_32: Final = Layout(0x10, 0x18, 0x24, 0x38, 0x40, 0x48, 0x4C, 0x70, 0x78, 0x88)
LAYOUT_64: Final = Layout(0x20, 0x20, 0x38, 0x60, 0x70, 0x80, 0x88, 0xB0, 0xC0, 0xE0)


class ProcessParameters:
    """The parameters of the calling process."""

    def __init__(self, call: Call) -> None:
        self._memory: GuestMemory = call.memory
        self._pointer_size: int = call.memory.pointer_size
        self.layout = LAYOUT_64 if self._pointer_size == 8 else LAYOUT_32
        self.address: int = call.memory.read_pointer(call.process.peb + self.layout.peb_parameters)

    def string(self, offset: int) -> str:
        """The UNICODE_STRING at `offset`."""
        length = self._memory.read_u16(self.address + offset)
        return self._memory.read(self.buffer(offset), length).decode("utf-16-le", "surrogatepass")

    def buffer(self, offset: int) -> int:
        """The address of the characters of the UNICODE_STRING at `offset`."""
        return self._memory.read_pointer(self.address + offset + self._pointer_size)

    def set_string(self, offset: int, text: str) -> bool:
        """Stores a string with its zero into the buffer there is; False if it does not fit (MaximumLength)."""
        data = text.encode("utf-16-le", "surrogatepass")
        if len(data) + 2 > self._memory.read_u16(self.address + offset + 2):
            return False
        self._memory.write(self.buffer(offset), data + b"\0\0")
        self._memory.write_u16(self.address + offset, len(data))
        return True

    @property
    def current_directory(self) -> str:
        """The current folder with a backslash at its end, such as "C:\\"."""
        return self.string(self.layout.current_directory)

    def standard_handle(self, index: int) -> int:
        """Standard input (0), output (1) or error (2) as a handle number."""
        return self._memory.read_pointer(self.address + self.layout.standard_handles + index * self._pointer_size)

    def set_standard_handle(self, index: int, handle: int) -> None:
        """Replaces a standard handle."""
        mask = (1 << 8 * self._pointer_size) - 1
        place = self.address + self.layout.standard_handles + index * self._pointer_size
        self._memory.write_pointer(place, handle & mask)

    @property
    def environment(self) -> int:
        """Address of the environment block."""
        return self._memory.read_pointer(self.address + self.layout.environment)

    def set_environment(self, address: int) -> None:
        """Makes another block the environment."""
        self._memory.write_pointer(self.address + self.layout.environment, address)

    def runtime_data(self) -> tuple[int, int]:
        """Size in bytes and address of what the creator's C run-time told this one."""
        place = self.address + self.layout.runtime_data
        return self._memory.read_u16(place), self._memory.read_pointer(place + self._pointer_size)

    def window(self) -> tuple[int, ...]:
        """Position, size, characters, fill, flags and show flags of the first window: nine numbers."""
        values: tuple[int, ...] = struct.unpack("<9I", self._memory.read(self.address + self.layout.window, 36))
        return values


def current_directory(call: Call) -> str:
    """The calling process's current folder without a backslash at its end, except for "C:\\"."""
    text = ProcessParameters(call).current_directory
    return text if len(text) <= 3 else text.rstrip("\\")
