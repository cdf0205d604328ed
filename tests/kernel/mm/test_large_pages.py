"""MEM_LARGE_PAGES: adjacent frames behind one directory entry."""

from collections.abc import Iterator

import pytest

from ntmm.hw.arch import LARGE
from ntmm.kernel.mm.pfn import PageUse
from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_DECOMMIT,
    MEM_LARGE_PAGES,
    MEM_RELEASE,
    MEM_RESERVE,
    PAGE_EXECUTE_READWRITE,
    PAGE_GUARD,
    PAGE_READONLY,
    PAGE_READWRITE,
)
from ntmm.nt.status import Status
from tests.kernel.mm.machine import FETCH_FAULT, GB, MB, PAGE, FakeProcess, MemoryMachine, status_of_read

KIND = MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES
TB = 1 << 40


@pytest.fixture
def machine(name: str) -> Iterator[MemoryMachine]:
    made = MemoryMachine(name, ram=128 * MB if name == "ia64" else 32 * MB)
    yield made
    made.check()


@pytest.fixture(params=("x86", "pae", "x64", "ia64"))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_is_a_large_page_one_entry_over_adjacent_frames(machine: MemoryMachine, process: FakeProcess) -> None:
    large, page = machine.architecture.large_page_size, machine.architecture.page_size
    before, tables_before = machine.mm.process_memory(process), process.space.tables.tables
    base = machine.allocate(process, 2 * large, KIND)
    assert base % large == 0
    tables = process.space.tables
    for address in (base, base + large, base + 2 * large - 1):
        entry = machine.mm.table_memory.entries[tables.directory_index(address)]
        assert entry & LARGE and machine.mm.table_memory.format.frame(entry) % (large // page) == 0
    after = machine.mm.process_memory(process)
    made = tables.tables - tables_before
    assert after.commit - before.commit == 2 * large + made * page
    assert after.working_set - before.working_set == made * page
    memory = process.space.memory
    memory.write(base + large - 3, b"across")
    assert memory.read(base + large - 4, 8) == b"\0across\0"
    assert machine.mm.free(process, base, 0, MEM_RELEASE) == (Status.SUCCESS, base, 2 * large)
    assert status_of_read(process, base) == Status.ACCESS_VIOLATION
    assert machine.mm.process_memory(process).commit == before.commit


@pytest.mark.parametrize(
    ("base", "size", "kind", "protection", "status"),
    [
        (0, PAGE, KIND, PAGE_READWRITE, Status.INVALID_PARAMETER_4),
        (0x10000, 0, KIND, PAGE_READWRITE, Status.INVALID_PARAMETER_2),
        (0, 0, MEM_RESERVE | MEM_LARGE_PAGES, PAGE_READWRITE, Status.INVALID_PARAMETER_5),
        (0, 0, KIND, PAGE_READWRITE | PAGE_GUARD, Status.INVALID_PAGE_PROTECTION),
        (0x10000000, 0, MEM_COMMIT | MEM_LARGE_PAGES, PAGE_READWRITE, Status.CONFLICTING_ADDRESSES),
    ],
)
def test_what_is_refused(
    machine: MemoryMachine, process: FakeProcess, base: int, size: int, kind: int, protection: int, status: Status
) -> None:
    size = size or machine.architecture.large_page_size
    assert machine.mm.allocate(process, base, size, kind, protection).status is status


def test_does_it_need_the_privilege(machine: MemoryMachine, process: FakeProcess) -> None:
    large = machine.architecture.large_page_size
    refused = machine.mm.allocate(process, 0, large, KIND, PAGE_READWRITE, may_lock_memory=False)
    assert refused.status is Status.PRIVILEGE_NOT_HELD


def test_what_do_other_services_say_of_large_pages(machine: MemoryMachine, process: FakeProcess) -> None:
    mm, large, page = machine.mm, machine.architecture.large_page_size, machine.architecture.page_size
    base = machine.allocate(process, large, KIND, PAGE_READONLY)
    found = mm.query(process, base + page)
    assert found is not None and (found.state, found.protect, found.region_size) == (MEM_COMMIT, 4, large - page)
    assert mm.protect(process, base, page, PAGE_READONLY).status is Status.CONFLICTING_ADDRESSES
    assert mm.allocate(process, base, page, MEM_COMMIT, PAGE_READWRITE).status is Status.CONFLICTING_ADDRESSES
    assert mm.free(process, base, page, MEM_RELEASE).status is Status.UNABLE_TO_FREE_VM
    assert mm.free(process, base, 0, MEM_DECOMMIT).status is Status.MEMORY_NOT_ALLOCATED
    assert mm.lock(process, base, large) == (Status.SUCCESS, base, large)
    assert mm.allocate(process, base, large, KIND, PAGE_READWRITE).status is Status.CONFLICTING_ADDRESSES


def test_may_only_those_be_executed_that_were_asked_to(machine: MemoryMachine, process: FakeProcess) -> None:
    large = machine.architecture.large_page_size
    plain, code = machine.allocate(process, large, KIND), machine.allocate(process, large, KIND, PAGE_EXECUTE_READWRITE)
    entries, tables = machine.mm.table_memory.entries, process.space.tables
    no_execute = machine.architecture.no_execute
    assert entries[tables.directory_index(plain)] & no_execute == no_execute
    assert not entries[tables.directory_index(code)] & no_execute
    assert machine.fault(process, plain, FETCH_FAULT).status == Status.ACCESS_VIOLATION


def test_are_all_pages_given_back_when_one_run_is_missing(machine: MemoryMachine, process: FakeProcess) -> None:
    """Every other page is taken: there is plenty of RAM, and no two pages of it are adjacent."""
    mm, large, page = machine.mm, machine.architecture.large_page_size, machine.architecture.page_size
    held = machine.fill_ram(0)
    for frame in held[::2]:
        mm.pfn.free(frame)
    held = held[1::2]
    available, committed, resident = mm.pfn.available, mm.ledger.committed, mm.resident.charged
    assert available * page > 2 * large
    assert mm.allocate(process, 0, large, KIND, PAGE_READWRITE).status is Status.INSUFFICIENT_RESOURCES
    assert (mm.pfn.available, mm.ledger.committed, mm.resident.charged) == (available, committed, resident)
    for frame in held:
        mm.pfn.free(frame)
    base = machine.allocate(process, large, KIND)
    assert process.space.memory.read_u32(base + large - 4) == 0  # freed pages hold junk: it was zeroed


def test_are_standby_pages_taken_for_a_run_and_come_back_as_hard_faults(
    machine: MemoryMachine, process: FakeProcess
) -> None:
    mm, large, size = machine.mm, machine.architecture.large_page_size, machine.architecture.page_size
    machine.add_paging_file(machine.ram.size)
    mm.set_working_set_limits(process, MB, 2 * MB, hard_maximum=True)  # its list stays short
    memory, pages = process.space.memory, mm.pfn.available - 64
    base = machine.allocate(process, pages * size)
    for page in (*range(0, pages, 512), *range(pages)):  # the page tables first: they stay, and lie side by side
        memory.write_u32(base + page * size, page + 1)
    machine.empty(process)
    machine.write_out()
    assert mm.pfn.standby.count > pages // 2
    before = mm.pfn.repurposed
    machine.allocate(process, large, KIND)
    assert mm.pfn.repurposed > before
    assert all(memory.read_u32(base + page * size) == page + 1 for page in range(0, pages, 7))


def test_does_a_process_give_them_back_when_it_ends(machine: MemoryMachine, process: FakeProcess) -> None:
    large = machine.architecture.large_page_size
    machine.allocate(process, large, KIND)
    assert not machine.mm.out_swap(process.space)
    machine.end(process)
    assert not any(machine.mm.pfn.use[frame] == PageUse.LARGE_PAGE for frame in range(machine.mm.pfn.high_water))


def test_does_a_machine_of_1_tb_map_large_pages_far_up() -> None:
    machine = MemoryMachine("x64", ram=TB)
    process = machine.new_process()
    tables = process.space.tables.tables
    base = machine.allocate(process, GB, KIND)
    memory = process.space.memory
    for at in range(0, GB, 32 * MB):
        memory.write_u64(base + at, at)
    assert [memory.read_u64(base + at) for at in range(0, GB, 32 * MB)] == list(range(0, GB, 32 * MB))
    assert process.space.tables.tables - tables <= 3  # upper tables, and not one page table
    machine.check()
