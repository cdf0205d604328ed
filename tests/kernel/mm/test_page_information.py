"""What is known of single pages: of working sets, of views, of large pages and of windows."""

import pytest

from ntmm.kernel.mm.space.page_information import NOT_VALID, PageInformation
from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_LARGE_PAGES,
    MEM_PHYSICAL,
    MEM_RESERVE,
    PAGE_EXECUTE_READ,
    PAGE_READWRITE,
    PAGE_WRITECOPY,
    SEC_COMMIT,
)
from ntmm.nt.status import Status
from tests.kernel.mm.machine import MB, PAGE, FakeProcess, MemoryMachine

AT = 0x20000000


def ask(machine: MemoryMachine, process: FakeProcess, *addresses: int) -> list[PageInformation]:
    return machine.mm.page_information(process, addresses)


def test_are_only_touched_pages_valid(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, 4 * PAGE, address=AT)
    process.space.memory.write_u32(AT + PAGE, 1)
    machine.mm.lock(process, AT + 2 * PAGE, PAGE)
    touched = PageInformation(True, 0, PAGE_READWRITE)
    locked = PageInformation(True, 0, PAGE_READWRITE, locked=True)
    places = (AT, AT + PAGE, AT + 2 * PAGE + 77, AT + 4 * PAGE, 0, machine.mm.layout.system_range_start, 1 << 63)
    assert ask(machine, process, *places) == [NOT_VALID, touched, locked, NOT_VALID, NOT_VALID, NOT_VALID, NOT_VALID]
    machine.empty(process)
    assert ask(machine, process, AT + PAGE) == [NOT_VALID]
    machine.mm.protect(process, AT, PAGE, PAGE_EXECUTE_READ)
    process.space.memory.read_u32(AT)
    assert ask(machine, process, AT) == [PageInformation(True, 0, PAGE_EXECUTE_READ)]


def test_how_many_share_a_page_of_a_view(machine: MemoryMachine) -> None:
    processes = [machine.new_process() for _ in range(3)]
    status, section = machine.mm.create_section(None, 2 * PAGE, PAGE_READWRITE, SEC_COMMIT)
    assert status is Status.SUCCESS and section is not None
    for process in processes:
        assert machine.mm.map_view(process, section, AT).status is Status.SUCCESS
    first = processes[0]
    assert ask(machine, first, AT) == [PageInformation(shared=True)]
    for process in processes[:2]:
        process.space.memory.read_u32(AT)
    assert ask(machine, first, AT) == [PageInformation(True, 2, PAGE_READWRITE, shared=True)]
    assert ask(machine, processes[2], AT) == [PageInformation(shared=True)]
    assert ask(machine, first, machine.mm.layout.shared_user_data)[0].shared
    for process in processes:
        assert machine.mm.unmap_view(process, AT) is Status.SUCCESS


@pytest.mark.parametrize("name", ["x86", "pae", "x64"])
def test_are_large_pages_and_windows_told_although_no_working_set_has_them(name: str) -> None:
    machine = MemoryMachine(name, ram=32 * MB)
    process = machine.new_process()
    large = machine.allocate(process, machine.architecture.large_page_size, MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES)
    window = machine.allocate(process, 2 * PAGE, MEM_RESERVE | MEM_PHYSICAL)
    frames = machine.mm.allocate_physical_pages(process, 1).frames.tolist()
    assert machine.mm.map_physical_pages(process, [window], frames) is Status.SUCCESS
    assert ask(machine, process, large + 5 * PAGE, window, window + PAGE) == [
        PageInformation(True, 0, PAGE_READWRITE, locked=True, large=True),
        PageInformation(True, 0, PAGE_READWRITE, locked=True),
        NOT_VALID,
    ]
    machine.check()


def test_does_protection_follow_a_private_copy(machine: MemoryMachine, process: FakeProcess) -> None:
    status, section = machine.mm.create_section(None, PAGE, PAGE_READWRITE, SEC_COMMIT)
    assert status is Status.SUCCESS and section is not None
    assert machine.mm.map_view(process, section, AT, page_protection=PAGE_WRITECOPY).status is Status.SUCCESS
    process.space.memory.read_u32(AT)
    assert ask(machine, process, AT) == [PageInformation(True, 1, PAGE_WRITECOPY, shared=True)]
    process.space.memory.write_u32(AT, 1)
    assert ask(machine, process, AT) == [PageInformation(True, 0, PAGE_READWRITE)]
    assert machine.mm.unmap_view(process, AT) is Status.SUCCESS
