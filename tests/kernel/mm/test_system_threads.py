"""The six system threads at work: writing, trimming, growth of paging files, zeroing, notifications, shortage."""

import pytest

from ntmm.kernel.mm.fault import FaultKind
from ntmm.kernel.mm.pageout.dereference import GROWTH_PAGES
from ntmm.kernel.mm.pfn import PageUse
from ntmm.nt.memory import MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, PAGE_READWRITE
from ntmm.nt.status import Status
from tests.kernel.mm.machine import MB, PAGE, FakeProcess, MemoryMachine, status_of_write

AT = 0x50000000
SECOND = 10_000_000


@pytest.fixture
def running(machine: MemoryMachine) -> MemoryMachine:
    """A machine with its system threads and a paging file that may grow."""
    machine.add_paging_file(MB, 40 * MB)
    machine.start_system_threads()
    return machine


def wait(machine: MemoryMachine, time_100ns: int) -> None:
    """Lets a thread of a program wait."""
    thread = machine.scheduler.current
    assert thread is not None
    machine.scheduler.wait(thread, (), timeout_100ns=time_100ns)


def fill(machine: MemoryMachine, process: FakeProcess, pages: int, address: int = AT) -> None:
    for page in range(pages):
        process.space.memory.write_u32(address + page * PAGE, page * 3 + 1)


def are_right(process: FakeProcess, pages: int, address: int = AT) -> bool:
    return all(process.space.memory.read_u32(address + page * PAGE) == page * 3 + 1 for page in range(pages))


def test_which_threads_are_there_with_which_priorities(machine: MemoryMachine) -> None:
    """The lecture's table."""
    assert {plan.name: plan.priority for plan in machine.mm.pageout.plans()} == {
        "MiModifiedPageWriter": 17,
        "MiMappedPageWriter": 17,
        "KeBalanceSetManager": 16,
        "KeSwapProcessOrStack": 23,
        "MiDereferenceSegmentThread": 18,
        "MmZeroPageThread": 0,
    }


def test_can_a_program_use_four_times_the_ram(running: MemoryMachine, process: FakeProcess) -> None:
    pages = 4 * 8 * MB // PAGE
    machine, seen = running, list[bool]()
    machine.allocate(process, pages * PAGE, address=AT)

    def body() -> None:
        fill(machine, process, pages)
        machine.check()
        seen.append(are_right(process, pages))

    machine.run(body)
    assert seen == [True]
    statistics = machine.mm.statistics()
    assert statistics.hard_faults > 1000
    assert statistics.write_ios * 8 <= statistics.pages_written
    machine.end(process)
    assert machine.mm.paging_files.files[0].slots.in_use() == []


def test_do_three_processes_share_a_small_machine() -> None:
    machine = MemoryMachine("pae", 2 * MB)
    machine.add_paging_file(8 * MB)
    machine.start_system_threads()
    processes, seen = [machine.new_process() for _ in range(3)], list[bool]()
    for process in processes:
        machine.allocate(process, 400 * PAGE, address=AT)

    def body(process: FakeProcess) -> None:
        fill(machine, process, 400)
        for _ in range(2):
            seen.append(are_right(process, 400))

    machine.run(*(lambda process=process: body(process) for process in processes))
    assert seen == [True] * 6
    machine.check()


def test_do_two_runs_give_the_same_events() -> None:
    def events() -> list[tuple[object, ...]]:
        machine = MemoryMachine("x64", 2 * MB)
        machine.add_paging_file(8 * MB)
        machine.start_system_threads()
        rows: list[tuple[object, ...]] = []
        machine.mm.in_page.told = lambda *row: rows.append(("read", machine.clock.uptime_100ns(), *row))
        machine.mm.pageout.writer.told = lambda *row: rows.append(("write", machine.clock.uptime_100ns(), *row))
        machine.mm.pageout.working_sets.told = lambda *row: rows.append(("trim", machine.clock.uptime_100ns(), *row))
        processes = [machine.new_process() for _ in range(2)]
        for process in processes:
            machine.allocate(process, 400 * PAGE, address=AT)
        machine.run(*(lambda process=process: fill(machine, process, 400) for process in processes))
        return rows

    first = events()
    assert len(first) > 20
    assert first == events()


