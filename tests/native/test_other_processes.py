"""Do services work in the memory of other processes, wherever its pages are?"""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.mm.audit import audit
from ntmm.kernel.ob import InvalidHandle
from ntmm.kernel.ps import Process
from ntmm.native import handles
from ntmm.native.handles import TargetProcess, process_of, thread_of
from ntmm.native.memory import NtReadVirtualMemory, NtWriteVirtualMemory, copy_between
from ntmm.native.open_process import open_process, open_thread
from ntmm.native.process import suspend_thread, terminate_process
from ntmm.native.thread_context import get_context, set_context
from ntmm.nt.memory import MEM_COMMIT, MEM_RESERVE, PAGE_READONLY, PAGE_READWRITE
from ntmm.nt.profile import SystemProfile
from ntmm.nt.status import Status, win32_error
from ntmm.win32.memoryapi.virtual import ReadProcessMemory, WriteProcessMemory

PAGE = 0x1000


@pytest.fixture(params=["x86", "pae", "x64"])
def kernel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kernel]:
    volume = Volume(tmp_path)
    kernel = Kernel(SystemProfile(architecture=request.param, ram=16 << 20), volume, checking=True)
    yield kernel
    assert audit(kernel.mm) == []
    kernel.close()
    volume.close()


def new_process(kernel: Kernel, pages: int = 0) -> tuple[Process, int]:
    """A process and the address of its writable pages."""
    process = kernel.ps.create_process("test.exe")
    assert process is not None
    if not pages:
        return process, 0
    _, address, _ = kernel.mm.allocate(process, 0, pages * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)
    return process, address


def call_of(kernel: Kernel, process: Process) -> Any:
    return SimpleNamespace(kernel=kernel, process=process, requester=process, memory=process.memory, thread=None)


def pattern(size: int) -> bytes:
    return bytes((number * 7 >> 3) & 0xFF for number in range(size))


@pytest.mark.parametrize(("source_shift", "target_shift"), [(0, 0), (5, 0), (0, 4000), (4093, 17)])
def test_is_everything_copied_whatever_the_alignment(kernel: Kernel, source_shift: int, target_shift: int) -> None:
    (source, start), (target, end) = new_process(kernel, 5), new_process(kernel, 5)
    data = pattern(3 * PAGE + 100)
    source.memory.write(start + source_shift, data)
    assert copy_between(source, start + source_shift, target, end + target_shift, len(data)) == len(data)
    assert target.memory.read(end + target_shift, len(data)) == data


def test_are_pages_brought_back_on_both_sides(kernel: Kernel) -> None:
    (source, start), (target, end) = new_process(kernel, 4), new_process(kernel, 4)
    source.memory.write(start, pattern(4 * PAGE))
    target.memory.write(end, bytes(4 * PAGE))
    for process in (source, target):
        kernel.mm.empty_working_set(process)
    assert copy_between(source, start, target, end, 4 * PAGE) == 4 * PAGE
    assert target.memory.read(end, 4 * PAGE) == pattern(4 * PAGE)


@pytest.mark.parametrize("bad_side", ["source", "target"])
def test_is_the_copy_counted_up_to_the_first_bad_page(kernel: Kernel, bad_side: str) -> None:
    (source, start), (target, end) = new_process(kernel, 4), new_process(kernel, 4)
    if bad_side == "source":
        kernel.mm.free(source, start + 2 * PAGE, PAGE, 0x4000)
        assert copy_between(source, start + 10, target, end + 500, 3 * PAGE) == 2 * PAGE - 10
    else:
        kernel.mm.protect(target, end + 2 * PAGE, PAGE, PAGE_READONLY)
        assert copy_between(source, start + 10, target, end + 500, 3 * PAGE) == 2 * PAGE - 500


def test_does_a_read_across_the_end_of_user_space_not_begin(kernel: Kernel) -> None:
    (own, buffer), (other, there) = new_process(kernel, 4), new_process(kernel, 1)
    call = call_of(kernel, own)
    handle = own.handles.insert(other, handles.PROCESS_ALL_ACCESS)
    top = kernel.mm.layout.highest_user_address
    count = buffer + 3 * PAGE
    for size in (2 * PAGE, 1 << call.memory.pointer_size * 8 - 1):
        status = NtReadVirtualMemory(call, handle, top - PAGE + 1, buffer, size, count)
        assert (status, own.memory.read_pointer(count)) == (Status.ACCESS_VIOLATION, 0)
    assert NtReadVirtualMemory(call, handle, there, buffer, 2 * PAGE, count) == Status.PARTIAL_COPY
    assert own.memory.read_pointer(count) == PAGE
    assert NtWriteVirtualMemory(call, handle, there, buffer, PAGE, 0) == Status.SUCCESS


