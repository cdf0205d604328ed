"""Boot: wires a machine together. Read it as a table of contents."""

from contextlib import suppress
from errno import ENOSPC
from itertools import count
from pathlib import Path
from typing import Final

from ntmm.hw.cpu import Cpu, SupervisorArea, Vector
from ntmm.kernel.cc import CacheManager
from ntmm.kernel.drivers import Drivers
from ntmm.kernel.io.named_pipe import Pipes
from ntmm.kernel.io.paging_store import HostPagingStore
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ke.apc import deliver_apc
from ntmm.kernel.ke.bugcheck import Bugcheck
from ntmm.kernel.ke.exceptions import ExceptionRecord, deliver
from ntmm.kernel.ke.instructions import modifies_memory
from ntmm.kernel.ke.trap import TrapLoop
from ntmm.kernel.ke.vectors import emulate_time_stamp_counter, record_for
from ntmm.kernel.lpc import Ports
from ntmm.kernel.memory_machine import MemoryMachine
from ntmm.kernel.mm.fault import Resolution
from ntmm.kernel.mm.pageout.system_threads import SystemThread
from ntmm.kernel.mm.space import AddressSpace
from ntmm.kernel.ob.names import ObjectNames
from ntmm.kernel.ps import Thread
from ntmm.kernel.ps.manager import ProcessManager
from ntmm.kernel.ps.swapper import Swapper
from ntmm.kernel.se import Accounts
from ntmm.kernel.shared_user_data import SharedUserData
from ntmm.kernel.tracing import connect_trace
from ntmm.nt.profile import SystemProfile
from ntmm.nt.status import Status
from ntmm.trace import ExceptionRaised, Trace

_RAISE: Final = Resolution.RAISE
_FETCH_BIT: Final = 0x10
_WRITE_BIT: Final = 2
_LAST_THREAD_ID: Final = 0x7FFFFFFC
"""System threads have ids downwards from here, far from those that programs see."""


def _paging_file_name(number: int) -> str:
    """\\??\\C:\\pagefile.sys, then pagefile1.sys and so on."""
    return f"\\??\\C:\\pagefile{number or ''}.sys"


