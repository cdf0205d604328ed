"""Processes and their threads: !process."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from ntmm.kernel.boot import Kernel
from ntmm.kernel.ps import Process, Thread
from ntmm.kernel.ps.manager import SYSTEM_PROCESS_ID
from ntmm.tools.command import Command, process_of, with_flags, with_space
from ntmm.tools.debugger import Debugger
from ntmm.tools.kernel_view import private_pages, system_threads, working_set_entries, working_set_header
from ntmm.tools.rows import Form, Layout, Row, column


@dataclass(frozen=True, slots=True)
class ProcessRow(Row):
    """One line of `!process 0`."""

    cid: int = column("Cid", Form.HEX, "id of the process")
    peb: int | None = column("Peb", Form.ADDRESS, "address of its process environment block")
    parent: int = column("ParentCid", Form.HEX, "id of the process that made it")
    directory: int = column("DirBase", Form.ADDRESS, "physical address of its top page table")
    handles: int = column("HandleCount", Form.COUNT, "open handles")
    image: str = column("Image", Form.TEXT, "name of its program")
    state: str = column("State", Form.TEXT, "running, or how it ended")


@dataclass(frozen=True, slots=True)
class ProcessDetailRow(Row):
    """One process, with the figures of its memory; counts are in pages unless the meaning says otherwise."""

    LAYOUT: ClassVar[Layout] = Layout.RECORD

    cid: int = column("Cid", Form.HEX, "id of the process")
    peb: int = column("Peb", Form.ADDRESS, "address of its process environment block")
    parent: int = column("ParentCid", Form.HEX, "id of the process that made it")
    directory: int = column("DirBase", Form.ADDRESS, "physical address of its top page table")
    handles: int = column("HandleCount", Form.COUNT, "open handles")
    image: str = column("Image", Form.TEXT, "name of its program")
    state: str = column("State", Form.TEXT, "running, or how it ended")
    vads: int = column("Vads", Form.COUNT, "virtual address descriptors")
    private: int = column("Private", Form.COUNT, "private pages in its working set")
    locked: int = column("Locked", Form.COUNT, "pages that are locked")
    working_set: int = column("Working Set", Form.COUNT, "pages in its working set now")
    minimum: int = column("Working Set min", Form.COUNT, "pages that trimming leaves it")
    maximum: int = column("Working Set max", Form.COUNT, "pages at which it replaces its own")
    peak_working_set: int = column("PeakWorkingSetSize", Form.COUNT, "the most pages its working set had")
    virtual_size: int = column("VirtualSize", Form.COUNT, "bytes of its address space in use")
    peak_virtual_size: int = column("PeakVirtualSize", Form.COUNT, "the most bytes that were in use")
    page_faults: int = column("PageFaultCount", Form.COUNT, "page faults that were answered for it")
    base_priority: int | None = column("BasePriority", Form.COUNT, "priority of its first thread")
    commit: int = column("CommitCharge", Form.COUNT, "pages charged against the commit limit")


@dataclass(frozen=True, slots=True)
class ThreadRow(Row):
    """A thread of the process."""

    cid: str = column("THREAD", Form.TEXT, "ids of process and thread")
    teb: int | None = column("Teb", Form.ADDRESS, "address of its thread environment block; the system's have none")
    priority: int = column("Priority", Form.COUNT, "scheduling priority, 0 to 31")
    state: str = column("State", Form.TEXT, "what it is doing")
    pc: int | None = column("Pc", Form.ADDRESS, "its next instruction in user mode, if its kernel stack is in memory")
    symbol: str = column("Symbol", Form.TEXT, "that address by name; of a system thread, the routine that it runs")


_DETAILS: Final = 1
_THREADS: Final = 2 | 4
"""Flags of `!process`, as WinDbg has them; a process that is not in memory has no details."""


def _processes(debugger: Debugger, arguments: str) -> Iterator[Row]:
    name, flags = with_flags("!process", arguments, 0 if arguments == "0" else _DETAILS | _THREADS)
    if name == f"{SYSTEM_PROCESS_ID:x}":
        yield from _system(debugger.kernel, flags)
        return
    processes = list(debugger.kernel.ps.processes) if name == "0" else [with_space(process_of(debugger, name))]
    for process in processes:
        is_there = not process.space.deleted and not process.space.is_swapped_out
        yield _detail(debugger, process) if flags & _DETAILS and is_there else _brief(process)
        if flags & _THREADS:
            yield from (_thread(debugger, thread) for thread in process.threads)


def _system(kernel: Kernel, flags: int) -> Iterator[Row]:
    """The System process: no user half, and threads that run kernel code only."""
    yield ProcessRow(SYSTEM_PROCESS_ID, None, 0, kernel.mm.system.tables.directory, 0, "System", "running")
    if flags & _THREADS:
        for thread in system_threads(kernel):
            name = f"{SYSTEM_PROCESS_ID:x}.{thread.id:x}"
            yield ThreadRow(name, None, thread.priority, thread.state.name.lower(), None, thread.name)


def _brief(process: Process) -> ProcessRow:
    return ProcessRow(
        process.id,
        process.peb,
        process.parent_id,
        process.space.directory,
        len(process.handles),
        process.name,
        _state(process),
    )


def _state(process: Process) -> str:
    return f"ended with {process.exit_status:#x}" if process.ended else "running"


def _detail(debugger: Debugger, process: Process) -> ProcessDetailRow:
    kernel, space = debugger.kernel, process.space
    header = working_set_header(process)
    locked = sum(bool(entry.locked) for entry in working_set_entries(kernel, process))
    brief = _brief(process)
    return ProcessDetailRow(
        brief.cid,
        process.peb,
        brief.parent,
        brief.directory,
        brief.handles,
        brief.image,
        brief.state,
        len(space.vads),
        private_pages(process),
        locked,
        header.size,
        header.minimum,
        header.maximum,
        header.peak,
        space.virtual_size,
        space.peak_virtual_size,
        space.page_fault_count,
        process.threads[0].priority if process.threads else None,
        space.account.pages,
    )


def _thread(debugger: Debugger, thread: Thread) -> ThreadRow:
    state = "ended" if thread.ended else thread.state.name.lower()
    pc = None if thread.context.is_dropped else thread.context.pc
    symbol = "kernel stack paged out" if pc is None else debugger.symbols.nearest(thread.process, pc)
    return ThreadRow(f"{thread.process.id:x}.{thread.id:x}", thread.teb, thread.priority, state, pc, symbol)


@dataclass(frozen=True, slots=True)
class ChosenRow(Row):
    """What `.process` answers."""

    LAYOUT: ClassVar[Layout] = Layout.RECORD

    cid: int = column("Implicit process", Form.HEX, "id of the process that commands mean where they name none")
    image: str = column("Image", Form.TEXT, "name of its program")


def _choose(debugger: Debugger, arguments: str) -> Iterator[Row]:
    debugger.choose(with_space(process_of(debugger, arguments)) if arguments else None)
    yield ChosenRow(debugger.process.id, debugger.process.name)


_ABSENT: Final = (
    ("VadRoot", "descriptors are not in simulated RAM; Vads counts them"),
    ("Clone", "no process is made as a copy of another"),
    ("Modified", "pages are not counted by process once they are on the modified list"),
    ("MemoryPriority", "no process has one: trimming goes by faults and size"),
)

COMMANDS: Final = (
    Command(
        ".process",
        "[ID]",
        "have commands mean another process until the program runs on; without ID, that of the stopped thread",
        _choose,
        (ChosenRow,),
    ),
    Command(
        "!process",
        "[0|4|ID [FLAGS]]",
        "one process with its threads; 0: all processes, briefly; 4: the system's threads; "
        "flag 1: figures of memory, 2 or 4: threads",
        _processes,
        (ProcessRow, ProcessDetailRow, ThreadRow),
        absent=_ABSENT,
    ),
)
