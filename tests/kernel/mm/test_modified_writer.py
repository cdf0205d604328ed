"""The modified page writer: few I/Os for many pages, pages that change or go meanwhile, disks that refuse."""

from collections.abc import Callable

import pytest

from ntmm.kernel.mm.pageout.modified_writer import WRITE_CLUSTER
from ntmm.kernel.mm.pfn import PageState
from ntmm.nt.memory import MEM_DECOMMIT, PAGE_READONLY
from ntmm.nt.status import Status
from tests.kernel.mm.images import PREFERRED_BASE, TAIL, image
from tests.kernel.mm.machine import MB, PAGE, FakeProcess, MemoryMachine, MemoryStore, status_of_write

AT = 0x50000000


@pytest.fixture
def store(machine: MemoryMachine) -> MemoryStore:
    return machine.add_paging_file()


def dirty(machine: MemoryMachine, process: FakeProcess, pages: int, address: int = AT) -> list[int]:
    """Written pages that were trimmed in order of address; their addresses."""
    machine.allocate(process, pages * PAGE, address=address)
    places = list(range(address, address + pages * PAGE, PAGE))
    for number, place in enumerate(places):
        process.space.memory.write_u32(place, number + 1)
    machine.trim(process, *places)
    return places


def slots_of(machine: MemoryMachine, process: FakeProcess, places: list[int]) -> list[int]:
    """The page-file slots that the PFN entries of trimmed pages keep; 0 for none."""
    pte_format, pfn = machine.mm.table_memory.format, machine.mm.pfn
    frames = [pte_format.frame(machine.pte(process, place)) for place in places]
    return [pfn.original_pte[frame] >> pte_format.slot_shift for frame in frames]


