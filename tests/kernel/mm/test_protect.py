"""NtProtectVirtualMemory: refusals in their order, what each protection lets a program do, contents kept."""

import pytest

from ntmm.kernel.mm.pfn import PageUse
from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_DECOMMIT,
    MEM_RESERVE,
    MM_NOACCESS,
    PAGE_EXECUTE,
    PAGE_EXECUTE_READ,
    PAGE_EXECUTE_READWRITE,
    PAGE_EXECUTE_WRITECOPY,
    PAGE_GUARD,
    PAGE_NOACCESS,
    PAGE_NOCACHE,
    PAGE_READONLY,
    PAGE_READWRITE,
    PAGE_WRITECOMBINE,
    PAGE_WRITECOPY,
)
from ntmm.nt.status import Status
from tests.kernel.mm.images import CODE, COPY_ON_WRITE, DATA, PREFERRED_BASE, SHARED, TAIL, image
from tests.kernel.mm.machine import (
    FETCH_FAULT,
    PAGE,
    READ_FAULT,
    WRITE_FAULT,
    FakeProcess,
    MemoryMachine,
    status_of_read,
    status_of_write,
)

AT = 0x50000000


@pytest.mark.parametrize(
    "protection",
    [
        0,
        PAGE_READONLY | PAGE_READWRITE,
        PAGE_READWRITE | PAGE_WRITECOMBINE,
        PAGE_READWRITE | 0x800,
        PAGE_NOACCESS | PAGE_GUARD,
        PAGE_READWRITE | PAGE_GUARD | PAGE_NOCACHE,
    ],
)
def test_which_protections_are_invalid(machine: MemoryMachine, process: FakeProcess, protection: int) -> None:
    base = machine.allocate(process, PAGE)
    assert machine.mm.protect(process, base, PAGE, protection).status is Status.INVALID_PAGE_PROTECTION


def test_which_ranges_are_refused(machine: MemoryMachine) -> None:
    process = machine.new_process(with_peb=True)
    machine.allocate(process, 0x10000, address=AT)
    machine.allocate(process, 0x10000, MEM_RESERVE, address=AT + 0x10000)
    machine.allocate(process, PAGE, MEM_COMMIT, address=AT + 0x10000)
    machine.mm.free(process, AT + PAGE, PAGE, MEM_DECOMMIT)
    above = machine.mm.layout.highest_vad_address + 1

    def status(address: int, size: int, protection: int = PAGE_READONLY) -> Status:
        return machine.mm.protect(process, address, size, protection).status

    assert status(above, PAGE) is Status.INVALID_PARAMETER_2
    assert status(AT, 0) is Status.INVALID_PARAMETER_3
    assert status(above - PAGE, PAGE + 1) is Status.INVALID_PARAMETER_3
    assert status(AT - PAGE, PAGE) is Status.CONFLICTING_ADDRESSES
    assert status(AT + 0xF000, PAGE + 1) is Status.CONFLICTING_ADDRESSES
    assert status(process.peb, PAGE) is Status.INVALID_PAGE_PROTECTION
    assert status(AT, PAGE, PAGE_WRITECOPY) is Status.INVALID_PARAMETER_4
    assert status(AT, PAGE, PAGE_EXECUTE_WRITECOPY) is Status.INVALID_PARAMETER_4
    assert status(AT, 2 * PAGE) is Status.NOT_COMMITTED
    assert status(AT + 0x10000, PAGE + 1) is Status.NOT_COMMITTED
    unchanged = machine.mm.query(process, AT)
    assert unchanged is not None
    assert unchanged.protect == PAGE_READWRITE
    assert status(AT, PAGE) is Status.SUCCESS


def test_what_does_it_answer(machine: MemoryMachine, process: FakeProcess) -> None:
    base = machine.allocate(process, 4 * PAGE)
    first = machine.mm.protect(process, base + PAGE + 5, 1, PAGE_READONLY)
    second = machine.mm.protect(process, base + PAGE, 2 * PAGE, PAGE_EXECUTE_READ | PAGE_GUARD)
    assert first == (Status.SUCCESS, PAGE_READWRITE, base + PAGE, PAGE)
    assert second == (Status.SUCCESS, PAGE_READONLY, base + PAGE, 2 * PAGE)


ALLOWED = [
    # protection, read, write, execute
    (PAGE_NOACCESS, False, False, False),
    (PAGE_READONLY, True, False, False),
    (PAGE_READWRITE, True, True, False),
    (PAGE_EXECUTE, True, False, True),
    (PAGE_EXECUTE_READ, True, False, True),
    (PAGE_EXECUTE_READWRITE, True, True, True),
    (PAGE_READWRITE | PAGE_NOCACHE, True, True, False),
]


@pytest.mark.parametrize("touched", [False, True])
@pytest.mark.parametrize(("protection", "read", "write", "execute"), ALLOWED)
def test_which_accesses_does_a_protection_allow(
    machine: MemoryMachine,
    process: FakeProcess,
    protection: int,
    read: bool,
    write: bool,
    execute: bool,
    touched: bool,
) -> None:
    for error_code, allowed in ((READ_FAULT, read), (WRITE_FAULT, write), (FETCH_FAULT, execute)):
        if error_code == FETCH_FAULT and not machine.architecture.has_no_execute:
            continue  # such a processor does not tell fetches from reads
        base = machine.allocate(process, PAGE)
        if touched:
            process.space.memory.write_u8(base, 1)
        assert machine.mm.protect(process, base, PAGE, protection).status is Status.SUCCESS
        status = machine.fault(process, base, error_code).status
        assert (status is not Status.ACCESS_VIOLATION) is allowed


