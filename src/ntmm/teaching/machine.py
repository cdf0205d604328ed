"""A machine without programs, whose processes are driven from Python."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from rich.console import Group
from rich.markup import escape

from ntmm.kernel.io.paging_store import HostPagingStore
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.memory_machine import MemoryMachine
from ntmm.kernel.mm.audit import audit
from ntmm.kernel.mm.layout import system_regions, user_range
from ntmm.kernel.mm.mdl import ContiguousRun
from ntmm.kernel.mm.section import Section
from ntmm.nt.dep import MEM_EXECUTE_OPTION_ENABLE, execute_options
from ntmm.nt.memory import PAGE_READWRITE, SEC_COMMIT
from ntmm.nt.profile import SystemProfile
from ntmm.nt.status import Status, is_error
from ntmm.teaching import looking
from ntmm.teaching.arguments import check_number, check_process_kind, check_seconds, check_size, profile_of
from ntmm.teaching.exceptions import RefusedCall
from ntmm.teaching.process import Process
from ntmm.teaching.table import Table, paragraph

Result = TypeVar("Result")

_FIRST_PROCESS_ID: Final = 8
_ID_STEP: Final = 4
_CALLER_ID: Final = 4


class _Caller(KernelThread):
    """The thread on which one call runs; it may wait for paging."""

    def __init__(self, body: Callable[[], Any]) -> None:
        self.initialize(_CALLER_ID)
        self._body = body
        self.result: Any = None
        self.raised: Exception | None = None

    def main(self) -> None:
        try:
            self.result = self._body()
        except Exception as error:  # noqa: BLE001 - it is raised again where the call was made
            self.raised = error


class Machine:
    """The memory of one machine. Use it as a context manager, or close it: paging files take room on the host.

    `Machine(profile)` takes a SystemProfile; keywords change single fields: `Machine(architecture="x64", ram=1 << 30)`.
    """

    def __init__(self, profile: SystemProfile | None = None, **fields: Any) -> None:
        """Raises ValueError with a sentence for a machine that never was, TypeError for arguments that mean none."""
        self.profile = profile_of(profile, fields)
        self._is_closed = False
        self.memory = MemoryMachine(self.profile)
        self.processes: list[Process] = []
        self._sections: list[Section] = []
        self._last_id = _FIRST_PROCESS_ID - _ID_STEP
        self._folder = TemporaryDirectory(prefix="ntmm-")
        self._stores = 0
        self.memory.mm.open_paging_store = self._open_store
        self.memory.create_paging_files()
        self.memory.start_system_threads()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the machine; nothing of it can be used afterwards."""
        if self._is_closed:
            return
        self._is_closed = True
        self.memory.close()
        self._folder.cleanup()

    def __repr__(self) -> str:
        version, ram = self.profile.version.name, self.profile.ram >> 20
        return f"<Machine {version}, {self.profile.architecture}, {ram} MB of RAM, {len(self.processes)} processes>"

    def __rich__(self) -> Group:
        return Group(escape(repr(self)), self.page_lists)

    def _repr_html_(self) -> str:
        """What a Jupyter notebook shows: the machine and its page lists."""
        return paragraph(repr(self)) + self.page_lists._repr_html_()

    def _open_store(self, name: str) -> HostPagingStore:
        self._stores += 1
        return HostPagingStore(Path(self._folder.name) / f"paging-{self._stores}")

    # calls

    def run(self, body: Callable[[], Result]) -> Result:
        """Carries out a function on a thread of the machine, where it may wait for paging; its result."""
        if self._is_closed:
            raise RuntimeError("this machine was closed: make another")
        scheduler = self.memory.scheduler
        if scheduler.current is not None:
            return body()
        caller = _Caller(body)
        scheduler.start(caller)
        scheduler.run(lambda: False)
        if caller.raised is not None:
            raise caller.raised
        result: Result = caller.result
        return result

    def create_process(
        self,
        name: str = "process",
        large_address_aware: bool = True,
        bits: int | None = None,
        session: int | None = None,
        nx_compatible: bool = True,
    ) -> Process:
        """A process with an empty address space; `bits` 32 on a 64-bit machine is WOW64.

        `large_address_aware` and `nx_compatible` are the flags of its image: how far user space goes, and whether it
        opts in to DEP. `session` is the number of the session that it joins; by default it belongs to none. Raises
        RefusedCall where RAM has no room for a new one.
        """
        machine_bits = self.memory.architecture.bits
        check_process_kind(bits, machine_bits, session)
        is_64 = (bits or machine_bits) == 64
        process = self._new_process(name, is_64, large_address_aware)
        self._apply_dep(process, is_64, nx_compatible)
        if session is not None:
            status = self.run(lambda: self.memory.mm.join_session(process.space, session))
            if is_error(status):
                self.end_process(process)
                raise RefusedCall("MmSessionCreate", status)
        return process

    def _new_process(self, name: str, is_64: bool, large_address_aware: bool) -> Process:
        mm, number = self.memory.mm, self._last_id + _ID_STEP
        user = user_range(mm.layout, is_64, large_address_aware)
        if not self.run(mm.has_room_for_space):
            raise RefusedCall("MmCreateProcessAddressSpace", Status.NO_MEMORY)
        space = self.run(lambda: mm.create_address_space(number, str(name), user))
        self._last_id = number
        process = Process(self.memory, self, str(name), space)
        self.processes.append(process)
        return process

    def _apply_dep(self, process: Process, is_64: bool, nx_compatible: bool) -> None:
        """As for a program: the policy and the image decide; without no-execute pages all data can be executed."""
        dep = self.profile.dep
        options = execute_options(dep, is_64, nx_compatible, self.profile.registry.dep_layer(process.name))
        process.space.executes_data = bool(options & MEM_EXECUTE_OPTION_ENABLE) or not dep.in_hardware

    def end_process(self, process: Process) -> None:
        """Returns the memory of a process; raises ValueError if it is none of this machine's, or has ended."""
        if process not in self.processes:
            raise ValueError(f"{process!r} does not run on this machine")
        self.run(lambda: self.memory.mm.delete_address_space(process.space))
        self.processes.remove(process)

    def runs(self, process: Process) -> bool:
        """Whether a process is this machine's and has not ended."""
        return process in self.processes

    def made(self, section: Section) -> bool:
        """Whether a section is one of this machine's."""
        return section in self._sections

    def CreateFileMapping(self, size: int, protection: int = PAGE_READWRITE) -> Section:
        """A section over the paging file, for `Process.MapViewOfFile`; raises RefusedCall. `size` in bytes."""
        check_number("a size", size)
        check_number("a protection", protection)
        status, section = self.run(lambda: self.memory.mm.create_section(None, size, protection, SEC_COMMIT))
        if section is None or is_error(status):
            raise RefusedCall("CreateFileMapping", status)
        self._sections.append(section)
        return section

    def physical_address(self, address: int) -> int:
        """Where an address of system space lies in RAM (MmGetPhysicalAddress); 0 if nothing is mapped there."""
        check_number("an address", address)
        return self.memory.mm.physical_address(address)

    @property
    def large_page_minimum(self) -> int:
        """Bytes that memory of large pages is a multiple of (GetLargePageMinimum)."""
        return self.memory.architecture.large_page_size

    def allocate_contiguous(self, size: int) -> ContiguousRun:
        """Memory of the system in adjacent frames (MmAllocateContiguousMemory); raises RefusedCall."""
        check_size(size)
        run = self.run(lambda: self.memory.mm.contiguous.allocate(size))
        if run is None:
            raise RefusedCall("MmAllocateContiguousMemory", Status.INSUFFICIENT_RESOURCES)
        return run

    def free_contiguous(self, run: ContiguousRun) -> None:
        """Returns such memory (MmFreeContiguousMemory); as in Windows, freeing it twice stops the machine."""
        if not isinstance(run, ContiguousRun):
            raise TypeError(f"what Machine.allocate_contiguous answered is freed, and {run!r} is not that")
        self.memory.mm.contiguous.free(run)

    def let_time_pass(self, seconds: float) -> None:
        """Lets the system threads work for so much virtual time, as while all programs wait."""
        check_seconds(seconds)
        scheduler = self.memory.scheduler

        def sleep() -> None:
            assert scheduler.current is not None
            scheduler.wait(scheduler.current, (), timeout_100ns=int(seconds * 10_000_000))

        self.run(sleep)

    # looking

    @property
    def page_lists(self) -> Table:
        """How many pages there are in each state."""
        return looking.list_table(self.memory)

    @property
    def page_faults(self) -> Table:
        """How many page faults there were, by kind."""
        return looking.fault_table(self.memory)

    @property
    def system_space(self) -> Table:
        """The regions of system space."""
        rows = [
            (row.name, f"{row.start:#x}", f"{row.end:#x}", row.note) for row in system_regions(self.memory.mm.layout)
        ]
        return Table("System space", ("region", "start", "end", "note"), rows)

    def frame(self, number: int) -> Table:
        """The PFN entry of a frame; raises ValueError for a number that no frame has."""
        check_number("a frame", number)
        count = self.memory.mm.pfn.frames
        if not 0 <= number < count:
            raise ValueError(f"{number!r} is no frame: this machine has {count:#x} of them, from 0 on")
        return looking.frame_table(self.memory, number)

    def audit(self) -> list[str]:
        """Recomputes all books of the memory manager; what does not fit, a sentence for each."""
        return audit(self.memory.mm)
