"""Everything of this room for one machine: the parts, wired to the page lists, and the threads that drive them."""

from collections.abc import Callable, Iterator
from typing import Final

from ntmm.hw.ram import Ram
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.mm.commit import CommitLedger
from ntmm.kernel.mm.pagefile import Disk, PagingFiles
from ntmm.kernel.mm.pageout import system_threads as threads
from ntmm.kernel.mm.pageout.dereference import DereferenceSegment
from ntmm.kernel.mm.pageout.levels import Levels
from ntmm.kernel.mm.pageout.mapped_writer import MappedPageWriter
from ntmm.kernel.mm.pageout.modified_writer import ModifiedPageWriter
from ntmm.kernel.mm.pageout.notifications import Notifications
from ntmm.kernel.mm.pageout.shortage import Shortage
from ntmm.kernel.mm.pageout.system_threads import SystemThreadPlan
from ntmm.kernel.mm.pageout.working_set_manager import WorkingSetManager, WorkingSetOwner
from ntmm.kernel.mm.pageout.zero_page import ZeroPages
from ntmm.kernel.mm.pfn.signals import ZERO_PAGE_LEVEL
from ntmm.kernel.mm.tables import TableMemory
from ntmm.kernel.mm.working_set import REPLACEMENTS, WorkingSet, trim_entry
from ntmm.kernel.mm.working_set.working_set import GROWTH
from ntmm.kernel.ob import Event

BALANCE_PERIOD_100NS: Final = 10_000_000
"""The balance set manager wakes every second."""
SWAP_PERIOD: Final = 4
"""The swapper looks for idle kernel stacks at every fourth of these."""


