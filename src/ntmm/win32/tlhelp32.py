"""tlhelp32.h: snapshots of the processes, threads and modules there are."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ntmm.kernel.ob import KernelObject
from ntmm.kernel.ps import Process
from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import INVALID_HANDLE_VALUE, Win32Failure, failing
from ntmm.win32.text import ANSI, WIDE, StringKind

TH32CS_SNAPHEAPLIST: Final = 0x1
TH32CS_SNAPPROCESS: Final = 0x2
TH32CS_SNAPTHREAD: Final = 0x4
TH32CS_SNAPMODULE: Final = 0x8
TH32CS_SNAPMODULE32: Final = 0x10
TH32CS_INHERIT: Final = 0x80000000

_ALL: Final = 0x1F | TH32CS_INHERIT
_NORMAL_PRIORITY: Final = 8
_LONGEST_NAME: Final = 256
_LONGEST_PATH: Final = 260


@dataclass(frozen=True, slots=True)
class _ProcessRow:
    process_id: int
    parent_id: int
    threads: int
    name: str

    def encode(self, kind: StringKind, is_64: bool) -> bytes:
        """PROCESSENTRY32 without its size."""
        form = "<I4xQIIIiI" if is_64 else "<IIIIIiI"
        numbers = (self.process_id, 0, 0, self.threads, self.parent_id, _NORMAL_PRIORITY, 0)
        return struct.pack("<I", 0) + struct.pack(form, *numbers) + kind.fixed(self.name, _LONGEST_PATH)


@dataclass(frozen=True, slots=True)
class _ThreadRow:
    thread_id: int
    process_id: int
    priority: int

    def encode(self, kind: StringKind, is_64: bool) -> bytes:
        """THREADENTRY32 without its size."""
        return struct.pack("<IIIiiI", 0, self.thread_id, self.process_id, self.priority, 0, 0)


@dataclass(frozen=True, slots=True)
class _ModuleRow:
    process_id: int
    base: int
    size: int
    count: int
    name: str
    path: str

    def encode(self, kind: StringKind, is_64: bool) -> bytes:
        """MODULEENTRY32 without its size."""
        form = "<IIII4xQI4xQ" if is_64 else "<IIIIIII"
        numbers = (1, self.process_id, self.count, self.count, self.base, self.size, self.base)
        return struct.pack(form, *numbers) + kind.fixed(self.name, _LONGEST_NAME) + kind.fixed(self.path, _LONGEST_PATH)


_Row = _ProcessRow | _ThreadRow | _ModuleRow


@dataclass(slots=True)
class _List:
    rows: list[_Row]
    next: int = 0


@dataclass(eq=False)
class Snapshot(KernelObject):
    """What was there when CreateToolhelp32Snapshot was called; None for a kind that was not asked for."""

    processes: _List | None = None
    threads: _List | None = None
    modules: _List | None = None
    type_name: str = field(default="Section", init=False)

    def __post_init__(self) -> None:
        super().__init__()


def _processes(call: Call) -> list[_Row]:
    return [
        _ProcessRow(each.id, each.parent_id, sum(not thread.ended for thread in each.threads), each.name)
        for each in call.kernel.ps.started_processes
        if not each.ended
    ]


def _threads(call: Call) -> list[_Row]:
    return [
        _ThreadRow(thread.id, process.id, thread.priority)
        for process in call.kernel.ps.started_processes
        for thread in process.threads
        if not thread.ended
    ]


def _modules(process: Process) -> list[_Row]:
    return [
        _ModuleRow(
            process.id,
            module.base,
            module.size,
            0xFFFF if module.is_pinned else module.reference_count,
            module.name,
            module.path,
        )
        for module in process.modules.modules
    ]


@service("kernel32", "CreateToolhelp32Snapshot", "u32 u32", lacks="lists of heaps")
@failing(INVALID_HANDLE_VALUE)
def CreateToolhelp32Snapshot(call: Call, flags: int, process_id: int) -> int:
    """A snapshot; `process_id` names the process whose modules are meant, 0 the caller. Heaps are not implemented."""
    if flags & TH32CS_SNAPHEAPLIST:
        raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)
    if flags & ~_ALL:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    snapshot = Snapshot()
    if flags & TH32CS_SNAPPROCESS:
        snapshot.processes = _List(_processes(call))
    if flags & TH32CS_SNAPTHREAD:
        snapshot.threads = _List(_threads(call))
    if flags & TH32CS_SNAPMODULE:
        process = call.kernel.ps.find(process_id) if process_id else call.process
        if process is None or process.ended:
            call.fail(Status.INVALID_CID)
            return INVALID_HANDLE_VALUE
        snapshot.modules = _List(_modules(process))
    return call.process.handles.insert(snapshot, 0xF0007, bool(flags & TH32CS_INHERIT))


def _answer(call: Call, chosen: _List | None, kind: StringKind, entry: int) -> int:
    """Writes the next row; NO_MORE_FILES after the last one, or where none were asked for."""
    if chosen is None or chosen.next >= len(chosen.rows):
        raise Win32Failure(Win32Error.NO_MORE_FILES)
    is_64 = call.memory.pointer_size == 8
    data = chosen.rows[chosen.next].encode(kind, is_64)
    size = len(data) + 4
    if call.memory.read_u32(entry) < size:
        raise Win32Failure(Win32Error.BAD_LENGTH)
    chosen.next += 1
    call.memory.write(entry + 4, data)
    return 1


def _register(name: str, kind: StringKind, choose: Callable[[Snapshot], _List | None], *, is_first: bool) -> None:
    @service("kernel32", name, "h p")
    @failing(0)
    def answer(call: Call, snapshot: int, entry: int) -> int:
        """The first or the next entry of a snapshot."""
        chosen = choose(call.process.handles.lookup(snapshot, Snapshot))
        if chosen is not None and is_first:
            chosen.next = 0
        return _answer(call, chosen, kind, entry)


for _order in ("First", "Next"):
    for _kind, _suffix in ((ANSI, ""), (WIDE, "W")):
        _register(f"Process32{_order}{_suffix}", _kind, lambda it: it.processes, is_first=_order == "First")
        _register(f"Module32{_order}{_suffix}", _kind, lambda it: it.modules, is_first=_order == "First")
    _register(f"Thread32{_order}", ANSI, lambda it: it.threads, is_first=_order == "First")
