"""Paging files: creation and its checks, choice of slots, growth and shrinking, the modelled disk, commit limit."""

from functools import partial

import pytest

from ntmm.kernel.io.failure import FileRefused
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.mm.pagefile import Disk, PagingFile, PagingFiles
from ntmm.kernel.mm.pagefile.disk import PAGE_100NS, POSITION_100NS
from ntmm.nt.status import Status
from tests.kernel.mm.machine import MB, PAGE, FakeProcess, MemoryMachine, MemoryStore

NAME = "\\??\\C:\\pagefile.sys"


def one_file(minimum: int, maximum: int, limit: int = 1 << 40) -> tuple[PagingFile, MemoryStore]:
    """Sizes in pages."""
    store = MemoryStore(limit=limit * PAGE)
    return PagingFile(0, NAME, minimum, maximum, store, PAGE), store


def test_does_a_file_hold_what_is_written() -> None:
    file, store = one_file(8, 8)
    file.write(3, b"a" * PAGE + b"b" * PAGE)
    assert file.read(3, 1) == b"a" * PAGE
    assert file.read(4, 1) == b"b" * PAGE
    assert file.read(5, 1) == bytes(PAGE)
    assert (len(store.data), store.writes) == (8 * PAGE, [(3 * PAGE, 2 * PAGE)])
    with pytest.raises(FileRefused) as refused:
        file.read(7, 2)
    assert refused.value.status is Status.END_OF_FILE


@pytest.mark.parametrize(("room", "asked", "added"), [(100, 3, 3), (100, 50, 12), (19, 9, 9), (15, 4, 0)])
def test_how_far_does_a_file_grow(room: int, asked: int, added: int) -> None:
    """Up to its maximum; not at all where the disk is full."""
    file, store = one_file(8, 20, room if room != 15 else 8)
    assert file.grow(asked) == added
    assert (file.size, file.slots.size, len(store.data)) == (8 + added, 8 + added, (8 + added) * PAGE)


def test_how_far_does_a_file_shrink() -> None:
    file, store = one_file(8, 40)
    file.grow(32)
    run = file.slots.allocate(15)
    assert run is not None
    for slot in range(1, 10):
        file.slots.release(slot)
    assert file.shrink(4) == 4
    assert file.shrink(100) == 20  # the last slot in use is 15
    assert (file.size, len(store.data)) == (16, 16 * PAGE)
    for slot in range(10, 16):
        file.slots.release(slot)
    assert file.shrink(100) == 8
    assert (file.size, file.shrink(1)) == (8, 0)


def test_is_the_file_with_the_most_free_slots_chosen() -> None:
    files = PagingFiles([], PAGE)
    for number, pages in enumerate((8, 20, 12)):
        files.add(f"file {number}", pages, pages, MemoryStore())
    chosen = [files.allocate(4) for _ in range(9)]
    assert [place.file.number for place in chosen if place] == [1, 1, 1, 2, 0, 1, 2, 0, 1]
    assert [place.count for place in chosen if place][-3:] == [4, 2, 2]
    counts = 0
    while (place := files.allocate(4)) is not None:
        counts += place.count
    assert files.free_slots == 0
    assert not files.has_run(1)
    assert files.total_pages == 7 + 19 + 11