class PageOut:
    """`owners` answers the working sets of all processes and of the system; `replacement` names the policy."""

    def __init__(
        self,
        ram: Ram,
        memory: TableMemory,
        files: PagingFiles,
        ledger: CommitLedger,
        scheduler: Scheduler,
        clock: Clock,
        disk: Disk,
        owners: Callable[[], Iterator[WorkingSetOwner]],
        replacement: str,
        mapped_writer: MappedPageWriter,
        levels: Levels,
    ) -> None:
        pfn = memory.pfn
        self._pfn = pfn
        self._scheduler = scheduler
        self._clock = clock
        self.replacement = replacement
        self._replace = REPLACEMENTS[replacement]
        self.levels = levels
        self.memory_short = Event(scheduler, manual_reset=False, signalled=False)
        self.swap_called = Event(scheduler, manual_reset=False, signalled=False)
        """Set every fourth second, and when a thread whose stack is out must run."""
        self.mapped_writer = mapped_writer
        self.writer = ModifiedPageWriter(ram, memory, files, ledger, scheduler, clock, disk)
        writers = (self.writer, mapped_writer)
        self.working_sets = WorkingSetManager(pfn, self.levels, writers, owners, replacement != "fifo")
        self.notifications = Notifications(pfn, self.levels, scheduler)
        self.shortage = Shortage(
            pfn, self.levels, self.writer, mapped_writer, self.working_sets, scheduler, self._call_working_set_manager
        )
        self.dereference = DereferenceSegment(files, ledger, scheduler)
        self.zero_pages = ZeroPages(pfn, scheduler, clock)
        self.swap: Callable[[bool], None] = lambda look_for_idle: None
        """Slot: brings back what is asked for, and if told so looks for idle stacks (`ps` knows threads)."""
        self._stacks_due = False
        self._ticks = 0
        self._listen()
        ledger.extend = self.writer.extend = self.dereference.extend

    def _listen(self) -> None:
        """Sets the levels at which the page lists call, and what they call."""
        pfn, signals = self._pfn, self._pfn.signals
        signals.low_water = 2 * self.levels.minimum
        signals.plenty = self.levels.plenty
        signals.watch_from_frame = max(0, pfn.limit - self.levels.low_notification - 1)
        signals.modified_maximum = self.levels.modified_maximum
        signals.free_for_zeroing = ZERO_PAGE_LEVEL
        signals.memory_short = self._memory_short
        signals.modified_over_maximum = lambda: _set(self.writer.called)
        signals.mapped_page_queued = self._mapped_page_queued
        signals.pages_to_zero = lambda: _set(self.zero_pages.called)
        pfn.wait_for_pages = self.shortage.wait_for_pages

    def _mapped_page_queued(self) -> None:
        self.mapped_writer.page_queued()
        if self._pfn.modified_mapped.count > self.levels.modified_maximum // 2:
            _set(self.mapped_writer.called)

    def _memory_short(self) -> None:
        _set(self.memory_short)
        self.notifications.update()

    def _call_working_set_manager(self) -> None:
        _set(self.memory_short)

    def at_quota(self, working_set: WorkingSet) -> None:
        """A working set is full: it grows while memory is plentiful, else one of its own pages goes."""
        limits = working_set.limits
        if working_set.count < limits.maximum:
            working_set.quota = limits.maximum
            return
        if self._pfn.available > self.levels.plenty and not limits.hard_maximum:
            working_set.quota = working_set.count + GROWTH
            return
        victim = self._replace(working_set)
        if victim < 0:
            working_set.quota = working_set.count + 1
        else:
            trim_entry(working_set, victim)

    # the threads

    def plans(self) -> list[SystemThreadPlan]:
        """The six system threads, in the order in which NT creates them."""
        return [
            SystemThreadPlan("MiModifiedPageWriter", threads.MODIFIED_PAGE_WRITER, self._modified_page_writer),
            SystemThreadPlan("MiMappedPageWriter", threads.MAPPED_PAGE_WRITER, self._mapped_page_writer),
            SystemThreadPlan("KeBalanceSetManager", threads.BALANCE_SET_MANAGER, self._balance_set_manager),
            SystemThreadPlan("KeSwapProcessOrStack", threads.PROCESS_SWAPPER, self._swapper),
            SystemThreadPlan("MiDereferenceSegmentThread", threads.DEREFERENCE_SEGMENT, self._dereference_segment),
            SystemThreadPlan("MmZeroPageThread", threads.ZERO_PAGE, self._zero_page),
        ]

    def writing_is_needed(self) -> bool:
        """True while the modified page writer has a reason to go on."""
        pfn = self._pfn
        if not pfn.modified.count:
            return False
        return pfn.modified.count > self.levels.modified_maximum // 2 or pfn.available < self.levels.plenty

    def tick(self) -> None:
        """What the balance set manager does each second."""
        self._ticks += 1
        if self._ticks % SWAP_PERIOD == 0:
            self._stacks_due = True
            self.swap_called.set()
        self.working_sets.look()
        self.notifications.update()
        _set(self.dereference.called)

    def _balance_set_manager(self, thread: KernelThread) -> None:
        scheduler, clock = self._scheduler, self._clock
        due = BALANCE_PERIOD_100NS
        while True:
            status = scheduler.wait(thread, (self.memory_short,), timeout_100ns=max(0, due - clock.uptime_100ns()))
            if status == 0:
                self.working_sets.look()
                self.notifications.update()
            if clock.uptime_100ns() >= due:
                due = clock.uptime_100ns() + BALANCE_PERIOD_100NS
                self.tick()

    def _modified_page_writer(self, thread: KernelThread) -> None:
        while True:
            self._scheduler.wait(thread, (self.writer.called,))
            self.writer.write_while(self.writing_is_needed)
            self.notifications.update()

    def _mapped_page_writer(self, thread: KernelThread) -> None:
        while True:
            self._scheduler.wait(thread, (self.mapped_writer.called,))
            self.mapped_writer.write_queued()
            self.notifications.update()

    def _dereference_segment(self, thread: KernelThread) -> None:
        self.dereference.thread = thread
        while True:
            self._scheduler.wait(thread, (self.dereference.called,))
            self.dereference.serve()
            self.mapped_writer.sections.trim_unused()
            self.dereference.shrink_unneeded()

    def _swapper(self, thread: KernelThread) -> None:
        while True:
            self._scheduler.wait(thread, (self.swap_called,))
            due, self._stacks_due = self._stacks_due, False
            self.swap(due)

    def _zero_page(self, thread: KernelThread) -> None:
        while True:
            self._scheduler.wait(thread, (self.zero_pages.called,))
            self.zero_pages.zero_all()


def _set(event: Event) -> None:
    if not event.signal_state:
        event.set()
