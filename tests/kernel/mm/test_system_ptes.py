"""Are system PTEs handed out once, joined again, and their list kept in RAM in NT's format?"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntmm.kernel.mm.system_ptes import SystemPtes, system_pte_count
from tests.kernel.mm.machine import ARCHITECTURES, MB, PAGE, MemoryMachine


@pytest.mark.parametrize(
    ("ram", "count"),
    [(16 * MB, 7_000), (24 * MB, 11_000), (64 * MB, 22_000), (256 * MB, 22_000), (512 * MB, 44_000)],
)
def test_how_many_system_ptes_has_a_machine(ram: int, count: int) -> None:
    assert system_pte_count(ram) == count


def test_are_whole_page_tables_counted_and_made_only_when_needed(machine: MemoryMachine) -> None:
    ptes, per_table = machine.mm.system_ptes, PAGE // machine.architecture.pte_size
    assert ptes.total == -(-7_000 // per_table) * per_table
    assert ptes.free == ptes.total
    assert ptes.free_clusters() == []
    assert ptes.reserve(1) is not None
    assert [pages for _, pages in ptes.free_clusters()] == [per_table - 1]


def test_what_does_the_list_look_like_in_ram(machine: MemoryMachine) -> None:
    """Next entry and size in bits 31..12 or 63..32, bit 1 for a cluster of one, all ones at the end."""
    mm, ptes = machine.mm, machine.mm.system_ptes
    shift, end = (12, 0xFFFFF) if machine.architecture.pte_size == 4 else (32, 0xFFFFFFFF)
    start, per_table = machine.mm.layout.system_ptes, PAGE // machine.architecture.pte_size
    runs = [ptes.reserve(pages) for pages in (4, 1, 3, 1)]
    assert runs[0] == start + (per_table - 4) * PAGE  # cut from the cluster's end
    for number in (1, 2):
        run = runs[number]
        assert run is not None
        ptes.release(run, (4, 1, 3, 1)[number])
    run = runs[1]
    assert run is not None
    words = mm.table_memory.entries
    first = ptes.word(start)
    assert words[first] == (per_table - 8) << shift
    assert words[first + 1] == (per_table - 9) << shift
    assert ptes.free_clusters() == [(start, (per_table - 9)), (start + (per_table - 8) * PAGE, 4)]
    second = ptes.word(start + (per_table - 8) * PAGE)
    assert words[second] == end << shift
    assert words[second + 1] == 4 << shift
    assert not words[second + 2]


def test_is_a_cluster_of_one_marked(machine: MemoryMachine) -> None:
    ptes, words = machine.mm.system_ptes, machine.mm.table_memory.entries
    per_table = PAGE // machine.architecture.pte_size
    whole = ptes.reserve(per_table)
    assert whole is not None
    ptes.release(whole + 7 * PAGE, 1)
    end = 0xFFFFF002 if machine.architecture.pte_size == 4 else 0xFFFFFFFF_00000002
    assert words[ptes.word(whole + 7 * PAGE)] == end
    assert not words[ptes.word(whole + 8 * PAGE)]
    assert ptes.reserve(1) == whole + 7 * PAGE


def test_is_a_run_refused_that_is_longer_than_the_region(machine: MemoryMachine) -> None:
    ptes = machine.mm.system_ptes
    assert ptes.reserve(ptes.total + 1) is None
    whole = ptes.reserve(ptes.total)
    assert whole == machine.mm.layout.system_ptes
    assert ptes.free == 0
    assert ptes.reserve(1) is None
    ptes.release(whole, ptes.total)
    assert ptes.free_clusters() == [(whole, ptes.total)]


def test_is_a_run_never_released_twice(machine: MemoryMachine) -> None:
    ptes = machine.mm.system_ptes
    run = ptes.reserve(5)
    assert run is not None
    ptes.release(run + PAGE, 2)
    with pytest.raises(AssertionError):
        ptes.release(run + 2 * PAGE, 2)


class Model:
    """System PTEs as a set of free numbers."""

    def __init__(self, ptes: SystemPtes, start: int) -> None:
        self.ptes, self.start = ptes, start
        self.runs: list[tuple[int, int]] = []
        self.used: set[int] = set()

    def reserve(self, pages: int) -> None:
        address = self.ptes.reserve(pages)
        if address is None:
            numbers = set(range(self.ptes.total)) - self.used
            assert not any(all(at + offset in numbers for offset in range(pages)) for at in numbers)
            return
        numbers = set(range((address - self.start) // PAGE, (address - self.start) // PAGE + pages))
        assert not numbers & self.used
        self.used |= numbers
        self.runs.append((address, pages))

    def release(self, choice: int) -> None:
        if self.runs:
            address, pages = self.runs.pop(choice % len(self.runs))
            self.ptes.release(address, pages)
            self.used -= set(range((address - self.start) // PAGE, (address - self.start) // PAGE + pages))

    def check(self) -> None:
        free: set[int] = set()
        for address, pages in self.ptes.free_clusters():
            numbers = range((address - self.start) // PAGE, (address - self.start) // PAGE + pages)
            assert not free & set(numbers)
            assert numbers[0] - 1 not in free  # else the two would have been joined
            free |= set(numbers)
        assert not free & self.used
        assert self.ptes.free == self.ptes.total - len(self.used)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), st.one_of(st.integers(1, 9), st.integers(300, 1100))),
        st.tuples(st.just("release"), st.integers(0, 50)),
    ),
    max_size=60,
)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@given(steps=STEPS)
@settings(max_examples=25)
def test_do_reservations_and_releases_follow_the_model(architecture: str, steps: list[tuple[str, int]]) -> None:
    machine = MemoryMachine(architecture, ram=4 * MB)
    start = machine.mm.layout.system_ptes
    ptes = SystemPtes(machine.mm.system.tables, start, machine.mm.layout.system_ptes_end, 3_000)
    machine.mm.system_ptes = ptes
    model = Model(ptes, start)
    for what, value in steps:
        if what == "reserve":
            model.reserve(value)
        else:
            model.release(value)
        model.check()
    machine.check()
