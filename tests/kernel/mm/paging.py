"""Paging files in memory, and pages driven to where a test wants them."""

from dataclasses import dataclass, field

from ntmm.kernel.mm.pfn import PageUse
from tests.kernel.mm.machine import MemoryMachine


@dataclass
class MemoryStore:
    """A paging file's bytes; `failing` makes its reads fail, `short_by` cuts so many bytes off them."""

    data: bytearray = field(default_factory=bytearray)
    failing: bool = False
    short_by: int = 0

    def read(self, offset: int, size: int) -> bytes:
        if self.failing:
            raise OSError("the disk is gone")
        return bytes(self.data[offset : offset + size - self.short_by])

    def write(self, offset: int, data: bytes) -> None:
        self.data[offset : offset + len(data)] = data

    def resize(self, size: int) -> None:
        del self.data[size:]
        self.data.extend(bytes(size - len(self.data)))

    def close(self) -> None:
        """There is nothing to close."""


def add_paging_file(machine: MemoryMachine, size: int) -> MemoryStore:
    """A paging file of a fixed size in bytes."""
    store = MemoryStore()
    machine.mm.add_paging_file(f"\\??\\C:\\pagefile{len(machine.mm.paging_files.files)}.sys", size, size, store)
    return store


def write_all(machine: MemoryMachine) -> None:
    """Has the modified page writer write everything that is dirty."""
    while machine.mm.pageout.writer.write_one():
        pass


def use_up_standby(machine: MemoryMachine) -> None:
    """Gives every standby page to somebody else, and frees those pages."""
    pfn, taken = machine.mm.pfn, []
    while pfn.standby.count:
        taken.append(pfn.take_any(PageUse.KERNEL))
    for frame in taken:
        pfn.free(frame)
