"""The page-table walk and reads of guest memory as a debugger does them: nothing is faulted in, no bit is set.

Only the hardware's own format is needed here: everything is read from RAM under a value of CR3.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from ntmm.hw.arch import VALID, Architecture
from ntmm.kernel.boot import Kernel


@dataclass(frozen=True, slots=True)
class Entry:
    """A page-table entry on the way to an address.

    `level` counts from the top table, `address` is where the self-map shows it, `index` is its place among all
    PTE-sized words of RAM.
    """

    level: int
    address: int
    index: int
    value: int

    @property
    def is_valid(self) -> bool:
        """True if the CPU translates through it."""
        return bool(self.value & VALID)


class TableWalk:
    """One address space, seen through the tables under `directory`, the value of CR3."""

    def __init__(self, kernel: Kernel, directory: int) -> None:
        self._architecture: Architecture = kernel.architecture
        self._ram = kernel.ram
        self._words = kernel.ram.u64 if kernel.architecture.pte_size == 8 else kernel.ram.u32
        self._directory = directory
        self.executes_data = False
        """Whether the process may execute its data, which its PTEs say only once it has."""

    def entries(self, address: int) -> Iterator[Entry]:
        """The entries from the top table down, ending with the first that is invalid or maps a page."""
        architecture = self._architecture
        table = self._directory
        for level, slot in enumerate(architecture.split(address & architecture.virtual_mask)):
            index = table // architecture.pte_size + slot
            if index >= len(self._words):
                return  # a spoilt entry leads out of RAM
            entry = Entry(level, architecture.entry_address(level, address), index, self._words[index])
            yield entry
            if not entry.is_valid or (level == architecture.levels - 2 and entry.value & architecture.LARGE):
                return
            table = entry.value & architecture.frame_mask

    def is_large(self, entry: Entry) -> bool:
        """True for a directory entry that maps a large page."""
        return (
            entry.is_valid
            and entry.level == self._architecture.levels - 2
            and bool(entry.value & self._architecture.LARGE)
        )

    def _last(self, address: int) -> Entry | None:
        """Where the walk ends; None if it leaves RAM at once."""
        return next(iter(deque(self.entries(address), maxlen=1)), None)

    def physical(self, address: int) -> int | None:
        """The physical address that the CPU would find, or None."""
        architecture = self._architecture
        last = self._last(address)
        if last is None or not last.is_valid:
            return None
        if self.is_large(last):
            return last.value & architecture.large_frame_mask | address & architecture.large_page_size - 1
        return last.value & architecture.frame_mask | address & architecture.page_mask

    def byte(self, address: int) -> int | None:
        """One byte, or None where no page is mapped."""
        physical = self.physical(address)
        return self._ram.bytes[physical] if physical is not None and physical < self._ram.size else None

    def word(self, address: int, size: int) -> int | None:
        """A little-endian word of `size` bytes that lies within a page, or None where no page is mapped."""
        physical = self.physical(address)
        if physical is None or physical + size > self._ram.size:
            return None
        return int.from_bytes(self._ram.bytes[physical : physical + size], "little")