def test_is_a_handle_good_for_what_it_was_opened_for(kernel: Kernel) -> None:
    (own, _), (other, _) = new_process(kernel), new_process(kernel)
    created = kernel.ps.create_thread(other, 0x100000, PAGE, 0)
    assert created is not None
    call, thread = call_of(kernel, own), created[0]
    reader = open_process(call, other.id | 3, handles.PROCESS_VM_READ)
    looker = open_thread(call, thread.id, handles.THREAD_QUERY_INFORMATION)
    assert process_of(call, reader, handles.PROCESS_VM_READ) is other
    assert thread_of(call, looker) is thread
    for refused in (
        lambda: process_of(call, reader, handles.PROCESS_VM_WRITE),
        lambda: thread_of(call, looker, handles.THREAD_SUSPEND_RESUME),
    ):
        with pytest.raises(InvalidHandle, match="ACCESS_DENIED"):
            refused()
    with pytest.raises(InvalidHandle, match="OBJECT_TYPE_MISMATCH"):
        process_of(call, looker)
    with pytest.raises(InvalidHandle, match="INVALID_CID"):
        open_process(call, 4444, 1)
    everything = open_process(call, other.id, 0x02000000)
    assert own.handles.entry(everything).access == handles.PROCESS_ALL_ACCESS
    kernel.ps.exit_process(other, 0)


def test_does_memory_stay_while_a_service_works_in_it(kernel: Kernel) -> None:
    (own, _), (other, _) = new_process(kernel), new_process(kernel)
    call = call_of(kernel, own)
    handle = own.handles.insert(other, handles.PROCESS_ALL_ACCESS)
    seen = []
    with TargetProcess(call, handle) as target:
        assert terminate_process(call, target, 3) is Status.SUCCESS
        own.handles.close(handle)
        seen.append(other.is_unused)
    seen.append(other.is_unused)
    assert seen == [False, True]
    handle = own.handles.insert(other, handles.PROCESS_ALL_ACCESS)
    assert terminate_process(call, other, 4) is Status.PROCESS_IS_TERMINATING
    with pytest.raises(InvalidHandle, match="PROCESS_IS_TERMINATING"), TargetProcess(call, handle):
        pass


def test_do_registers_come_and_go_in_the_parts_asked_for(kernel: Kernel) -> None:
    process, place = new_process(kernel, 1)
    created = kernel.ps.create_thread(process, 0x100000, PAGE, 0x12340)
    assert created is not None
    thread, call = created[0], call_of(kernel, process)
    is_64 = kernel.architecture.bits == 64
    flags_at, pc_at, ax_at = (0x30, 0xF8, 0x78) if is_64 else (0, 0xB8, 0xB0)
    family = 0x100000 if is_64 else 0x10000
    process.memory.write_u32(place + flags_at, family | 1)
    assert get_context(call, thread, place) is Status.SUCCESS
    assert (process.memory.read_u32(place + pc_at), process.memory.read_u32(place + ax_at)) == (0x12340, 0)
    process.memory.write_u32(place + flags_at, family | 2)
    process.memory.write_pointer(place + ax_at, 0x777)
    process.memory.write_pointer(place + pc_at, 0x1)
    assert set_context(call, thread, place) is Status.SUCCESS
    assert (thread.context.get("rax" if is_64 else "eax"), thread.context.pc) == (0x777, 0x12340)
    kernel.ps.exit_process(process, 0)
    assert get_context(call, thread, place) is Status.THREAD_IS_TERMINATING
    with pytest.raises(InvalidHandle, match="THREAD_IS_TERMINATING"):
        suspend_thread(call, thread)


def test_is_there_a_limit_to_suspending(kernel: Kernel) -> None:
    process, _ = new_process(kernel)
    created = kernel.ps.create_thread(process, 0x100000, PAGE, 0)
    assert created is not None
    thread, call = created[0], call_of(kernel, process)
    thread.suspend_count = 0x7E
    assert suspend_thread(call, thread) == 0x7E
    with pytest.raises(InvalidHandle, match="SUSPEND_COUNT_EXCEEDED"):
        suspend_thread(call, thread)
    kernel.ps.exit_process(process, 0)


def test_is_nothing_copied_of_a_range_that_leaves_user_space(kernel: Kernel) -> None:
    process, address = new_process(kernel, 4)
    call, errors = call_of(kernel, process), list[int]()

    def fail(status: int) -> int:
        errors.append(win32_error(status))
        return 0

    call.fail = fail
    process.memory.write(address, b"source".ljust(PAGE, b"!"))
    whole = (1 << 8 * kernel.architecture.pointer_size) - 1
    for size in (whole, whole - PAGE, kernel.mm.layout.highest_user_address - address + 2):
        for function in (ReadProcessMemory, WriteProcessMemory):
            assert function(call, -1, address, address + 2 * PAGE, size, 0) == 0
            assert function(call, -1, address + 2 * PAGE, address, size, 0) == 0
    assert process.memory.read(address + 2 * PAGE, PAGE) == bytes(PAGE)
    assert errors == [998] * 12
    assert ReadProcessMemory(call, -1, address, address + 2 * PAGE, 6, 0) == 1
    assert process.memory.read(address + 2 * PAGE, 7) == b"source\0"
    kernel.ps.exit_process(process, 0)
