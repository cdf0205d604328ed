"""STARTUPINFO as CreateProcess takes it: 68 bytes on 32 bit, 104 on 64 bit."""

import struct
from dataclasses import dataclass
from typing import Final

from ntmm.native.call import Call
from ntmm.win32.text import StringKind

STARTF_USESTDHANDLES: Final = 0x100

_FORM_32: Final = struct.Struct("<4I8IHHI3I")
_FORM_64: Final = struct.Struct("<I4x3Q8IHH4xQ3Q")


@dataclass(frozen=True, slots=True)
class StartupInfo:
    """What a program tells the one it starts. `window` are nine numbers as in the process parameters; `title` and
    `desktop` are None where the caller gave none. `streams` are handle values, or None without STARTF_USESTDHANDLES.
    `runtime_data` is the caller's C run-time's.
    """

    desktop: str | None
    title: str | None
    window: tuple[int, ...]
    streams: tuple[int, ...] | None
    runtime_data: bytes


def read_startup_info(call: Call, kind: StringKind, address: int) -> StartupInfo:
    """The structure at an address of the caller's memory."""
    form = _FORM_64 if call.memory.pointer_size == 8 else _FORM_32
    _size, _, desktop, title, *rest = form.unpack(call.memory.read(address, form.size))
    numbers, show, streams = rest[:8], rest[8], rest[-3:]
    data_size, data = rest[9:11]
    uses_streams = numbers[7] & STARTF_USESTDHANDLES
    return StartupInfo(
        desktop=kind.read(call, desktop) if desktop else None,
        title=kind.read(call, title) if title else None,
        window=(*numbers, show),
        runtime_data=call.memory.read(data, data_size) if data and data_size else b"",
        streams=tuple(stream & 0xFFFFFFFF for stream in streams) if uses_streams else None,
    )
