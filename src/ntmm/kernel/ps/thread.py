"""A thread of a program (ETHREAD)."""

from collections.abc import Callable
from typing import Any

from ntmm.hw.cpu import Context
from ntmm.kernel.io.pending import Pending
from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.ke.trap import UserThread
from ntmm.kernel.ob import HandleTable, KernelObject, TokenObject
from ntmm.kernel.ps.process import Process
from ntmm.kernel.se import Token
from ntmm.kernel.se.access import THREAD_MAPPING
from ntmm.nt.status import Status


class Thread(KernelObject, DispatcherObject, UserThread):
    """Signalled when it has ended. `stack` is the lowest reserved address of its user stack, `teb` its TEB.

    `stack` is 0 where its creator has made the stack: it does not go with the thread.
    """

    type_name = "Thread"
    mapping = THREAD_MAPPING
    is_security_required = True

    def __init__(self, thread_id: int, process: Process, run: Callable[[UserThread], None]) -> None:
        super().__init__()
        self.initialize(thread_id, process.base_priority)
        self.process = process
        self.relative_priority = 0
        self.teb = 0
        self.native_teb = 0
        """The 64-bit TEB of a thread of a 32-bit process on a 64-bit machine, else 0."""
        self.stack = 0
        self.start_block = 0
        self.call: Any = None
        self.context: Context
        self.exit_status: int = Status.PENDING
        self.ended = False
        self.impersonated: TokenObject | None = None
        """On whose behalf it acts; its process's where it is None."""
        self.pending_requests: set[Pending] = set()
        """Its requests that go on; they are cancelled when it ends."""
        self._run = run

    @property
    def teb_block(self) -> int:
        """Where the pages of its TEBs begin."""
        return self.native_teb or self.teb

    @property
    def handles(self) -> HandleTable:
        """Those of its process."""
        handles: HandleTable = self.process.handles
        return handles

    @property
    def token(self) -> Token:
        """What access checks go by: the token that it impersonates with, or its process's."""
        return self.process.token if self.impersonated is None else self.impersonated.token

    def main(self) -> None:
        self._run(self)

    def is_signalled(self, thread: KernelThread) -> bool:
        return self.ended

    def satisfy(self, thread: KernelThread) -> bool:
        return False
