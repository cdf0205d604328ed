"""Address windowing: pages that a process allocates, frees and shows in its windows."""

import pytest

from ntmm.kernel.mm.pfn import PageUse
from ntmm.nt.memory import MEM_COMMIT, MEM_DECOMMIT, MEM_PHYSICAL, MEM_RELEASE, MEM_RESERVE, PAGE_READONLY
from ntmm.nt.status import Status
from tests.kernel.mm.machine import GB, MB, PAGE, FakeProcess, MemoryMachine, status_of_read

WINDOW = MEM_RESERVE | MEM_PHYSICAL


def own(machine: MemoryMachine, process: FakeProcess, count: int) -> list[int]:
    allocation = machine.mm.allocate_physical_pages(process, count)
    assert allocation.status is Status.SUCCESS
    frames: list[int] = allocation.frames.tolist()
    assert len(frames) == count
    return frames


def show(machine: MemoryMachine, process: FakeProcess, address: int, frames: list[int]) -> Status:
    return machine.mm.map_physical_pages(process, range(address, address + len(frames) * PAGE, PAGE), frames)


def hide(machine: MemoryMachine, process: FakeProcess, address: int, pages: int) -> Status:
    return machine.mm.map_physical_pages(process, range(address, address + pages * PAGE, PAGE), None)


def test_does_a_window_show_the_pages_that_it_is_given(machine: MemoryMachine, process: FakeProcess) -> None:
    window = machine.allocate(process, 4 * PAGE, WINDOW)
    frames = own(machine, process, 8)
    memory = process.space.memory
    for first in (0, 4):
        assert show(machine, process, window, frames[first : first + 4]) is Status.SUCCESS
        for page in range(4):
            assert memory.read_u32(window + page * PAGE) == 0
            memory.write_u32(window + page * PAGE, first + page)
    assert show(machine, process, window, frames[3::-1]) is Status.SUCCESS
    assert [memory.read_u32(window + page * PAGE) for page in range(4)] == [3, 2, 1, 0]
    assert machine.frame(process, window) == frames[3]
    assert hide(machine, process, window, 4) is Status.SUCCESS
    assert status_of_read(process, window) == Status.ACCESS_VIOLATION


def test_are_such_pages_outside_the_working_set_and_private_bytes(machine: MemoryMachine, process: FakeProcess) -> None:
    before, tables = machine.mm.process_memory(process), process.space.tables.tables
    committed = machine.mm.ledger.committed
    available = machine.mm.resident.available
    window = machine.allocate(process, 16 * PAGE, WINDOW)
    frames = own(machine, process, 16)
    assert show(machine, process, window, frames) is Status.SUCCESS
    after = machine.mm.process_memory(process)
    tables = process.space.tables.tables - tables
    assert after.working_set - before.working_set == tables * PAGE  # the window's page tables, nothing else
    assert after.commit - before.commit == tables * PAGE
    assert after.virtual_size - before.virtual_size == 16 * PAGE
    assert machine.mm.ledger.committed - committed == 16 + tables
    assert available - machine.mm.resident.available == 16
    machine.empty(process)
    assert machine.frame(process, window) == frames[0]
    machine.end(process)
    assert machine.mm.resident.available >= available


def test_is_a_page_shown_at_one_address_only(machine: MemoryMachine, process: FakeProcess) -> None:
    window, other = machine.allocate(process, 2 * PAGE, WINDOW), machine.allocate(process, 2 * PAGE, WINDOW)
    frames = own(machine, process, 3)
    assert show(machine, process, window, frames[:2]) is Status.SUCCESS
    assert show(machine, process, other, [frames[2], frames[0]]) is Status.CONFLICTING_ADDRESSES
    assert show(machine, process, other, [frames[2], frames[2]]) is Status.CONFLICTING_ADDRESSES
    assert machine.pte(process, other) == 0  # all or nothing
    assert show(machine, process, window, [frames[1], frames[0]]) is Status.SUCCESS


