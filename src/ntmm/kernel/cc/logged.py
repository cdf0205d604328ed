"""Files whose changes are logged first: dirty pages carry log numbers, and the log is on the disk before they are.

A file system that keeps a log names it for a file (CcSetLogHandleForFile) and gives each change the number of the
record that describes it (CcSetDirtyPinnedData). A page with a number is not written by the mapped page writer: it goes
to the modified-no-write list. Whoever flushes it has the log written up to the page's number before.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ntmm.kernel.cc.shared_map import Log, SharedCacheMap, runs
from ntmm.kernel.mm.pfn import PfnDatabase
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG


@dataclass(frozen=True, slots=True)
class LoggedRange:
    """Dirty pages of a file, in bytes, and the numbers of the first and the last change to them."""

    name: str
    offset: int
    size: int
    oldest: int
    newest: int


class LoggedPages:
    """The rules of one machine."""

    def __init__(self, pfn: PfnDatabase) -> None:
        self._pfn = pfn

    def attach(self, shared: SharedCacheMap, log: Log) -> None:
        """The file's changes are in a log from now on."""
        shared.log = log
        self.watch(shared)

    def watch(self, shared: SharedCacheMap) -> None:
        """Pages of the file may have to wait: whoever flushes them asks first."""
        shared.area.before_write = lambda first, end: self._before_write(shared, first, end)

    def note(self, shared: SharedCacheMap, pages: range, number: int) -> None:
        """Dirty pages have a change of this number."""
        for page in pages:
            oldest, newest = shared.log_numbers.get(page, (number, number))
            shared.log_numbers[page] = min(oldest, number), max(newest, number)
        self.keep(shared, pages)

    def keep(self, shared: SharedCacheMap, pages: range) -> None:
        """Dirty pages of a file wait for their owner: the mapped page writer leaves them alone."""
        shared.kept.update(pages)
        for page in pages:
            frame = shared.pages.frame_of(page)
            if frame is not None and self._pfn.flags[frame] & MODIFIED_FLAG:
                self._pfn.forbid_write(frame)

    def _before_write(self, shared: SharedCacheMap, first: int, end: int) -> OSError | None:
        """Write-ahead logging. Pages that are changed while the log is written keep their new numbers and wait."""
        numbers = [shared.log_numbers[page][1] for page in _within(shared.log_numbers, first, end)]
        newest = max(numbers, default=shared.flushed_to)
        if shared.log is not None and newest > shared.flushed_to:
            try:
                shared.log.flush_to(newest)
            except OSError as error:
                return error
            shared.flushed_to = max(shared.flushed_to, newest)
        ready = [page for page in _within(shared.kept, first, end) if self._newest(shared, page) <= shared.flushed_to]
        shared.kept.difference_update(ready)
        for page in ready:
            frame = shared.pages.frame_of(page)
            if frame is not None:
                self._pfn.allow_write(frame)
        return None

    @staticmethod
    def _newest(shared: SharedCacheMap, page: int) -> int:
        numbers = shared.log_numbers.get(page)
        return shared.flushed_to if numbers is None else numbers[1]

    @staticmethod
    def written(shared: SharedCacheMap, first: int, end: int) -> None:
        """Pages [first, end) are on the disk, but for those that were changed meanwhile."""
        for page in _within(shared.log_numbers, first, end):
            if shared.log_numbers[page][1] <= shared.flushed_to:
                del shared.log_numbers[page]

    @staticmethod
    def dirty(shared: SharedCacheMap, page_size: int) -> list[LoggedRange]:
        """Runs of pages with numbers, in order."""
        found = []
        for first, end in runs(sorted(shared.log_numbers)):
            numbers = [shared.log_numbers[page] for page in range(first, end)]
            oldest, newest = min(number[0] for number in numbers), max(number[1] for number in numbers)
            place = first * page_size, (end - first) * page_size
            found.append(LoggedRange(shared.area.name, *place, oldest, newest))
        return found


def _within(pages: Iterable[int], first: int, end: int) -> list[int]:
    return [page for page in pages if first <= page < end]
