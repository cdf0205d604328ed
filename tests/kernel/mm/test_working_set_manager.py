"""The working set manager: when it looks, whom it takes pages from, how far it goes."""

import pytest

from ntmm.hw.arch import architecture_named
from ntmm.hw.ram import Ram
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pageout.levels import levels_for
from ntmm.kernel.mm.working_set import WorkingSetLimits
from ntmm.kernel.mm.working_set.scan import age_all, ages
from tests.kernel.mm.machine import MB, PAGE, FakeProcess, MemoryMachine

AT, MINIMUM = 0x50000000, 20


@pytest.fixture
def machine(request: pytest.FixtureRequest) -> MemoryMachine:
    made = MemoryMachine("x86")
    made.add_paging_file()
    return made


def with_pages(machine: MemoryMachine, pages: int, idle: int = 0) -> FakeProcess:
    """A process with so many written pages, the first `idle` of them unused for three passes of ageing."""
    process = machine.new_process()
    machine.allocate(process, pages * PAGE, address=AT)
    process.space.memory.write(AT, bytes(idle * PAGE))
    for _ in range(4):
        age_all(process.space.working_set)
    for page in range(idle, pages):
        process.space.memory.write_u8(AT + page * PAGE, 1)
    return process


def count(process: FakeProcess) -> int:
    return process.space.working_set.count


def told(machine: MemoryMachine) -> list[tuple[int, int, str]]:
    """What the manager reports from now on: (process id, pages, reason)."""
    rows: list[tuple[int, int, str]] = []
    machine.mm.pageout.working_sets.told = lambda *row: rows.append(row)
    return rows


def calm(machine: MemoryMachine, *processes: FakeProcess) -> None:
    """From now on these processes have had no faults since the last trimming."""
    manager = machine.mm.pageout.working_sets
    manager._faults_before = {process.space.process_id: process.space.page_fault_count for process in processes}


def test_who_gives_first(machine: MemoryMachine) -> None:
    """A process with many idle pages and few faults before one with few idle pages, that before one which faults."""
    few, many, busy = with_pages(machine, 60, 20), with_pages(machine, 60, 40), with_pages(machine, 80, 60)
    few.space.working_set.limits = many.space.working_set.limits = WorkingSetLimits(MINIMUM, 100)
    calm(machine, few, many)
    rows = told(machine)
    with_pages_of_many = count(many)
    assert machine.mm.pageout.working_sets.trim(30) == 30
    assert [(process, reason) for process, _, reason in rows] == [
        (few.space.process_id, "idle"),
        (many.space.process_id, "idle"),
    ]
    assert count(many) == with_pages_of_many - 10
    machine.check()
    assert count(busy) > 80


def test_does_the_larger_of_two_alike_give_first(machine: MemoryMachine) -> None:
    small, large = with_pages(machine, 40, 40), with_pages(machine, 90, 90)
    calm(machine, small, large)
    rows = told(machine)
    machine.mm.pageout.working_sets.trim(10)
    assert [process for process, _, _ in rows] == [large.space.process_id]


def test_are_idle_pages_of_all_taken_before_used_pages_of_any(machine: MemoryMachine) -> None:
    first, second = with_pages(machine, 60, 15), with_pages(machine, 50, 15)
    calm(machine, first, second)
    rows = told(machine)
    machine.mm.pageout.working_sets.trim(40)
    taken = {(process, reason): pages for process, pages, reason in rows}
    assert taken[first.space.process_id, "idle"] == 15
    assert taken[second.space.process_id, "idle"] == 15
    assert taken[first.space.process_id, "short"] == 10
    assert ages(first.space.working_set)[3] == 0 or ages(second.space.working_set)[3] <= 1


def test_are_minimums_respected_until_nothing_else_is_left(machine: MemoryMachine) -> None:
    processes = [with_pages(machine, 60, 60) for _ in range(2)]
    for process in processes:
        process.space.working_set.limits = WorkingSetLimits(MINIMUM, 100)
    system = machine.mm.system.working_set
    spare = sum(count(process) - MINIMUM for process in processes) + max(0, system.count - system.limits.minimum)
    manager = machine.mm.pageout.working_sets
    assert manager.trim(spare) == spare
    assert [count(process) for process in processes] == [MINIMUM] * 2
    rows = told(machine)
    assert manager.trim(8) == 0
    assert manager.trim(8, below_minimum=True) == 8
    assert {reason for _, _, reason in rows} == {"below minimum"}
    machine.check()


@pytest.mark.parametrize(
    ("left", "is_written", "goes_below"), [(30, True, False), (20, False, False), (20, True, True)]
)
def test_when_does_a_look_go_below_minimums(
    machine: MemoryMachine, left: int, is_written: bool, goes_below: bool
) -> None:
    """Only below the lowest level of available pages, and only when no dirty page is left that could be written."""
    process = with_pages(machine, 60, 60)
    process.space.working_set.limits = WorkingSetLimits(60, 100)
    machine.mm.system.working_set.limits = WorkingSetLimits(1000, 1000)
    machine.trim(process, AT)
    if is_written:
        machine.write_out()
    machine.fill_ram(left)
    assert left < 2 * machine.mm.pageout.levels.minimum
    before = count(process)
    machine.mm.pageout.working_sets.look()
    assert (count(process) < min(before, 60)) == goes_below


