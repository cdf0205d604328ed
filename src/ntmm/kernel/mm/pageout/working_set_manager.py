"""The working set manager (MmWorkingSetManager): ages pages, and trims working sets when memory is short.

Processes with many idle pages and few faults give first, down to their minimum; then younger pages. Pages below the
minimum go only when nothing else is left: memory is at its lowest level and nothing more can be written. The modified
page writer is called before.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from ntmm.kernel.mm.pageout.levels import Levels
from ntmm.kernel.mm.pfn import PfnDatabase
from ntmm.kernel.mm.working_set import WorkingSet
from ntmm.kernel.mm.working_set.working_set import MAXIMUM_AGE
from ntmm.kernel.ob import Event

CANDIDATE_AGE: Final = 2
"""Passes without a use after which a page counts as idle."""


class PageWriter(Protocol):
    """A thread that writes dirty pages when it is called."""

    called: Event

    @property
    def is_idle(self) -> bool: ...


class WorkingSetOwner(Protocol):
    """A process, or the system, as this manager sees it."""

    process_id: int
    working_set: WorkingSet
    is_swapped_out: bool

    @property
    def page_fault_count(self) -> int: ...


class WorkingSetManager:
    """`owners` answers the working sets of the moment. `passes` counts looks that trimmed, `trimmed` their pages."""

    def __init__(
        self,
        pfn: PfnDatabase,
        levels: Levels,
        writers: Sequence[PageWriter],
        owners: Callable[[], Iterator[WorkingSetOwner]],
        uses_ages: bool,
    ) -> None:
        self._pfn = pfn
        self._levels = levels
        self._writers = writers
        self._owners = owners
        self._uses_ages = uses_ages
        self._faults_before: dict[int, int] = {}
        self.passes = 0
        self.trimmed = 0
        self.told: Callable[[int, int, str], None] | None = None
        """Slot: told (process id, pages, reason) of every trimmed working set while a recorder listens."""

    def look(self) -> None:
        """One look, each second or when memory has run short."""
        available = self._pfn.available
        if available >= self._levels.plenty:
            return
        if self._pfn.all_modified:
            self._call_writers()
        if self._uses_ages:
            self._age()
        if available < 2 * self._levels.minimum:
            wanted = self._levels.plenty - available - self._pfn.all_modified
            is_last_resort = available < self._levels.minimum and all(writer.is_idle for writer in self._writers)
            self.trim(wanted, is_last_resort)

    def _call_writers(self) -> None:
        for writer in self._writers:
            writer.called.set()

    def _age(self) -> None:
        from ntmm.kernel.mm.working_set.scan import age_all  # noqa: PLC0415 - numpy, which is seldom needed

        for owner in self._owners():
            if not owner.is_swapped_out:
                age_all(owner.working_set)

    def trim(self, wanted: int, below_minimum: bool = False) -> int:
        """Takes `wanted` pages away from working sets as far as their minimum, or `below_minimum`; answers how many."""
        taken = 0
        if wanted <= 0:
            return 0
        self.passes += 1
        order = sorted(
            (owner for owner in self._owners() if not owner.is_swapped_out),
            key=lambda owner: (self._fault_rate(owner), -owner.working_set.count, owner.process_id),
        )
        thresholds = range(MAXIMUM_AGE, -1, -1) if self._uses_ages else (0,)
        for age in thresholds:
            for owner in order:
                spare = owner.working_set.count - owner.working_set.limits.minimum
                taken += self._take(owner, min(wanted - taken, spare), age, "idle" if age >= CANDIDATE_AGE else "short")
        for owner in order if below_minimum else ():
            if not owner.working_set.limits.hard_minimum:
                taken += self._take(owner, wanted - taken, 0, "below minimum")
        self._faults_before = {owner.process_id: owner.page_fault_count for owner in order}
        self.trimmed += taken
        return taken

    def _fault_rate(self, owner: WorkingSetOwner) -> int:
        """Faults since the last trimming."""
        return owner.page_fault_count - self._faults_before.get(owner.process_id, 0)

    def _take(self, owner: WorkingSetOwner, pages: int, age: int, reason: str) -> int:
        from ntmm.kernel.mm.working_set.scan import trim_many  # noqa: PLC0415 - numpy, which is seldom needed

        working_set = owner.working_set
        taken = trim_many(working_set, pages, age) if pages > 0 else 0
        if taken:
            working_set.quota = max(working_set.limits.maximum, working_set.count)
            if self.told is not None:
                self.told(owner.process_id, taken, reason)
        return taken

    def empty(self, owner: WorkingSetOwner) -> int:
        """Takes everything that can go away from one working set (EmptyWorkingSet)."""
        taken = self._take(owner, owner.working_set.count, 0, "emptied")
        owner.working_set.next_slot = owner.working_set.first_dynamic
        return taken

    def shrink_to(self, owner: WorkingSetOwner, maximum: int) -> int:
        """Takes pages away down to a new maximum."""
        return self._take(owner, owner.working_set.count - maximum, 0, "new maximum")