def test_does_no_access_keep_the_contents(machine: MemoryMachine, process: FakeProcess) -> None:
    base = machine.allocate(process, 2 * PAGE)
    process.space.memory.write(base, b"secret")
    frame, pages = machine.frame(process, base), process.space.working_set.count
    assert machine.mm.protect(process, base, 2 * PAGE, PAGE_NOACCESS).status is Status.SUCCESS
    assert machine.mm.table_memory.format.is_transition(machine.pte(process, base))
    assert (process.space.working_set.count, machine.mm.pfn.modified.count) == (pages - 1, 1)
    assert status_of_read(process, base) == Status.ACCESS_VIOLATION
    machine.check()
    assert machine.mm.protect(process, base, PAGE, PAGE_READONLY).old == PAGE_NOACCESS
    assert machine.fault(process, base).status is Status.PAGE_FAULT_TRANSITION
    assert process.space.memory.read(base, 6) == b"secret"
    assert machine.frame(process, base) == frame
    assert status_of_write(process, base) == Status.ACCESS_VIOLATION


def test_is_a_clean_page_without_access_lost_only_to_zeroes(machine: MemoryMachine, process: FakeProcess) -> None:
    base = machine.allocate(process, PAGE)
    status_of_read(process, base)
    machine.mm.protect(process, base, PAGE, PAGE_NOACCESS)
    assert machine.mm.pfn.standby.count == 1
    pfn = machine.mm.pfn
    for frame in [pfn.take_zeroed(PageUse.KERNEL) for _ in range(pfn.available)]:
        pfn.free(frame)
    assert machine.pte(process, base) == machine.mm.table_memory.format.demand_zero(MM_NOACCESS)
    machine.check()
    machine.mm.protect(process, base, PAGE, PAGE_READWRITE)
    assert process.space.memory.read(base, PAGE) == bytes(PAGE)


def test_does_downgrading_and_back_keep_the_dirty_bit(machine: MemoryMachine, process: FakeProcess) -> None:
    base = machine.allocate(process, PAGE)
    process.space.memory.write_u8(base, 7)
    machine.mm.protect(process, base, PAGE, PAGE_READONLY)
    machine.mm.protect(process, base, PAGE, PAGE_NOACCESS)
    assert (machine.mm.pfn.modified.count, machine.mm.pfn.standby.count) == (1, 0)
    machine.mm.protect(process, base, PAGE, PAGE_READWRITE)
    status_of_read(process, base)
    machine.mm.protect(process, base, PAGE, PAGE_NOACCESS)
    assert (machine.mm.pfn.modified.count, machine.mm.pfn.standby.count) == (1, 0)


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        (PAGE_READWRITE, PAGE_WRITECOPY),
        (PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_WRITECOPY),
        (PAGE_READONLY, PAGE_READONLY),
    ],
)
def test_is_write_access_to_an_image_turned_into_write_copy(
    machine: MemoryMachine, process: FakeProcess, asked: int, got: int
) -> None:
    machine.mm.map_image(process, machine.open_image(image("a.dll", machine.architecture.bits == 64)))
    charged = process.space.account.pages
    assert machine.mm.protect(process, PREFERRED_BASE + CODE, 2 * PAGE, asked).status is Status.SUCCESS
    rows = [machine.mm.query(process, PREFERRED_BASE + CODE + at) for at in (0, PAGE)]
    assert [row.protect for row in rows if row is not None] == [got, got]
    extra = 2 if got != PAGE_READONLY else 0
    tables = process.space.tables.tables - process.space.fixed_pages["hyperspace page tables"]
    assert process.space.account.pages == charged + extra + tables
    machine.mm.protect(process, PREFERRED_BASE + CODE, PAGE, asked)
    assert process.space.account.pages == charged + extra + tables
    no_cache = machine.mm.protect(process, PREFERRED_BASE + CODE, PAGE, PAGE_READONLY | PAGE_NOCACHE)
    assert no_cache.status is Status.INVALID_PARAMETER_4


def test_is_a_shared_section_never_turned_into_copies(machine: MemoryMachine, process: FakeProcess) -> None:
    section = machine.open_image(image("a.dll", machine.architecture.bits == 64, COPY_ON_WRITE, SHARED))
    other = machine.new_process()
    machine.mm.map_image(process, section)
    machine.mm.map_image(other, section)
    place = PREFERRED_BASE + TAIL
    assert machine.mm.protect(process, place, 2 * PAGE, PAGE_READONLY).old == PAGE_READWRITE
    assert machine.mm.protect(process, place, 2 * PAGE, PAGE_READWRITE).old == PAGE_READONLY
    process.space.memory.write(place, b"seen by both")
    assert other.space.memory.read(place, 12) == b"seen by both"


def test_does_a_copied_page_stay_the_process_own(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.mm.map_image(process, machine.open_image(image("a.dll", machine.architecture.bits == 64)))
    place = PREFERRED_BASE + DATA
    process.space.memory.write(place, b"mine")
    for protection, reported in (
        (PAGE_READONLY, PAGE_READONLY),
        (PAGE_READWRITE, PAGE_READWRITE),
        (PAGE_NOACCESS, PAGE_NOACCESS),
        (PAGE_READWRITE, PAGE_READWRITE),
    ):
        assert machine.mm.protect(process, place, PAGE, protection).status is Status.SUCCESS
        information = machine.mm.query(process, place)
        assert information is not None
        assert information.protect == reported
        machine.check()
    assert process.space.memory.read(place, 4) == b"mine"
