"""What a command of the debugger is, and how its arguments are read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ntmm.kernel.ps import Process
from ntmm.tools.debugger import Debugger
from ntmm.tools.expressions import number_of
from ntmm.tools.rows import CommandError, Row


@dataclass(frozen=True, slots=True)
class Command:
    """`run` takes the debugger and what stands behind the name, and yields rows; it raises CommandError.

    `usage` shows the arguments, `rows` are the classes it may yield. `takes_address` says that function names fit.
    `absent` names columns of WinDbg's command that cannot be here, with the reasons.
    """

    name: str
    usage: str
    meaning: str
    run: Callable[[Debugger, str], Iterable[Row]]
    rows: tuple[type[Row], ...] = ()
    takes_address: bool = False
    absent: tuple[tuple[str, str], ...] = ()


def no_arguments(name: str, arguments: str) -> None:
    """Raises CommandError where there are arguments."""
    if arguments:
        raise CommandError(f"{name} takes no arguments")


def with_flags(name: str, arguments: str, default: int) -> tuple[str, int]:
    """An argument and the flags behind it, in hexadecimal; raises CommandError where there is more, or no number."""
    words = arguments.split()
    flags = number_of(words[1]) if len(words) == 2 else default
    if len(words) > 2 or flags is None:
        raise CommandError(f"{name} takes the id of a process, and flags as a hexadecimal number: {arguments!r}")
    return (words[0] if words else ""), flags


def process_of(debugger: Debugger, text: str) -> Process:
    """The process with an id, in hexadecimal as it is shown; without one, that of the stopped thread."""
    if not text:
        return with_space(debugger.process)
    number = number_of(text)
    if number is None:
        raise CommandError(f"{text!r} is no id of a process: write hexadecimal digits")
    found = debugger.kernel.ps.find(number)
    if found is None:
        raise CommandError(f"there is no process {number:x}")
    return found


def with_space(process: Process) -> Process:
    """The process, if its address space exists and is in RAM; raises CommandError otherwise."""
    if process.space.deleted:
        raise CommandError(f"process {process.id:x} has ended and its memory was returned")
    if process.space.is_swapped_out:
        raise CommandError(f"process {process.id:x} is swapped out: its page tables are not in RAM")
    return process