def test_may_a_process_show_another_ones_pages(machine: MemoryMachine, process: FakeProcess) -> None:
    stranger = machine.new_process()
    foreign = own(machine, stranger, 1)
    window = machine.allocate(process, PAGE, WINDOW)
    assert show(machine, process, window, foreign) is Status.CONFLICTING_ADDRESSES
    own(machine, process, 1)
    assert show(machine, process, window, foreign) is Status.CONFLICTING_ADDRESSES
    assert show(machine, process, window, [1 << 40]) is Status.CONFLICTING_ADDRESSES
    assert machine.mm.free_physical_pages(process, foreign) == (Status.CONFLICTING_ADDRESSES, 0)


@pytest.mark.parametrize("address", [0x10000, 0x300000])
def test_must_every_address_lie_in_a_window(machine: MemoryMachine, process: FakeProcess, address: int) -> None:
    machine.allocate(process, PAGE, address=0x300000)
    window = machine.allocate(process, 2 * PAGE, WINDOW)
    frames = own(machine, process, 2)
    status = machine.mm.map_physical_pages(process, [window, address], frames)
    assert status is Status.INVALID_PARAMETER_1
    assert machine.pte(process, window) == 0
    assert machine.mm.map_physical_pages(process, [window, window + 5], frames) is Status.INVALID_PARAMETER_1


def test_what_do_other_services_say_of_a_window(machine: MemoryMachine, process: FakeProcess) -> None:
    mm, window = machine.mm, machine.allocate(process, 4 * PAGE, WINDOW)
    assert show(machine, process, window, own(machine, process, 1)) is Status.SUCCESS
    assert mm.allocate(process, window, PAGE, MEM_COMMIT, 4).status is Status.CONFLICTING_ADDRESSES
    assert mm.allocate(process, 0, PAGE, WINDOW, PAGE_READONLY).status is Status.INVALID_PARAMETER_6
    assert mm.allocate(process, 0, PAGE, WINDOW | MEM_COMMIT, 4).status is Status.INVALID_PARAMETER_5
    assert mm.protect(process, window, PAGE, PAGE_READONLY).status is Status.CONFLICTING_ADDRESSES
    assert mm.free(process, window, PAGE, MEM_DECOMMIT).status is Status.MEMORY_NOT_ALLOCATED
    assert mm.free(process, window, PAGE, MEM_RELEASE).status is Status.UNABLE_TO_FREE_VM
    assert mm.lock(process, window, PAGE).status is Status.INCOMPATIBLE_FILE_MAP
    shown, hidden = mm.query(process, window), mm.query(process, window + PAGE)
    assert shown is not None and (shown.state, shown.protect, shown.region_size) == (MEM_COMMIT, 4, PAGE)
    assert hidden is not None and (hidden.state, hidden.protect, hidden.region_size) == (MEM_RESERVE, 0, 3 * PAGE)


def test_are_fewer_pages_given_when_there_are_not_so_many(machine: MemoryMachine, process: FakeProcess) -> None:
    mm = machine.mm
    allocation = mm.allocate_physical_pages(process, mm.pfn.frames)
    assert allocation.status is Status.SUCCESS
    assert 0 < len(allocation.frames) < mm.pfn.frames
    assert mm.resident.available == 0 or mm.ledger.room == 0 or mm.pfn.available <= 8
    assert mm.allocate_physical_pages(process, 1).status is Status.INSUFFICIENT_RESOURCES
    assert mm.free_physical_pages(process, allocation.frames.tolist()) == (Status.SUCCESS, len(allocation.frames))


