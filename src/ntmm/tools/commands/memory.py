"""Memory as bytes and words: db, dd, dq. Pages that are not in RAM show as question marks; nothing is faulted in."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from ntmm.tools.command import Command, with_space
from ntmm.tools.debugger import Debugger
from ntmm.tools.expressions import address_of, number_of
from ntmm.tools.rows import CommandError, Form, Layout, Row, Widths, column

_LINE: Final = 16
_DEFAULT_BYTES: Final = 0x80
_MOST_BYTES: Final = 0x10000


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


def _reader(size: int) -> Callable[[Debugger, str], Iterable[Row]]:
    def show(debugger: Debugger, arguments: str) -> Iterator[Row]:
        place, _, count = _split(arguments)
        address = address_of(debugger, place)
        yield from _rows(debugger, address, _count(count, size), size)

    return show


def _split(arguments: str) -> tuple[str, str, str]:
    """The address and the count behind its L."""
    if not arguments:
        raise CommandError("an address is missing")
    words = arguments.split()
    last = words[-1]
    if len(words) > 1 and last[0] in "lL":
        return " ".join(words[:-1]), "L", last[1:]
    if len(words) > 2 and words[-2] in ("l", "L"):
        return " ".join(words[:-2]), "L", last
    return arguments, "", ""


def _count(text: str, size: int) -> int:
    if not text:
        return _DEFAULT_BYTES // size
    count = number_of(text)
    if not count or count * size > _MOST_BYTES:
        raise CommandError(f"{text!r} is no count: write 1 to {_MOST_BYTES // size:x} in hexadecimal")
    return count


def _rows(debugger: Debugger, address: int, count: int, size: int) -> Iterator[Row]:
    process = with_space(debugger.process)
    mask = debugger.kernel.architecture.address_mask
    end = address + count * size
    for start in range(address, end, _LINE):
        content = [debugger.byte(process, at & mask) for at in range(start, min(start + _LINE, end))]
        values = tuple(_value(content[at : at + size]) for at in range(0, len(content), size))
        text = "".join(chr(byte) if byte is not None and 0x20 <= byte < 0x7F else "." for byte in content)
        yield MemoryRow(start & mask, size, values, text if size == 1 else "")


def _value(content: list[int | None]) -> int | None:
    known = [byte for byte in content if byte is not None]
    return int.from_bytes(known, "little") if len(known) == len(content) else None


COMMANDS: Final = tuple(
    Command(name, "ADDRESS [L COUNT]", f"memory as {what}", _reader(size), (MemoryRow,), takes_address=True)
    for name, what, size in (
        ("db", "bytes and characters", 1),
        ("dd", "words of 32 bits", 4),
        ("dq", "words of 64 bits", 8),
    )
)
