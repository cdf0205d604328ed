"""Textbook examples of page replacement, through the real memory manager: a working set of exactly n free places.

Code, stack and page tables are locked or hold entries, so that only the pages of the example come and go.
"""

import pytest

from ntmm.nt.memory import MAP_PROCESS
from ntmm.nt.status import Status
from tests.kernel.mm.machine import ARCHITECTURES, MB, PAGE, FakeProcess, MemoryMachine

BELADY = "1 2 3 4 1 2 5 1 2 3 4 5"
SILBERSCHATZ = "7 0 1 2 0 3 0 4 2 3 0 3 2 1 2 0 1 7 0 1"

PLACES, ARENA = 40, 0x50000000
"""Pages of the working set in all; the example's page 0."""


def limited(name: str, replacement: str, free_places: int) -> tuple[MemoryMachine, FakeProcess]:
    """A process whose working set has room for `free_places` pages of the arena and cannot grow."""
    machine = MemoryMachine(name, 4 * MB, replacement)
    process = machine.new_process()
    machine.allocate(process, 16 * PAGE, address=ARENA)
    process.space.tables.ensure(ARENA, user=True)
    size = PLACES * PAGE
    assert machine.mm.set_working_set_limits(process, size, size, hard_maximum=True) is Status.SUCCESS
    code = machine.allocate(process, PLACES * PAGE)
    process.space.memory.read_u8(code)  # its page table stands in the working set too
    rest = PLACES - process.space.working_set.count - free_places
    assert machine.mm.lock(process, code, (1 + rest) * PAGE, MAP_PROCESS).status is Status.SUCCESS
    assert process.space.working_set.count == PLACES - free_places
    return machine, process


def faults(machine: MemoryMachine, process: FakeProcess, references: str) -> int:
    """Page faults of a string of references to the arena's pages."""
    before = process.space.page_fault_count
    for number in references.split():
        process.space.memory.read_u8(ARENA + int(number) * PAGE)
        assert process.space.working_set.count <= PLACES
    machine.check()
    return process.space.page_fault_count - before


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize(("free_places", "expected"), [(3, 9), (4, 10)])
def test_does_first_in_first_out_have_beladys_anomaly(name: str, free_places: int, expected: int) -> None:
    """More memory, more faults: the string that Belady, Nelson and Shedler published in 1969."""
    machine, process = limited(name, "fifo", free_places)
    assert faults(machine, process, BELADY) == expected


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize(("replacement", "expected"), [("fifo", 15), ("clock", 14)])
def test_how_many_faults_has_the_example_of_the_textbooks(name: str, replacement: str, expected: int) -> None:
    """With three places: FIFO 15, as the books say; the clock 14, a loaded page counting as accessed."""
    machine, process = limited(name, replacement, 3)
    assert faults(machine, process, SILBERSCHATZ) == expected


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("replacement", ["fifo", "clock", "ageing"])
def test_are_there_no_faults_once_everything_fits(name: str, replacement: str) -> None:
    machine, process = limited(name, replacement, 6)
    assert faults(machine, process, SILBERSCHATZ) == 6
    assert faults(machine, process, SILBERSCHATZ) == 0


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_does_the_clock_spare_a_page_that_is_used_all_the_time(name: str) -> None:
    """FIFO replaces page 0 like any other; the clock sees that it was accessed since the hand last passed."""
    references = " ".join(f"0 {1 + number % 5}" for number in range(20))
    by_policy = {}
    for replacement in ("fifo", "clock"):
        machine, process = limited(name, replacement, 3)
        by_policy[replacement] = faults(machine, process, references)
    assert by_policy["clock"] < by_policy["fifo"]
