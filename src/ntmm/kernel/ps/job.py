"""Jobs: groups of processes with limits (EJOB, PspAddProcessToJob, PspExitProcessFromJob)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ntmm.kernel.io.completion import CompletionPlace, Packet
from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.mm.commit import CommitGroup
from ntmm.kernel.ob import KernelObject
from ntmm.kernel.se.access import JOB_MAPPING
from ntmm.nt.status import Status, is_error

LIMIT_WORKINGSET: Final = 0x1
LIMIT_ACTIVE_PROCESS: Final = 0x8
LIMIT_PROCESS_MEMORY: Final = 0x100
LIMIT_JOB_MEMORY: Final = 0x200
LIMIT_DIE_ON_UNHANDLED_EXCEPTION: Final = 0x400
LIMIT_BREAKAWAY_OK: Final = 0x800
LIMIT_SILENT_BREAKAWAY_OK: Final = 0x1000
LIMIT_KILL_ON_JOB_CLOSE: Final = 0x2000

# JOB_OBJECT_MSG_*
ACTIVE_PROCESS_LIMIT: Final = 3
ACTIVE_PROCESS_ZERO: Final = 4
NEW_PROCESS: Final = 6
EXIT_PROCESS: Final = 7
ABNORMAL_EXIT_PROCESS: Final = 8
PROCESS_MEMORY_LIMIT: Final = 9
JOB_MEMORY_LIMIT: Final = 10


@dataclass(frozen=True, slots=True)
class JobLimits:
    """What JOBOBJECT_EXTENDED_LIMIT_INFORMATION sets; sizes in bytes. `flags` say which of them count."""

    flags: int = 0
    minimum_working_set: int = 0
    maximum_working_set: int = 0
    active_processes: int = 0
    process_memory: int = 0
    job_memory: int = 0


class Job(KernelObject, DispatcherObject):
    """The processes that are in it and how many were. `kill` ends processes: the process manager's `exit_process`.

    Never signalled: that would tell that a job has used up its time, and there are no such limits.
    """

    type_name = "Job"
    mapping = JOB_MAPPING
    is_security_required = True

    def __init__(self, page_size: int, kill: Callable[[Any, int], None], current: Callable[[], Any]) -> None:
        """`current` answers the running thread's process, which ends last."""
        super().__init__()
        self.limits = JobLimits()
        self.commit = CommitGroup()
        self.commit.refused = self._refused
        self.active: list[Any] = []
        self.total = self.terminated = 0
        self.past_faults = self.past_time_100ns = 0
        """Page faults and time of those that have ended."""
        self.port: CompletionPlace | None = None
        self._page_size, self._kill, self._current = page_size, kill, current

    def is_signalled(self, thread: KernelThread) -> bool:
        return False

    def satisfy(self, thread: KernelThread) -> bool:
        return False

    def set_limits(self, limits: JobLimits) -> None:
        """Changes all limits; what processes have committed already stays."""
        self.limits = limits
        page = self._page_size
        self.commit.process_limit = limits.process_memory // page if limits.flags & LIMIT_PROCESS_MEMORY else None
        self.commit.limit = limits.job_memory // page if limits.flags & LIMIT_JOB_MEMORY else None

    @property
    def is_full(self) -> bool:
        """As many processes are in it as may be."""
        limits = self.limits
        return bool(limits.flags & LIMIT_ACTIVE_PROCESS) and len(self.active) >= limits.active_processes

    def add(self, process: Any) -> Status:
        """Puts a process into the job for good; QUOTA_EXCEEDED, and it is ended, where there are too many."""
        if self.is_full:
            self.tell(ACTIVE_PROCESS_LIMIT, process.id)
            self.terminated += 1
            return Status.QUOTA_EXCEEDED
        self.reference()
        process.job = self
        process.space.account.join(self.commit)
        self.active.append(process)
        self.total += 1
        self.tell(NEW_PROCESS, process.id)
        return Status.SUCCESS

    def process_ended(self, process: Any, run_time_100ns: int) -> None:
        """One of its processes has ended, having run for a time."""
        self.active.remove(process)
        self.past_faults += process.space.page_fault_count
        self.past_time_100ns += run_time_100ns
        self.tell(ABNORMAL_EXIT_PROCESS if is_error(process.exit_status) else EXIT_PROCESS, process.id)
        if not self.active:
            self.tell(ACTIVE_PROCESS_ZERO, 0)
        self.dereference()

    def terminate(self, status: int) -> None:
        """Ends all processes, that of the running thread last."""
        own = self._current()
        for process in sorted(self.active, key=lambda process: process is own):
            self._kill(process, status)

    def tell(self, message: int, process_id: int) -> None:
        """A packet to the job's completion port: the message as count of bytes, the id as context."""
        if self.port is not None:
            port, key = self.port
            port.post(Packet(key, process_id, Status.SUCCESS, message))

    def _refused(self, account: object, is_process_limit: bool) -> None:
        owner = next((process.id for process in self.active if process.space.account is account), 0)
        self.tell(PROCESS_MEMORY_LIMIT if is_process_limit else JOB_MEMORY_LIMIT, owner)

    def close_if_unused(self) -> None:
        """With the last handle the processes end, where the job says so."""
        if not self.handle_count and self.active and self.limits.flags & LIMIT_KILL_ON_JOB_CLOSE:
            self.terminate(Status.SUCCESS)
        super().close_if_unused()

    def close(self) -> None:
        if self.port is not None:
            self.port.port.dereference()
            self.port = None
