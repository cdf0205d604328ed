"""The system working set: is the cache trimmed with everybody else, limited, and found again on the page lists?"""

import pytest

from ntmm.kernel.io.file import FileObject
from ntmm.nt.status import Status
from tests.kernel.cc.machine import CachedMachine
from tests.kernel.mm.machine import MB, PAGE

KB = 1024


def cached(machine: CachedMachine) -> int:
    return machine.mm.statistics().cache.cached


def filled(machine: CachedMachine, path: str, size: int) -> FileObject:
    """A clean file of which everything is valid in the cache."""
    data = bytes(range(256)) * (size // 256)
    (machine.folder / path).write_bytes(data)
    file = machine.open(path)
    for offset in range(0, size, 64 * KB):
        assert file.read(offset, 64 * KB) == data[offset : offset + 64 * KB]
    machine.scheduler.pass_time_until(lambda: machine.mm.pfn.in_transition == 0)
    return file


def test_does_the_cache_grow_beyond_its_maximum_while_memory_is_plentiful(machine: CachedMachine) -> None:
    file = filled(machine, "a", 3 * MB)
    assert cached(machine) == 3 * MB // PAGE
    assert machine.mm.system.working_set.count > machine.mm.system.working_set.limits.maximum
    file.close()


def test_does_the_working_set_manager_trim_the_cache(machine: CachedMachine) -> None:
    """The pages of paged pool in the same working set, which go with them, are dirty."""
    file = filled(machine, "a", 3 * MB)
    count, before, standby = machine.mm.system.working_set.count, cached(machine), machine.mm.pfn.standby.count
    assert machine.mm.pageout.working_sets.trim(200) == 200
    assert machine.mm.system.working_set.count == count - 200
    taken = before - cached(machine)
    assert 170 < taken <= 200
    assert machine.mm.pfn.standby.count == standby + taken
    machine.check()
    file.close()


def test_does_a_look_trim_the_cache_when_a_program_takes_the_memory(machine: CachedMachine) -> None:
    file = filled(machine, "a", 4 * MB)
    before, process = cached(machine), machine.new_process()
    base = machine.allocate(process, 4 * MB)
    for page in range(4 * MB // PAGE):
        process.space.memory.write_u8(base + page * PAGE, 1)
        if page % 16 == 0:
            machine.mm.pageout.tick()
    assert cached(machine) < before
    assert machine.mm.pageout.working_sets.trimmed > 0
    machine.check()
    machine.end(process)
    file.close()


def test_is_a_hard_limit_of_the_cache_kept(machine: CachedMachine) -> None:
    status = machine.mm.set_cache_limits(64 * PAGE, 200 * PAGE, hard_maximum=True)
    assert status is Status.SUCCESS
    file = filled(machine, "a", 3 * MB)
    assert machine.mm.system.working_set.count <= 200
    limits = machine.mm.cache_limits()
    assert (limits.minimum, limits.maximum) == (64 * PAGE, 200 * PAGE)
    assert (limits.hard_minimum, limits.hard_maximum) == (False, True)
    machine.check()
    file.close()


def test_does_a_lower_maximum_trim_at_once(machine: CachedMachine) -> None:
    file = filled(machine, "a", 3 * MB)
    assert machine.mm.set_cache_limits(64 * PAGE, 300 * PAGE) is Status.SUCCESS
    assert machine.mm.system.working_set.count <= 300
    assert file.read(0, 4) == bytes(range(4))
    file.close()


@pytest.mark.parametrize(
    ("minimum", "maximum", "status"),
    [
        (300, 200, Status.BAD_WORKING_SET_LIMIT),
        (1, 300, Status.WORKING_SET_LIMIT_RANGE),
        (100, 1 << 30, Status.WORKING_SET_LIMIT_RANGE),
    ],
)
def test_which_limits_are_clamped_or_refused(
    machine: CachedMachine, minimum: int, maximum: int, status: Status
) -> None:
    assert machine.mm.set_cache_limits(minimum * PAGE, maximum * PAGE) is status


def test_do_all_ones_empty_the_cache(machine: CachedMachine) -> None:
    file, ones = filled(machine, "a", MB), (1 << 8 * machine.architecture.pointer_size) - 1
    before = machine.mm.cache_limits()
    assert machine.mm.set_cache_limits(ones, ones) is Status.SUCCESS
    assert cached(machine) == 0
    assert machine.mm.cache_limits() == before
    assert machine.resident(file) == MB // PAGE
    file.close()


def test_is_a_closed_file_on_standby_and_its_next_open_all_soft_faults(machine: CachedMachine) -> None:
    standby = machine.mm.pfn.standby.count
    file = filled(machine, "a", MB)
    assert machine.mm.pfn.standby.count == standby
    file.close()
    assert cached(machine) == 0
    assert machine.mm.pfn.standby.count == standby + MB // PAGE
    reads, counts = machine.mm.in_page.reads, machine.mm.system_cache.counts
    transitions, hits = counts.transitions, counts.hits
    again = machine.open("a")
    again.read(0, MB)
    assert machine.mm.in_page.reads == reads
    assert counts.transitions == transitions + MB // PAGE
    assert counts.hits == hits + 1
    assert machine.mm.pfn.standby.count == standby
    assert cached(machine) == MB // PAGE
    machine.check()
    again.close()


def test_does_a_view_of_a_closed_file_take_soft_faults(machine: CachedMachine) -> None:
    filled(machine, "a", 256 * KB).close()
    process, file = machine.new_process(), machine.open("a")
    base, reads = machine.map(process, file), machine.mm.in_page.reads
    soft = machine.mm.statistics().soft_faults
    for page in range(64):
        assert process.space.memory.read_u8(base + page * PAGE + 7) == 7
    assert machine.mm.in_page.reads == reads
    assert machine.mm.statistics().soft_faults >= soft + 64
    machine.end(process)
    file.close()
