"""Hard faults: clusters, waiting threads, collided faults, failed reads."""

import errno

import pytest

from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.mm.fault import FaultKind, FaultOutcome
from ntmm.kernel.mm.pagefile.disk import PAGE_100NS, POSITION_100NS
from ntmm.kernel.mm.pfn import PageState
from ntmm.kernel.mm.pfn.state import READ_FLAG
from ntmm.nt.memory import MEM_DECOMMIT, MEM_RELEASE, PAGE_READONLY
from ntmm.nt.status import Status
from tests.kernel.mm.images import CODE, PREFERRED_BASE, image
from tests.kernel.mm.machine import (
    MB,
    PAGE,
    READ_FAULT,
    WRITE_FAULT,
    FakeProcess,
    MemoryMachine,
    MemoryStore,
    status_of_read,
    status_of_write,
)

AT, PAGES = 0x50000000, 24


@pytest.fixture
def store(machine: MemoryMachine) -> MemoryStore:
    return machine.add_paging_file()


@pytest.fixture
def paged_out(machine: MemoryMachine, process: FakeProcess, store: MemoryStore) -> int:
    """The base of pages that hold their own numbers and lie in the paging file only."""
    machine.allocate(process, PAGES * PAGE, address=AT)
    for number in range(PAGES):
        process.space.memory.write_u8(AT + number * PAGE, number)
    machine.page_out(process, tables=False)
    store.reads.clear()
    return AT


def hard_faults(machine: MemoryMachine) -> int:
    return machine.mm.faults.hard_faults


def test_what_does_a_hard_fault_leave_behind(machine: MemoryMachine, process: FakeProcess, paged_out: int) -> None:
    before = machine.pte(process, paged_out)
    number, slot = machine.mm.table_memory.format.page_file_place(before)
    outcome = machine.fault(process, paged_out)
    assert (outcome.status, outcome.kind) == (Status.PAGE_FAULT_PAGING_FILE, FaultKind.PAGING_FILE)
    pfn, frame = machine.mm.pfn, machine.frame(process, paged_out)
    assert (PageState(pfn.state[frame]), pfn.share_count[frame], pfn.reference_count[frame]) == (PageState.ACTIVE, 1, 1)
    assert pfn.original_pte[frame] == before  # the slot stays its own while it is unchanged
    assert machine.mm.paging_files.files[number].slots.in_use()[slot - 1] == slot
    assert process.space.memory.read_u8(paged_out) == 0


def test_are_neighbours_read_in_one_io(
    machine: MemoryMachine, process: FakeProcess, paged_out: int, store: MemoryStore
) -> None:
    """On a machine below 12 MB five pages; the others are found on the standby list then."""
    assert machine.mm.in_page.clusters["other"] == 5
    assert [process.space.memory.read_u8(paged_out + page * PAGE) for page in range(5)] == [0, 1, 2, 3, 4]
    (read,) = store.reads
    assert read[1] == 5 * PAGE
    assert hard_faults(machine) == 1
    assert machine.mm.faults.counts[1][FaultKind.TRANSITION] == 4


