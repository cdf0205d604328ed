"""A machine's memory without a CPU: the tests are the programs, and the kernel's door to memory takes the faults."""

from dataclasses import dataclass, field

from ntmm.hw.arch import architecture_named
from ntmm.hw.ram import Ram
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.mm.audit import audit
from ntmm.kernel.mm.fault import FaultOutcome
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.section import Section
from ntmm.kernel.mm.space import AddressSpace
from ntmm.nt.memory import MEM_COMMIT, MEM_RESERVE, PAGE_READWRITE
from ntmm.nt.status import Status
from ntmm.pe.headers import parse_headers

ARCHITECTURES = ("x86", "pae", "x64")
PAGE = 0x1000
MB = 1 << 20

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


class MemoryMachine:
    """A memory manager with as many processes as a test makes. Freed pages are filled with junk."""

    def __init__(self, name: str, ram: int = 8 * MB) -> None:
        self.architecture = architecture_named(name)
        self.ram = Ram(ram)
        self.clock = Clock()
        self.mm = MemoryManager(self.ram, self.architecture, self.clock, junk_fill=True)
        self._next_id = 8

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
        problems = audit(self.mm)
        assert not problems, "\n".join(problems)

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
