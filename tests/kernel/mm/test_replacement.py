"""Working sets: growth, replacement by policy, locked entries, limits; the list in RAM against a plain model."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntmm.kernel.mm.working_set import LOCKED_IN_MEMORY, LOCKED_IN_SET, REPLACEMENTS, WorkingSetLimits, may_trim
from ntmm.nt.memory import MAP_PROCESS, PAGE_NOACCESS
from ntmm.nt.status import Status
from tests.kernel.mm.images import CODE, PREFERRED_BASE, image
from tests.kernel.mm.machine import ARCHITECTURES, MB, PAGE, FakeProcess, MemoryMachine

AT = 0x50000000


def touched(machine: MemoryMachine, process: FakeProcess, pages: int) -> list[int]:
    machine.allocate(process, pages * PAGE, address=AT)
    places = list(range(AT, AT + pages * PAGE, PAGE))
    for place in places:
        process.space.memory.write_u32(place, place)
    return places


def use(machine: MemoryMachine, process: FakeProcess, places: list[int], accessed: bool) -> None:
    """Sets or clears the Accessed bits as the CPU or the working set manager would."""
    memory, bit = machine.mm.table_memory, machine.architecture.ACCESSED
    for place in places:
        index = process.space.tables.find(place)
        memory.entries[index] = memory.entries[index] & ~bit | (bit if accessed else 0)


def victims(machine: MemoryMachine, process: FakeProcess, policy: str, count: int) -> list[int]:
    """Which pages a policy names one after another; the page tables among them cannot go."""
    working_set = process.space.working_set
    return [working_set.value(REPLACEMENTS[policy](working_set)) & ~0xFFF for _ in range(count)]


def test_does_fifo_go_round_whatever_was_used(machine: MemoryMachine, process: FakeProcess) -> None:
    places = touched(machine, process, 5)
    use(machine, process, places, accessed=True)
    assert victims(machine, process, "fifo", 7) == [*places, *places[:2]]


def test_does_the_clock_give_a_second_chance(machine: MemoryMachine, process: FakeProcess) -> None:
    places = touched(machine, process, 5)
    use(machine, process, places, accessed=False)
    use(machine, process, [places[0], places[2]], accessed=True)
    assert victims(machine, process, "clock", 3) == [places[1], places[3], places[4]]
    assert victims(machine, process, "clock", 1) == [places[0]]  # its bit was cleared when the hand passed


def test_does_the_clock_end_if_everything_is_used(machine: MemoryMachine, process: FakeProcess) -> None:
    places = touched(machine, process, 5)
    use(machine, process, places, accessed=True)
    assert victims(machine, process, "clock", 1) == [places[0]]
    assert not any(machine.pte(process, place) & machine.architecture.ACCESSED for place in places)


def test_does_ageing_take_the_page_that_was_not_used_longest(machine: MemoryMachine, process: FakeProcess) -> None:
    places = touched(machine, process, 5)
    working_set = process.space.working_set
    use(machine, process, places, accessed=False)
    for place, age in zip(places, (0, 2, 1, 2, 0), strict=True):
        working_set.set_age(machine.entry_of(process, place), age)
    use(machine, process, [places[1]], accessed=True)
    assert victims(machine, process, "ageing", 1) == [places[3]]
    ages = [working_set.age(machine.entry_of(process, place)) for place in places]
    assert ages[:4] == [1, 0, 2, 3]


@pytest.mark.parametrize("policy", REPLACEMENTS)
def test_are_page_tables_with_pages_and_locked_pages_passed_over(
    machine: MemoryMachine, process: FakeProcess, policy: str
) -> None:
    places = touched(machine, process, 6)
    machine.mm.lock(process, places[1], 2 * PAGE, MAP_PROCESS)
    assert set(victims(machine, process, policy, 12)) == {places[0], *places[3:]}


@pytest.mark.parametrize("policy", REPLACEMENTS)
def test_is_nothing_named_where_nothing_can_go(machine: MemoryMachine, process: FakeProcess, policy: str) -> None:
    assert REPLACEMENTS[policy](process.space.working_set) == -1
    places = touched(machine, process, 3)
    machine.mm.lock(process, places[0], 3 * PAGE, MAP_PROCESS)
    assert REPLACEMENTS[policy](process.space.working_set) == -1


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("policy", REPLACEMENTS)
@settings(max_examples=15)
@given(references=st.lists(st.integers(0, 9), min_size=1, max_size=60), places=st.integers(1, 6))
def test_does_every_policy_keep_to_a_hard_maximum(name: str, policy: str, references: list[int], places: int) -> None:
    machine = MemoryMachine(name, 4 * MB, policy)
    process = machine.new_process()
    machine.allocate(process, 10 * PAGE, address=AT)
    process.space.tables.ensure(AT, user=True)
    working_set = process.space.working_set
    maximum = working_set.count + places
    working_set.limits = WorkingSetLimits(1, maximum, hard_maximum=True)
    working_set.quota = maximum
    resident: list[int] = []
    for number in references:
        before = process.space.page_fault_count
        process.space.memory.write_u8(AT + number * PAGE, number)
        assert working_set.count <= maximum
        assert (process.space.page_fault_count > before) == (number not in resident)
        resident = [page for page in range(10) if machine.pte(process, AT + page * PAGE) & 1]
        assert number in resident
    machine.check()
    assert {process.space.memory.read_u8(AT + number * PAGE) for number in references} == set(references)


@pytest.mark.parametrize("hard", [False, True])
def test_does_a_working_set_grow_while_memory_is_plentiful(
    machine: MemoryMachine, process: FakeProcess, hard: bool
) -> None:
    assert machine.mm.set_working_set_limits(process, 20 * PAGE, 40 * PAGE, hard_maximum=hard) is Status.SUCCESS
    touched(machine, process, 100)
    assert (process.space.working_set.count > 100) is not hard
    assert process.space.working_set.count == 40 or not hard


def test_is_a_page_of_its_own_replaced_when_memory_is_not_plentiful(
    machine: MemoryMachine, process: FakeProcess
) -> None:
    taken = machine.fill_ram(machine.mm.pageout.levels.plenty - 10)
    maximum = process.space.working_set.limits.maximum
    places = touched(machine, process, maximum + 30)
    assert process.space.working_set.count == maximum
    assert process.space.working_set.trimmed > 20
    assert [process.space.memory.read_u32(place) for place in places] == places
    for frame in taken:
        machine.mm.pfn.free(frame)


def test_what_is_a_shared_page_after_trimming(machine: MemoryMachine) -> None:
    """Its PTE has prototype form again; the page stays while another process maps it."""
    processes = machine.new_process(), machine.new_process()
    for process in processes:
        machine.mm.map_image(process, machine.open_image(image("a.dll", machine.architecture.bits == 64)))
        process.space.memory.read_u8(PREFERRED_BASE + CODE)
    frame = machine.frame(processes[0], PREFERRED_BASE + CODE)
    machine.empty(processes[0])
    pfn, pte_format = machine.mm.pfn, machine.mm.table_memory.format
    assert (pfn.shares(frame), pfn.standby.count) == (1, 1)  # the code's second page was read ahead
    index = processes[0].space.tables.find_resident(PREFERRED_BASE + CODE)
    assert pte_format.is_lookup(machine.mm.table_memory.entries[index])
    machine.empty(processes[1])
    assert pfn.shares(frame) == 0
    assert pfn.standby.count == 2
    machine.check()
    assert processes[0].space.memory.read_u8(PREFERRED_BASE + CODE) == 1


def test_is_the_shared_user_data_page_trimmed_like_a_view(machine: MemoryMachine, process: FakeProcess) -> None:
    memory, place = process.space.memory, machine.mm.layout.shared_user_data
    memory.read_u8(place)
    machine.mm.lock(process, machine.allocate(process, PAGE, address=place - 0x10000), PAGE)  # keeps the page table
    machine.empty(process)
    machine.check()
    assert not machine.pte(process, place) & 1
    assert memory.read_u8(place) == 0


@pytest.mark.parametrize("seed", range(3))
def test_does_the_list_stay_right_under_random_locks(machine: MemoryMachine, process: FakeProcess, seed: int) -> None:
    """Locked entries move in front of the others; every page knows its entry all the time."""
    choose, working_set = random.Random(seed), process.space.working_set
    places = touched(machine, process, 30)
    locked: dict[int, int] = {}
    for _ in range(150):
        place, kind = choose.choice(places), choose.choice((LOCKED_IN_SET, LOCKED_IN_MEMORY))
        if not machine.pte(process, place) & 1:
            process.space.memory.read_u8(place)
        index = machine.entry_of(process, place)
        action = choose.randrange(4)
        if action == 0:
            working_set.lock(index, kind)
            locked[place] = locked.get(place, 0) | kind
        elif action == 1:
            working_set.unlock(index, kind)
            locked[place] = locked.get(place, 0) & ~kind
        elif not locked.get(place) and may_trim(working_set, working_set.value(index)):
            machine.trim(process, place)
        expected = {place: kinds for place, kinds in locked.items() if kinds}
        assert {entry.vpn * PAGE: entry.locked for entry in working_set.entries() if entry.locked} == expected
        assert working_set.locked == len(expected)
        machine.check()
    for place in places:
        working_set.unlock(machine.entry_of(process, place), 6) if locked.get(place) else None


def test_does_a_locked_page_that_goes_leave_no_gap(machine: MemoryMachine, process: FakeProcess) -> None:
    places = touched(machine, process, 8)
    machine.mm.lock(process, places[2], 4 * PAGE, MAP_PROCESS)
    working_set = process.space.working_set
    assert working_set.locked == 4
    assert machine.mm.free(process, places[3], PAGE, 0x4000).status is Status.SUCCESS
    assert machine.mm.protect(process, places[4], PAGE, PAGE_NOACCESS).status is Status.SUCCESS
    assert working_set.locked == 2
    machine.check()
    assert {entry.vpn * PAGE for entry in working_set.entries() if entry.locked} == {places[2], places[5]}


def test_does_a_lower_maximum_trim_at_once(machine: MemoryMachine, process: FakeProcess) -> None:
    touched(machine, process, 100)
    assert machine.mm.set_working_set_limits(process, 20 * PAGE, 30 * PAGE) is Status.SUCCESS
    assert process.space.working_set.count == 30
    machine.check()
