"""A machine's memory without a CPU: the tests are the programs, and the kernel's door to memory takes the faults."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ntmm.hw.arch import architecture_named
from ntmm.hw.ram import Ram
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.mm.audit import audit
from ntmm.kernel.mm.fault import FaultOutcome
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pageout import SystemThread
from ntmm.kernel.mm.pfn import PageState, PageUse
from ntmm.kernel.mm.section import Section
from ntmm.kernel.mm.space import AddressSpace
from ntmm.kernel.mm.working_set import trim_entry
from ntmm.nt.memory import MEM_COMMIT, MEM_RESERVE, PAGE_READWRITE
from ntmm.nt.status import Status
from ntmm.pe.headers import parse_headers

ARCHITECTURES = ("x86", "pae", "x64")
PAGE = 0x1000
MB = 1 << 20
GB = 1 << 30

READ_FAULT, WRITE_FAULT, FETCH_FAULT = 4, 6, 0x14
"""#PF error codes of ring 3 on an absent page."""


@dataclass
class FakeProcess:
    """What the memory manager needs of a process."""

    space: AddressSpace
    peb: int = 0


@dataclass
class BytesBacking:
    """A file of bytes; `failing` makes its reads fail, `reads` counts them."""

    name: str
    data: bytes
    failing: bool = False
    reads: int = 0
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.size = len(self.data)

    def read(self, offset: int, size: int) -> bytes:
        if self.failing:
            raise OSError("the disk is gone")
        self.reads += 1
        return self.data[offset : offset + size]

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class MemoryStore:
    """A paging file in memory (PagingStore); `refuse_read` and `refuse_write` say of (offset, size) that it fails.

    `refused_reads` and `refused_writes` count those failures; a `limit` in bytes makes the disk full. While `audited`
    it always answers and counts nothing.
    """

    data: bytearray = field(default_factory=bytearray)
    limit: int = 1 << 40
    refuse_read: Callable[[int, int], bool] = lambda offset, size: False
    refuse_write: Callable[[int, int], bool] = lambda offset, size: False
    reads: list[tuple[int, int]] = field(default_factory=list)
    writes: list[tuple[int, int]] = field(default_factory=list)
    refused_reads: int = 0
    refused_writes: int = 0
    closed: bool = False
    audited: bool = False

    def read(self, offset: int, size: int) -> bytes:
        if self.audited:
            return bytes(self.data[offset : offset + size])
        if self.refuse_read(offset, size):
            self.refused_reads += 1
            raise OSError("a sector cannot be read")
        self.reads.append((offset, size))
        return bytes(self.data[offset : offset + size])

    def write(self, offset: int, data: bytes) -> None:
        if self.refuse_write(offset, len(data)):
            self.refused_writes += 1
            raise OSError("a sector cannot be written")
        assert offset + len(data) <= len(self.data), "a write behind the end of a paging file"
        self.writes.append((offset, len(data)))
        self.data[offset : offset + len(data)] = data

    def resize(self, size: int) -> None:
        if size > self.limit:
            raise OSError("the disk is full")
        del self.data[size:]
        self.data.extend(bytes(size - len(self.data)))

    def close(self) -> None:
        self.closed = True


class Program(KernelThread):
    """A thread of a program, as far as the memory manager sees it: a Python function that touches memory."""

    def __init__(self, thread_id: int, body: Callable[[], object], priority: int = 8) -> None:
        self.initialize(thread_id, priority)
        self._body = body

    def main(self) -> None:
        self._body()


