"""A process of the teaching machine: Windows API calls in Python, and accesses that go through its page tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from rich.console import Group
from rich.markup import escape

from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.memory_machine import MemoryMachine
from ntmm.kernel.mm.fault import Resolution
from ntmm.kernel.mm.section import Section
from ntmm.kernel.mm.space import AddressSpace
from ntmm.nt.memory import MEM_COMMIT, MEM_DECOMMIT, MEM_FREE, MEM_RELEASE, MEM_RESERVE, PAGE_READWRITE
from ntmm.nt.status import Status, is_error
from ntmm.teaching import looking
from ntmm.teaching.arguments import check_count, check_data, check_number, check_range
from ntmm.teaching.device import LockedPages
from ntmm.teaching.exceptions import MemoryFault, RefusedCall
from ntmm.teaching.runner import Runner
from ntmm.teaching.session import Session
from ntmm.teaching.table import Table, paragraph

Result = TypeVar("Result")

_FETCH: Final = 0x14
"""#PF error code: an instruction fetch of user mode."""
_EXECUTE: Final = 8
_STATES: Final = {MEM_COMMIT: "commit", MEM_RESERVE: "reserve", MEM_FREE: "free"}


@dataclass(frozen=True, slots=True)
class Region:
    """What VirtualQuery answers: addresses and sizes in bytes; `protection` and `state` in words."""

    base: int
    allocation_base: int
    size: int
    state: str
    protection: str

    def __repr__(self) -> str:
        return f"<{self.state} {self.size:#x} bytes at {self.base:#x}, {self.protection}>"


def _frame_numbers(frames: Sequence[int]) -> list[int]:
    numbers = list(frames)
    for number in numbers:
        check_number("a frame", number)
    return numbers


