"""What a service is given: the calling thread and the kernel it runs on."""

from ntmm.kernel.boot import Kernel
from ntmm.kernel.ke.access import GuestMemory
from ntmm.kernel.ps import Process, Thread
from ntmm.nt.status import win32_error


class Call:
    """One trap from a program into a service; made once for each thread and reused."""

    __slots__ = ("kernel", "memory", "process", "thread")

    def __init__(self, kernel: Kernel, thread: Thread) -> None:
        self.kernel = kernel
        self.thread = thread
        self.process: Process = thread.process
        self.memory: GuestMemory = thread.process.memory

    @property
    def requester(self) -> Process | Thread:
        """On whose behalf objects are made and opened: the process, or who the thread impersonates."""
        return self.process if self.thread.impersonated is None else self.thread

    def set_last_error(self, code: int) -> None:
        """Stores a Win32 error in the thread's TEB (SetLastError)."""
        self.memory.write_u32(self.thread.teb + (0x68 if self.memory.pointer_size == 8 else 0x34), code)

    def fail(self, status: int) -> int:
        """Sets the last error from an NTSTATUS (BaseSetLastNTError) and answers 0, the FALSE of most functions."""
        self.set_last_error(win32_error(status))
        return 0
