"""The memory manager's system threads (created by MmInitSystem's last phase), with the lecture's priorities."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.ke.thread import KernelThread

BALANCE_SET_MANAGER: Final = 16
MODIFIED_PAGE_WRITER: Final = 17
MAPPED_PAGE_WRITER: Final = 17
DEREFERENCE_SEGMENT: Final = 18
PROCESS_SWAPPER: Final = 23
ZERO_PAGE: Final = 0


@dataclass(frozen=True, slots=True)
class SystemThreadPlan:
    """A thread to be created: its routine's name in NT, its priority, and what it does for ever."""

    name: str
    priority: int
    body: Callable[[KernelThread], None]


class SystemThread(KernelThread):
    """A thread of the System process that runs kernel code only."""

    def __init__(self, thread_id: int, plan: SystemThreadPlan) -> None:
        self.initialize(thread_id, plan.priority)
        self.is_system = True
        self.name = plan.name
        self._body = plan.body

    def main(self) -> None:
        self._body(self)
