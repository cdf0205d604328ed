"""The door to guest memory: Python reads and writes virtual addresses as the CPU does, through the page tables.

Every access walks the tables, checks rights as ring 3 has them, sets Accessed and Dirty, and takes a page fault
through the trap slot where the CPU would. The slot may wait, so no view of RAM is kept across it.
"""

from collections.abc import Callable
from typing import Final

from ntmm.hw.arch import LARGE, Architecture
from ntmm.hw.ram import Ram
from ntmm.nt.status import Status, is_error

ERROR_PRESENT: Final = 1
ERROR_WRITE: Final = 2
ERROR_USER: Final = 4
ERROR_FETCH: Final = 0x10

_TABLE_BITS: Final = LARGE | 1
"""An entry of an upper level leads to a table if it is valid and does not map a large page."""

FaultSlot = Callable[[int, int], int]
"""(address, #PF error code) -> NTSTATUS; not an error: the access is tried again."""


class GuestFault(Exception):
    """An access to guest memory that the memory manager refused, as an exception in kernel mode."""

    def __init__(self, status: int, address: int, access: int) -> None:
        super().__init__(f"{status:#010x} at {address:#x}")
        self.status = status
        self.address = address
        self.access = access


class GuestMemory:
    """One address space seen through its page tables with user rights (ProbeForRead, ProbeForWrite).

    `directory` is the value of CR3; addresses from `limit` up are refused before any walk. `code_written` is told of
    every frame that is written through an executable mapping: the CPU may hold a translation of its old contents.
    """

    def __init__(
        self,
        ram: Ram,
        architecture: Architecture,
        directory: int,
        limit: int,
        fault: FaultSlot,
        code_written: Callable[[int], None] = lambda frame: None,
        pointer_size: int | None = None,
    ) -> None:
        self.pointer_size = pointer_size or architecture.pointer_size
        """Of the programs in this space: 4 for 32-bit ones on a 64-bit machine too."""
        self._bytes = ram.bytes
        self._entries = ram.u64 if architecture.pte_size == 8 else ram.u32
        self._entry_shift = architecture.pte_size.bit_length() - 1
        self.page_size = architecture.page_size
        self._offset_mask = architecture.page_size - 1
        self._frame_mask = architecture.frame_mask
        self._large_frame_mask = architecture.large_frame_mask
        self._large_offset_mask = architecture.large_page_size - 1
        masks = [(1 << bits) - 1 for bits in architecture.index_bits]
        self._upper = tuple(zip(architecture.shifts[:-1], masks[:-1], strict=True))
        self._last_shift = architecture.shifts[-1]
        self._last_mask = masks[-1]
        self._valid_user = architecture.VALID | architecture.OWNER
        self._write = architecture.WRITE
        self._accessed = architecture.ACCESSED
        self._dirty = architecture.DIRTY
        self._directory = directory
        self._limit = limit
        self._fault = fault
        self._code_written = code_written
        self._no_execute = architecture.no_execute
        self._frame_shift = architecture.frame_shift

    def move(self, directory: int) -> None:
        """The top table lies elsewhere from now on: another value of CR3."""
        self._directory = directory

    def _entry_index(self, address: int) -> int:
        """Index of the PTE of `address` among all entries of RAM, or -1 where an upper level is missing.

        For an address in a large page that of the directory entry, counted from -2 downwards.
        """
        table = self._directory >> self._entry_shift
        for shift, mask in self._upper:
            index = table + (address >> shift & mask)
            entry = self._entries[index]
            if entry & _TABLE_BITS != 1:
                return -2 - index if entry & 1 else -1
            table = (entry & self._frame_mask) >> self._entry_shift
        return table + (address >> self._last_shift & self._last_mask)

    def _translate(self, address: int, write: bool) -> int:
        """Physical address of one byte after all faults are resolved; raises GuestFault."""
        while True:
            if not 0 <= address < self._limit:
                raise GuestFault(Status.ACCESS_VIOLATION, address, int(write))
            error = ERROR_USER | (ERROR_WRITE if write else 0)
            index = self._entry_index(address)
            if index < -1:
                return self._translate_large(address, -2 - index, write)
            entry = self._entries[index] if index >= 0 else 0
            if entry & self._valid_user == self._valid_user and (not write or entry & self._write):
                if write:
                    self._entries[index] = entry | self._accessed | self._dirty
                    if not entry & self._no_execute:
                        self._code_written((entry & self._frame_mask) >> self._frame_shift)
                else:
                    self._entries[index] = entry | self._accessed
                return entry & self._frame_mask | address & self._offset_mask
            status = self._fault(address, error | (entry & 1))
            if is_error(status) or status & 0x80000000:
                raise GuestFault(status, address, int(write))

    def _translate_large(self, address: int, index: int, write: bool) -> int:
        """As `_translate`, through a directory entry that maps a large page: it can always be written."""
        entry = self._entries[index]
        if not entry & self._valid_user == self._valid_user:
            raise GuestFault(Status.ACCESS_VIOLATION, address, int(write))
        self._entries[index] = entry | self._accessed | (self._dirty if write else 0)
        physical = entry & self._large_frame_mask | address & self._large_offset_mask
        if write and not entry & self._no_execute:
            self._code_written(physical >> self._frame_shift)
        return physical

    def read(self, address: int, size: int) -> bytes:
        """`size` bytes from `address`; raises GuestFault at the first page that cannot be read."""
        first = self.page_size - (address & self._offset_mask)
        if size <= first:
            if size <= 0:
                return b""
            physical = self._translate(address, write=False)
            return bytes(self._bytes[physical : physical + size])
        parts = []
        while size:
            count = min(size, self.page_size - (address & self._offset_mask))
            physical = self._translate(address, write=False)
            parts.append(bytes(self._bytes[physical : physical + count]))
            address += count
            size -= count
        return b"".join(parts)

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Writes `data` at `address`; pages before a refused one keep what was written, as on Windows."""
        view = memoryview(data).cast("B") if not isinstance(data, bytes) else memoryview(data)
        position = 0
        while position < len(view):
            count = min(len(view) - position, self.page_size - (address & self._offset_mask))
            physical = self._translate(address, write=True)
            self._bytes[physical : physical + count] = view[position : position + count]
            address += count
            position += count

    def check_range(self, address: int, size: int) -> None:
        """Raises GuestFault for a range that wraps or leaves user space, without a touch of it."""
        if address + size > self._limit:
            raise GuestFault(Status.ACCESS_VIOLATION, address, 1)

    def probe_for_write(self, address: int, size: int) -> None:
        """Makes every page of a range writable now, so that later writes cannot fail half-way; raises GuestFault."""
        end = address + size
        while address < end:
            self._translate(address, write=True)
            address = (address | self._offset_mask) + 1

    def read_u8(self, address: int) -> int:
        """One byte."""
        return self._bytes[self._translate(address, write=False)]

    def read_u16(self, address: int) -> int:
        """Two bytes, little endian, unsigned."""
        return int.from_bytes(self.read(address, 2), "little")

    def read_u32(self, address: int) -> int:
        """Four bytes, little endian, unsigned."""
        return int.from_bytes(self.read(address, 4), "little")

    def read_u64(self, address: int) -> int:
        """Eight bytes, little endian, unsigned."""
        return int.from_bytes(self.read(address, 8), "little")

    def read_pointer(self, address: int) -> int:
        """One pointer of the architecture's size."""
        return int.from_bytes(self.read(address, self.pointer_size), "little")

    def write_u8(self, address: int, value: int) -> None:
        """One byte; higher bits of the value are dropped."""
        self.write(address, (value & 0xFF).to_bytes(1, "little"))

    def write_u16(self, address: int, value: int) -> None:
        """Two bytes, little endian; higher bits are dropped."""
        self.write(address, (value & 0xFFFF).to_bytes(2, "little"))

    def write_u32(self, address: int, value: int) -> None:
        """Four bytes, little endian; higher bits are dropped."""
        self.write(address, (value & 0xFFFFFFFF).to_bytes(4, "little"))

    def write_u64(self, address: int, value: int) -> None:
        """Eight bytes, little endian; higher bits are dropped."""
        self.write(address, (value & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "little"))

    def write_pointer(self, address: int, value: int) -> None:
        """One pointer of the architecture's size; higher bits are dropped."""
        size = self.pointer_size
        self.write(address, (value & ((1 << 8 * size) - 1)).to_bytes(size, "little"))

    def read_cstring(self, address: int, limit: int = 1 << 20) -> bytes:
        """Bytes up to the first zero byte, at most `limit` of them; raises GuestFault where memory ends first."""
        parts: list[bytes] = []
        while limit > 0:
            count = min(limit, self.page_size - (address & self._offset_mask))
            chunk = self.read(address, count)
            end = chunk.find(0)
            if end >= 0:
                parts.append(chunk[:end])
                break
            parts.append(chunk)
            address += count
            limit -= count
        return b"".join(parts)

    def read_wstring(self, address: int, limit: int = 1 << 19) -> str:
        """UTF-16 text up to the first zero unit, at most `limit` units; lone surrogates are kept as they are."""
        units = bytearray()
        while len(units) < 2 * limit:
            room = self.page_size - (address & self._offset_mask)
            chunk = self.read(address, room & ~1 or 2)
            end = next((at for at in range(0, len(chunk), 2) if not chunk[at] and not chunk[at + 1]), -1)
            if end >= 0:
                units += chunk[:end]
                break
            units += chunk
            address += len(chunk)
        return bytes(units[: 2 * limit]).decode("utf-16-le", "surrogatepass")
