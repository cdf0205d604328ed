"""Running and stopping: g, p, t, bp, bl, bc."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ntmm.tools.breakpoints import FAULT
from ntmm.tools.command import Command, no_arguments
from ntmm.tools.debugger import Debugger
from ntmm.tools.expressions import address_of, number_of
from ntmm.tools.kernel_view import vad_of
from ntmm.tools.rows import CommandError, Form, Row, column
from ntmm.tools.stops import StopRow

_MOST_STEPS: Final = 0x1000


@dataclass(frozen=True, slots=True)
class BreakpointRow(Row):
    """One line of `bl`."""

    number: int = column("Number", Form.COUNT, "what `bc` calls it")
    process: int | None = column("Cid", Form.HEX, "id of its process; none for page faults")
    address: int | None = column("Address", Form.ADDRESS, "where it stops; none for page faults")
    hits: int = column("Hits", Form.COUNT, "how often it stopped the program")
    name: str = column("Name", Form.TEXT, "what it was set on")


def _go(debugger: Debugger, arguments: str) -> Iterator[Row]:
    no_arguments("g", arguments)
    yield debugger.go()


def _trace(debugger: Debugger, arguments: str) -> Iterator[Row]:
    for _ in range(_times("t", arguments)):
        yield debugger.step()
        if debugger.is_finished:
            return


def _step(debugger: Debugger, arguments: str) -> Iterator[Row]:
    for _ in range(_times("p", arguments)):
        yield debugger.step(over=True)
        if debugger.is_finished:
            return


def _times(name: str, arguments: str) -> int:
    if not arguments:
        return 1
    count = number_of(arguments)
    if not count or count > _MOST_STEPS:
        raise CommandError(f"{name} takes a number of steps, 1 to {_MOST_STEPS:x} in hexadecimal")
    return count


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
    """What lies in no range of the program is refused."""
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
    Command("p", "[COUNT]", "run one instruction, with the function that it calls", _step, (StopRow,)),
    Command("t", "[COUNT]", "run one instruction", _trace, (StopRow,)),
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
