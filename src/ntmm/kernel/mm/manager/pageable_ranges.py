"""The parts of system space whose pages come and go, as faults of code in ring 0 see them."""

from dataclasses import dataclass

from ntmm.kernel.mm.fault import FaultHandler
from ntmm.kernel.mm.pool import Pool
from ntmm.kernel.mm.system_cache import SystemCache


@dataclass(frozen=True, slots=True)
class PagedPoolRange:
    """Paged pool, as far as it has grown."""

    pool: Pool
    faults: FaultHandler

    def holds(self, address: int) -> bool:
        """True for an address of the pool."""
        start, end = self.pool.grown_range
        return start <= address < end

    def bring_in(self, address: int) -> None:
        """Makes its page valid; raises GuestFault."""
        self.faults.bring_in_system_page(address)


@dataclass(frozen=True, slots=True)
class SystemCacheRange:
    """The views of the system cache."""

    cache: SystemCache

    def holds(self, address: int) -> bool:
        """True for an address of a view that is mapped."""
        return self.cache.view_at(address) is not None

    def bring_in(self, address: int) -> None:
        """Makes its page valid; raises GuestFault."""
        view = self.cache.view_at(address)
        assert view is not None
        self.cache.bring_in(view, self.cache.page_number(view, address))
