"""A memory manager that answers what a test wants and remembers what it was asked."""

from types import SimpleNamespace
from typing import Any

from ntmm.kernel.mm.space.allocate import Range
from ntmm.kernel.mm.system_cache import CacheCounts
from ntmm.kernel.ob import Event
from ntmm.nt.status import Status

MEMORY = SimpleNamespace(
    page_fault_count=123,
    working_set=0x5000,
    peak_working_set=0x6000,
    virtual_size=0x7000,
    peak_virtual_size=0x8000,
    commit=0x9000,
    peak_commit=0xA000,
    paged_pool_quota=0xB0,
    peak_paged_pool_quota=0xC0,
    nonpaged_pool_quota=0xD0,
    peak_nonpaged_pool_quota=0xE0,
)

PAGING_FILES = (
    SimpleNamespace(name="\\??\\C:\\pagefile.sys", size=0x600000, usage=0x3000, peak=0x5000),
    SimpleNamespace(name="\\??\\C:\\more.sys", size=0x100000, usage=0, peak=0x1000),
)

STATISTICS = SimpleNamespace(
    page_size=4096,
    total_pages=16384,
    available=900,
    standby=500,
    commit=2000,
    commit_limit=40000,
    peak_commit=2500,
    hard_faults=5,
    soft_faults=1320,
    demand_zero_faults=300,
    copy_on_write_faults=1000,
    pages_read=40,
    read_ios=6,
    pages_written=70,
    write_ios=8,
    mapped_pages_written=33,
    mapped_write_ios=4,
    system_ptes_free=9000,
    paging_files=PAGING_FILES,
)


class FakeMemory:
    """The façade's methods that these services call; `status` is what the changing ones answer."""

    def __init__(self) -> None:
        self.status: Status = Status.SUCCESS
        self.calls: list[tuple[Any, ...]] = []
        self.pages: list[Any] = []
        self.quota: int | None = None
        self.limits = SimpleNamespace(minimum=50 * 4096, maximum=345 * 4096, hard_minimum=False, hard_maximum=True)
        self.figures = STATISTICS
        self.low_memory = Event(SimpleNamespace(signalled=lambda target: None), True, False)  # type: ignore[arg-type]
        self.high_memory = Event(SimpleNamespace(signalled=lambda target: None), True, True)  # type: ignore[arg-type]
        self.system = SimpleNamespace(
            paged_pool=SimpleNamespace(pages=60),
            nonpaged_pool=SimpleNamespace(pages=30),
            working_set=SimpleNamespace(count=55, shared_pages=15),
        )
        self.system_cache = SimpleNamespace(counts=CacheCounts())

    def _range(self, name: str, address: int, size: int, map_type: int) -> Range:
        self.calls.append((name, address, size, map_type))
        start = address & ~0xFFF
        return Range(self.status, start, (address + size + 0xFFF & ~0xFFF) - start)

    def lock(self, process: object, address: int, size: int, map_type: int = 1) -> Range:
        return self._range("lock", address, size, map_type)

    def unlock(self, process: object, address: int, size: int, map_type: int = 1) -> Range:
        return self._range("unlock", address, size, map_type)

    def set_working_set_limits(
        self,
        process: object,
        minimum: int,
        maximum: int,
        hard_minimum: bool | None = None,
        hard_maximum: bool | None = None,
        privileged: bool = True,
    ) -> Status:
        self.calls.append(("limits", minimum, maximum, hard_minimum, hard_maximum, privileged))
        return self.status

    def page_file_quota(self, process: object) -> int | None:
        return self.quota

    def set_page_file_quota(self, process: object, size: int | None) -> None:
        self.quota = size

    def set_cache_limits(
        self, minimum: int, maximum: int, hard_minimum: bool | None = None, hard_maximum: bool | None = None
    ) -> Status:
        self.calls.append(("cache limits", minimum, maximum, hard_minimum, hard_maximum))
        return self.status

    def cache_limits(self) -> Any:
        return self.limits

    def working_set_limits(self, process: object) -> Any:
        return self.limits

    def empty_working_set(self, process: object) -> Status:
        self.calls.append(("empty",))
        return self.status

    def process_memory(self, process: object) -> Any:
        return MEMORY

    def working_set_pages(self, process: object) -> list[Any]:
        return self.pages

    def statistics(self) -> Any:
        return self.figures

    def create_paging_file(self, name: str, minimum: int, maximum: int) -> Status:
        self.calls.append(("create", name, minimum, maximum))
        return self.status
