"""Who lets a call run on a thread of the machine."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

Result = TypeVar("Result")


class Runner(Protocol):
    """Calls may wait for paging there."""

    def run(self, body: Callable[[], Result]) -> Result:
        """The result of `body`, or what it raised."""

    def runs(self, process: Any) -> bool:
        """Whether a process is this machine's and has not ended."""

    def made(self, section: Any) -> bool:
        """Whether a section is one of this machine's."""
