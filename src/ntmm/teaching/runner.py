"""Who lets a call run on a thread of the machine."""

from collections.abc import Callable
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class Runner(Protocol):
    """Calls may wait for paging there."""

    def run(self, body: Callable[[], Result]) -> Result:
        """The result of `body`, or what it raised."""
