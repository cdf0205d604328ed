"""A process (EPROCESS): an address space, handles, threads, and how it ended."""

from collections.abc import Callable
from typing import Any, Final

from ntmm.kernel.ke.access import GuestMemory
from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ke.thread import NORMAL_PRIORITY, KernelThread, ThreadState
from ntmm.kernel.mm.space import AddressSpace
from ntmm.kernel.ob import HandleTable, KernelObject, TokenObject
from ntmm.kernel.ps.job import Job
from ntmm.kernel.se import Token
from ntmm.kernel.se.access import PROCESS_MAPPING
from ntmm.nt.dep import MEM_EXECUTE_OPTION_DISABLE
from ntmm.nt.status import Status

_OUT: Final = (ThreadState.TERMINATED, ThreadState.INITIALIZED)


class Process(KernelObject, DispatcherObject):
    """Signalled when its last thread has left. `modules` and `parameters` belong to the loader, which fills them.

    It is referenced while it runs, and by everybody who works in its memory. `unused` is called when it has ended and
    the last reference is gone: its memory can be returned. It is called again when the last handle is gone.
    """

    type_name = "Process"
    mapping = PROCESS_MAPPING
    is_security_required = True

    def __init__(
        self, process_id: int, parent_id: int, name: str, space: AddressSpace, token: Token | None = None
    ) -> None:
        super().__init__()
        self.id = process_id
        self.parent_id = parent_id
        self.name = name
        self.space = space
        self.memory: GuestMemory = space.memory
        self.handles = HandleTable()
        self.token_object = TokenObject(token or Token())
        self.token_object.reference()
        self.threads: list[Any] = []
        self.base_priority = NORMAL_PRIORITY
        self.peb = 0
        self.native_peb = 0
        """The 64-bit PEB of a 32-bit process on a 64-bit machine, else 0."""
        self.image_base = 0
        self.modules: Any = None
        self.parameters: Any = None
        self.exception_dispatcher = 0
        self.apc_dispatcher = 0
        self.execute_options = MEM_EXECUTE_OPTION_DISABLE
        """MEM_EXECUTE_OPTION_* flags: whether data is executable, what exception handlers may be (KEXECUTE_OPTIONS)."""
        self.exit_status: int = Status.PENDING
        self.ended = False
        self.missing_imports: list[tuple[str, str]] = []
        """(DLL, function) that the program imports and nobody provides, by thunk number; the loader's list."""
        self.called_missing: set[int] = set()
        """Numbers of those that were called."""
        self.first_start: Any = None
        """The loader's, of a process that waits for its first thread."""
        self.is_being_loaded = False
        """Nobody but its creator knows it yet."""
        self.job: Job | None = None
        self.created_100ns = 0
        """Uptime at which it was made, and at which it ended."""
        self.ended_100ns = 0
        self.unused: Callable[[Process], None] = lambda process: None
        self.forsaken: Callable[[Process], None] = lambda process: None
        """Called when nobody can give it a first thread any more: it is to be ended."""

    @property
    def is_wow64(self) -> bool:
        """True for a 32-bit process on a 64-bit machine."""
        return self.native_peb != 0

    @property
    def token(self) -> Token:
        """On whose behalf it runs."""
        return self.token_object.token

    @property
    def is_unused(self) -> bool:
        """It has ended, and nobody could look at its memory any more."""
        return self.ended and not self.handle_count and not self.pointer_count

    def close_if_unused(self) -> None:
        """A process that never had a thread ends with its last handle."""
        if self.first_start is not None and not self.handle_count and not self.ended:
            self.first_start = None
            self.forsaken(self)
        super().close_if_unused()
        if self.handle_count and self.may_return_memory:
            self.unused(self)

    def close(self) -> None:
        self.unused(self)

    @property
    def has_left(self) -> bool:
        """It has ended, and all of its threads have left the kernel."""
        return self.ended and all(each.state in _OUT for each in self.threads)

    @property
    def may_return_memory(self) -> bool:
        """It has left, and nobody works in its memory; who has a handle to it has no more than its id and status."""
        return self.has_left and not self.pointer_count and not self.space.deleted

    def is_signalled(self, thread: KernelThread) -> bool:
        return self.has_left

    def satisfy(self, thread: KernelThread) -> bool:
        return False
