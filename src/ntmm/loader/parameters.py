"""RTL_USER_PROCESS_PARAMETERS and the environment block of a new process.

Layout of XP and Server 2003, 32-bit and 64-bit offsets:

    maximum length 00 00 | length 04 04 | flags 08 08 | console 10 10 | input 18 20 | output 1C 28 | error 20 30
    current folder 24 38 | its handle 2C 48 | DLL path 30 50 | image path 38 60 | command line 40 70
    environment 48 80 | first window (nine numbers) 4C 88 | window title 70 B0 | desktop 78 C0 | shell info 80 D0
    run-time data 88 E0 | end 290 3F0
"""

import struct
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ntmm.loader.errors import LoaderError
from ntmm.loader.peb import PEB_LAYOUTS
from ntmm.loader.space import AddressSpace, Memory
from ntmm.loader.text import unicode_string, utf16
from ntmm.nt.memory import PAGE_READWRITE
from ntmm.nt.status import Status

_NORMALIZED: Final = 1
_CURRENT_FOLDER_CAPACITY: Final = 520
"""MAX_PATH characters: the buffer is edited in place when the current folder changes."""


class _Layout(NamedTuple):
    size: int
    streams: int
    current_folder: int
    dll_path: int
    image_path: int
    command_line: int
    environment: int
    window: int
    window_title: int
    desktop: int
    runtime_data: int


_LAYOUTS: Final = {
    4: _Layout(0x290, 0x18, 0x24, 0x30, 0x38, 0x40, 0x48, 0x4C, 0x70, 0x78, 0x88),
    8: _Layout(0x3F0, 0x20, 0x38, 0x50, 0x60, 0x70, 0x80, 0x88, 0xB0, 0xC0, 0xE0),
}


@dataclass(slots=True)
class ProcessParameters:
    """What a process is started with. Paths are guest paths; the standard streams are handle numbers.

    `runtime_data` is what the C run-time of the creator tells that of the new process.
    `window` are position, size, characters, fill, flags and show flags of the first window, as STARTUPINFO has them.
    """

    image_path: str
    command_line: str
    current_directory: str
    environment: dict[str, str] = field(default_factory=dict)
    standard_input: int = 0
    standard_output: int = 0
    standard_error: int = 0
    window: tuple[int, ...] = (0,) * 9
    window_title: str | None = None
    desktop: str = "WinSta0\\Default"
    runtime_data: bytes = b""


def environment_block(environment: dict[str, str]) -> bytes:
    """UTF-16 "NAME=value" strings, each ended by a zero, in the order of upper-cased names, then one more zero."""
    names = sorted(environment, key=str.upper)
    text = "".join(f"{name}={environment[name]}\0" for name in names)
    return utf16(text + ("\0" if names else "\0\0"))


def write_parameters(space: AddressSpace, parameters: ProcessParameters, dll_path: str) -> int:
    """Writes the environment and the parameters block, each into private memory of its own; the block's address.

    Raises LoaderError if a text is too long for a UNICODE_STRING.
    """
    content = environment_block(parameters.environment)
    environment = space.allocate(len(content), PAGE_READWRITE)
    space.memory.write(environment, content)
    layout = _LAYOUTS[space.memory.pointer_size]
    texts = _texts(layout, parameters, dll_path)
    size = layout.size + sum(capacity for _, _, capacity in texts)
    address = space.allocate(size, PAGE_READWRITE)
    space.memory.write(address, _encode(space, layout, address, size, environment, parameters, texts))
    return address


def current_folder(memory: Memory, peb: int) -> str:
    """The process's current folder, as its parameters block says now; it ends with a backslash."""
    width = memory.pointer_size
    block = memory.read_pointer(peb + PEB_LAYOUTS[width].parameters)
    text = block + _LAYOUTS[width].current_folder
    return memory.read(memory.read_pointer(text + width), memory.read_u16(text)).decode("utf-16-le", "surrogatepass")


def _texts(layout: _Layout, parameters: ProcessParameters, dll_path: str) -> list[tuple[int, bytes, int]]:
    """(offset of the UNICODE_STRING, its text, bytes of its buffer) in the order of their buffers."""
    folder = parameters.current_directory
    current = utf16(folder if folder.endswith("\\") else folder + "\\")
    if len(current) + 2 > _CURRENT_FOLDER_CAPACITY:
        raise LoaderError("the current folder's path is longer than 258 characters", Status.OBJECT_NAME_INVALID)
    plain = [
        (layout.dll_path, dll_path),
        (layout.image_path, parameters.image_path),
        (layout.command_line, parameters.command_line),
        (layout.window_title, parameters.image_path if parameters.window_title is None else parameters.window_title),
        (layout.desktop, parameters.desktop),
    ]
    encoded = [(offset, utf16(text)) for offset, text in plain]
    buffers = [(layout.current_folder, current, _CURRENT_FOLDER_CAPACITY)]
    buffers += [(offset, text, len(text) + 2) for offset, text in encoded]
    runtime_data = parameters.runtime_data
    return buffers + ([(layout.runtime_data, runtime_data, len(runtime_data))] if runtime_data else [])


def _encode(
    space: AddressSpace,
    layout: _Layout,
    address: int,
    size: int,
    environment: int,
    parameters: ProcessParameters,
    texts: list[tuple[int, bytes, int]],
) -> bytes:
    width = space.memory.pointer_size
    block = bytearray(size)
    struct.pack_into("<III", block, 0, size, size, _NORMALIZED)
    streams = (parameters.standard_input, parameters.standard_output, parameters.standard_error)
    pointer = "Q" if width == 8 else "I"
    struct.pack_into(f"<3{pointer}", block, layout.streams, *streams)
    struct.pack_into(f"<{pointer}", block, layout.environment, environment)
    struct.pack_into("<9I", block, layout.window, *parameters.window)
    position = layout.size
    for offset, text, capacity in texts:
        header = unicode_string(space.memory, address + position, len(text), capacity)
        block[offset : offset + len(header)] = header
        block[position : position + len(text)] = text
        position += capacity
    return bytes(block)
