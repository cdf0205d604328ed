"""Breakpoints: `int3` in the program's code, and stopping at page faults.

The byte is written through the door to the program's memory, after its page was made writable as WriteProcessMemory
does, so the page becomes a private copy of the process. All writing happens in a thread of the kernel, since it may
wait for the page; the commands only say what is wanted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.boot import Kernel
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ps import Process
from ntmm.nt.memory import PAGE_EXECUTE_READWRITE
from ntmm.nt.status import Status
from ntmm.tools.rows import CommandError

INT3: Final = 0xCC
FAULT: Final = "fault"
"""What `bp` calls the breakpoint at every page fault of the CPU."""


@dataclass(slots=True, eq=False)
class Breakpoint:
    """`number` names it. One without a process is at page faults. `original` is the byte that int3 stands for now."""

    number: int
    process: Process | None = None
    address: int = 0
    name: str = ""
    hits: int = 0
    original: int | None = None
    is_wanted: bool = True

    @property
    def is_planted(self) -> bool:
        """True while int3 lies in memory."""
        return self.original is not None


class Breakpoints:
    """All breakpoints of a machine, by number."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._by_number: dict[int, Breakpoint] = {}
        self._leaving: list[Breakpoint] = []
        self._next_number = 0
        self.failures: list[str] = []
        """Sentences about code that could not be written, to be told at the next stop."""

    def __iter__(self) -> Iterator[Breakpoint]:
        return iter(list(self._by_number.values()))

    def add(self, process: Process | None, address: int, name: str) -> Breakpoint:
        """A new breakpoint, planted before the program runs on; raises CommandError where there is one already."""
        if any(other.process is process and other.address == address for other in self._by_number.values()):
            raise CommandError(f"there is a breakpoint at {name} already")
        added = Breakpoint(self._next_number, process, address, name)
        self._next_number += 1
        self._by_number[added.number] = added
        return added

    def clear(self, number: int) -> None:
        """Removes a breakpoint; raises CommandError where none has this number."""
        found = self._by_number.pop(number, None)
        if found is None:
            raise CommandError(f"there is no breakpoint {number}")
        found.is_wanted = False
        if found.is_planted:
            self._leaving.append(found)

    @property
    def at_faults(self) -> Breakpoint | None:
        """The one at page faults, if it is set."""
        return next((one for one in self._by_number.values() if one.process is None), None)

    def at(self, process: Process, address: int) -> Breakpoint | None:
        """The one whose int3 lies at an address, also one that was cleared but not lifted yet."""
        candidates = (*self._by_number.values(), *self._leaving)
        return next((one for one in candidates if one.process is process and one.address == address), None)

    def hidden_byte(self, process: Process, address: int) -> int | None:
        """The program's own byte under a planted int3, or None."""
        found = self.at(process, address)
        return found.original if found is not None else None

    # in a thread of the kernel

    @property
    def has_work(self) -> bool:
        """True if `apply` would write."""
        return bool(self._leaving) or any(
            one.process is not None and not one.is_planted for one in self._by_number.values()
        )

    def apply(self) -> None:
        """Makes memory what the commands asked for; may wait for pages."""
        while self._leaving:
            self.lift(self._leaving.pop())
        for one in list(self._by_number.values()):
            self.plant(one)

    def plant(self, one: Breakpoint) -> None:
        """Writes int3; a place that cannot be written drops the breakpoint and is told at the next stop."""
        if one.process is None or one.is_planted or not one.is_wanted or one.process.ended:
            return
        original = self._exchange(one.process, one.address, INT3)
        if original is None:
            self._by_number.pop(one.number, None)
            self.failures.append(f"breakpoint {one.number} at {one.name} cannot be set: its memory cannot be written")
        one.original = original

    def lift(self, one: Breakpoint) -> None:
        """Writes the original byte back."""
        if one.process is not None and one.original is not None:
            if not one.process.ended:
                self._exchange(one.process, one.address, one.original)
            one.original = None

    def _exchange(self, process: Process, address: int, value: int) -> int | None:
        """Writes one byte of code and answers what was there; None where it cannot be written."""
        mm = self._kernel.mm
        try:
            before = process.memory.read_u8(address)
            changed = mm.protect(process, address, 1, PAGE_EXECUTE_READWRITE)
            if changed.status is not Status.SUCCESS:
                return None
            process.memory.write_u8(address, value)
            mm.protect(process, address, 1, changed.old)
        except GuestFault:
            return None
        return before