def test_does_the_writer_begin_at_its_threshold(running: MemoryMachine, process: FakeProcess) -> None:
    """More than MmModifiedPageMaximum dirty pages, even while memory is plentiful."""
    machine, levels, counts = running, running.mm.pageout.levels, list[int]()
    pages = levels.modified_maximum + 1
    machine.allocate(process, pages * PAGE, address=AT)

    def body() -> None:
        fill(machine, process, pages)
        places = [AT + page * PAGE for page in range(pages)]
        machine.trim(process, *places[:-1])
        wait(machine, SECOND)
        counts.append(machine.mm.pfn.modified.count)
        machine.trim(process, places[-1])
        wait(machine, SECOND)
        counts.append(machine.mm.pfn.modified.count)

    machine.run(body)
    assert counts[0] == pages - 1
    assert counts[1] <= levels.modified_maximum // 2
    machine.check()


def test_does_the_zero_page_thread_run_only_when_nothing_else_does(
    running: MemoryMachine, process: FakeProcess
) -> None:
    machine, pfn, counts = running, running.mm.pfn, list[tuple[int, int]]()
    machine.allocate(process, 20 * PAGE, address=AT)

    def body() -> None:
        fill(machine, process, 20)
        machine.mm.free(process, AT, 0, MEM_RELEASE)
        counts.append((pfn.free_list.count, pfn.zeroed.count))
        wait(machine, SECOND)
        counts.append((pfn.free_list.count, pfn.zeroed.count))
        machine.check()

    machine.run(body)
    (freed, none), after = counts
    assert freed >= 20
    assert (none, after) == (0, (0, freed))
    assert machine.mm.pageout.zero_pages.zeroed == freed


def test_does_the_zero_page_thread_wait_for_eight_pages(running: MemoryMachine, process: FakeProcess) -> None:
    machine, pfn, counts = running, running.mm.pfn, list[int]()
    machine.allocate(process, PAGE, address=AT)
    frames = [pfn.take_zeroed(PageUse.KERNEL) for _ in range(8)]

    def body() -> None:
        for frame in frames[:7]:
            pfn.free(frame)
        wait(machine, SECOND)
        counts.append(pfn.free_list.count)
        pfn.free(frames[7])
        wait(machine, SECOND)
        counts.append(pfn.free_list.count)

    machine.run(body)
    assert counts == [7, 0]


