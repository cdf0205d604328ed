"""The scans over arrays against the same steps for single pages: two machines alike, one worked on in each way."""

import random

import pytest

from ntmm.kernel.mm.working_set import may_trim, trim_entry
from ntmm.kernel.mm.working_set.scan import age_all, ages, gather, trim_many
from ntmm.kernel.mm.working_set.working_set import MAXIMUM_AGE, WorkingSet
from ntmm.nt.memory import PAGE_EXECUTE_READWRITE, PAGE_READONLY, PAGE_READWRITE
from tests.kernel.mm.images import PREFERRED_BASE, TAIL, image
from tests.kernel.mm.machine import MB, PAGE, FakeProcess, MemoryMachine

AT = 0x50000000
Twins = tuple[tuple[MemoryMachine, FakeProcess], tuple[MemoryMachine, FakeProcess]]


def prepared(name: str, seed: int) -> tuple[MemoryMachine, FakeProcess]:
    """A process with private pages of all sorts, pages of an image, locks, gaps in the list, ages and Accessed bits."""
    choose = random.Random(seed)
    machine = MemoryMachine(name, 4 * MB)
    machine.add_paging_file()
    process = machine.new_process()
    machine.mm.map_image(process, machine.open_image(image("a.dll", machine.architecture.bits == 64)))
    for offset in range(0, TAIL + 2 * PAGE, PAGE):
        process.space.memory.read_u8(PREFERRED_BASE + offset)
    for number, protection in enumerate((PAGE_READWRITE, PAGE_READONLY, PAGE_EXECUTE_READWRITE)):
        base = machine.allocate(process, 40 * PAGE, protection=protection, address=AT + number * 4 * MB)
        for page in range(40):
            process.space.memory.read_u8(base + page * PAGE)
    places = [base + page * PAGE for base in (AT, AT + 8 * MB) for page in range(40)]
    machine.trim(process, *choose.sample(places, 20))
    machine.write_out()
    for place in choose.sample(places, 40):
        process.space.memory.write_u8(place, 1)
    for place in choose.sample(places, 60):
        process.space.memory.read_u8(place)
    machine.mm.lock(process, AT + 5 * PAGE, 2 * PAGE)
    working_set, memory = process.space.working_set, machine.mm.table_memory
    for entry in list(working_set.entries())[working_set.first_dynamic :]:
        working_set.set_age(entry.index, choose.randrange(4))
        if choose.randrange(2):
            place = working_set.pte_index_of(working_set.value(entry.index))
            memory.entries[place] &= ~machine.architecture.ACCESSED
    return machine, process


@pytest.fixture(params=["x86", "pae", "x64"])
def twins(request: pytest.FixtureRequest) -> Twins:
    return prepared(request.param, 7), prepared(request.param, 7)


def picture(machine: MemoryMachine, process: FakeProcess) -> list[object]:
    """Everything that a scan may change."""
    pfn, working_set = machine.mm.pfn, process.space.working_set
    columns = (pfn.state, pfn.flags, pfn.reference_count, pfn.original_pte)
    return [
        [pfn.shares(frame) for frame in range(pfn.high_water)],
        [column[: pfn.high_water].tolist() for column in columns],
        sorted((entry.vpn, entry.protection, entry.age, entry.locked) for entry in working_set.entries()),
        [machine.pte(process, entry.vpn * PAGE) for entry in working_set.entries() if entry.vpn < 1 << 19],
        [machine.pte(process, AT + number * 4 * MB + page * PAGE) for number in range(3) for page in range(40)],
        sorted(pfn.standby),
        sorted(pfn.modified),
        list(pfn.moves),
        [slots.in_use() for slots in pfn.slots],
        working_set.count,
        working_set.peak,
        working_set.trimmed,
    ]


def age_singly(working_set: WorkingSet) -> int:
    """One pass of ageing as the policies do it for one page."""
    memory, used = working_set.tables.memory, 0
    for entry in list(working_set.entries()):
        if entry.index < working_set.first_dynamic:
            continue
        place = working_set.pte_index_of(working_set.value(entry.index))
        if memory.entries[place] & memory.architecture.ACCESSED:
            memory.write(place, memory.entries[place] & ~memory.architecture.ACCESSED)
            working_set.set_age(entry.index, 0)
            used += 1
        else:
            working_set.set_age(entry.index, min(MAXIMUM_AGE, entry.age + 1))
    return used