def test_how_many_paging_files_may_there_be(machine: MemoryMachine) -> None:
    limit = machine.mm.ledger.limit
    for number in range(16):
        machine.add_paging_file(name=f"{NAME}{number}")
    machine.mm.open_paging_store = lambda name: MemoryStore()
    assert machine.mm.create_paging_file(NAME, MB, MB) is Status.TOO_MANY_PAGING_FILES
    assert machine.mm.create_paging_file(NAME + "7", MB, 2 * MB) is Status.SUCCESS  # this one exists: it may grow
    assert machine.mm.ledger.limit == limit + 16 * (MB // PAGE - 1)


@pytest.mark.parametrize(
    ("minimum", "maximum", "status"),
    [
        (MB - 1, MB, Status.INVALID_PARAMETER_2),
        (0, 0, Status.INVALID_PARAMETER_2),
        (2 * MB, MB, Status.INVALID_PARAMETER_3),
        (MB, 1 << 60, Status.INVALID_PARAMETER_3),
        (1 << 60, 1 << 60, Status.INVALID_PARAMETER_2),
        (MB, 3 * MB, Status.SUCCESS),
    ],
)
def test_which_sizes_are_refused(machine: MemoryMachine, minimum: int, maximum: int, status: Status) -> None:
    machine.mm.open_paging_store = lambda name: MemoryStore()
    limit = machine.mm.ledger.limit
    assert machine.mm.create_paging_file(NAME, minimum, maximum) is status
    assert machine.mm.ledger.limit == limit + (MB // PAGE - 1 if status is Status.SUCCESS else 0)


def test_how_large_may_a_file_be_by_the_field_in_a_pte(machine: MemoryMachine) -> None:
    """20 bits for the slot on x86: 4095 MB; 32 bits with PAE and on x64."""
    machine.mm.open_paging_store = lambda name: MemoryStore()
    expected = Status.INVALID_PARAMETER_3 if machine.architecture.name == "x86" else Status.SUCCESS
    assert machine.mm.create_paging_file(NAME, MB, 4096 * MB) is expected
    assert machine.mm.create_paging_file(NAME + "2", MB, 4095 * MB) is Status.SUCCESS


def test_what_does_a_second_call_for_a_file_do(machine: MemoryMachine) -> None:
    """It extends the file (2000 and later); a smaller minimum or maximum is refused; names ignore case."""
    machine.mm.open_paging_store = lambda name: MemoryStore()
    limit = machine.mm.ledger.limit
    assert machine.mm.create_paging_file(NAME, 2 * MB, 4 * MB) is Status.SUCCESS
    again = NAME.upper()
    assert machine.mm.create_paging_file(again, MB, 4 * MB) is Status.INVALID_PARAMETER_2
    assert machine.mm.create_paging_file(again, 2 * MB, 3 * MB) is Status.INVALID_PARAMETER_3
    assert machine.mm.create_paging_file(again, 3 * MB, 5 * MB) is Status.SUCCESS
    (file,) = machine.mm.statistics().paging_files
    assert (file.size, file.minimum, file.maximum) == (3 * MB, 3 * MB, 5 * MB)
    assert machine.mm.ledger.limit == limit + 3 * MB // PAGE - 1


def test_is_a_refusing_host_a_full_disk(machine: MemoryMachine) -> None:
    machine.mm.open_paging_store = lambda name: MemoryStore(limit=MB // 2)
    limit = machine.mm.ledger.limit
    assert machine.mm.create_paging_file(NAME, MB, MB) is Status.DISK_FULL
    assert (machine.mm.paging_files.files, machine.mm.pfn.slots, machine.mm.ledger.limit) == ([], [], limit)


def test_how_long_does_the_disk_take() -> None:
    """A seek for what does not follow, a while for each page; one transfer after another."""
    clock = Clock()
    disk = Disk(clock)
    first = disk.transfer("a", 10, 4)
    assert first == POSITION_100NS + 4 * PAGE_100NS
    assert disk.transfer("a", 14, 2) == first + 2 * PAGE_100NS
    assert disk.transfer("a", 14, 1) == first + 3 * PAGE_100NS + POSITION_100NS
    assert disk.transfer("b", 15, 1) == first + 4 * PAGE_100NS + 2 * POSITION_100NS
    clock.advance(10_000_000)
    assert disk.transfer("b", 16, 1) == 10_000_000 + PAGE_100NS
    assert (disk.accesses, disk.seeks) == (5, 3)


@pytest.mark.parametrize("size", [MB, 2 * MB])
def test_do_paging_files_raise_the_commit_limit(machine: MemoryMachine, size: int) -> None:
    process = machine.new_process()
    ledger = machine.mm.ledger
    room = ledger.room
    machine.add_paging_file(size)
    machine.allocate(process, room * PAGE)
    assert machine.mm.allocate(process, 0, size, 0x3000, 4).status is Status.COMMITMENT_LIMIT  # slot 0 is no room
    machine.allocate(process, size - PAGE)


def test_are_all_files_closed() -> None:
    files, stores = PagingFiles([], PAGE), [MemoryStore() for _ in range(3)]
    for store in stores:
        files.add("a", 4, 4, store)
    files.close()
    assert all(store.closed for store in stores)


def test_is_a_file_cleared_that_was_written() -> None:
    file, store = one_file(600, 600)
    run = file.slots.allocate(500)
    assert run is not None
    file.write(run.first, b"x" * PAGE * run.count)
    files = PagingFiles([], PAGE)
    files.files.append(file)
    files.clear()
    assert store.data == bytes(600 * PAGE)


def test_do_threads_that_ask_at_once_all_get_what_files_can_grow_by(machine: MemoryMachine) -> None:
    """Each asks for what is missing beside the same free pages, and only one gets those: the others ask again."""
    machine.add_paging_file(MB, 16 * MB)
    machine.start_system_threads()
    process, ledger, asked = machine.new_process(), machine.mm.ledger, [600, 550, 700, 5, 510]
    others = [machine.new_process() for _ in asked]
    machine.allocate(process, (ledger.room - 500) * PAGE)
    statuses: list[Status] = []

    def ask(who: FakeProcess, pages: int) -> None:
        statuses.append(machine.mm.allocate(who, 0, pages * PAGE, 0x3000, 4).status)

    machine.run(*(partial(ask, who, pages) for who, pages in zip(others, asked, strict=True)))
    assert statuses == [Status.SUCCESS] * len(asked)
    assert ledger.committed <= ledger.limit
    machine.run(partial(ask, process, 16 * MB // PAGE))
    assert statuses[-1] is Status.COMMITMENT_LIMIT
