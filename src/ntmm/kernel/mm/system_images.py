"""Drivers in memory (MmLoadSystemImage): code that is read-only, and data behind it; or one large page for both."""

from collections.abc import Iterable
from dataclasses import dataclass

from ntmm.hw.ram import Ram
from ntmm.kernel.mm.commit import CommitAccount
from ntmm.kernel.mm.large_mappings import LargeMappings
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.system_ptes import SystemPtes
from ntmm.kernel.mm.tables import TableMemory
from ntmm.nt.memory import MM_EXECUTE_READ, MM_EXECUTE_READWRITE


@dataclass(frozen=True, slots=True)
class SystemImage:
    """A driver: its code from `base` on, its data on the pages behind; sizes in pages."""

    name: str
    base: int
    code_pages: int
    data_pages: int
    is_large: bool

    @property
    def pages(self) -> int:
        """Code and data."""
        return self.code_pages + self.data_pages


class SystemImages:
    """The drivers of one machine. `large_drivers` names those that get large pages where the system has them."""

    def __init__(
        self,
        ram: Ram,
        memory: TableMemory,
        ptes: SystemPtes,
        large: LargeMappings,
        account: CommitAccount,
        large_drivers: Iterable[str] = (),
    ) -> None:
        self._bytes = ram.bytes
        self._memory = memory
        self._ptes = ptes
        self._large = large
        self._account = account
        self._large_drivers = {name.lower() for name in large_drivers}
        self._page = memory.architecture.page_size
        self.images: list[SystemImage] = []
        self.committed = 0
        """Pages charged for them."""

    def load(self, name: str, code: bytes, data_size: int = 0) -> SystemImage | None:
        """A driver of position-independent code and zeroed data; None if system PTEs, RAM or commit are used up."""
        code_pages, data_pages = -(-len(code) // self._page), -(-data_size // self._page)
        image = None
        if self._large.maps_kernel and name.lower() in self._large_drivers:
            image = self._load_large(name, code_pages, data_pages)
        if image is None:  # also where no large page is left
            image = self._load_small(name, code_pages, data_pages)
        if image is not None:
            self._fill(image, code)
            self.images.append(image)
        return image

    def _load_large(self, name: str, code_pages: int, data_pages: int) -> SystemImage | None:
        run = self._large.map_run((code_pages + data_pages) * self._page, PageUse.DRIVER)
        if run is None:
            return None
        self._account.charge_required(run.pages)
        self.committed += run.pages
        return SystemImage(name, run.address, code_pages, data_pages, True)

    def _load_small(self, name: str, code_pages: int, data_pages: int) -> SystemImage | None:
        pages = code_pages + data_pages
        base = self._ptes.reserve(pages)
        if base is None:
            return None
        if not self._memory.pfn.ensure_pages(pages) or not self._account.charge(pages):
            self._ptes.release(base, pages)
            return None
        self.committed += pages
        for number in range(pages):
            self._map(base + number * self._page, MM_EXECUTE_READ if number < code_pages else MM_EXECUTE_READWRITE)
        return SystemImage(name, base, code_pages, data_pages, False)

    def _map(self, address: int, protection: int) -> None:
        memory = self._memory
        frame = memory.pfn.take_zeroed(PageUse.DRIVER)
        index = self._ptes.word(address)
        memory.write(index, memory.architecture.make_pte(frame, memory.format.kernel_bits[protection]))
        memory.own(frame, index, memory.architecture.pte_address(address), memory.format.demand_zero(protection))

    def _fill(self, image: SystemImage, code: bytes) -> None:
        for start in range(0, len(code), self._page):
            physical = self._ptes_frame(image, start) * self._page
            part = code[start : start + self._page]
            self._bytes[physical : physical + len(part)] = part

    def _ptes_frame(self, image: SystemImage, offset: int) -> int:
        if image.is_large:
            run = next(run for run in self._large.runs if run.address == image.base)
            return run.frame + offset // self._page
        return self._memory.format.frame(self._memory.entries[self._ptes.word(image.base + offset)])
