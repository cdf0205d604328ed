"""Runs of system PTEs (MiReserveSystemPtes, MiReleaseSystemPtes): first fit over free clusters in order of address.

The clusters are linked through the PTEs themselves. Runs are cut from the end of a cluster, so that its head stays
where it is; a released run is joined with its neighbours at once. Page tables of the region are made when needed.
"""

from collections.abc import Iterator
from typing import Final

from ntmm.kernel.mm.system_ptes.list_format import ListFormat
from ntmm.kernel.mm.tables import PageTables

_SMALL_RAM: Final = 19 << 20
_MEDIUM_RAM: Final = 32 << 20
_LARGE_RAM: Final = 256 << 20
_SMALL_COUNT: Final = 7_000
_MEDIUM_COUNT: Final = 11_000


def system_pte_count(ram_bytes: int) -> int:
    """How many system PTEs a machine has (MmNumberOfSystemPtes): 7,000 or 11,000, doubled beyond 32 and 256 MB."""
    count = _SMALL_COUNT if ram_bytes < _SMALL_RAM else _MEDIUM_COUNT
    count *= 2 if ram_bytes > _MEDIUM_RAM else 1
    return count * 2 if ram_bytes > _LARGE_RAM else count


class SystemPtes:
    """The PTEs of [start, end), rounded up to whole page tables but never beyond `end`. Counts in pages."""

    def __init__(self, tables: PageTables, start: int, end: int, wanted: int) -> None:
        memory = tables.memory
        self._tables = tables
        self._memory = memory
        self._start = start
        self._page_shift = memory.architecture.page_shift
        self._table_shift = tables.leaf_bits
        per_table = 1 << self._table_shift
        self.total = min(-(-wanted // per_table) * per_table, end - start >> self._page_shift)
        self._list = ListFormat(memory.format.slot_shift)
        self._bases: list[int] = []
        """Where the words of each page table begin; the tables stay where they are."""
        self._first = self._list.end
        self._used = 0

    @property
    def start(self) -> int:
        """The first address that the area maps."""
        return self._start

    @property
    def free(self) -> int:
        """PTEs that are not reserved, those included whose page tables are not made yet."""
        return self.total - self._used

    @property
    def _made(self) -> int:
        return len(self._bases) << self._table_shift

    # runs

    def reserve(self, pages: int) -> int | None:
        """The first address of a run of `pages` zero PTEs, or None if there is no such run; may wait for pages."""
        assert pages > 0
        number = self._take(pages)
        while number is None:
            if not self._grow():
                return None
            number = self._take(pages)
        self._used += pages
        return self._start + (number << self._page_shift)

    def release(self, address: int, pages: int) -> None:
        """Gives a run back; nothing may be mapped there any more."""
        number = self._number(address)
        assert 0 <= number < number + pages <= self._made, f"{address:#x} lies outside the system PTEs"
        assert not any(self._entry(number + offset) for offset in range(pages)), (
            f"a system PTE at {address:#x} is in use"
        )
        self._put(number, pages)
        self._used -= pages

    def free_clusters(self) -> list[tuple[int, int]]:
        """(address, pages) of every free cluster, as the PTEs in RAM tell."""
        return [(self._start + (number << self._page_shift), pages) for number, pages in self._clusters()]

    def list_words(self) -> set[int]:
        """Indices, among all PTE-sized words of RAM, of the PTEs that hold the list."""
        heads = {self._word(number) for number, _ in self._clusters()}
        return heads | {self._word(number + 1) for number, pages in self._clusters() if pages > 1}

    # single pages

    def word(self, address: int) -> int:
        """Index, among all PTE-sized words of RAM, of the PTE of an address."""
        return self._word(self._number(address))

    def map(self, address: int, frame: int, original: int) -> None:
        """Maps a frame for the kernel, read and write; `original` is what the PTE becomes without the page."""
        memory, index = self._memory, self.word(address)
        memory.write(index, memory.table_entry(frame, user=False) | memory.stack_no_execute)
        memory.own(frame, index, memory.architecture.pte_address(address), original)

    def write(self, address: int, pte: int) -> None:
        """Gives a reserved PTE any contents: none, or those of a page that is not valid."""
        self._memory.write(self.word(address), pte)

    # the list

    def _number(self, address: int) -> int:
        return address - self._start >> self._page_shift

    def _word(self, number: int) -> int:
        return self._bases[number >> self._table_shift] + (number & (1 << self._table_shift) - 1)

    def _entry(self, number: int) -> int:
        return self._memory.entries[self._word(number)]

    def _set(self, number: int, pte: int) -> None:
        index = self._word(number)
        if self._memory.entries[index] != pte:
            self._memory.write(index, pte)

    def _clusters(self) -> Iterator[tuple[int, int]]:
        number = self._first
        while number != self._list.end:
            head = self._entry(number)
            yield number, self._size(number, head)
            number = self._list.field(head)

    def _size(self, number: int, head: int) -> int:
        return 1 if self._list.is_one(head) else self._list.field(self._entry(number + 1))

    def _write_cluster(self, number: int, pages: int, following: int) -> None:
        self._set(number, self._list.head(following, pages))
        if pages > 1:
            self._set(number + 1, self._list.size(pages))

    def _link(self, before: int, number: int) -> None:
        """Makes `number` the cluster that follows `before`, or the first one where `before` ends the list."""
        if before == self._list.end:
            self._first = number
        else:
            self._write_cluster(before, self._size(before, self._entry(before)), number)

    def _take(self, pages: int) -> int | None:
        before = self._list.end
        for number, size in self._clusters():
            if size >= pages:
                self._cut(before, number, size, pages)
                return number + size - pages
            before = number
        return None

    def _cut(self, before: int, number: int, size: int, pages: int) -> None:
        """Shortens a cluster by its last `pages`; a cluster without pages leaves the list."""
        following, rest = self._list.field(self._entry(number)), size - pages
        if rest < 2 and size > 1:
            self._set(number + 1, 0)
        if rest:
            self._write_cluster(number, rest, following)
        else:
            self._set(number, 0)
            self._link(before, following)

    def _put(self, number: int, pages: int) -> None:
        """Links a run in, joined with the clusters that it touches."""
        end, before, before_size = self._list.end, self._list.end, 0
        following, following_size = end, 0
        for at, size in self._clusters():
            if at > number:
                following, following_size = at, size
                break
            before, before_size = at, size
        assert before == end or before + before_size <= number, "a system PTE is released twice"
        assert following == end or number + pages <= following, "a system PTE is released twice"
        if number + pages == following:
            pages += following_size
            after = self._list.field(self._entry(following))
            self._set(following, 0)
            if following_size > 1:
                self._set(following + 1, 0)
            following = after
        if before != end and before + before_size == number:
            self._write_cluster(before, before_size + pages, following)
        else:
            self._write_cluster(number, pages, following)
            self._link(before, number)

    def _grow(self) -> bool:
        """Makes one more page table of the region; False where it ends, or where RAM is full."""
        levels = self._memory.architecture.levels
        if self._made >= self.total or not self._memory.pfn.ensure_pages(levels):
            return False
        number = self._made
        if number < self.total:  # nobody else made the last one meanwhile
            self._bases.append(self._tables.ensure(self._start + (number << self._page_shift), user=False))
            self._put(number, min(1 << self._table_shift, self.total - number))
        return True
