"""The breakpoints of a debugger: on code, by hooks of the CPU, and on page faults.

A hook of the engine stops before an instruction. Nothing is written into the program's memory, so no page is copied,
no commit is charged and no program can find the breakpoint.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ntmm.hw.cpu import Cpu
from ntmm.kernel.ps import Process
from ntmm.tools.rows import CommandError

FAULT: Final = "fault"
"""What `bp` calls the breakpoint at every page fault of the CPU."""


@dataclass(slots=True, eq=False)
class Breakpoint:
    """`number` names it. One without a process is at page faults."""

    number: int
    process: Process | None = None
    address: int = 0
    name: str = ""
    hits: int = 0


class Breakpoints:
    """All breakpoints of a machine, by number, and one that is the debugger's own."""

    def __init__(self, cpu: Cpu) -> None:
        self._cpu = cpu
        self._by_number: dict[int, Breakpoint] = {}
        self._next_number = 0
        self._own: Breakpoint | None = None

    def __iter__(self) -> Iterator[Breakpoint]:
        return iter(list(self._by_number.values()))

    def add(self, process: Process | None, address: int, name: str) -> Breakpoint:
        """A new breakpoint; raises CommandError where there is one already."""
        if any(other.process is process and other.address == address for other in self):
            raise CommandError(f"there is a breakpoint at {name} already")
        added = Breakpoint(self._next_number, process, address, name)
        self._next_number += 1
        self._by_number[added.number] = added
        if process is not None:
            self._cpu.breakpoints.add(address)
        return added

    def clear(self, number: int) -> None:
        """Removes a breakpoint; raises CommandError where none has this number."""
        found = self._by_number.pop(number, None)
        if found is None:
            raise CommandError(f"there is no breakpoint {number}")
        self._release(found)

    def stop_once(self, process: Process, address: int) -> None:
        """Sets the debugger's own breakpoint, which `bl` does not show."""
        self._own = Breakpoint(-1, process, address)
        self._cpu.breakpoints.add(address)

    def drop_own(self) -> None:
        """Takes that one out, if it is set."""
        own, self._own = self._own, None
        if own is not None:
            self._release(own)

    def is_own(self, process: Process, address: int) -> bool:
        """True for the place of the debugger's own breakpoint."""
        return self._own is not None and self._own.process is process and self._own.address == address

    @property
    def at_faults(self) -> Breakpoint | None:
        """The one at page faults, if it is set."""
        return next((one for one in self if one.process is None), None)

    def at(self, process: Process, address: int) -> Breakpoint | None:
        """The one at a place of a process."""
        return next((one for one in self if one.process is process and one.address == address), None)

    def is_wanted(self, process: Process, address: int) -> bool:
        """True if a thread of the process is to stop at an address."""
        return self.is_own(process, address) or self.at(process, address) is not None

    def forget_ended(self) -> None:
        """Removes those of processes whose memory was returned."""
        for one in self:
            if one.process is not None and one.process.space.deleted:
                self.clear(one.number)

    def _release(self, one: Breakpoint) -> None:
        """Takes the CPU's hook out unless another breakpoint, of whatever process, is at the same address."""
        others = (*self, *((self._own,) if self._own is not None else ()))
        if one.process is not None and all(other.address != one.address for other in others):
            self._cpu.breakpoints.remove(one.address)
