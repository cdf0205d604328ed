"""Resident-available pages: what could still be made resident for good (MmResidentAvailablePages)."""


class ResidentLedger:
    """Pages that may be promised to stay in RAM: minimum working sets, locked pages, kernel stacks, nonpaged pool.

    Without this sum locks alone could leave no page that may be replaced.
    """

    def __init__(self, pages: int) -> None:
        self.total = pages
        self.charged = 0

    @property
    def available(self) -> int:
        """Pages not promised yet."""
        return self.total - self.charged

    def charge(self, pages: int) -> bool:
        """Promises `pages`; False, and nothing promised, if there are not so many."""
        assert pages >= 0
        if self.charged + pages > self.total:
            return False
        self.charged += pages
        return True

    def charge_required(self, pages: int) -> None:
        """Promises pages that the kernel itself cannot do without."""
        self.charged += pages

    def give_back(self, pages: int) -> None:
        """Takes a promise back."""
        assert 0 <= pages <= self.charged, f"{pages} of {self.charged} resident pages returned"
        self.charged -= pages