def test_does_a_cluster_stop_where_the_file_or_the_table_goes_elsewhere(
    machine: MemoryMachine, process: FakeProcess, paged_out: int, store: MemoryStore
) -> None:
    process.space.memory.read_u8(paged_out + 2 * PAGE)  # 2 to 6 are in RAM now
    process.space.memory.read_u8(paged_out)
    assert [size // PAGE for _, size in store.reads] == [5, 2]


def test_is_nothing_read_that_nobody_asked_for_while_memory_is_short(
    machine: MemoryMachine, process: FakeProcess, paged_out: int, store: MemoryStore
) -> None:
    taken = machine.fill_ram(30)
    process.space.memory.read_u8(paged_out)
    assert [size // PAGE for _, size in store.reads] == [1]
    for frame in taken:
        machine.mm.pfn.free(frame)


def test_how_many_pages_does_a_larger_machine_read() -> None:
    machine = MemoryMachine("x86", 16 * MB)
    assert machine.mm.in_page.clusters == {"code": 8, "data": 4, "other": 8}


def test_how_long_does_a_hard_fault_take(machine: MemoryMachine, process: FakeProcess, paged_out: int) -> None:
    before = machine.clock.uptime_100ns()
    machine.fault(process, paged_out)
    assert machine.clock.uptime_100ns() - before == POSITION_100NS + 5 * PAGE_100NS


def test_do_others_run_while_a_thread_waits_for_the_disk(
    machine: MemoryMachine, process: FakeProcess, paged_out: int
) -> None:
    events: list[str] = []

    def reader() -> None:
        events.append("reader begins")
        assert process.space.memory.read_u8(paged_out + 3 * PAGE) == 3
        events.append("reader ends")

    def other() -> None:
        events.append("other runs")
        machine.check()
        frame = machine.mm.table_memory.format.frame(machine.pte(process, paged_out + 3 * PAGE))
        assert machine.mm.pfn.flags[frame] & READ_FLAG

    machine.run(reader, other)
    assert events == ["reader begins", "other runs", "reader ends"]


@pytest.mark.parametrize("page", [0, 2])
def test_do_two_threads_share_one_read(
    machine: MemoryMachine, process: FakeProcess, paged_out: int, store: MemoryStore, page: int
) -> None:
    """A collided fault: the second thread's page comes with the first one's read."""
    found: list[tuple[int, int]] = []

    def first() -> None:
        found.append((0, process.space.memory.read_u8(paged_out)))

    def second() -> None:
        found.append((page, process.space.memory.read_u8(paged_out + page * PAGE)))

    machine.run(first, second)
    assert found == [(0, 0), (page, page)]
    assert len(store.reads) == 1
    assert (machine.mm.faults.collided_faults, hard_faults(machine)) == (1, 1)


def test_do_threads_of_two_processes_share_the_read_of_a_section(machine: MemoryMachine) -> None:
    backing = image("a.dll", machine.architecture.bits == 64)
    processes = [machine.new_process() for _ in range(2)]
    for process in processes:
        machine.mm.map_image(process, machine.open_image(backing))
    reads, found = backing.reads, list[bytes]()

    def body(process: FakeProcess) -> None:
        found.append(process.space.memory.read(PREFERRED_BASE + CODE, 4))

    machine.run(*(lambda process=process: body(process) for process in processes))
    assert found == [backing.data[0x200:0x204]] * 2
    assert backing.reads == reads + 1
    assert machine.mm.faults.collided_faults == 1


def test_is_a_failed_read_an_in_page_error_that_can_be_tried_again(
    machine: MemoryMachine, process: FakeProcess, paged_out: int, store: MemoryStore
) -> None:
    before, available = machine.pte(process, paged_out), machine.mm.pfn.available
    store.refuse_read = lambda offset, size: True
    for error_code in (READ_FAULT, WRITE_FAULT):
        assert machine.fault(process, paged_out, error_code).status is Status.IN_PAGE_ERROR
        assert machine.pte(process, paged_out) == before
        machine.check()
    assert machine.mm.pfn.available == available
    assert machine.mm.in_page.failures == 2
    store.refuse_read = lambda offset, size: False
    assert [process.space.memory.read_u8(paged_out + page * PAGE) for page in range(PAGES)] == list(range(PAGES))


class FailingStore:
    """Fails reads with an error of the host, or gives too little where there is none."""

    def __init__(self, store: MemoryStore, error: int) -> None:
        self._store = store
        self._error = error

    def read(self, offset: int, size: int) -> bytes:
        if self._error:
            raise OSError(self._error, "injected")
        return bytes(self._store.data[offset : offset + size - 1])


@pytest.mark.parametrize("in_thread", [False, True])
@pytest.mark.parametrize(
    ("error", "status"),
    [(errno.EIO, Status.IO_DEVICE_ERROR), (errno.EACCES, Status.ACCESS_DENIED), (0, Status.END_OF_FILE)],
)
def test_does_an_in_page_error_know_what_the_disk_said(
    machine: MemoryMachine,
    process: FakeProcess,
    paged_out: int,
    store: MemoryStore,
    monkeypatch: pytest.MonkeyPatch,
    error: int,
    status: Status,
    in_thread: bool,
) -> None:
    """Whether the read is over at once, or another thread could run and the thread has waited."""
    found: list[FaultOutcome] = []
    monkeypatch.setattr(store, "read", FailingStore(store, error).read)
    if in_thread:
        machine.run(lambda: found.append(machine.fault(process, paged_out)), lambda: None)
    else:
        found.append(machine.fault(process, paged_out))
    assert [(end.status, end.io_status) for end in found] == [(Status.IN_PAGE_ERROR, status)]


def test_do_all_waiting_threads_learn_of_a_failed_read(
    machine: MemoryMachine, process: FakeProcess, paged_out: int, store: MemoryStore
) -> None:
    store.refuse_read = lambda offset, size: True
    statuses: list[int] = []

    def body() -> None:
        statuses.append(status_of_read(process, paged_out))

    machine.run(body, body, body)
    assert statuses == [Status.IN_PAGE_ERROR] * 3
    machine.check()
    store.refuse_read = lambda offset, size: False
    assert process.space.memory.read_u8(paged_out + PAGE) == 1


def test_does_a_collided_thread_try_itself_when_the_disk_recovers(
    machine: MemoryMachine, process: FakeProcess, paged_out: int, store: MemoryStore
) -> None:
    store.refuse_read = lambda offset, size: not store.refused_reads
    statuses: list[int] = []
    machine.run(*[lambda: statuses.append(status_of_read(process, paged_out))] * 2)
    assert sorted(statuses) == [Status.SUCCESS, Status.IN_PAGE_ERROR]


@pytest.mark.parametrize("release", [False, True])
def test_may_memory_be_freed_while_it_is_read(
    machine: MemoryMachine, process: FakeProcess, paged_out: int, release: bool
) -> None:
    """The pages go to the free list when the read is over, and their slots with them."""
    statuses: list[int] = []

    def reader() -> None:
        statuses.append(status_of_read(process, paged_out))

    def owner() -> None:
        if release:
            assert machine.mm.free(process, paged_out, 0, MEM_RELEASE).status is Status.SUCCESS
        else:
            assert machine.mm.free(process, paged_out, PAGES * PAGE, MEM_DECOMMIT).status is Status.SUCCESS
        machine.check()

    machine.run(reader, owner)
    assert statuses == [Status.ACCESS_VIOLATION]
    assert machine.mm.paging_files.files[0].slots.in_use() == []


def test_may_a_page_be_protected_while_it_is_read(machine: MemoryMachine, process: FakeProcess, paged_out: int) -> None:
    statuses: list[int] = []
    machine.run(
        lambda: statuses.append(status_of_write(process, paged_out)),
        lambda: statuses.append(machine.mm.protect(process, paged_out, PAGE, PAGE_READONLY).status),
    )
    assert statuses == [Status.SUCCESS, Status.ACCESS_VIOLATION]
    assert process.space.memory.read_u8(paged_out) == 0


def test_is_a_clean_page_dropped_without_a_second_write(
    machine: MemoryMachine, process: FakeProcess, paged_out: int, store: MemoryStore
) -> None:
    process.space.memory.read_u8(paged_out)
    writes = len(store.writes)
    machine.page_out(process)
    assert process.space.memory.read_u8(paged_out) == 0
    data = [write for write in store.writes[writes:] if write[1] > PAGE]
    assert data == []  # nothing but the page table, whose contents are always newer


def test_does_a_changed_page_get_a_new_slot(machine: MemoryMachine, process: FakeProcess, paged_out: int) -> None:
    used = machine.mm.paging_files.files[0].slots.used
    process.space.memory.write(paged_out, b"new")
    machine.page_out(process, tables=False)
    assert process.space.memory.read(paged_out, 4) == b"new\0"
    machine.check()
    assert machine.mm.paging_files.files[0].slots.used <= used + 1


def test_can_memory_be_many_times_ram() -> None:
    machine = MemoryMachine("x86", 2 * MB)
    machine.add_paging_file(8 * MB)
    process = machine.new_process()
    pages = 8 * MB // PAGE - 64
    base = machine.allocate(process, pages * PAGE)
    for page in range(pages):
        process.space.memory.write_u32(base + page * PAGE, page * 7)
    machine.check()
    for page in reversed(range(pages)):
        assert process.space.memory.read_u32(base + page * PAGE) == page * 7
    machine.check()
    machine.end(process)
    assert machine.mm.paging_files.files[0].slots.in_use() == []


def test_does_a_failing_read_of_the_kernel_reach_its_caller(
    machine: MemoryMachine, process: FakeProcess, paged_out: int, store: MemoryStore
) -> None:
    store.refuse_read = lambda offset, size: True
    with pytest.raises(GuestFault) as stopped:
        process.space.memory.read(paged_out + PAGE - 2, 4)
    assert (stopped.value.status, stopped.value.address) == (Status.IN_PAGE_ERROR, paged_out + PAGE - 2)


def test_is_every_fault_counted_as_hard_or_soft_or_neither_and_only_once(
    machine: MemoryMachine, process: FakeProcess, store: MemoryStore
) -> None:
    """A first touch in a page table that must be read is a demand-zero fault, and a hard one: it has waited."""
    machine.allocate(process, 2 * MB, address=AT)
    process.space.memory.write_u8(AT, 1)
    machine.page_out(process)
    before, hard = machine.mm.statistics(), hard_faults(machine)
    assert machine.fault(process, AT + PAGE, WRITE_FAULT).kind is FaultKind.DEMAND_ZERO
    assert machine.fault(process, AT, READ_FAULT).kind is FaultKind.PAGING_FILE
    assert machine.fault(process, AT + 2 * PAGE, READ_FAULT).kind is FaultKind.DEMAND_ZERO
    assert machine.fault(process, AT + 64 * MB, READ_FAULT).kind is FaultKind.ACCESS_VIOLATION
    statistics = machine.mm.statistics()
    assert hard_faults(machine) - hard == 2
    assert statistics.soft_faults - before.soft_faults == 1
    assert statistics.demand_zero_faults - before.demand_zero_faults == 1


def test_is_a_read_that_fails_at_once_a_hard_fault(
    machine: MemoryMachine, process: FakeProcess, paged_out: int, store: MemoryStore
) -> None:
    store.refuse_read = lambda offset, size: True
    before = hard_faults(machine)
    machine.fault(process, paged_out)
    machine.run(lambda: status_of_read(process, paged_out), lambda: None)
    assert hard_faults(machine) == before + 2
