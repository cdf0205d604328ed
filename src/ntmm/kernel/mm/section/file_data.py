"""What the file system asks about a file whose data is in RAM (MmCanFileBeTruncated, CcSetFileSizes and others)."""

from collections.abc import Callable

from ntmm.hw.ram import Ram
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG, READ_FLAG, WRITE_FLAG
from ntmm.kernel.mm.section.control_area import ControlArea
from ntmm.kernel.mm.section.registry import Sections
from ntmm.kernel.mm.tables import PageTables


class DataPages:
    """The pages of one data file; `io` reads and writes through it, so that views and ReadFile see the same bytes."""

    def __init__(
        self,
        area: ControlArea,
        sections: Sections,
        tables: PageTables,
        ram: Ram,
        forget_cached: Callable[[ControlArea, int, int], None],
    ) -> None:
        """`forget_cached` makes pages [first, end) invalid in the system cache."""
        self.area = area
        self.uncache: Callable[[], bool] = lambda: True
        """Slot: the cache manager lets go of the file; False while somebody uses its pages."""
        self._forget_cached = forget_cached
        self._sections = sections
        self._tables = tables
        self._bytes = ram.bytes

    def may_truncate(self) -> bool:
        """False while a program has the file mapped."""
        return not (self.area.section_references or self.area.mapped_views)

    def may_delete(self) -> bool:
        """False while a program has the file mapped."""
        return self.may_truncate()

    def size_changed(self, size: int) -> None:
        """The file has another size, in bytes; pages past a smaller one are dropped."""
        page, old = self.area.page_size, self.area.size
        if size < old:
            self._forget_cached(self.area, -(-size // page), self.area.total_pages)
            self._sections.purge(self.area, -(-size // page), self.area.total_pages)
        self._zero_tail(min(size, old))
        self._sections.grow(self.area, size)

    def _zero_tail(self, size: int) -> None:
        """What lies behind the end in its page reads as zero when the file grows; a write under way holds old bytes."""
        page, pfn = self.area.page_size, self._tables.memory.pfn
        frame = self.frame_of(size // page) if size % page else None
        if frame is not None:
            start = frame * page + size % page
            self._bytes[start : (frame + 1) * page] = bytes(page - size % page)
            if pfn.flags[frame] & WRITE_FLAG:
                pfn.flags[frame] |= MODIFIED_FLAG

    def drop_clean(self, first: int, end: int) -> None:
        """Pages [first, end) leave RAM, but for those that are mapped or that the disk does not have yet."""
        self._forget_cached(self.area, first, end)
        self._sections.purge(self.area, first, end, keep=MODIFIED_FLAG | WRITE_FLAG)

    def give_up(self) -> bool:
        """Writes what is dirty and lets go of the file; False if the disk refuses. Nobody may have it mapped."""
        if not self._sections.write_back(self.area) or not self.uncache() or self.area.is_used:
            return False
        self._sections.delete(self.area)
        return True

    def discard(self) -> None:
        """The file is being deleted: nothing of it is written any more."""
        if self.uncache():  # else the last user of its pages closes the file again
            self._sections.delete(self.area)

    def read_over(self, offset: int, data: bytes) -> bytes:
        """What was read from the disk, with the bytes of pages in RAM, which may be newer."""
        page, result = self.area.page_size, bytearray(data)
        for number in range(offset // page, -(-(offset + len(data)) // page)):
            frame = self.frame_of(number)
            if frame is not None:
                start, end = max(offset, number * page), min(offset + len(data), (number + 1) * page)
                place = frame * page + start - number * page
                result[start - offset : end - offset] = self._bytes[place : place + end - start]
        return bytes(result)

    def write_over(self, offset: int, data: bytes) -> None:
        """Bytes that go to the disk are put into pages in RAM as well."""
        page, flags = self.area.page_size, self._tables.memory.pfn.flags
        for number in range(offset // page, -(-(offset + len(data)) // page)):
            frame = self.frame_of(number)
            if frame is not None:
                start, end = max(offset, number * page), min(offset + len(data), (number + 1) * page)
                place = frame * page + start - number * page
                self._bytes[place : place + end - start] = data[start - offset : end - offset]
                if flags[frame] & WRITE_FLAG:  # a write under way will put older bytes over these
                    flags[frame] |= MODIFIED_FLAG

    def frame_of(self, number: int) -> int | None:
        """The frame of a page that is in RAM with its contents."""
        area, memory = self.area, self._tables.memory
        if area.subsection_of(number) is None:
            return None
        index = self._tables.find_word(area.prototype_of(number))
        pte = memory.entries[index] if index >= 0 else 0
        if pte & 1 or (memory.format.is_transition(pte) and not memory.pfn.flags[memory.format.frame(pte)] & READ_FLAG):
            return memory.format.frame(pte)
        return None
