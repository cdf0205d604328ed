"""Memory resource notification: \\KernelObjects\\LowMemoryCondition and HighMemoryCondition."""

from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.mm.pageout.levels import Levels
from ntmm.kernel.mm.pfn import PfnDatabase
from ntmm.kernel.ob import Event


class Notifications:
    """Two manual-reset events, never both signalled; between the levels both are clear."""

    def __init__(self, pfn: PfnDatabase, levels: Levels, scheduler: Scheduler) -> None:
        self._pfn = pfn
        self._levels = levels
        self.low = Event(scheduler, manual_reset=True, signalled=False)
        self.high = Event(scheduler, manual_reset=True, signalled=False)
        self.update()

    def update(self) -> None:
        """Compares the available pages with the levels."""
        available = self._pfn.available
        self._set(self.low, available < self._levels.low_notification)
        self._set(self.high, available >= self._levels.high_notification)

    @staticmethod
    def _set(event: Event, signalled: bool) -> None:
        if signalled and not event.signal_state:
            event.set()
        elif not signalled and event.signal_state:
            event.reset()
