"""The kernel's own pageable memory: page tables of processes and paged pool leave RAM and come back."""

import pytest

from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ke.bugcheck import Bugcheck
from ntmm.kernel.mm.fault import FaultKind
from ntmm.kernel.mm.pfn import PageState, PageUse
from ntmm.kernel.mm.tables.page_tables import PAGED_OUT
from ntmm.nt.memory import MEM_COMMIT, MEM_DECOMMIT, MEM_RELEASE, MEM_RESERVE, PAGE_READONLY, PAGE_READWRITE
from ntmm.nt.status import Status
from tests.kernel.mm.images import CODE, DATA, PREFERRED_BASE, TAIL, image
from tests.kernel.mm.machine import MB, PAGE, FakeProcess, MemoryMachine, MemoryStore, status_of_read, status_of_write

AT = 0x50000000


@pytest.fixture
def store(machine: MemoryMachine) -> MemoryStore:
    return machine.add_paging_file(4 * MB)


@pytest.fixture
def out(machine: MemoryMachine, process: FakeProcess, store: MemoryStore) -> int:
    """Eight written pages of a committed region of sixteen; pages and page tables are in the paging file only."""
    machine.allocate(process, 16 * PAGE, address=AT)
    for page in range(8):
        process.space.memory.write_u8(AT + page * PAGE, page + 1)
    machine.page_out(process)
    assert process.space.tables.find(AT) == PAGED_OUT
    assert process.space.tables.user_tables() == []
    assert process.space.working_set.count == process.space.working_set.fixed
    machine.check()
    return AT


def contents(process: FakeProcess) -> list[int]:
    return [process.space.memory.read_u8(AT + page * PAGE) for page in range(16)]


