"""winuser.h: the character functions of user32. There are no windows."""

from ntmm.kernel.io.names import fold
from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.win32.text import ANSI, OEM, WIDE, StringKind
from ntmm.win32.winnls import lower


def _map_string(call: Call, kind: StringKind, address: int, upper: bool) -> int:
    """Maps a string in place, or the one character that a small `address` is; answers the string or character."""
    mapping = fold if upper else lower
    if address >> 16 == 0:
        data = kind.encode(mapping(kind.decode(address.to_bytes(2, "little")[: kind.unit])))
        return int.from_bytes(data, "little")
    call.memory.write(address, kind.encode(mapping(kind.read(call, address))))
    return address


@service("user32", "CharUpperW", "p")
def CharUpperW(call: Call, text: int) -> int:
    """Upper case in place."""
    return _map_string(call, WIDE, text, upper=True)


@service("user32", "CharLowerW", "p")
def CharLowerW(call: Call, text: int) -> int:
    """Lower case in place."""
    return _map_string(call, WIDE, text, upper=False)


@service("user32", "CharUpperA", "p")
def CharUpperA(call: Call, text: int) -> int:
    """Upper case in place, in ANSI."""
    return _map_string(call, ANSI, text, upper=True)


@service("user32", "CharLowerA", "p")
def CharLowerA(call: Call, text: int) -> int:
    """Lower case in place, in ANSI."""
    return _map_string(call, ANSI, text, upper=False)


def _map_buffer(call: Call, kind: StringKind, address: int, units: int, upper: bool) -> int:
    text = kind.decode(call.memory.read(address, units * kind.unit))
    call.memory.write(address, kind.encode(fold(text) if upper else lower(text)))
    return units


@service("user32", "CharUpperBuffW", "p u32")
def CharUpperBuffW(call: Call, text: int, units: int) -> int:
    """Upper case of a counted string."""
    return _map_buffer(call, WIDE, text, units, upper=True)


@service("user32", "CharLowerBuffW", "p u32")
def CharLowerBuffW(call: Call, text: int, units: int) -> int:
    """Lower case of a counted string."""
    return _map_buffer(call, WIDE, text, units, upper=False)


@service("user32", "CharUpperBuffA", "p u32")
def CharUpperBuffA(call: Call, text: int, units: int) -> int:
    """Upper case of counted ANSI bytes."""
    return _map_buffer(call, ANSI, text, units, upper=True)


@service("user32", "CharLowerBuffA", "p u32")
def CharLowerBuffA(call: Call, text: int, units: int) -> int:
    """Lower case of counted ANSI bytes."""
    return _map_buffer(call, ANSI, text, units, upper=False)


@service("user32", "CharNextA", "p")
def CharNextA(call: Call, current: int) -> int:
    """The next character, or the same address at the zero."""
    return current + 1 if call.memory.read_u8(current) else current


@service("user32", "CharNextW", "p")
def CharNextW(call: Call, current: int) -> int:
    """The next UTF-16 unit, or the same address at the zero."""
    return current + 2 if call.memory.read_u16(current) else current


@service("user32", "CharNextExA", "u16 p u32")
def CharNextExA(call: Call, page: int, current: int, flags: int) -> int:
    """CharNextA: code pages here have single bytes."""
    return current + 1 if call.memory.read_u8(current) else current


@service("user32", "CharPrevA", "p p")
def CharPrevA(call: Call, start: int, current: int) -> int:
    """The character before, but not before `start`."""
    return max(start, current - 1)


@service("user32", "CharPrevW", "p p")
def CharPrevW(call: Call, start: int, current: int) -> int:
    """The UTF-16 unit before, but not before `start`."""
    return max(start, current - 2)


@service("user32", "CharPrevExA", "u16 p p u32")
def CharPrevExA(call: Call, page: int, start: int, current: int, flags: int) -> int:
    """CharPrevA: code pages here have single bytes."""
    return max(start, current - 1)


@service("user32", "OemToCharA", "p p")
def OemToCharA(call: Call, source: int, target: int) -> int:
    """OEM string to ANSI."""
    call.memory.write(target, ANSI.encode(OEM.decode(call.memory.read_cstring(source))) + b"\0")
    return 1


@service("user32", "CharToOemA", "p p")
def CharToOemA(call: Call, source: int, target: int) -> int:
    """ANSI string to OEM."""
    call.memory.write(target, OEM.encode(ANSI.decode(call.memory.read_cstring(source))) + b"\0")
    return 1


@service("user32", "OemToCharBuffA", "p p u32")
def OemToCharBuffA(call: Call, source: int, target: int, size: int) -> int:
    """Counted OEM bytes to ANSI."""
    call.memory.write(target, ANSI.encode(OEM.decode(call.memory.read(source, size))))
    return 1


@service("user32", "CharToOemBuffA", "p p u32")
def CharToOemBuffA(call: Call, source: int, target: int, size: int) -> int:
    """Counted ANSI bytes to OEM."""
    call.memory.write(target, OEM.encode(ANSI.decode(call.memory.read(source, size))))
    return 1