def test_does_a_commit_over_the_limit_wait_for_a_larger_file(running: MemoryMachine, process: FakeProcess) -> None:
    """The dereference segment thread lets the file grow; the caller goes on when it has."""
    machine, ledger, statuses = running, running.mm.ledger, list[Status]()
    room = ledger.room

    def body() -> None:
        for size in (room, 10, GROWTH_PAGES + 100, 40 * MB // PAGE):
            statuses.append(
                machine.mm.allocate(process, 0, size * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE).status
            )

    before = machine.mm.paging_files.files[0].size
    machine.run(body)
    assert statuses == [Status.SUCCESS] * 3 + [Status.COMMITMENT_LIMIT]
    assert machine.mm.pageout.dereference.grown == machine.mm.paging_files.files[0].size - before
    assert machine.mm.paging_files.files[0].size < 4 * MB // PAGE  # not grown for what cannot be had anyway
    machine.check()


def test_does_a_full_host_disk_refuse_the_commit(machine: MemoryMachine, process: FakeProcess) -> None:
    store = machine.add_paging_file(MB, 4 * MB)
    store.limit = MB
    room = machine.mm.ledger.room
    result = machine.mm.allocate(process, 0, (room + 1) * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)
    assert result.status is Status.COMMITMENT_LIMIT


def test_does_a_paging_file_shrink_again(running: MemoryMachine, process: FakeProcess) -> None:
    machine, file, sizes = running, running.mm.paging_files.files[0], list[int]()
    room = machine.mm.ledger.room

    def body() -> None:
        base = machine.allocate(process, (room + 2000) * PAGE)
        sizes.append(file.size)
        machine.mm.free(process, base, 0, MEM_RELEASE)
        wait(machine, 3 * SECOND)
        sizes.append(file.size)
        machine.check()

    machine.run(body)
    assert sizes[0] >= file.minimum + 2000
    assert file.minimum <= sizes[1] < sizes[0]
    assert machine.mm.pageout.dereference.shrunk == sizes[0] - sizes[1]


def test_are_low_and_high_memory_announced(running: MemoryMachine) -> None:
    machine, pfn, levels, seen = running, running.mm.pfn, running.mm.pageout.levels, list[tuple[bool, bool]]()
    low, high = machine.mm.low_memory, machine.mm.high_memory
    taken: list[int] = []

    def look() -> None:
        machine.mm.pageout.notifications.update()
        seen.append((low.signal_state, high.signal_state))

    look()
    taken += machine.fill_ram(levels.high_notification - 1)
    look()
    taken += machine.fill_ram(levels.low_notification)
    look()
    taken += machine.fill_ram(levels.low_notification - 1)
    look()
    for frame in taken:
        pfn.free(frame)
    look()
    assert seen == [(False, True), (False, False), (False, False), (True, False), (False, True)]


def test_does_a_thread_that_waits_for_low_memory_wake(running: MemoryMachine, process: FakeProcess) -> None:
    machine, events = running, list[str]()
    pages = machine.mm.pfn.available - 40
    machine.mm.add_paging_file("second", 16 * MB, 16 * MB, type(machine.stores[0])())
    machine.allocate(process, pages * PAGE, address=AT)

    def waiter() -> None:
        thread = machine.scheduler.current
        assert thread is not None
        machine.scheduler.wait(thread, (machine.mm.low_memory,))
        events.append("low")

    def user() -> None:
        fill(machine, process, pages)
        wait(machine, SECOND)
        events.append("end")

    machine.run(waiter, user)
    assert events == ["low", "end"]


def test_does_a_thread_without_a_page_wait_until_the_writer_has_made_some(
    running: MemoryMachine, process: FakeProcess
) -> None:
    machine = running
    pages = machine.mm.pfn.available + 200
    machine.allocate(process, pages * PAGE, address=AT)
    machine.run(lambda: fill(machine, process, pages))
    assert machine.mm.faults.counts[1][FaultKind.OUT_OF_MEMORY] == 0
    assert are_right(process, pages)
    machine.check()


def test_is_a_program_told_when_the_disks_are_dead_and_ram_is_full(
    running: MemoryMachine, process: FakeProcess
) -> None:
    """Nothing can be written, so nothing becomes free: the touch fails, and the machine goes on."""
    machine, statuses = running, list[int]()
    machine.stores[0].refuse_write = lambda offset, size: True
    pages = machine.mm.pfn.available + 100
    machine.allocate(process, pages * PAGE, address=AT)

    def body() -> None:
        for page in range(pages):
            statuses.append(status_of_write(process, AT + page * PAGE))
            if statuses[-1] != Status.SUCCESS:
                break

    machine.run(body)
    assert statuses[-1] == Status.NO_MEMORY
    machine.check()
    assert all(process.space.memory.read_u8(AT + page * PAGE) == 1 for page in range(len(statuses) - 1))
    machine.stores[0].refuse_write = lambda offset, size: False
    machine.run(body)
    assert statuses[-1] == Status.SUCCESS


def test_does_the_balance_set_manager_tick_each_second(running: MemoryMachine) -> None:
    machine = running
    machine.run(lambda: wait(machine, 9 * SECOND))
    assert machine.mm.pageout._ticks == 9


def test_is_the_swapper_called_every_fourth_second(running: MemoryMachine) -> None:
    machine, looks = running, list[int]()
    machine.mm.pageout.swap = lambda idle: looks.append(machine.clock.uptime_100ns() // SECOND)
    machine.run(lambda: wait(machine, 13 * SECOND))
    assert looks == [4, 8, 12]