def test_do_page_tables_come_back_with_the_first_touch(
    machine: MemoryMachine, process: FakeProcess, out: int, store: MemoryStore
) -> None:
    store.reads.clear()
    outcome = machine.fault(process, out)
    assert outcome.status is Status.PAGE_FAULT_PAGING_FILE
    levels = {"x86": 1, "pae": 1, "x64": 3}[machine.architecture.name]
    assert [size // PAGE for _, size in store.reads] == [1] * levels + [5]
    machine.check()
    assert contents(process) == [*range(1, 9), *[0] * 8]


@pytest.mark.parametrize("written", [False, True])
def test_is_a_page_table_on_a_list_taken_back_without_a_read(
    machine: MemoryMachine, process: FakeProcess, store: MemoryStore, written: bool
) -> None:
    machine.allocate(process, PAGE, address=AT)
    process.space.memory.write_u8(AT, 7)
    machine.page_out(process, tables=False)
    machine.empty(process)
    assert process.space.tables.find(AT) == PAGED_OUT
    if written:
        machine.write_out()
    store.reads.clear()
    machine.mm.query(process, AT)
    assert store.reads == []
    assert process.space.tables.find(AT) >= 0
    machine.check()


def test_does_a_table_stay_while_its_pages_are_in_ram(machine: MemoryMachine, process: FakeProcess) -> None:
    """Without a paging file the pages stay on the modified list, and their transition PTEs hold the table."""
    machine.allocate(process, PAGE, address=AT)
    process.space.memory.write_u8(AT, 7)
    machine.empty(process)
    index = process.space.tables.find(AT)
    assert index >= 0
    assert machine.mm.pfn.state[index >> machine.mm.table_memory.entries_shift] == PageState.ACTIVE
    assert process.space.working_set.count > process.space.working_set.fixed
    machine.check()


@pytest.mark.parametrize("service", ["query", "protect", "decommit", "commit", "release", "lock", "end"])
def test_do_services_bring_page_tables_in(machine: MemoryMachine, process: FakeProcess, out: int, service: str) -> None:
    mm = machine.mm
    if service == "query":
        row = mm.query(process, out)
        assert row is not None
        assert (row.region_size, row.state, row.protect) == (16 * PAGE, MEM_COMMIT, PAGE_READWRITE)
    elif service == "protect":
        assert mm.protect(process, out + 4 * PAGE, 8 * PAGE, PAGE_READONLY).status is Status.SUCCESS
        assert status_of_write(process, out + 4 * PAGE) == Status.ACCESS_VIOLATION
    elif service == "decommit":
        assert mm.free(process, out, 8 * PAGE, MEM_DECOMMIT).status is Status.SUCCESS
        assert status_of_read(process, out) == Status.ACCESS_VIOLATION
    elif service == "commit":
        assert mm.allocate(process, out, 16 * PAGE, MEM_COMMIT, PAGE_READONLY).status is Status.SUCCESS
        assert contents(process) == [*range(1, 9), *[0] * 8]
    elif service == "release":
        assert mm.free(process, out, 0, MEM_RELEASE).status is Status.SUCCESS
    elif service == "lock":
        assert mm.lock(process, out, 4 * PAGE).status is Status.SUCCESS
        assert [machine.pte(process, out + page * PAGE) & 1 for page in range(4)] == [1] * 4
    else:
        machine.end(process)
    machine.check()
    if service in ("release", "end"):
        assert mm.paging_files.files[0].slots.in_use() == []


def test_is_an_entry_counted_that_was_paged_with_its_table(
    machine: MemoryMachine, process: FakeProcess, out: int
) -> None:
    machine.mm.free(process, out, 0, MEM_RELEASE)
    assert process.space.tables.tables == process.space.fixed_pages["hyperspace page tables"]


def test_is_a_table_that_cannot_be_read_an_in_page_error(
    machine: MemoryMachine, process: FakeProcess, out: int, store: MemoryStore
) -> None:
    store.refuse_read = lambda offset, size: True
    assert status_of_read(process, out) == Status.IN_PAGE_ERROR
    machine.check()
    with pytest.raises(GuestFault) as stopped:
        machine.mm.query(process, out)
    assert stopped.value.status == Status.IN_PAGE_ERROR
    machine.check()
    store.refuse_read = lambda offset, size: False
    assert contents(process) == [*range(1, 9), *[0] * 8]


def test_do_threads_wait_for_one_read_of_a_table(
    machine: MemoryMachine, process: FakeProcess, out: int, store: MemoryStore
) -> None:
    store.reads.clear()
    found: list[list[int]] = []
    machine.run(*[lambda: found.append(contents(process))] * 3, machine.check)
    assert found == [[*range(1, 9), *[0] * 8]] * 3
    levels = {"x86": 1, "pae": 1, "x64": 3}[machine.architecture.name]
    assert len(store.reads) == levels + 2
    machine.check()


def test_may_a_region_go_while_a_thread_waits_for_its_table(
    machine: MemoryMachine, process: FakeProcess, out: int
) -> None:
    statuses: list[int] = []
    machine.run(
        lambda: statuses.append(status_of_read(process, out)),
        lambda: statuses.append(machine.mm.free(process, out, 0, MEM_RELEASE).status),
    )
    assert sorted(statuses) == [Status.SUCCESS, Status.ACCESS_VIOLATION]
    machine.check()


def test_are_tables_of_reserved_memory_paged_too(
    machine: MemoryMachine, process: FakeProcess, store: MemoryStore
) -> None:
    """Their entries are all decommitted or demand-zero: nothing in them names RAM."""
    machine.allocate(process, 64 * PAGE, address=AT)
    machine.mm.free(process, AT, 8 * PAGE, MEM_DECOMMIT)
    machine.page_out(process)
    assert process.space.tables.find(AT) == PAGED_OUT
    machine.check()
    assert status_of_read(process, AT) == Status.ACCESS_VIOLATION
    assert status_of_read(process, AT + 8 * PAGE) == Status.SUCCESS


def test_is_a_process_that_cannot_be_deleted_a_bugcheck() -> None:
    """What its page tables name could never be given back: KERNEL_DATA_INPAGE_ERROR, as on Windows."""
    machine = MemoryMachine("x86")
    disk, doomed = machine.add_paging_file(), machine.new_process()
    machine.allocate(doomed, PAGE, address=AT)
    doomed.space.memory.write_u8(AT, 1)
    machine.page_out(doomed)
    disk.refuse_read = lambda offset, size: True
    with pytest.raises(Bugcheck, match="0x0000007A KERNEL_DATA_INPAGE_ERROR") as stopped:
        machine.end(doomed)
    assert stopped.value.parameters[:3] == (1, Status.IN_PAGE_ERROR, doomed.space.process_id)


# paged pool


def trim_system(machine: MemoryMachine) -> None:
    """All of paged pool that can go leaves RAM."""
    machine.mm.pageout.working_sets.trim(100_000, below_minimum=True)
    machine.write_out()
    machine.drop_standby()
    machine.check()


def pool_words(machine: MemoryMachine, address: int, count: int) -> list[int]:
    pool, size = machine.mm.system.paged_pool, machine.architecture.pte_size
    return [machine.mm.table_memory.entries[pool.word(address + number * size)] for number in range(count)]


def test_does_paged_pool_keep_its_contents(machine: MemoryMachine, store: MemoryStore) -> None:
    pool, entries = machine.mm.system.paged_pool, machine.mm.table_memory.entries
    pool.allocate(pool.grown_range[1] - pool.grown_range[0], "Fill")  # the first page can never go
    address = pool.allocate(4 * PAGE, "Test")
    places = [address + page * PAGE + 16 for page in range(4)]
    for number, place in enumerate(places):
        entries[pool.word(place)] = number << 24
    trim_system(machine)
    out_of_ram = [machine.mm.system.tables.find_word(place) for place in places]
    assert out_of_ram == [-1] * 4
    assert [pool_words(machine, place, 1)[0] for place in places] == [number << 24 for number in range(4)]
    machine.check()
    pool.free(address)
    machine.check()


def test_is_a_page_of_prototypes_in_use_never_taken(machine: MemoryMachine, store: MemoryStore) -> None:
    process = machine.new_process()
    section = machine.open_image(image("a.dll", machine.architecture.bits == 64))
    machine.mm.map_image(process, section)
    machine.mm.lock(process, PREFERRED_BASE + CODE, PAGE)
    trim_system(machine)
    assert machine.mm.system.tables.find_word(section.control_area.first_prototype) >= 0


def test_do_prototypes_come_back_when_a_view_is_touched(machine: MemoryMachine, store: MemoryStore) -> None:
    """The segment's prototype PTEs are in the paging file, and with them the places of the segment's changed pages."""
    process, other = machine.new_process(), machine.new_process()
    pool = machine.mm.system.paged_pool
    pool.allocate(pool.grown_range[1] - pool.grown_range[0], "Fill")  # the segment gets pages of its own
    section = machine.open_image(image("a.dll", machine.architecture.bits == 64))
    for user in (process, other):
        machine.mm.map_image(user, section)
    process.space.memory.write(PREFERRED_BASE + TAIL, b"shared")
    process.space.memory.write(PREFERRED_BASE + DATA, b"private")
    process.space.memory.read_u8(PREFERRED_BASE + CODE)
    machine.page_out(process)
    trim_system(machine)
    assert machine.mm.system.tables.find_word(section.control_area.first_prototype) == -1
    assert other.space.memory.read(PREFERRED_BASE + TAIL, 6) == b"shared"
    machine.check()
    assert process.space.memory.read(PREFERRED_BASE + DATA, 7) == b"private"
    assert other.space.memory.read(PREFERRED_BASE + DATA, 7) == bytes(7)
    machine.check()


def test_is_a_prototype_that_cannot_be_read_an_in_page_error(machine: MemoryMachine, store: MemoryStore) -> None:
    process = machine.new_process()
    pool = machine.mm.system.paged_pool
    pool.allocate(pool.grown_range[1] - pool.grown_range[0], "Fill")
    section = machine.open_image(image("a.dll", machine.architecture.bits == 64))
    machine.mm.map_image(process, section)
    trim_system(machine)
    store.refuse_read = lambda offset, size: True
    assert status_of_read(process, PREFERRED_BASE + CODE) == Status.IN_PAGE_ERROR
    machine.check()
    store.refuse_read = lambda offset, size: False
    assert status_of_read(process, PREFERRED_BASE + CODE) == Status.SUCCESS
    machine.check()


def test_do_two_processes_share_the_read_of_a_prototype_page(machine: MemoryMachine, store: MemoryStore) -> None:
    processes = [machine.new_process() for _ in range(2)]
    pool = machine.mm.system.paged_pool
    pool.allocate(pool.grown_range[1] - pool.grown_range[0], "Fill")
    section = machine.open_image(image("a.dll", machine.architecture.bits == 64))
    for process in processes:
        machine.mm.map_image(process, section)
    trim_system(machine)
    store.reads.clear()
    statuses: list[int] = []
    machine.run(
        *(
            lambda process=process: statuses.append(status_of_read(process, PREFERRED_BASE + CODE))
            for process in processes
        )
    )
    assert statuses == [Status.SUCCESS] * 2
    assert len(store.reads) == 1
    machine.check()


def test_does_the_system_working_set_keep_to_its_maximum(machine: MemoryMachine, store: MemoryStore) -> None:
    """While memory is not plentiful a new page of paged pool takes the place of another."""
    mm = machine.mm
    taken = machine.fill_ram(mm.pageout.levels.plenty - 2)
    system = mm.system.working_set
    room = system.limits.maximum - system.count
    for _ in range(room // 16 + 4):
        mm.system.paged_pool.allocate(16 * PAGE, "Test")
    assert system.count <= system.limits.maximum
    assert system.trimmed > 0
    for frame in taken:
        mm.pfn.free(frame)
    machine.check()
    kinds = mm.faults.counts[1]
    assert kinds[FaultKind.OUT_OF_MEMORY] == 0


def test_which_pages_are_nonpaged(machine: MemoryMachine, store: MemoryStore) -> None:
    machine.mm.system.nonpaged_pool.allocate(8 * PAGE, "Test")
    pfn = machine.mm.pfn
    before = [frame for frame in range(pfn.high_water) if pfn.use[frame] == PageUse.NONPAGED_POOL]
    trim_system(machine)
    assert {PageState(pfn.state[frame]) for frame in before} == {PageState.ACTIVE}
    assert machine.mm.allocate(machine.new_process(), 0, PAGE, MEM_RESERVE, PAGE_READWRITE).status is Status.SUCCESS


@pytest.mark.parametrize("service", ["protect", "decommit", "commit", "release", "lock", "limits"])
@pytest.mark.parametrize("bad", [0, 1])
def test_is_a_service_stopped_by_an_unreadable_table_before_it_changes_anything(
    machine: MemoryMachine, process: FakeProcess, store: MemoryStore, service: str, bad: int
) -> None:
    """A range over two page tables, one of which cannot be read: the caller is told, and may try again."""
    base, size = 0x3FFF000, 3 * PAGE  # across a border of page tables, 4 MB on x86 and 2 MB elsewhere
    start = base & -0x10000
    machine.allocate(process, base + size - start, address=start)
    for page in range(3):
        process.space.memory.write_u8(base + page * PAGE, page + 1)
    machine.page_out(process)
    process.space.tables.find_resident(base if bad else base + PAGE)
    assert process.space.tables.find(base + PAGE if bad else base) == PAGED_OUT
    store.refuse_read = lambda offset, size: True

    def call() -> Status:
        mm = machine.mm
        if service == "protect":
            return mm.protect(process, base, size, PAGE_READONLY).status
        if service == "decommit":
            return mm.free(process, base, size, MEM_DECOMMIT).status
        if service == "commit":
            return mm.allocate(process, base, size, MEM_COMMIT, PAGE_READONLY).status
        if service == "release":
            return mm.free(process, start, 0, MEM_RELEASE).status
        if service == "lock":
            return mm.lock(process, base, size).status
        return mm.set_working_set_limits(process, 30 * PAGE, 60 * PAGE)

    before = process.space.account.pages
    try:
        status = call()
    except GuestFault as fault:
        status = Status(fault.status)
    assert status is (Status.IN_PAGE_ERROR if service != "limits" else Status.SUCCESS)
    machine.check()
    assert process.space.account.pages == before
    store.refuse_read = lambda offset, size: False
    assert [process.space.memory.read_u8(base + page * PAGE) for page in range(3)] == [1, 2, 3]
    assert call() is Status.SUCCESS
