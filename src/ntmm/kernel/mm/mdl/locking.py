"""Locking pages for I/O, mapping them for the kernel, and letting them go."""

from typing import Final

from ntmm.hw.ram import Ram
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.mm.commit import ResidentLedger
from ntmm.kernel.mm.mdl.mdl import Mdl, MdlFlag, mdl_bytes
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG
from ntmm.kernel.mm.pool import Pool
from ntmm.kernel.mm.space import AddressSpace
from ntmm.kernel.mm.system_ptes import SystemPtes
from ntmm.kernel.mm.tables import PageTables
from ntmm.nt.status import Status

_TAG: Final = "Mdl "
_MOST_BYTES: Final = 0xFFFF
_UNPAGED: Final = (PageUse.USER_PHYSICAL, PageUse.LARGE_PAGE)


class MdlLocking:
    """The lists of one machine; sizes and addresses in bytes."""

    def __init__(self, ram: Ram, tables: PageTables, pool: Pool, ptes: SystemPtes, resident: ResidentLedger) -> None:
        self._bytes = ram.bytes
        self._tables = tables
        self._memory = tables.memory
        self._pfn = tables.memory.pfn
        self._pool = pool
        self._ptes = ptes
        self._resident = resident
        self._page = tables.memory.architecture.page_size
        self._pointer_size = tables.memory.architecture.pointer_size
        self.mdls: dict[Mdl, None] = {}
        """The lists that exist, in order of creation."""

    def allocate(self, start: int, size: int) -> Mdl:
        """IoAllocateMdl: a list for a range whose pages are not known yet; raises PoolExhausted.

        Its size has 16 bits: beyond some 64 MB on 32 bits, 32 MB on 64 bits, INSUFFICIENT_RESOURCES (GuestFault).
        """
        assert size > 0
        mdl = Mdl(0, start, size)
        room = mdl_bytes(len(self._pages(mdl)), self._pointer_size)
        if room > _MOST_BYTES:
            raise GuestFault(Status.INSUFFICIENT_RESOURCES, start, 0)
        mdl.address = self._pool.allocate(room, _TAG)
        self.mdls[mdl] = None
        self._write(mdl)
        return mdl

    def free(self, mdl: Mdl) -> None:
        """IoFreeMdl: the list goes; its pages were unlocked before."""
        assert not mdl.flags & MdlFlag.PAGES_LOCKED, "a list with locked pages is freed"
        self._pool.free(mdl.address)
        del self.mdls[mdl]

    def _pages(self, mdl: Mdl) -> range:
        return range(mdl.start & -self._page, mdl.start + mdl.size, self._page)

    # locking

    def probe_and_lock(self, mdl: Mdl, space: AddressSpace, write: bool) -> None:
        """MmProbeAndLockPages for a user range: each page is touched as the program would, and referenced; may wait.

        With `write` a device will change them: copies are made of what is copied on write. Raises GuestFault and locks
        nothing for a page that may not be touched so (ACCESS_VIOLATION), cannot be read (IN_PAGE_ERROR), or where RAM
        cannot promise so many pages (INSUFFICIENT_RESOURCES). NOT_IMPLEMENTED: large pages, windows of physical pages.
        """
        assert not mdl.flags & MdlFlag.PAGES_LOCKED, "a list is locked twice"
        pages = self._pages(mdl)
        if not self._resident.charge(len(pages)):
            raise GuestFault(Status.INSUFFICIENT_RESOURCES, mdl.start, int(write))
        try:
            for at in pages:
                mdl.frames.append(self._lock_page(space, max(at, mdl.start), write))
        except GuestFault:
            self._let_go(mdl, len(pages))
            raise
        mdl.flags |= MdlFlag.PAGES_LOCKED | (MdlFlag.WRITE_OPERATION if write else 0)
        self._write(mdl)

    def _lock_page(self, space: AddressSpace, address: int, write: bool) -> int:
        """Touches and references a page. The touch may wait; nothing may between its end and the reference."""
        if write:
            space.memory.probe_for_write(address, 1)
        else:
            space.memory.read(address, 1)
        index = space.tables.find(address)
        frame = self._memory.format.frame(self._memory.entries[index]) if index >= 0 else -1
        if frame < 0 or self._pfn.use[frame] in _UNPAGED:
            raise GuestFault(Status.NOT_IMPLEMENTED, address, int(write))
        self._pfn.reference(frame)
        return frame

    def unlock(self, mdl: Mdl) -> None:
        """MmUnlockPages: the mapping goes, what a device may have written counts as modified, pages may leave RAM."""
        assert mdl.flags & MdlFlag.PAGES_LOCKED, "a list is unlocked that is not locked"
        if mdl.flags & MdlFlag.MAPPED_TO_SYSTEM_VA:
            self.unmap(mdl)
        if mdl.flags & MdlFlag.WRITE_OPERATION:
            for frame in mdl.frames:
                self._pfn.flags[frame] |= MODIFIED_FLAG
        self._let_go(mdl, len(mdl.frames))
        mdl.flags = MdlFlag.NONE
        self._write(mdl)

    def _let_go(self, mdl: Mdl, charged: int) -> None:
        for frame in mdl.frames:
            self._pfn.dereference(frame)
        mdl.frames.clear()
        self._resident.give_back(charged)

    # mapping

    def map(self, mdl: Mdl) -> int | None:
        """MmMapLockedPages: where the kernel sees the range, through system PTEs; None if there are not so many."""
        assert mdl.flags & MdlFlag.PAGES_LOCKED, "pages are mapped that are not locked"
        if mdl.flags & MdlFlag.MAPPED_TO_SYSTEM_VA:
            return mdl.system_address
        base = self._ptes.reserve(len(mdl.frames))
        if base is None:
            return None
        for number, frame in enumerate(mdl.frames):
            pte = self._memory.table_entry(frame, user=False) | self._memory.stack_no_execute
            self._ptes.write(base + number * self._page, pte)
        mdl.flags |= MdlFlag.MAPPED_TO_SYSTEM_VA
        mdl.system_address = base + mdl.start % self._page
        self._write(mdl)
        return mdl.system_address

    def unmap(self, mdl: Mdl) -> None:
        """MmUnmapLockedPages; the pages stay locked."""
        assert mdl.flags & MdlFlag.MAPPED_TO_SYSTEM_VA, "a mapping is undone that is not there"
        base = mdl.system_address & -self._page
        for number in range(len(mdl.frames)):
            self._ptes.write(base + number * self._page, 0)
        self._ptes.release(base, len(mdl.frames))
        mdl.flags &= ~MdlFlag.MAPPED_TO_SYSTEM_VA
        mdl.system_address = 0
        self._write(mdl)

    def mapped_words(self) -> set[int]:
        """Indices, among all PTE-sized words of RAM, of the system PTEs that show locked pages."""
        mapped = [mdl for mdl in self.mdls if mdl.flags & MdlFlag.MAPPED_TO_SYSTEM_VA]
        return {
            self._ptes.word((mdl.system_address & -self._page) + number * self._page)
            for mdl in mapped
            for number in range(len(mdl.frames))
        }

    # contents

    def _write(self, mdl: Mdl) -> None:
        """Brings the structure in nonpaged pool up to date."""
        data = mdl.packed(self._pointer_size, self._page)
        word = self._memory.architecture.pte_size
        for position in range(0, len(data), 4):
            address = mdl.address + position
            at = self._pool.word(address) * word + address % word
            self._bytes[at : at + 4] = data[position : position + 4]

    def parts(self, mdl: Mdl) -> list[memoryview]:
        """The bytes of a locked range as a device reaches them, one part a page; not to be kept past `unlock`."""
        found, at, end = [], mdl.start, mdl.start + mdl.size
        for frame in mdl.frames:
            count = min(end - at, self._page - at % self._page)
            start = frame * self._page + at % self._page
            found.append(self._bytes[start : start + count])
            at += count
        return found


def physical_address(tables: PageTables, address: int) -> int:
    """MmGetPhysicalAddress: where a mapped address lies in RAM, in bytes; 0 if nothing is mapped there now."""
    index = tables.find_word(address)
    size = tables.memory.architecture.pte_size
    return index * size + address % size if index >= 0 else 0
