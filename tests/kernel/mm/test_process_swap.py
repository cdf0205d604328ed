"""Does a process come back as it was after it has left memory?"""

import pytest

from ntmm.kernel.ke.bugcheck import Bugcheck, BugcheckCode
from ntmm.kernel.mm.fault import FaultContext
from ntmm.kernel.mm.space import AddressSpace
from ntmm.kernel.mm.tables import root_frames
from tests.kernel.mm.machine import MB, PAGE, FakeProcess, MemoryMachine, status_of_read
from tests.kernel.mm.paging import use_up_standby, write_all

PAGES = 300


def busy_process(machine: MemoryMachine) -> tuple[FakeProcess, int]:
    """A process with pages in several page tables; the first word of each page is its number."""
    process = machine.new_process(with_peb=True)
    base = machine.allocate(process, PAGES * PAGE)
    far = machine.allocate(process, 64 * PAGE, address=0x3000_0000)
    for number in range(PAGES):
        process.space.memory.write_u32(base + number * PAGE, number + 1)
    process.space.memory.write_u32(far + 5 * PAGE, 77)
    return process, base


def contents(process: FakeProcess, base: int) -> list[int]:
    return [process.space.memory.read_u32(base + number * PAGE) for number in range(PAGES)]


def empty_ram(machine: MemoryMachine) -> None:
    """Writes all that is dirty and gives its frames away; page tables follow their pages."""
    for _ in range(6):
        write_all(machine)
        use_up_standby(machine)


def swap_in_when_needed(machine: MemoryMachine) -> list[int]:
    """What the swapper does for whoever touches the process; answers the ids of those that were brought back."""
    brought = []

    def swap_in(context: FaultContext) -> None:
        assert isinstance(context, AddressSpace)
        brought.append(context.process_id)
        machine.mm.in_swap(context)

    machine.mm.faults.swap_in = swap_in
    return brought


def test_does_it_come_back_from_the_page_lists(machine: MemoryMachine) -> None:
    process, base = busy_process(machine)
    root = process.space.tables.root
    assert machine.mm.out_swap(process.space)
    machine.check()
    assert process.space.is_swapped_out
    assert process.space.directory == 0
    machine.mm.in_swap(process.space)
    assert process.space.tables.root == root
    machine.check()
    assert contents(process, base) == list(range(1, PAGES + 1))


def test_does_it_come_back_from_the_paging_file(machine: MemoryMachine) -> None:
    machine.add_paging_file(4 * MB)
    process, base = busy_process(machine)
    held = len(root_frames(machine.mm.table_memory, process.space.tables.root))
    assert machine.mm.out_swap(process.space)
    empty_ram(machine)
    machine.check()
    reads = machine.mm.in_page.reads
    machine.mm.in_swap(process.space)
    machine.check()
    assert machine.mm.in_page.reads >= reads + min(held, 4) + 2  # top tables, hyperspace's table, the list
    assert contents(process, base) == list(range(1, PAGES + 1))
    assert process.space.memory.read_u32(0x3000_0000 + 5 * PAGE) == 77


def test_is_nothing_of_it_left_in_ram(machine: MemoryMachine) -> None:
    machine.add_paging_file(4 * MB)
    before = machine.mm.pfn.available
    process, _ = busy_process(machine)
    assert machine.mm.out_swap(process.space)
    empty_ram(machine)
    pointer_table = int(machine.architecture.name == "pae")
    pool_and_tables = 24  # the pools' own growth
    assert before - machine.mm.pfn.available <= pointer_table + pool_and_tables


def test_does_a_touch_bring_it_back(machine: MemoryMachine) -> None:
    machine.add_paging_file(4 * MB)
    process, base = busy_process(machine)
    brought = swap_in_when_needed(machine)
    assert machine.mm.out_swap(process.space)
    empty_ram(machine)
    assert process.space.memory.read_u32(base + PAGE) == 2
    assert brought == [process.space.process_id]
    assert status_of_read(process, 0x100) != 0


def test_does_a_service_bring_it_back(machine: MemoryMachine) -> None:
    process, base = busy_process(machine)
    brought = swap_in_when_needed(machine)
    assert machine.mm.out_swap(process.space)
    assert machine.mm.query(process, base) is not None
    assert brought == [process.space.process_id]


def test_can_it_be_deleted_while_it_is_out(machine: MemoryMachine) -> None:
    machine.add_paging_file(4 * MB)
    process, _ = busy_process(machine)
    swap_in_when_needed(machine)
    assert machine.mm.out_swap(process.space)
    empty_ram(machine)
    machine.end(process)
    assert machine.mm.paging_files.files[0].slots.used == 0


def test_does_it_go_out_again_and_again(machine: MemoryMachine) -> None:
    machine.add_paging_file(4 * MB)
    process, base = busy_process(machine)
    for turn in range(4):
        assert machine.mm.out_swap(process.space)
        if turn % 2:
            empty_ram(machine)
        machine.mm.in_swap(process.space)
        machine.check()
        assert contents(process, base) == list(range(1, PAGES + 1))


def test_does_it_see_system_tables_that_were_made_meanwhile(machine: MemoryMachine) -> None:
    process, _ = busy_process(machine)
    assert machine.mm.out_swap(process.space)
    assert machine.mm.kernel_stacks.create() is not None  # the first one: a page table of system PTEs is made
    machine.mm.in_swap(process.space)
    machine.check()


def test_does_a_process_with_locked_pages_stay(machine: MemoryMachine) -> None:
    process, base = busy_process(machine)
    assert machine.mm.lock(process, base, PAGE).status == 0
    assert not machine.mm.out_swap(process.space)
    assert not process.space.is_swapped_out


def test_is_a_failed_read_of_its_tables_a_bugcheck(machine: MemoryMachine) -> None:
    store = machine.add_paging_file(4 * MB)
    process, _ = busy_process(machine)
    assert machine.mm.out_swap(process.space)
    empty_ram(machine)
    store.refuse_read = lambda offset, size: True
    with pytest.raises(Bugcheck) as caught:
        machine.mm.in_swap(process.space)
    store.refuse_read = lambda offset, size: False
    assert caught.value.code is BugcheckCode.KERNEL_DATA_INPAGE_ERROR
