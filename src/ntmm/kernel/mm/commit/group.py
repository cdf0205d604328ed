"""Commit of a group of processes: what a job allows each of them, and all together."""

from collections.abc import Callable


class CommitGroup:
    """Sums what its accounts have charged; all figures in pages. None stands for no limit."""

    def __init__(self) -> None:
        self.pages = 0
        self.peak = 0
        self.limit: int | None = None
        """The most that all may charge together."""
        self.process_limit: int | None = None
        """The most that each may charge."""
        self.process_peak = 0
        """The most that one has charged."""
        self.refused: Callable[[object, bool], None] = lambda account, is_process_limit: None
        """Slot: an account could not charge because of the limit of one process, or of all."""

    def has_room(self, pages_of_one: int, pages: int) -> bool:
        """True if one who has charged `pages_of_one` may charge `pages` more."""
        return not self._passes(self.process_limit, pages_of_one + pages) and not self._passes(
            self.limit, self.pages + pages
        )

    @staticmethod
    def _passes(limit: int | None, pages: int) -> bool:
        return limit is not None and pages > limit

    def refuse(self, account: object, pages_of_one: int, pages: int) -> None:
        """Tells of a charge for which `has_room` was false."""
        self.refused(account, self._passes(self.process_limit, pages_of_one + pages))

    def add(self, pages: int, pages_of_one: int) -> None:
        """An account has charged `pages`, or given them back; `pages_of_one` is what it has now."""
        self.pages += pages
        self.peak = max(self.peak, self.pages)
        self.process_peak = max(self.process_peak, pages_of_one)