def trim_singly(working_set: WorkingSet, minimum_age: int) -> int:
    """Private pages, then all others, each time the oldest first: a page table goes when its pages have left it."""
    first, hand = working_set.first_dynamic, working_set.next_slot
    chosen = [entry for entry in working_set.entries() if entry.index >= first and entry.age >= minimum_age]
    chosen.sort(key=lambda entry: (-entry.age, entry.index < hand, entry.index))
    private = [entry for entry in chosen if AT <= entry.vpn * PAGE < AT + 12 * MB]
    trimmed = 0
    for entry in (*private, *(entry for entry in chosen if entry not in private)):
        if may_trim(working_set, working_set.value(entry.index)):
            trim_entry(working_set, entry.index)
            trimmed += 1
    return trimmed


def test_are_the_twins_alike(twins: Twins) -> None:
    assert picture(*twins[0]) == picture(*twins[1])


def test_does_ageing_at_once_what_ageing_singly_does(twins: Twins) -> None:
    (one, first), (other, second) = twins
    for _ in range(4):
        assert age_all(first.space.working_set) == age_singly(second.space.working_set)
        assert picture(one, first) == picture(other, second)
        one.check()


@pytest.mark.parametrize("minimum_age", [0, 2, 3])
def test_does_trimming_at_once_what_trimming_singly_does(twins: Twins, minimum_age: int) -> None:
    (one, first), (other, second) = twins
    mine, theirs = first.space.working_set, second.space.working_set
    trimmed = trim_singly(theirs, minimum_age)
    assert trimmed > 20
    assert trim_many(mine, 10_000, minimum_age) == trimmed
    assert picture(one, first) == picture(other, second)
    one.check()
    other.check()


@pytest.mark.parametrize("count", [0, 1, 10, 50])
def test_do_the_oldest_pages_go_first(twins: Twins, count: int) -> None:
    machine, process = twins[0]
    working_set = process.space.working_set
    private = {entry.vpn: entry.age for entry in working_set.entries() if AT <= entry.vpn * PAGE < AT + 12 * MB}
    assert trim_many(working_set, count, 0) == count
    left = {entry.vpn for entry in working_set.entries()}
    gone = [age for vpn, age in private.items() if vpn not in left]
    stayed = [age for vpn, age in private.items() if vpn in left and not machine_locked(process, vpn)]
    assert len(gone) == count
    assert min(gone, default=3) >= max(stayed) or not gone
    machine.check()


def machine_locked(process: FakeProcess, vpn: int) -> bool:
    return any(entry.vpn == vpn and entry.locked for entry in process.space.working_set.entries())


def test_is_a_recorder_told_of_each_page(twins: Twins) -> None:
    """While somebody listens every page is trimmed and aged on its own, with the same result."""
    (one, first), (other, second) = twins
    moves, changes = list[tuple[int, int, int]](), list[tuple[int, int, int]]()
    other.mm.pfn.moved = lambda frame, before, after: moves.append((frame, before, after))
    other.mm.table_memory.changed = lambda index, before, after: changes.append((index, before, after))
    assert age_all(first.space.working_set) == age_all(second.space.working_set)
    aged = len(changes)
    assert aged
    trimmed = trim_many(first.space.working_set, 10_000, 0)
    assert trim_many(second.space.working_set, 10_000, 0) == trimmed
    assert picture(one, first) == picture(other, second)
    assert len(changes) - aged >= trimmed - 10
    assert moves
    other.check()


def test_does_a_scan_tell_the_cpu(twins: Twins) -> None:
    machine, process = twins[0]
    stale: list[str] = []
    machine.mm.table_memory.mark_stale = lambda: stale.append("stale")
    age_all(process.space.working_set)
    assert stale
    stale.clear()
    trim_many(process.space.working_set, 5, 0)
    assert stale


def test_how_old_are_the_pages(twins: Twins) -> None:
    process = twins[0][1]
    working_set = process.space.working_set
    dynamic = [entry.age for entry in working_set.entries() if entry.index >= working_set.first_dynamic]
    assert ages(working_set) == [dynamic.count(age) for age in range(4)]


def test_is_an_empty_set_scanned_without_harm(machine: MemoryMachine, process: FakeProcess) -> None:
    working_set = process.space.working_set
    assert len(gather(working_set).index) == 0
    assert (age_all(working_set), trim_many(working_set, 5, 0), ages(working_set)) == (0, 0, [0, 0, 0, 0])


def test_does_a_list_of_several_pages_scan_alike(process: FakeProcess, machine: MemoryMachine) -> None:
    """More entries than one list page holds."""
    pages = 1200
    base = machine.allocate(process, pages * PAGE, address=AT)
    for place in range(base, base + pages * PAGE, PAGE):
        process.space.memory.write_u8(place, 1)
    working_set = process.space.working_set
    assert working_set.list_pages == 2 if machine.architecture.pointer_size == 4 else working_set.list_pages == 3
    assert age_all(working_set) >= pages
    assert trim_many(working_set, pages, 0) == pages
    machine.check()
    assert machine.mm.pfn.modified.count == pages