class Kernel:
    """A booted machine."""

    def __init__(
        self, profile: SystemProfile, volume: Volume, trace: Trace | None = None, checking: bool = False
    ) -> None:
        """Boots a machine of a profile over a volume. `checking` fills freed frames with junk."""
        self.profile = profile
        self.volume = volume
        self.trace = trace or Trace()
        memory = MemoryMachine(profile, checking)
        self.architecture, self.ram, self.mm = memory.architecture, memory.ram, memory.mm
        self.clock, self.scheduler = memory.clock, memory.scheduler
        self.cc = CacheManager(self.mm, self.scheduler)
        self.cpu = self._boot_cpu()
        self.clock.code_bytes = self.cpu.code_counter
        self.traps = TrapLoop(self.cpu, self.clock, self.scheduler)
        self.ps = ProcessManager(self.mm, self.cpu, self.scheduler, self.traps.run, self.trace, self.clock)
        self.swapper = Swapper(self.mm, self.cpu, self.scheduler, self.clock, self.ps, self.profile.usable_ram)
        self.system_threads: list[SystemThread] = []
        self.names = ObjectNames()
        self.pipes = Pipes(self.scheduler)
        self.accounts = Accounts()
        self.luids = count(0x10001)
        """Locally unique numbers, for tokens and for programs that ask (NtAllocateLocallyUniqueId)."""
        self.lpc = Ports(self.scheduler, self.mm, self.architecture.pointer_size)
        self.drivers = Drivers(self.mm, self.cpu, self.clock)
        self._access_fault = self.mm.faults.access_fault
        self._connect()
        self._start_system()
        self._share_user_data()

    def _boot_cpu(self) -> Cpu:
        system, page = self.mm.system, self.architecture.page_size
        places: list[int] = []
        for address, frame in zip(system.kernel_addresses, system.kernel_frames, strict=True):
            places += [address, frame * page]
        cpu = Cpu(self.ram, self.architecture, SupervisorArea(*places))
        cpu.boot(system.tables.directory)
        return cpu

    def _connect(self) -> None:
        """Fills the slots through which lower floors reach higher ones."""
        self.mm.pfn.forget_code = self.cpu.forget_code
        self.mm.table_memory.mark_stale = self.cpu.mark_stale
        self.mm.current_teb = self._current_teb
        self.volume.cache = self.cc
        self.ps.thread_told = self.lpc.thread_ended
        self.names.insert_public("\\KernelObjects\\LowMemoryCondition", self.mm.low_memory)
        self.names.insert_public("\\KernelObjects\\HighMemoryCondition", self.mm.high_memory)
        self.volume.images = self.mm.sections
        self.traps.page_fault = self._page_fault
        self.traps.exception = self._exception
        self.traps.user_apc = self._user_apc
        if self.trace.enabled:
            connect_trace(self.trace, self.mm, self.scheduler, self.clock, self.swapper)

    def _start_system(self) -> None:
        """The paging files of the profile, and the system threads; what they do first waits for the first run."""
        self.mm.open_paging_store = lambda name: HostPagingStore(self.volume.new_private_file("paging"))
        for number, size in enumerate(self.profile.paging_file_sizes):
            status = self.mm.create_paging_file(_paging_file_name(number), size.minimum, size.maximum)
            if status is not Status.SUCCESS:
                raise OSError(ENOSPC, f"there is no room for a paging file of {size.minimum >> 20} MB (--pagefile)")
        for number, plan in enumerate([*self.mm.pageout.plans(), *self.cc.plans()]):
            thread = SystemThread(_LAST_THREAD_ID - 4 * number, plan)
            thread.kernel_stack = self.mm.kernel_stacks.create()
            self.system_threads.append(thread)
            self.scheduler.start(thread)

    def mount_ram_disk(self, letter: str) -> None:
        """An empty volume under a drive letter such as "R:", in the RAM that the system does not use.

        Raises ValueError where there is none.
        """
        if not self.ram.beyond:
            raise ValueError("a RAM disk lies in RAM that the system does not use, and this machine has none")
        self.volume.mount_ram_disk(letter, self.ram.beyond)
        self.names.add_device(self.volume.drives[letter].device, letter)

    def _current_teb(self, space: AddressSpace) -> int:
        """The TEB whose stack may grow when the kernel touches memory of `space`: only the running thread's own."""
        thread = self.scheduler.current
        return thread.teb if isinstance(thread, Thread) and thread.process.space is space else 0

    def _share_user_data(self) -> None:
        """The page of the system that every process reads; its clock begins to tick."""
        page = self.architecture.page_size
        start = self.mm.system.shared_page_frame * page
        shared = SharedUserData(self.ram.bytes[start : start + page], self.profile, self.architecture)
        shared.keep_times(self.clock)

    # traps

    def _page_fault(self, thread: Thread, address: int, error_code: int) -> None:
        outcome = self._access_fault(thread.process.space, address, error_code, thread.teb)
        if outcome.resolution is _RAISE:
            pc = thread.context.pc
            access = _access_of(thread, error_code, pc)
            parameters: tuple[int, ...] = (access, address)
            if outcome.status is Status.IN_PAGE_ERROR:
                parameters = (access, address, outcome.io_status)
            self.raise_exception(thread, ExceptionRecord(outcome.status, pc, parameters))

    def _exception(self, thread: Thread, vector: int) -> None:
        context, memory = thread.context, thread.process.memory
        if vector == Vector.GENERAL_PROTECTION and emulate_time_stamp_counter(context, memory, self.clock):
            return
        self.raise_exception(thread, record_for(self.cpu, context, memory, vector))

    def raise_exception(self, thread: Thread, record: ExceptionRecord) -> None:
        """Hands an exception to the program; a stack that cannot hold it ends the process with the code."""
        if self.trace.enabled:
            uptime = self.clock.uptime_100ns()
            self.trace.emit(ExceptionRaised(uptime, thread.process.id, thread.id, record.code, record.address))
        process = thread.process
        try:
            deliver(self.cpu, thread.context, process.memory, record, process.exception_dispatcher)
        except GuestFault:
            self.ps.exit_process(process, record.code)

    def _user_apc(self, thread: Thread) -> None:
        """Lets a thread call its first user APC (KiDeliverApc); the rest follow when that returns by NtContinue."""
        thread.user_apc_pending = False
        process = thread.process
        try:
            deliver_apc(self.cpu, thread.context, process.memory, thread.user_apcs.popleft(), process.apc_dispatcher)
        except GuestFault as fault:
            self.raise_exception(
                thread, ExceptionRecord(fault.status, thread.context.pc, (fault.access, fault.address))
            )

    def shut_down(self) -> bool:
        """Writes what is dirty in RAM to the host's files; False if the host refuses some. No thread runs any more."""
        return self.mm.shut_down()

    def close(self) -> None:
        """Frees the machine: its threads, CPU and files."""
        self.scheduler.drop_all()
        with suppress(Bugcheck):
            self.mm.shut_down()  # nothing is left to write but for a run that could not go on
        self.cpu.close()
        if self.profile.registry.get("ClearPageFileAtShutdown"):
            self.mm.paging_files.clear()
        self.mm.paging_files.close()


def _access_of(thread: Thread, error_code: int, pc: int) -> int:
    """The first parameter of an access violation: 0 read, 1 write, 8 execute."""
    if error_code & _FETCH_BIT:
        return 8
    return int(bool(error_code & _WRITE_BIT) or modifies_memory(thread.process.memory, pc))


def boot(profile: SystemProfile, root: Path, trace: Trace | None = None) -> Kernel:
    """A machine of a profile with the host folder `root` as C:."""
    return Kernel(profile, Volume(root), trace)
