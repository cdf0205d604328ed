"""Running and stopping: g, t, bp, bl, bc."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ntmm.tools.breakpoints import FAULT
from ntmm.tools.command import Command, no_arguments
from ntmm.tools.debugger import Debugger
from ntmm.tools.expressions import address_of
from ntmm.tools.kernel_view import vad_of
from ntmm.tools.rows import CommandError, Form, Row, column
from ntmm.tools.stops import NoteRow, StopRow


@dataclass(frozen=True, slots=True)
class BreakpointRow(Row):
    """One line of `bl`."""

    number: int = column("Number", Form.COUNT, "what `bc` calls it")
    process: int | None = column("Cid", Form.HEX, "id of its process; none for page faults")
    address: int | None = column("Address", Form.ADDRESS, "where int3 lies; none for page faults")
    hits: int = column("Hits", Form.COUNT, "how often it stopped the program")
    name: str = column("Name", Form.TEXT, "what it was set on")


def _go(debugger: Debugger, arguments: str) -> Iterator[Row]:
    no_arguments("g", arguments)
    yield from _told(debugger, debugger.go())


def _step(debugger: Debugger, arguments: str) -> Iterator[Row]:
    no_arguments("t", arguments)
    yield from _told(debugger, debugger.step())


def _told(debugger: Debugger, stop: StopRow) -> Iterator[Row]:
    failures = debugger.breakpoints.failures
    while failures:
        yield NoteRow(failures.pop(0))
    yield stop


def _set(debugger: Debugger, arguments: str) -> Iterator[Row]:
    if not arguments:
        raise CommandError(f"bp needs an address, a function or the word {FAULT!r}")
    if debugger.is_finished:
        raise CommandError("the program has ended, so no breakpoint can be hit")
    if arguments == FAULT:
        added = debugger.breakpoints.add(None, 0, "page faults")
    else:
        address = address_of(debugger, arguments)
        _check_code(debugger, address)
        added = debugger.breakpoints.add(debugger.process, address, arguments)
    yield from (row for row in _rows(debugger) if row.number == added.number)


def _check_code(debugger: Debugger, address: int) -> None:
    """What lies in no range of the program is refused now, what cannot be written is told at the next stop."""
    if vad_of(debugger.kernel, debugger.process, address) is None:
        raise CommandError(f"the program has no memory at {address:#x}, so no breakpoint can be set there")


def _rows(debugger: Debugger) -> Iterator[BreakpointRow]:
    for one in debugger.breakpoints:
        owner = one.process
        yield BreakpointRow(
            one.number,
            owner.id if owner is not None else None,
            one.address if owner is not None else None,
            one.hits,
            one.name,
        )


def _list(debugger: Debugger, arguments: str) -> Iterator[Row]:
    no_arguments("bl", arguments)
    yield from _rows(debugger)


def _clear(debugger: Debugger, arguments: str) -> Iterator[Row]:
    numbers = [one.number for one in debugger.breakpoints] if arguments == "*" else [_number(arguments)]
    for number in numbers:
        debugger.breakpoints.clear(number)
    yield from ()


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise CommandError("bc needs the number of a breakpoint, or * for all")
    return int(text)


COMMANDS: Final = (
    Command("g", "", "run on until something stops the program", _go, (StopRow,)),
    Command("t", "", "run one instruction", _step, (StopRow,)),
    Command(
        "bp",
        "ADDRESS|FUNCTION|fault",
        "stop there; fault: stop at each page fault of the CPU, before it is answered",
        _set,
        (BreakpointRow,),
        takes_address=True,
    ),
    Command("bl", "", "list breakpoints", _list, (BreakpointRow,)),
    Command("bc", "N|*", "remove a breakpoint", _clear),
)
