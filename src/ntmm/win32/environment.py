"""The environment block: `NAME=value` strings in the process's memory, sorted, ended by an empty one."""

import re
from typing import Final

from ntmm.kernel.io.names import fold
from ntmm.native.call import Call
from ntmm.nt.memory import MEM_COMMIT, MEM_RESERVE, PAGE_READWRITE
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure
from ntmm.win32.process_parameters import ProcessParameters
from ntmm.win32.text import WIDE, StringKind

_PAGE: Final = 0x1000
_LARGEST_BLOCK: Final = 1 << 20
_END: Final = "\0\0"


def read_strings(call: Call, kind: StringKind, address: int) -> list[str]:
    """All strings of a block in their order; a null address stands for an empty block."""
    strings: list[str] = []
    while address and (text := kind.read(call, address)):
        strings.append(text)
        address += len(kind.terminated(text))
    return strings


def read_block(call: Call) -> list[str]:
    """All strings of the environment in their order."""
    return read_strings(call, WIDE, ProcessParameters(call).environment)


def split_string(text: str) -> tuple[str, str]:
    """Name and value; the first character may be "=" as in "=C:=C:\\"."""
    at = text.find("=", 1)
    return (text, "") if at < 0 else (text[:at], text[at + 1 :])


def read_variable(call: Call, name: str) -> str | None:
    """The value of a variable, compared without case, or None."""
    wanted = fold(name)
    for text in read_block(call):
        key, value = split_string(text)
        if fold(key) == wanted:
            return value
    return None


def write_variable(call: Call, name: str, value: str | None) -> None:
    """Sets or (None) removes a variable; raises Win32Failure."""
    if not name or "=" in name[1:]:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    old = read_block(call)
    kept = [text for text in old if fold(split_string(text)[0]) != fold(name)]
    if value is None:
        if len(kept) == len(old):
            raise Win32Failure(Win32Error.ENVVAR_NOT_FOUND)
    else:
        kept.append(f"{name}={value}")
    kept.sort(key=lambda text: fold(split_string(text)[0]))
    _store(call, old, kept)


def _block(strings: list[str]) -> bytes:
    return ("".join(text + "\0" for text in strings) or "\0").encode("utf-16-le", "surrogatepass") + b"\0\0"


def _store(call: Call, old: list[str], strings: list[str]) -> None:
    """Writes into the pages the block has; a block that outgrows them moves to new ones (RtlSetEnvironmentVariable)."""
    parameters = ProcessParameters(call)
    data = _block(strings)
    address = parameters.environment
    end = (address + len(_block(old)) + _PAGE - 1) & ~(_PAGE - 1)
    if len(data) > _LARGEST_BLOCK:
        raise Win32Failure(Win32Error.NOT_ENOUGH_MEMORY)
    if not address or address + len(data) > end:
        address = _allocate(call, len(data))
        parameters.set_environment(address)
    call.memory.write(address, data)


def _allocate(call: Call, size: int) -> int:
    """New private pages for a block of `size` bytes; raises Win32Failure."""
    status, base, _size = call.kernel.mm.allocate(call.process, 0, size, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE)
    if status != Status.SUCCESS:
        raise Win32Failure(Win32Error.NOT_ENOUGH_MEMORY)
    return base


def expand(call: Call, text: str) -> str:
    """Replaces each %NAME% that is set; others stay as they are."""

    def value_of(match: re.Match[str]) -> str:
        value = read_variable(call, match[1])
        return match[0] if value is None else value

    return re.sub("%([^%]+)%", value_of, text)