class Process:
    """`space` is the memory manager's own object, for those who want to look deeper."""

    def __init__(self, machine: MemoryMachine, runner: Runner, name: str, space: AddressSpace) -> None:
        self.name = name
        self.space = space
        self._machine = machine
        self._runner = runner

    def __repr__(self) -> str:
        if not self._runner.runs(self):
            return f"<Process {self.name!r}, ended>"
        return f"<Process {self.name!r}, {len(list(self.space.vads))} regions, {self.working_set_size} pages in RAM>"

    def __rich__(self) -> Group:
        shown = (self.vads,) if self._runner.runs(self) else ()
        return Group(escape(repr(self)), *shown)

    def _repr_html_(self) -> str:
        """What a Jupyter notebook shows: the process and its address descriptors."""
        return paragraph(repr(self)) + (self.vads._repr_html_() if self._runner.runs(self) else "")

    @property
    def session(self) -> Session:
        """Pool and views of the session that it belongs to."""
        self._require_running()
        return Session(self._machine, self._runner, self)

    # the Windows API

    def VirtualAlloc(
        self,
        address: int | None,
        size: int,
        allocation_type: int = MEM_RESERVE | MEM_COMMIT,
        protection: int = PAGE_READWRITE,
    ) -> int:
        """The base address of what was reserved or committed; raises RefusedCall. Sizes in bytes."""
        mm = self._machine.mm
        check_range(address or 0, size)
        check_number("an allocation type", allocation_type)
        check_number("a protection", protection)
        status, base, _ = self._run(lambda: mm.allocate(self, address or 0, size, allocation_type, protection))
        self._require("VirtualAlloc", status)
        return base

    def VirtualFree(self, address: int, size: int = 0, free_type: int = MEM_RELEASE) -> None:
        """Decommits pages, or releases a whole allocation (size 0); raises RefusedCall."""
        check_range(address, size)
        check_number("a free type", free_type)
        status = self._run(lambda: self._machine.mm.free(self, address, size, free_type)).status
        self._require("VirtualFree", status)

    def VirtualDecommit(self, address: int, size: int) -> None:
        """VirtualFree with MEM_DECOMMIT."""
        self.VirtualFree(address, size, MEM_DECOMMIT)

    def VirtualProtect(self, address: int, size: int, protection: int) -> int:
        """Changes the protection of committed pages; the old PAGE_* value of the first. Raises RefusedCall."""
        check_range(address, size)
        check_number("a protection", protection)
        status, old, _, _ = self._run(lambda: self._machine.mm.protect(self, address, size, protection))
        self._require("VirtualProtect", status)
        return old

    def VirtualQuery(self, address: int) -> Region:
        """The run of alike pages at an address; raises RefusedCall above user space."""
        check_range(address)
        found = self._run(lambda: self._machine.mm.query(self, address))
        if found is None:
            raise RefusedCall("VirtualQuery", Status.INVALID_PARAMETER)
        protection = looking.protection_text(found.protect)
        return Region(found.base_address, found.allocation_base, found.region_size, _STATES[found.state], protection)

    def MapViewOfFile(self, section: Section, address: int = 0) -> int:
        """Maps a section that `Machine.CreateFileMapping` made; the view's base. Raises RefusedCall."""
        check_range(address)
        if not self._runner.made(section):
            raise ValueError(f"a section is what CreateFileMapping of the same machine made, and {section!r} is not")
        view = self._run(lambda: self._machine.mm.map_view(self, section, address))
        self._require("MapViewOfFile", view.status)
        return view.base

    def UnmapViewOfFile(self, address: int) -> None:
        """Unmaps the view at an address; raises RefusedCall."""
        check_range(address)
        self._require("UnmapViewOfFile", self._run(lambda: self._machine.mm.unmap_view(self, address)))

    def AllocateUserPhysicalPages(self, count: int) -> list[int]:
        """Frame numbers of zeroed pages of RAM, perhaps fewer than asked for; raises RefusedCall for not one.

        No privilege is asked for: there is nobody who could have it.
        """
        check_count(count)
        if not count:
            return []
        found = self._run(lambda: self._machine.mm.allocate_physical_pages(self, count))
        self._require("AllocateUserPhysicalPages", found.status)
        return [int(frame) for frame in found.frames]

    def MapUserPhysicalPages(self, address: int, frames: Sequence[int] | None, count: int = 1) -> None:
        """Shows pages one after the other in a window of VirtualAlloc with MEM_RESERVE | MEM_PHYSICAL.

        With None `count` pages of the window show nothing any more. Raises RefusedCall.
        """
        check_range(address)
        check_count(count)
        numbers = None if frames is None else _frame_numbers(frames)
        mm, page = self._machine.mm, self._machine.architecture.page_size
        start, pages = address & -page, count if numbers is None else len(numbers)
        places = range(start, start + pages * page, page)
        self._require("MapUserPhysicalPages", self._run(lambda: mm.map_physical_pages(self, places, numbers)))

    def FreeUserPhysicalPages(self, frames: Sequence[int]) -> None:
        """Takes pages back, out of windows that show them too; raises RefusedCall at the first that is not its own."""
        numbers = _frame_numbers(frames)
        status, _ = self._run(lambda: self._machine.mm.free_physical_pages(self, numbers))
        self._require("FreeUserPhysicalPages", status)

    def _run(self, body: Callable[[], Result]) -> Result:
        self._require_running()
        return self._runner.run(body)

    def _require_running(self) -> None:
        if not self._runner.runs(self):
            raise RuntimeError(f"process {self.name!r} has ended: make another")

    @staticmethod
    def _require(function: str, status: int) -> None:
        if is_error(status):
            raise RefusedCall(function, status)

    # accesses

    def read(self, address: int, size: int = 1) -> bytes:
        """Bytes as the processor reads them: page faults are answered; raises MemoryFault where it may not."""
        check_range(address, size)
        return self._access(lambda: self.space.memory.read(address, size))

    def write(self, address: int, data: bytes) -> None:
        """Writes as the processor does; raises MemoryFault where it may not."""
        check_range(address)
        check_data(data)
        self._access(lambda: self.space.memory.write(address, data))

    def execute(self, address: int) -> None:
        """Fetches an instruction from an address and no more; raises MemoryFault where it may not."""
        check_range(address)
        self._run(lambda: self._fetch(address))

    def _access(self, body: Callable[[], Result]) -> Result:
        try:
            return self._run(body)
        except GuestFault as fault:
            raise MemoryFault(fault.status, fault.address, fault.access) from None

    def _fetch(self, address: int) -> None:
        architecture, entries = self._machine.architecture, self._machine.mm.table_memory.entries
        while True:
            index = self.space.tables.find(address)
            pte = entries[index] if index >= 0 else looking.large_entry(self._machine, self.space, address)
            if pte & 1 and pte & architecture.OWNER and not pte & architecture.no_execute:
                return
            result = self._machine.mm.cpu_fault(self.space, address, _FETCH | (pte & 1), 0)
            if result.resolution is Resolution.RAISE:
                raise MemoryFault(result.status, address, _EXECUTE)

    def lock_pages(self, address: int, size: int, write: bool = False) -> LockedPages:
        """Locks a range for a device, which will write to it if `write` (MmProbeAndLockPages); raises MemoryFault."""
        check_range(address, size)
        if not size:
            raise ValueError("a range to be locked has at least one byte")
        mdl = self._access(lambda: self._machine.mm.lock_pages(self, address, size, write))
        return LockedPages(self._machine, mdl)

    def physical_address(self, address: int) -> int:
        """Where an address lies in RAM now (MmGetPhysicalAddress); 0 if nothing is mapped there."""
        check_range(address)
        self._require_running()
        return self._machine.mm.physical_address(address, self)

    def empty_working_set(self) -> None:
        """Takes every page away that can go (EmptyWorkingSet); what was written stays in RAM until it is needed."""
        self._require("EmptyWorkingSet", self._run(lambda: self._machine.mm.empty_working_set(self)))

    # looking

    @property
    def working_set_size(self) -> int:
        """Pages, those of page tables and of the list itself included."""
        self._require_running()
        return self.space.working_set.count

    @property
    def page_faults(self) -> int:
        """Faults that accesses to this space have taken."""
        return self.space.page_fault_count

    @property
    def vads(self) -> Table:
        """The address descriptors."""
        self._require_running()
        return looking.vad_table(self._machine, self.space)

    @property
    def working_set(self) -> Table:
        """The working-set list."""
        self._require_running()
        return looking.working_set_table(self._machine, self.space)

    @property
    def page_tables(self) -> Table:
        """The page tables of user space, as a tree: each before those that it points to."""
        self._require_running()
        return looking.page_table_table(self._machine, self.space)

    def entries(self, address: int) -> Table:
        """The page-table entries on the way to an address."""
        check_range(address)
        self._require_running()
        return looking.entry_table(self._machine, self.space, address)

    def state(self, address: int) -> str:
        """What the page-table entry of an address says."""
        check_range(address)
        self._require_running()
        return looking.state_of(self._machine, self.space, address)