def test_are_adjacent_pages_written_together(machine: MemoryMachine, process: FakeProcess, store: MemoryStore) -> None:
    places = dirty(machine, process, 40)
    machine.write_out()
    assert [size // PAGE for _, size in store.writes] == [16, 16, 8]
    assert slots_of(machine, process, places) == list(range(1, 41))
    writer = machine.mm.pageout.writer
    assert (writer.writes, writer.pages, writer.failures) == (3, 40, 0)
    assert machine.mm.pfn.standby.count == 40


def test_do_neighbours_lie_together_whatever_the_order_of_trimming(
    machine: MemoryMachine, process: FakeProcess, store: MemoryStore
) -> None:
    places = [AT + page * PAGE for page in range(16)]
    machine.allocate(process, 16 * PAGE, address=AT)
    process.space.memory.write(AT, b"x" * 16 * PAGE)
    machine.trim(process, *places[::-2], *places[::2])
    machine.write_out()
    assert slots_of(machine, process, places) == list(range(1, 17))


def test_are_single_pages_of_many_tables_one_io(
    machine: MemoryMachine, process: FakeProcess, store: MemoryStore
) -> None:
    """What is not adjacent in memory is adjacent in the file all the same."""
    places = []
    for number in range(10):
        places += dirty(machine, process, 1, AT + number * 4 * MB)
    machine.write_out()
    assert [size // PAGE for _, size in store.writes] == [10]
    assert slots_of(machine, process, places) == list(range(1, 11))


def test_does_the_oldest_page_go_first(machine: MemoryMachine, process: FakeProcess, store: MemoryStore) -> None:
    late = dirty(machine, process, 20, AT + 16 * MB)
    for place in late:
        process.space.memory.read_u8(place)
    early = dirty(machine, process, 20)
    machine.trim(process, *late)
    assert machine.mm.pageout.writer.write_one()
    assert slots_of(machine, process, early)[:16] == list(range(1, 17))
    assert slots_of(machine, process, late) == [0] * 20


def test_is_nothing_written_without_a_paging_file(machine: MemoryMachine, process: FakeProcess) -> None:
    dirty(machine, process, 4)
    assert not machine.mm.pageout.writer.write_one()
    assert machine.mm.pfn.modified.count == 4


def test_are_pages_written_again_only_when_they_changed(
    machine: MemoryMachine, process: FakeProcess, store: MemoryStore
) -> None:
    places = dirty(machine, process, 8)
    machine.write_out()
    process.space.memory.read_u8(places[0])
    process.space.memory.write_u8(places[1], 99)
    machine.trim(process, places[0], places[1])
    assert slots_of(machine, process, places[:2]) == [1, 0]
    machine.write_out()
    assert [size // PAGE for _, size in store.writes] == [8, 1]


def in_progress(machine: MemoryMachine, meanwhile: Callable[[], object]) -> None:
    """Runs the writer's step in one thread and another thread while the disk works."""
    machine.run(machine.mm.pageout.writer.write_one, meanwhile)


def test_can_a_page_be_used_while_it_is_written(
    machine: MemoryMachine, process: FakeProcess, store: MemoryStore
) -> None:
    (place,) = dirty(machine, process, 1)
    pfn = machine.mm.pfn
    seen: list[PageState] = []

    def reader() -> None:
        frame = machine.mm.table_memory.format.frame(machine.pte(process, place))
        seen.append(PageState(pfn.state[frame]))
        assert process.space.memory.read_u32(place) == 1
        seen.append(PageState(pfn.state[frame]))
        machine.check()

    in_progress(machine, reader)
    assert seen == [PageState.TRANSITION, PageState.ACTIVE]
    machine.trim(process, place)
    assert pfn.standby.count == 1  # it was written and has not changed


@pytest.mark.parametrize("trimmed", [False, True])
def test_is_a_change_during_the_write_not_lost(
    machine: MemoryMachine, process: FakeProcess, store: MemoryStore, trimmed: bool
) -> None:
    (place,) = dirty(machine, process, 1)

    def changer() -> None:
        process.space.memory.write_u32(place, 77)
        if trimmed:
            machine.trim(process, place)
        machine.check()

    in_progress(machine, changer)
    machine.check()
    if not trimmed:
        machine.trim(process, place)
    assert (machine.mm.pfn.modified.count, machine.mm.paging_files.files[0].slots.used) == (1, 0)
    machine.write_out()
    machine.drop_standby()
    assert process.space.memory.read_u32(place) == 77


def test_may_memory_go_while_it_is_written(machine: MemoryMachine, process: FakeProcess, store: MemoryStore) -> None:
    places = dirty(machine, process, 4)

    def owner() -> None:
        assert machine.mm.free(process, places[0], 4 * PAGE, MEM_DECOMMIT).status is Status.SUCCESS
        assert machine.mm.pfn.in_transition == 4
        machine.check()

    in_progress(machine, owner)
    assert machine.mm.pfn.in_transition == 0
    assert machine.mm.paging_files.files[0].slots.in_use() == []


def test_is_a_protection_kept_that_is_set_during_the_write(
    machine: MemoryMachine, process: FakeProcess, store: MemoryStore
) -> None:
    places = dirty(machine, process, 2)
    in_progress(machine, lambda: machine.mm.protect(process, places[0], PAGE, PAGE_READONLY))
    machine.drop_standby()
    assert process.space.memory.read_u32(places[0]) == 1
    assert [row.protect for row in [machine.mm.query(process, place) for place in places] if row] == [2, 4]


def test_is_a_page_kept_whose_write_failed(machine: MemoryMachine, process: FakeProcess, store: MemoryStore) -> None:
    """Its slots are never used again, the commit limit falls by them, and it is tried elsewhere."""
    places = dirty(machine, process, 8)
    ledger, limit = machine.mm.ledger, machine.mm.ledger.limit
    store.refuse_write = lambda offset, size: offset == PAGE
    assert machine.mm.pageout.writer.write_one()
    assert (machine.mm.pfn.modified.count, machine.mm.pageout.writer.failures) == (8, 1)
    assert (machine.mm.paging_files.files[0].broken_slots, ledger.limit) == (8, limit - 8)
    machine.check()
    machine.write_out()
    assert slots_of(machine, process, places) == list(range(9, 17))
    machine.mm.pageout.writer.write_while(lambda: True)
    assert machine.mm.paging_files.files[0].broken_slots == 8  # a write elsewhere has shown that they are to blame
    machine.drop_standby()
    assert [process.space.memory.read_u32(place) for place in places] == list(range(1, 9))


def test_does_the_writer_rest_while_the_disk_is_dead(
    machine: MemoryMachine, process: FakeProcess, store: MemoryStore
) -> None:
    places = dirty(machine, process, 64)
    limit = machine.mm.ledger.limit
    store.refuse_write = lambda offset, size: True
    machine.mm.pageout.writer.write_while(lambda: True)
    assert store.refused_writes == 3
    assert machine.mm.pfn.modified.count == 64
    assert machine.mm.paging_files.files[0].slots.used == 0  # it is the disk, not the slots
    assert (machine.mm.paging_files.files[0].broken_slots, machine.mm.ledger.limit) == (0, limit)
    assert [process.space.memory.read_u32(place) for place in places] == list(range(1, 65))


def test_does_another_file_help_where_one_fails(
    machine: MemoryMachine, process: FakeProcess, store: MemoryStore
) -> None:
    second = machine.add_paging_file()
    places = dirty(machine, process, 16)
    store.refuse_write = lambda offset, size: True
    machine.write_out()
    assert (store.refused_writes, len(second.writes)) == (1, 1)
    machine.drop_standby()
    assert [process.space.memory.read_u32(place) for place in places] == list(range(1, 17))


@pytest.mark.parametrize("sizes", [(8, 8), (16, 4), (4, 2, 4), (6, 6, 6, 6, 4)])
def test_does_a_program_go_on_with_the_one_file_that_works(sizes: tuple[int, ...]) -> None:
    """Whatever the sizes: the others refuse every write, and the program needs more memory than there is RAM."""
    machine = MemoryMachine("x86", 4 * MB)
    for size in sizes:
        machine.add_paging_file(size * MB)
    for store in machine.stores[:-1]:
        store.refuse_write = lambda offset, size: True
    machine.start_system_threads()
    process, pages = machine.new_process(), 1400
    base = machine.allocate(process, pages * PAGE)
    statuses: list[int] = []
    machine.run(lambda: statuses.extend(status_of_write(process, base + at * PAGE, at & 0xFF) for at in range(pages)))
    assert statuses == [Status.SUCCESS] * pages
    assert machine.stores[0].refused_writes
    assert [process.space.memory.read_u8(base + at * PAGE) for at in range(pages)] == [at & 0xFF for at in range(pages)]
    machine.check()


def test_are_dead_files_tried_again_once_all_have_refused(
    machine: MemoryMachine, process: FakeProcess, store: MemoryStore
) -> None:
    stores = [store, machine.add_paging_file(), machine.add_paging_file(), machine.add_paging_file()]
    places = dirty(machine, process, 16)
    for each in stores:
        each.refuse_write = lambda offset, size: True
    machine.write_out()
    assert [each.refused_writes for each in stores] == [1] * 4
    assert all(file.slots.used == 0 and not file.is_suspect for file in machine.mm.paging_files.files)
    stores[2].refuse_write = lambda offset, size: False
    machine.write_out()
    machine.drop_standby()
    assert [process.space.memory.read_u32(place) for place in places] == list(range(1, 17))


def test_where_do_changed_pages_of_a_shared_section_go(machine: MemoryMachine, store: MemoryStore) -> None:
    """An image is never written to: its shared pages move to the paging file, and their prototype PTEs name it."""
    backing = image("a.dll", machine.architecture.bits == 64)
    first, second = machine.new_process(), machine.new_process()
    for process in (first, second):
        machine.mm.map_image(process, machine.open_image(backing))
    first.space.memory.write(PREFERRED_BASE + TAIL, b"for all")
    machine.page_out(first)
    machine.check()
    assert store.writes
    assert second.space.memory.read(PREFERRED_BASE + TAIL, 8) == b"for all\0"
    machine.check()


def test_how_few_ios_does_a_sequential_writer_cost(machine: MemoryMachine, store: MemoryStore) -> None:
    process = machine.new_process()
    dirty(machine, process, 200)
    machine.write_out()
    writer = machine.mm.pageout.writer
    assert writer.writes * WRITE_CLUSTER <= writer.pages + WRITE_CLUSTER
    assert writer.writes * 8 <= writer.pages


def test_are_slots_of_clean_pages_in_ram_given_back_when_files_are_full(machine: MemoryMachine) -> None:
    """A page that was read keeps its slot, which is a luxury: when none is left it counts as modified again."""
    machine.add_paging_file(MB)
    process = machine.new_process()
    slots = MB // PAGE - 1
    places = dirty(machine, process, slots)
    machine.write_out()
    file = machine.mm.paging_files.files[0]
    assert file.slots.free == 0
    for place in places:
        process.space.memory.read_u8(place)
    more = dirty(machine, process, 32, AT + 32 * MB)
    assert machine.mm.pageout.writer.write_one()
    machine.check()
    machine.write_out()
    assert all(slots_of(machine, process, more))
    machine.drop_standby()
    assert [process.space.memory.read_u32(place) for place in more] == list(range(1, 33))
    assert [process.space.memory.read_u32(place) for place in places] == list(range(1, slots + 1))
