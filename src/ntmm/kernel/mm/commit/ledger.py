"""Commit charge: promises of backing store, taken before memory is used (MiChargeCommitment).

The limit is RAM plus page files, in pages, without what must always be free for other uses. The last pages below it
are kept for growing stacks and for the system: a program that asks for memory until it is refused could not go on
otherwise, for want of a page of stack. A `CommitAccount` is what one owner (a process, a segment, the system)
has taken; it gives everything back when closed, so no charge can be lost.
"""

from collections.abc import Callable

from ntmm.kernel.mm.commit.group import CommitGroup


class CommitLedger:
    """The system-wide sum. All figures in pages."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.kept = 0
        """Pages below the limit that only growth may have which cannot be refused without ending a program."""
        self.unpromised: Callable[[], int] = lambda: 0
        """Slot: pages of RAM that no promise can be kept with, because they hold locked pages of files."""
        self.committed = 0
        self.peak = 0
        self.extend: Callable[[int], bool] = lambda pages: False
        """Slot: asks for a limit higher by some pages (a paging file grows); may wait; True if it is now higher."""

    @property
    def room(self) -> int:
        """Pages that a program may still ask for before a paging file has to grow; below 0 while kept ones are used."""
        return self.limit - self.kept - self.committed - self.unpromised()

    def has_room(self, pages: int) -> bool:
        """True if `pages` more can be promised; paging files grow for it where they may.

        While this waits for them others may take what they grew by, so it asks again.
        """
        while pages > self.room:
            if not self.extend(pages - self.room):
                return False
        return True

    def open_account(self, owner: str) -> "CommitAccount":
        """A new, empty account for an owner named in reports."""
        return CommitAccount(self, owner)


class CommitAccount:
    """The pages one owner has charged."""

    __slots__ = ("_ledger", "group", "may_use_kept", "owner", "pages", "peak", "quota")

    def __init__(self, ledger: CommitLedger, owner: str) -> None:
        self._ledger = ledger
        self.may_use_kept = False
        """True for the system's own account: all that it charges may come from what is kept below the limit."""
        self.owner = owner
        self.pages = 0
        self.peak = 0
        self.quota: int | None = None
        """The most that the owner may charge (the process's page-file quota); None for no limit."""
        self.group: CommitGroup | None = None

    def join(self, group: CommitGroup) -> None:
        """From now on a group counts what this account has, and limits what it may have."""
        assert self.group is None
        self.group = group
        group.add(self.pages, self.pages)

    def is_over_quota(self, pages: int) -> bool:
        """True if `pages` more would pass the owner's own quota."""
        return self.quota is not None and self.pages + pages > self.quota

    def has_room(self, pages: int) -> bool:
        """True if `pages` could be charged now; may wait for a paging file to grow."""
        if self.group is not None and not self.group.has_room(self.pages, pages):
            return False
        return not self.is_over_quota(pages) and self._ledger.has_room(pages)

    def charge(self, pages: int) -> bool:
        """Takes `pages` from the limit; False, and nothing taken, if they would pass it or the owner's quota."""
        assert pages >= 0
        if not pages:
            return True  # even where broken slots have lowered the limit below what is promised already
        if self.quota is not None and self.pages + pages > self.quota:
            return False
        if self.group is not None and not self.group.has_room(self.pages, pages):
            self.group.refuse(self, self.pages, pages)
            return False
        ledger = self._ledger
        if pages > ledger.room and not ledger.has_room(pages):
            return self.may_use_kept and self.charge_growth(pages)
        self.charge_required(pages)
        return True

    def charge_growth(self, pages: int) -> bool:
        """Takes pages without which a thread ends, as those of its growing stack: from what is kept too."""
        ledger = self._ledger
        is_refused = ledger.committed + pages > ledger.limit or self.is_over_quota(pages)
        if self.group is not None and not self.group.has_room(self.pages, pages):
            is_refused = True
        if not is_refused:
            self.charge_required(pages)
        return not is_refused

    def charge_required(self, pages: int) -> None:
        """Takes pages that the kernel itself needs (page tables, lists) even past the limit: they cannot be refused.

        The limit leaves room for them (`manager` sets it below the size of RAM).
        """
        ledger = self._ledger
        ledger.committed += pages
        self.pages += pages
        ledger.peak = max(ledger.peak, ledger.committed)
        self.peak = max(self.peak, self.pages)
        if self.group is not None:
            self.group.add(pages, self.pages)

    def give_back(self, pages: int) -> None:
        """Returns pages charged before."""
        assert 0 <= pages <= self.pages, f"{self.owner} returns {pages} of {self.pages} committed pages"
        self.pages -= pages
        self._ledger.committed -= pages
        if self.group is not None:
            self.group.add(-pages, self.pages)

    def close(self) -> None:
        """Returns whatever is left."""
        self.give_back(self.pages)