def test_does_a_freed_page_leave_its_window(machine: MemoryMachine, process: FakeProcess) -> None:
    window = machine.allocate(process, 2 * PAGE, WINDOW)
    frames = own(machine, process, 2)
    assert show(machine, process, window, frames) is Status.SUCCESS
    assert machine.mm.free_physical_pages(process, [frames[0], 7]) == (Status.CONFLICTING_ADDRESSES, 1)
    assert status_of_read(process, window) == Status.ACCESS_VIOLATION
    assert status_of_read(process, window + PAGE) == Status.SUCCESS
    assert machine.mm.pfn.use[frames[0]] == PageUse.UNUSED


def test_does_a_process_that_owns_pages_stay_in_memory(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.add_paging_file(4 * MB)
    window = machine.allocate(process, PAGE, WINDOW)
    assert show(machine, process, window, own(machine, process, 1)) is Status.SUCCESS
    process.space.memory.write_u32(window, 77)
    assert not machine.mm.out_swap(process.space)
    machine.write_out()
    assert process.space.memory.read_u32(window) == 77


def test_do_ten_processes_own_2_gb_each_on_a_machine_of_64_gb() -> None:
    machine = MemoryMachine("pae", ram=64 * GB)
    pages, step = 2 * GB // PAGE, 4096
    processes = [machine.new_process() for _ in range(10)]
    for number, process in enumerate(processes):
        window = machine.allocate(process, GB, WINDOW)
        frames = own(machine, process, pages)
        touched = frames[::step]
        assert show(machine, process, window, touched) is Status.SUCCESS
        for at in range(len(touched)):
            process.space.memory.write_u32(window + at * PAGE, number << 16 | at)
        assert hide(machine, process, window, len(touched)) is Status.SUCCESS
        assert show(machine, process, window + 512 * MB, touched) is Status.SUCCESS
    for number, process in enumerate(processes):
        window = next(vad.start_vpn for vad in process.space.vads if vad.is_locked) * PAGE + 512 * MB
        memory = process.space.memory
        assert [memory.read_u32(window + at * PAGE) for at in range(128)] == [number << 16 | at for at in range(128)]
    assert sum(process.space.physical.account.pages for process in processes) == 10 * pages
    machine.check()
    highest = max(int(process.space.physical.owned.nonzero()[0].max()) for process in processes)
    assert highest * PAGE > 4 * GB  # beyond what 32 bits address


def test_is_a_range_larger_than_could_be_listed_refused_or_hidden_at_once(
    machine: MemoryMachine, process: FakeProcess
) -> None:
    end = machine.mm.layout.highest_vad_address + 1
    window = machine.allocate(process, 16 * PAGE, WINDOW)
    frames = own(machine, process, 2)
    assert show(machine, process, window + 3 * PAGE, frames) is Status.SUCCESS
    whole = range(window & -PAGE, end, PAGE)
    assert machine.mm.map_physical_pages(process, whole, None) is Status.INVALID_PARAMETER_1
    assert machine.frame(process, window + 3 * PAGE) == frames[0]
    assert hide(machine, process, window, 16) is Status.SUCCESS
    assert status_of_read(process, window + 3 * PAGE) == Status.ACCESS_VIOLATION


def test_is_nothing_shown_where_nothing_is_asked_for(machine: MemoryMachine, process: FakeProcess) -> None:
    assert machine.mm.map_physical_pages(process, range(0, 0, PAGE), None) is Status.SUCCESS
    assert machine.mm.map_physical_pages(process, range(0x100000, 0x100000, PAGE), []) is Status.SUCCESS


def test_does_hiding_a_huge_window_cost_what_it_shows(machine: MemoryMachine, process: FakeProcess) -> None:
    size = GB if machine.architecture.pointer_size == 4 else 1 << 40
    window = machine.allocate(process, size, WINDOW)
    (frame,) = own(machine, process, 1)
    assert show(machine, process, window + size - PAGE, [frame]) is Status.SUCCESS
    assert hide(machine, process, window, size // PAGE) is Status.SUCCESS
    assert status_of_read(process, window + size - PAGE) == Status.ACCESS_VIOLATION
