"""Memory as bytes, words and strings: db, dw, dd, dq, dp, da, du.

Pages that are not in RAM show as question marks; nothing is faulted in.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from ntmm.tools.command import Command, with_space
from ntmm.tools.debugger import Debugger
from ntmm.tools.entries import leaf_state
from ntmm.tools.expressions import address_of, number_of
from ntmm.tools.rows import CommandError, Form, Layout, Row, Widths, column
from ntmm.tools.walk import TableWalk

_LINE: Final = 16
_DEFAULT_BYTES: Final = 0x80
_MOST_BYTES: Final = 0x10000
_POINTER: Final = 0
"""Stands for the size of the machine's pointers."""


@dataclass(frozen=True, slots=True)
class MemoryRow(Row):
    """Sixteen bytes of memory, or fewer at the end."""

    LAYOUT: ClassVar[Layout] = Layout.LINES

    address: int = column("Address", Form.ADDRESS, "address of the first value")
    size: int = column("Size", Form.COUNT, "bytes of each value")
    values: tuple[int | None, ...] = column("Values", Form.TEXT, "the values; none where no page is in RAM")
    text: str = column("Text", Form.TEXT, "bytes as characters, a full stop where there is none")

    def lines(self, widths: Widths) -> Iterator[str]:
        digits = 2 * self.size
        words = " ".join("?" * digits if value is None else f"{value:0{digits}x}" for value in self.values)
        full = _LINE // self.size * (digits + 1) - 1
        yield f"{widths.address_text(self.address)}  {words:<{full}}  {self.text}".rstrip()


@dataclass(frozen=True, slots=True)
class StringRow(Row):
    """A string that ends with a zero."""

    LAYOUT: ClassVar[Layout] = Layout.LINES

    address: int = column("Address", Form.ADDRESS, "address of the first character")
    text: str = column("Text", Form.TEXT, "the characters, up to the zero, the limit or a page that is not in RAM")

    def lines(self, widths: Widths) -> Iterator[str]:
        yield f'{widths.address_text(self.address)}  "{self.text}"'


def _reader(size: int) -> Callable[[Debugger, str], Iterable[Row]]:
    def show(debugger: Debugger, arguments: str) -> Iterator[Row]:
        width = size or debugger.kernel.architecture.pointer_size
        address, count = _place(debugger, arguments, width)
        content = _read(debugger, address, count * width)
        mask = debugger.kernel.architecture.address_mask
        for start in range(0, len(content), _LINE):
            line = content[start : start + _LINE]
            values = tuple(_value(line[at : at + width]) for at in range(0, len(line), width))
            yield MemoryRow(address + start & mask, width, values, _characters(line) if width == 1 else "")

    return show


def _string_reader(size: int) -> Callable[[Debugger, str], Iterable[Row]]:
    def show(debugger: Debugger, arguments: str) -> Iterator[Row]:
        address, count = _place(debugger, arguments, size)
        content = _read(debugger, address, count * size)
        units = (_value(content[at : at + size]) for at in range(0, len(content), size))
        text = []
        for unit in units:
            if not unit:
                break
            text.append(chr(unit))
        yield StringRow(address, "".join(text))

    return show


def _place(debugger: Debugger, arguments: str, size: int) -> tuple[int, int]:
    place, count = _split(arguments)
    return address_of(debugger, place), _count(count, size)


def _split(arguments: str) -> tuple[str, str]:
    """The address and the count behind its L."""
    if not arguments:
        raise CommandError("an address is missing")
    words = arguments.split()
    last = words[-1]
    if len(words) > 1 and last[0] in "lL":
        return " ".join(words[:-1]), last[1:]
    if len(words) > 2 and words[-2] in ("l", "L"):
        return " ".join(words[:-2]), last
    return arguments, ""


def _count(text: str, size: int) -> int:
    if not text:
        return _DEFAULT_BYTES // size
    count = number_of(text)
    if not count or count * size > _MOST_BYTES:
        raise CommandError(f"{text!r} is no count: write 1 to {_MOST_BYTES // size:x} in hexadecimal")
    return count


def _read(debugger: Debugger, address: int, size: int) -> list[int | None]:
    """Bytes of the process; raises CommandError if no page of them is in RAM."""
    kernel, process = debugger.kernel, with_space(debugger.process)
    walk, mask = TableWalk(kernel, process.space.directory), kernel.architecture.address_mask
    content = [walk.byte(at & mask) for at in range(address, address + size)]
    if all(byte is None for byte in content):
        state = leaf_state(kernel, process, address)
        raise CommandError(f"no page at {debugger.widths.address_text(address)} is in RAM: its entry says {state}")
    return content


def _value(content: list[int | None]) -> int | None:
    known = [byte for byte in content if byte is not None]
    return int.from_bytes(known, "little") if len(known) == len(content) else None


def _characters(content: list[int | None]) -> str:
    return "".join(chr(byte) if byte is not None and 0x20 <= byte < 0x7F else "." for byte in content)


_USAGE: Final = "ADDRESS [L COUNT]"

COMMANDS: Final = (
    *(
        Command(name, _USAGE, f"memory as {what}", _reader(size), (MemoryRow,), takes_address=True)
        for name, what, size in (
            ("db", "bytes and characters", 1),
            ("dw", "words of 16 bits", 2),
            ("dd", "words of 32 bits", 4),
            ("dq", "words of 64 bits", 8),
            ("dp", "pointers", _POINTER),
        )
    ),
    *(
        Command(name, _USAGE, f"a string of {what}", _string_reader(size), (StringRow,), takes_address=True)
        for name, what, size in (("da", "bytes", 1), ("du", "16-bit characters", 2))
    ),
)
