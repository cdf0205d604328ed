"""A machine without programs, whose processes are driven from Python."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from ntmm.kernel.io.paging_store import HostPagingStore
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.memory_machine import MemoryMachine
from ntmm.kernel.mm.audit import audit
from ntmm.kernel.mm.layout import system_regions, user_range
from ntmm.kernel.mm.mdl import ContiguousRun
from ntmm.kernel.mm.section import Section
from ntmm.nt.memory import PAGE_READWRITE, SEC_COMMIT
from ntmm.nt.profile import SystemProfile
from ntmm.nt.status import Status, is_error
from ntmm.teaching import looking
from ntmm.teaching.exceptions import RefusedCall
from ntmm.teaching.process import Process
from ntmm.teaching.table import Table

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
        """Raises ValueError with a sentence for a machine that never was."""
        self.profile = replace(profile or SystemProfile(), **fields)
        self.memory = MemoryMachine(self.profile)
        self.processes: list[Process] = []
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
        self.memory.close()
        self._folder.cleanup()

    def __repr__(self) -> str:
        version, ram = self.profile.version.name, self.profile.ram >> 20
        return f"<Machine {version}, {self.profile.architecture}, {ram} MB of RAM, {len(self.processes)} processes>"

    def _open_store(self, name: str) -> HostPagingStore:
        self._stores += 1
        return HostPagingStore(Path(self._folder.name) / f"paging-{self._stores}")

    # calls

    def run(self, body: Callable[[], Result]) -> Result:
        """Carries out a function on a thread of the machine, where it may wait for paging; its result."""
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
    ) -> Process:
        """A process with an empty address space; `bits` 32 on a 64-bit machine is WOW64.

        `session` is the number of the session that it joins; by default it belongs to none. Raises RefusedCall where
        RAM has no room for a new one.
        """
        layout, number = self.memory.mm.layout, _FIRST_PROCESS_ID + _ID_STEP * len(self.processes)
        is_64 = self.memory.architecture.bits == 64 if bits is None else bits == 64
        user = user_range(layout, is_64, large_address_aware)
        space = self.run(lambda: self.memory.mm.create_address_space(number, name, user))
        if session is not None:
            status = self.run(lambda: self.memory.mm.join_session(space, session))
            if is_error(status):
                self.run(lambda: self.memory.mm.delete_address_space(space))
                raise RefusedCall("MmSessionCreate", status)
        process = Process(self.memory, self, name, space)
        self.processes.append(process)
        return process

    def end_process(self, process: Process) -> None:
        """Returns the memory of a process."""
        self.run(lambda: self.memory.mm.delete_address_space(process.space))
        self.processes.remove(process)

    def CreateFileMapping(self, size: int, protection: int = PAGE_READWRITE) -> Section:
        """A section over the paging file, for `Process.MapViewOfFile`; raises RefusedCall. `size` in bytes."""
        status, section = self.run(lambda: self.memory.mm.create_section(None, size, protection, SEC_COMMIT))
        if section is None or is_error(status):
            raise RefusedCall("CreateFileMapping", status)
        return section

    def physical_address(self, address: int) -> int:
        """Where an address of system space lies in RAM (MmGetPhysicalAddress); 0 if nothing is mapped there."""
        return self.memory.mm.physical_address(address)

    def allocate_contiguous(self, size: int) -> ContiguousRun:
        """Memory of the system in adjacent frames (MmAllocateContiguousMemory); raises RefusedCall."""
        run = self.run(lambda: self.memory.mm.contiguous.allocate(size))
        if run is None:
            raise RefusedCall("MmAllocateContiguousMemory", Status.INSUFFICIENT_RESOURCES)
        return run

    def free_contiguous(self, run: ContiguousRun) -> None:
        """Returns such memory (MmFreeContiguousMemory)."""
        self.memory.mm.contiguous.free(run)

    def let_time_pass(self, seconds: float) -> None:
        """Lets the system threads work for so much virtual time, as while all programs wait."""
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
        """The PFN entry of a frame."""
        return looking.frame_table(self.memory, number)

    def audit(self) -> list[str]:
        """Recomputes all books of the memory manager; what does not fit, a sentence for each."""
        return audit(self.memory.mm)