class MemoryMachine:
    """A memory manager with as many processes as a test makes. Freed pages are filled with junk."""

    def __init__(self, name: str, ram: int = 8 * MB, replacement: str = "ageing") -> None:
        self.architecture = architecture_named(name)
        self.ram = Ram(ram)
        self.clock = Clock()
        self.scheduler = Scheduler(self.clock)
        self.mm = MemoryManager(
            self.ram, self.architecture, self.clock, junk_fill=True, scheduler=self.scheduler, replacement=replacement
        )
        self.stores: list[MemoryStore] = []
        self._next_id = 8
        self._next_thread = 100

    def new_process(self, with_peb: bool = False) -> FakeProcess:
        process_id, self._next_id = self._next_id, self._next_id + 4
        process = FakeProcess(self.mm.create_address_space(process_id, f"process {process_id}"))
        if with_peb:
            peb = self.mm.create_fixed_block(process, 1, "PEB")
            assert peb is not None
            process.peb = peb
        return process

    def end(self, process: FakeProcess) -> None:
        self.mm.delete_address_space(process.space)

    def check(self) -> None:
        for store in self.stores:
            store.audited = True
        problems = audit(self.mm)
        for store in self.stores:
            store.audited = False
        assert not problems, "\n".join(problems[:8])

    def allocate(
        self,
        process: FakeProcess,
        size: int,
        kind: int = MEM_RESERVE | MEM_COMMIT,
        protection: int = PAGE_READWRITE,
        address: int = 0,
    ) -> int:
        """The base of an allocation that must succeed."""
        status, base, _ = self.mm.allocate(process, address, size, kind, protection)
        assert status is Status.SUCCESS
        return base

    def fault(self, process: FakeProcess, address: int, error_code: int = READ_FAULT, teb: int = 0) -> FaultOutcome:
        """A #PF as the CPU would report it."""
        return self.mm.cpu_fault(process.space, address, error_code, teb)

    def pte(self, process: FakeProcess, address: int) -> int:
        """The entry of a page, 0 where its page table is missing."""
        index = process.space.tables.find(address)
        return self.mm.table_memory.entries[index] if index >= 0 else 0

    def frame(self, process: FakeProcess, address: int) -> int:
        pte = self.pte(process, address)
        assert pte & 1
        return self.mm.table_memory.format.frame(pte)

    # paging

    def add_paging_file(self, minimum: int = MB, maximum: int = 0, name: str = "") -> MemoryStore:
        """A paging file in memory; sizes in bytes. The store can be made to fail."""
        store, number = MemoryStore(), len(self.mm.paging_files.files)
        self.stores.append(store)
        self.mm.add_paging_file(name or f"\\??\\C:\\page{number}.sys", minimum, maximum or minimum, store)
        return store

    def entry_of(self, process: FakeProcess, address: int) -> int:
        """The index of a private page's working-set entry."""
        return self.mm.pfn.working_set_index[self.frame(process, address)]

    def trim(self, process: FakeProcess, *addresses: int) -> None:
        """Takes valid private pages out of the working set, one after another."""
        for address in addresses:
            trim_entry(process.space.working_set, self.entry_of(process, address))

    def empty(self, process: FakeProcess) -> None:
        """Takes everything away from a working set that can go, page tables too."""
        assert self.mm.empty_working_set(process) is Status.SUCCESS

    def write_out(self) -> None:
        """Has the modified page writer write all dirty pages, as far as the disks take them."""
        self.mm.pageout.writer.write_while(lambda: self.mm.pfn.modified.count > 0)

    def drop_standby(self) -> None:
        """Gives all standby pages another owner for a moment: what they held is only in files afterwards."""
        pfn = self.mm.pfn
        before, pfn.high_water = pfn.high_water, pfn.limit
        taken = []
        while pfn.standby.count:
            taken.append(pfn.take_zeroed(PageUse.KERNEL))
        for frame in taken:
            pfn.free(frame)
        pfn.high_water = before
        self.mm.pageout.notifications.update()

    def page_out(self, process: FakeProcess, tables: bool = True) -> None:
        """Everything of a process that can go goes to the paging files and leaves RAM: pages, then tables by level."""
        for _ in range(self.architecture.levels if tables else 1):
            self.empty(process)
            self.write_out()
            self.drop_standby()

    def fill_ram(self, left: int) -> list[int]:
        """Takes pages until `left` are available; answers the frames."""
        pfn = self.mm.pfn
        return [pfn.take_zeroed(PageUse.KERNEL) for _ in range(pfn.available - left)]

    def states(self, frames: list[int]) -> list[PageState]:
        return [PageState(self.mm.pfn.state[frame]) for frame in frames]

    # threads

    def start_system_threads(self) -> None:
        """The six threads, as boot makes them."""
        for plan in self.mm.pageout.plans():
            self._next_thread += 4
            self.scheduler.start(SystemThread(self._next_thread, plan))

    def start(self, body: Callable[[], object], priority: int = 8) -> Program:
        """A thread that runs `body` once `run` is called."""
        self._next_thread += 4
        thread = Program(self._next_thread, body, priority)
        self.scheduler.start(thread)
        return thread

    def run(self, *bodies: Callable[[], object]) -> None:
        """Runs a thread for each body until all have ended."""
        for body in bodies:
            self.start(body)
        self.scheduler.run(lambda: False)

    def open_image(self, backing: BytesBacking) -> Section:
        return self.mm.create_image_section(backing, parse_headers(backing.data))


def status_of_read(process: FakeProcess, address: int) -> int:
    """SUCCESS, or the status of the exception that a read of one byte raises."""
    try:
        process.space.memory.read_u8(address)
    except GuestFault as fault:
        return fault.status
    return Status.SUCCESS


def status_of_write(process: FakeProcess, address: int, value: int = 1) -> int:
    """SUCCESS, or the status of the exception that a write of one byte raises."""
    try:
        process.space.memory.write_u8(address, value)
    except GuestFault as fault:
        return fault.status
    return Status.SUCCESS
