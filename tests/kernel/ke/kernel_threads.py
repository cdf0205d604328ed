"""Threads that run a Python function as kernel code, and a booted machine with a process."""

from collections.abc import Callable
from dataclasses import dataclass

from ntmm.kernel.boot import Kernel
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import NORMAL_PRIORITY, KernelThread
from ntmm.kernel.ps import Process

MS = 10_000
"""100 ns units."""


AT = 0x50000000
"""Four committed pages of a booted machine's process, with free addresses around them."""


@dataclass(frozen=True)
class Booted:
    kernel: Kernel
    process: Process


class CodeThread(KernelThread):
    def __init__(self, number: int, code: Callable[["CodeThread"], None], priority: int = NORMAL_PRIORITY) -> None:
        self.initialize(number, priority)
        self._code = code

    def main(self) -> None:
        self._code(self)


class Bench:
    """A scheduler, its threads by number, and a log that their code writes."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.scheduler = Scheduler(self.clock)
        self.log: list[object] = []
        self.threads: dict[int, CodeThread] = {}

    def thread(
        self, number: int, code: Callable[[CodeThread], None], priority: int = NORMAL_PRIORITY, suspended: int = 0
    ) -> CodeThread:
        thread = self.threads[number] = CodeThread(number, code, priority)
        thread.suspend_count = suspended
        self.scheduler.start(thread)
        return thread

    def waiter(
        self, number: int, *objects: DispatcherObject, wait_all: bool = False, timeout: int | None = None
    ) -> CodeThread:
        """A thread that waits once and logs (its number, the answer, the time)."""

        def code(thread: CodeThread) -> None:
            status = self.scheduler.wait(thread, objects, wait_all, timeout)
            self.log.append((number, status, self.clock.uptime_100ns()))

        return self.thread(number, code)

    def run(self) -> None:
        self.scheduler.run(lambda: False)
