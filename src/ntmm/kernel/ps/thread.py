"""A thread of a program (ETHREAD)."""

from collections.abc import Callable
from typing import Any

from ntmm.hw.cpu import Context
from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.ke.trap import UserThread
from ntmm.kernel.ob import KernelObject
from ntmm.kernel.ps.process import Process
from ntmm.nt.status import Status


class Thread(KernelObject, DispatcherObject, UserThread):
    """Signalled when it has ended. `stack` is the lowest reserved address of its user stack, `teb` its TEB."""

    type_name = "Thread"

    def __init__(self, thread_id: int, process: Process, run: Callable[[UserThread], None]) -> None:
        super().__init__()
        self.initialize(thread_id)
        self.process = process
        self.teb = 0
        self.native_teb = 0
        """The 64-bit TEB of a thread of a 32-bit process on a 64-bit machine, else 0."""
        self.stack = 0
        self.start_block = 0
        self.call: Any = None
        self.context: Context
        self.exit_status: int = Status.PENDING
        self.ended = False
        self._run = run

    @property
    def teb_block(self) -> int:
        """Where the pages of its TEBs begin."""
        return self.native_teb or self.teb

    def main(self) -> None:
        self._run(self)

    def is_signalled(self, thread: KernelThread) -> bool:
        return self.ended

    def satisfy(self, thread: KernelThread) -> bool:
        return False