def test_is_a_hard_minimum_kept_in_any_case(machine: MemoryMachine) -> None:
    process = with_pages(machine, 60, 60)
    process.space.working_set.limits = WorkingSetLimits(MINIMUM, 100, hard_minimum=True)
    machine.mm.pageout.working_sets.trim(1000, below_minimum=True)
    assert count(process) == MINIMUM


def test_are_locked_pages_left_alone(machine: MemoryMachine) -> None:
    process = with_pages(machine, 40, 40)
    machine.mm.lock(process, AT, 10 * PAGE)
    machine.mm.pageout.working_sets.trim(1000)
    machine.empty(process)
    assert [machine.pte(process, AT + page * PAGE) & 1 for page in range(40)] == [1] * 10 + [0] * 30
    machine.check()


def test_is_everything_left_alone_while_memory_is_plentiful(machine: MemoryMachine) -> None:
    process = with_pages(machine, 40, 10)
    before = ages(process.space.working_set)
    machine.mm.pageout.working_sets.look()
    assert ages(process.space.working_set) == before
    assert machine.mm.pageout.working_sets.passes == 0


def test_does_it_only_age_while_memory_is_not_short_yet(machine: MemoryMachine) -> None:
    process, levels = with_pages(machine, 40, 10), machine.mm.pageout.levels
    taken = machine.fill_ram(levels.plenty - 1)
    machine.mm.pageout.working_sets.look()
    assert machine.mm.pageout.working_sets.passes == 0
    assert ages(process.space.working_set)[0] >= 30  # their Accessed bits were set
    machine.mm.pageout.working_sets.look()
    assert ages(process.space.working_set)[0] == 0
    for frame in taken:
        machine.mm.pfn.free(frame)
    machine.check()


def test_does_it_trim_and_call_the_writer_when_memory_is_short(machine: MemoryMachine) -> None:
    """The writer is called before trimming begins; dirty pages that exist already count as good as available."""
    process, pageout, pfn = with_pages(machine, 300, 300), machine.mm.pageout, machine.mm.pfn
    machine.trim(process, *range(AT, AT + 20 * PAGE, PAGE))
    taken = machine.fill_ram(2 * pageout.levels.minimum - 1)
    expected = pageout.levels.plenty - pfn.available - pfn.modified.count
    pageout.working_sets.look()
    assert pageout.writer.called.signal_state
    assert (pageout.working_sets.passes, pageout.working_sets.trimmed) == (1, expected)
    for frame in taken:
        pfn.free(frame)
    machine.check()


def test_does_the_system_working_set_give_too(machine: MemoryMachine) -> None:
    system = machine.mm.system.working_set
    before = system.count
    machine.mm.pageout.working_sets.trim(10_000, below_minimum=True)
    assert system.count < before
    machine.check()
    address = machine.mm.system.paged_pool.allocate(64, "Test")
    assert machine.mm.system.paged_pool.word(address) >= 0
    machine.check()


def test_is_fifo_trimmed_without_ages() -> None:
    machine = MemoryMachine("x86", replacement="fifo")
    process = with_pages(machine, 60, 60)
    rows = told(machine)
    machine.mm.pageout.working_sets.trim(30)
    assert {reason for _, _, reason in rows} == {"short"}
    assert count(process) < 60
    machine.check()


@pytest.mark.parametrize(
    ("megabytes", "low", "high"),
    [(128, 800, 2400), (512, 3872, 11616), (1024, 7968, 23904), (2048, 10240, 30720), (8192, 16384, 49152)],
)
def test_at_which_levels_is_little_or_much_memory_announced(megabytes: int, low: int, high: int) -> None:
    """The documentation's vectors, in pages."""
    levels = levels_for(megabytes * 256)
    assert (levels.low_notification, levels.high_notification) == (low, high)


def test_are_the_levels_of_a_small_machine_in_reach() -> None:
    for megabytes in (2, 4, 8, 16, 32, 64):
        pages = megabytes * 256
        levels = levels_for(pages)
        assert 2 * levels.minimum <= levels.plenty <= pages // 8 or megabytes == 2
        assert levels.low_notification < levels.high_notification < pages // 2
        assert levels_for(64 * MB // PAGE).plenty == 800


@pytest.mark.parametrize(
    ("megabytes", "workstation", "server"),
    [(19, (20, 45), (20, 45)), (20, (30, 145), (30, 145)), (32, (50, 345), (30, 145)), (64, (50, 345), (50, 345))],
)
def test_how_large_are_working_sets_on_workstations_and_servers(
    megabytes: int, workstation: tuple[int, int], server: tuple[int, int]
) -> None:
    for is_server, expected in ((False, workstation), (True, server)):
        limits = MemoryManager(Ram(megabytes * MB), architecture_named("pae"), Clock(), is_server=is_server).limits
        assert (limits.minimum, limits.maximum) == expected


def test_how_many_free_pages_does_a_server_keep() -> None:
    assert [levels_for(64 * MB // PAGE, is_server).minimum for is_server in (False, True)] == [26, 81]


@pytest.mark.parametrize(
    ("low_mb", "high_mb", "low", "high"),
    [(8, 0, 2048, 2400), (0, 64, 800, 16384), (20, 0, 5120, 5120), (9, 2, 2304, 2304)],
)
def test_does_the_registry_move_the_notification_levels(low_mb: int, high_mb: int, low: int, high: int) -> None:
    levels = levels_for(128 * MB // PAGE, False, low_mb, high_mb)
    assert (levels.low_notification, levels.high_notification) == (low, high)
