"""Connects the memory manager's slots to the event stream: who listens is told of every change."""

from typing import Final

from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.mm.fault import FaultContext, FaultOutcome
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pfn import PageState
from ntmm.kernel.ps.swapper import Swapper
from ntmm.trace import (
    CacheAction,
    Fault,
    PageMoved,
    PagingIo,
    ProcessSwapped,
    PteChange,
    StackSwapped,
    Trace,
    Trim,
    VadChange,
)

_ORIGINS: Final = ("cpu", "kernel")
_NAMES: Final = {int(state): state.name.lower() for state in PageState}


def connect_trace(trace: Trace, mm: MemoryManager, scheduler: Scheduler, clock: Clock, swapper: Swapper) -> None:
    """Fills all slots; a recorder must be there before boot, for nothing is told of what happened earlier."""
    emit, uptime, pte_size = trace.emit, clock.uptime_100ns, mm.architecture.pte_size

    def pte_changed(index: int, before: int, after: int) -> None:
        emit(PteChange(uptime(), index * pte_size, before, after))

    def paging_io(operation: str, name: str, slot: int, pages: int) -> None:
        file = mm.paging_files.find(name)
        if file is not None:
            emit(PagingIo(uptime(), operation, file.number, slot, pages, _current_id(scheduler)))

    def fault(space: FaultContext, address: int, error_code: int, origin: int, outcome: FaultOutcome) -> None:
        kind, thread = outcome.kind.name.lower(), _current_id(scheduler)
        where = (kind, _ORIGINS[origin], address, error_code, outcome.status)
        emit(Fault(uptime(), space.process_id, thread, *where))

    def cache_action(action: str, name: str, page: int, pages: int) -> None:
        size = mm.architecture.page_size
        emit(CacheAction(uptime(), action, name, page * size, pages * size, _current_id(scheduler)))

    mm.system_cache.told = cache_action
    mm.faults.report = fault
    mm.table_memory.changed = pte_changed
    mm.pfn.entry_restored = pte_changed
    mm.pfn.moved = lambda frame, before, after: emit(PageMoved(uptime(), frame, _NAMES[before], _NAMES[after]))
    mm.changed = lambda space, change, start, end, protection: emit(
        VadChange(uptime(), space.process_id, change, start, end, protection)
    )
    mm.in_page.told = lambda name, page, pages: paging_io("read", name, page, pages)
    mm.pageout.writer.told = lambda name, page, pages: paging_io("write", name, page, pages)
    swapper.stack_moved = lambda thread, direction: emit(StackSwapped(uptime(), thread, direction))
    swapper.process_moved = lambda process, direction: emit(ProcessSwapped(uptime(), process, direction))
    mm.pageout.working_sets.told = lambda process, pages, reason: emit(Trim(uptime(), process, pages, reason))


def _current_id(scheduler: Scheduler) -> int:
    """The running thread's id, 0 outside any thread."""
    return scheduler.current.id if scheduler.current is not None else 0
