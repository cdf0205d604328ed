"""NtAllocateVirtualMemory: rounding, error codes in the order of their checks, the effects of each type."""

import pytest

from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_DECOMMIT,
    MEM_LARGE_PAGES,
    MEM_PHYSICAL,
    MEM_RELEASE,
    MEM_RESERVE,
    MEM_RESET,
    MEM_TOP_DOWN,
    MEM_WRITE_WATCH,
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
from tests.kernel.mm.images import PREFERRED_BASE, image
from tests.kernel.mm.machine import PAGE, FakeProcess, MemoryMachine, status_of_read, status_of_write

BOTH = MEM_RESERVE | MEM_COMMIT
AT = 0x50000000


@pytest.mark.parametrize(
    ("address", "size", "base", "length"),
    [
        (0x50008000, 1, 0x50000000, 0x9000),
        (0x5000FFFF, 0x3000, 0x50000000, 0x13000),
        (0x50001010, 0xC000, 0x50000000, 0xE000),
        (0x50000000, 120000, 0x50000000, 122880),
        (0x5000FFFF, 1, 0x50000000, 0x10000),
        (0x5000FFFF, 2, 0x50000000, 0x11000),
    ],
)
def test_how_is_a_reservation_rounded(
    machine: MemoryMachine, process: FakeProcess, address: int, size: int, base: int, length: int
) -> None:
    assert machine.mm.allocate(process, address, size, MEM_RESERVE, PAGE_READWRITE) == (Status.SUCCESS, base, length)
    assert process.space.virtual_size == length
    assert process.space.account.pages == sum(process.space.fixed_pages.values())


def test_does_the_lectures_example_reserve_and_commit_what_it_says(
    machine: MemoryMachine, process: FakeProcess
) -> None:
    status, base, size = machine.mm.allocate(process, 0, 120000, MEM_RESERVE, PAGE_READWRITE)
    assert (status, size) == (Status.SUCCESS, 122880)
    committed = machine.mm.allocate(process, base + 6 * 1024, 7 * 1024, MEM_COMMIT, PAGE_READWRITE)
    assert committed == (Status.SUCCESS, base + 4096, 12288)
    states = [machine.mm.query(process, base + at) for at in (0, PAGE, 4 * PAGE)]
    assert [(row.state, row.protect, row.region_size) for row in states if row is not None] == [
        (MEM_RESERVE, 0, PAGE),
        (MEM_COMMIT, PAGE_READWRITE, 12288),
        (MEM_RESERVE, 0, 122880 - 4 * PAGE),
    ]


def test_does_commit_without_an_address_reserve_too(machine: MemoryMachine, process: FakeProcess) -> None:
    status, base, size = machine.mm.allocate(process, 0, 5000, MEM_COMMIT, PAGE_READONLY)
    information = machine.mm.query(process, base)
    assert (status, size) == (Status.SUCCESS, 2 * PAGE)
    assert information is not None
    assert (information.allocation_base, information.state, information.protect) == (base, MEM_COMMIT, PAGE_READONLY)


REFUSED = [
    # size, type, protection, zero bits, status
    (PAGE, 0, PAGE_READWRITE, 0, Status.INVALID_PARAMETER_5),
    (PAGE, MEM_TOP_DOWN, PAGE_READWRITE, 0, Status.INVALID_PARAMETER_5),
    (PAGE, BOTH | 0x4000, PAGE_READWRITE, 0, Status.INVALID_PARAMETER_5),
    (PAGE, BOTH | 0x8, PAGE_READWRITE, 0, Status.INVALID_PARAMETER_5),
    (PAGE, MEM_RESET | MEM_COMMIT, PAGE_READWRITE, 0, Status.INVALID_PARAMETER_5),
    (PAGE, MEM_RESET | MEM_TOP_DOWN, PAGE_READWRITE, 0, Status.INVALID_PARAMETER_5),
    (PAGE, MEM_LARGE_PAGES | MEM_RESERVE, PAGE_READWRITE, 0, Status.INVALID_PARAMETER_5),
    (PAGE, MEM_LARGE_PAGES | BOTH | MEM_WRITE_WATCH, PAGE_READWRITE, 0, Status.INVALID_PARAMETER_5),
    (PAGE, MEM_LARGE_PAGES | BOTH | MEM_PHYSICAL, PAGE_READWRITE, 0, Status.INVALID_PARAMETER_5),
    (PAGE, MEM_WRITE_WATCH | MEM_COMMIT, PAGE_READWRITE, 0, Status.INVALID_PARAMETER_5),
    (PAGE, MEM_PHYSICAL, PAGE_READWRITE, 0, Status.INVALID_PARAMETER_5),
    (PAGE, MEM_PHYSICAL | MEM_COMMIT, PAGE_READWRITE, 0, Status.INVALID_PARAMETER_5),
    (PAGE, MEM_PHYSICAL | BOTH, PAGE_READWRITE, 0, Status.INVALID_PARAMETER_5),
    (PAGE, MEM_PHYSICAL | MEM_RESERVE, PAGE_READONLY, 0, Status.INVALID_PARAMETER_6),
    (PAGE, MEM_PHYSICAL | MEM_RESERVE | MEM_TOP_DOWN, PAGE_NOACCESS, 0, Status.INVALID_PARAMETER_6),
    (PAGE, BOTH, 0, 0, Status.INVALID_PAGE_PROTECTION),
    (PAGE, BOTH, PAGE_READONLY | PAGE_READWRITE, 0, Status.INVALID_PAGE_PROTECTION),
    (PAGE, BOTH, 0x800 | PAGE_READWRITE, 0, Status.INVALID_PAGE_PROTECTION),
    (PAGE, BOTH, PAGE_NOACCESS | PAGE_GUARD, 0, Status.INVALID_PAGE_PROTECTION),
    (PAGE, BOTH, PAGE_NOACCESS | PAGE_NOCACHE, 0, Status.INVALID_PAGE_PROTECTION),
    (PAGE, BOTH, PAGE_READWRITE | PAGE_GUARD | PAGE_NOCACHE, 0, Status.INVALID_PAGE_PROTECTION),
    (PAGE, BOTH, PAGE_READWRITE | PAGE_GUARD | PAGE_WRITECOMBINE, 0, Status.INVALID_PAGE_PROTECTION),
    (PAGE, BOTH, PAGE_READWRITE | PAGE_NOCACHE | PAGE_WRITECOMBINE, 0, Status.INVALID_PAGE_PROTECTION),
    (0, BOTH, PAGE_READWRITE, 0, Status.INVALID_PARAMETER_4),
    (1 << 63, BOTH, PAGE_READWRITE, 0, Status.INVALID_PARAMETER_4),
    (PAGE, MEM_RESERVE, PAGE_WRITECOPY, 0, Status.INVALID_PAGE_PROTECTION),
    (PAGE, BOTH, PAGE_EXECUTE_WRITECOPY, 0, Status.INVALID_PAGE_PROTECTION),
    (PAGE, MEM_COMMIT, PAGE_WRITECOPY, 0, Status.INVALID_PAGE_PROTECTION),
]


@pytest.mark.parametrize(("size", "kind", "protection", "zero_bits", "status"), REFUSED)
def test_which_allocations_are_refused(
    machine: MemoryMachine,
    process: FakeProcess,
    size: int,
    kind: int,
    protection: int,
    zero_bits: int,
    status: Status,
) -> None:
    before = process.space.account.pages
    assert machine.mm.allocate(process, 0, size, kind, protection, zero_bits) == (status, 0, 0)
    assert process.space.account.pages == before
    assert process.space.virtual_size == 0


def test_which_check_comes_first(machine: MemoryMachine, process: FakeProcess) -> None:
    above = machine.mm.layout.highest_vad_address + 1

    def status(address: int, size: int, kind: int, protection: int, zero_bits: int) -> Status:
        return machine.mm.allocate(process, address, size, kind, protection, zero_bits).status

    assert status(above, 0, 0, 0, 54) is Status.INVALID_PARAMETER_3
    assert status(above, 0, 0, 0, 0) is Status.INVALID_PARAMETER_5
    assert status(above, 0, BOTH, 0, 0) is Status.INVALID_PAGE_PROTECTION
    assert status(above, 0, BOTH, PAGE_WRITECOPY, 0) is Status.INVALID_PARAMETER_2
    assert status(above - PAGE, 0, BOTH, PAGE_WRITECOPY, 0) is Status.INVALID_PARAMETER_4
    assert status(above - PAGE, PAGE + 1, BOTH, PAGE_WRITECOPY, 0) is Status.INVALID_PARAMETER_4
    assert status(above - PAGE, PAGE, BOTH, PAGE_WRITECOPY, 0) is Status.INVALID_PAGE_PROTECTION
    assert status(above - PAGE, PAGE, BOTH, PAGE_READWRITE, 0) is Status.SUCCESS


def test_how_many_zero_bits_may_be_asked_for(machine: MemoryMachine, process: FakeProcess) -> None:
    highest = 21 if machine.architecture.pointer_size == 4 else 53
    over = machine.mm.allocate(process, 0, PAGE, MEM_RESERVE, PAGE_READWRITE, highest + 1)
    no_room = machine.mm.allocate(process, 0, PAGE, MEM_RESERVE, PAGE_READWRITE, highest)
    low = machine.mm.allocate(process, 0, PAGE, MEM_RESERVE | MEM_TOP_DOWN, PAGE_READWRITE, 8)
    assert over.status is Status.INVALID_PARAMETER_3
    assert no_room.status is Status.NO_MEMORY
    assert low.status is Status.SUCCESS
    assert low.base <= 0x00FFFFFF - 0xFFFF


def test_may_the_first_64_kb_be_used(machine: MemoryMachine, process: FakeProcess) -> None:
    assert machine.mm.allocate(process, 0xFFFF, 1, MEM_RESERVE, PAGE_READWRITE).status is Status.INVALID_PARAMETER_2
    assert machine.mm.allocate(process, 0x10000, 1, MEM_RESERVE, PAGE_READWRITE).status is Status.SUCCESS


def test_where_are_reservations_placed(machine: MemoryMachine, process: FakeProcess) -> None:
    first = machine.allocate(process, PAGE, MEM_RESERVE)
    second = machine.allocate(process, 3 * PAGE, MEM_RESERVE)
    top = machine.allocate(process, 3 * PAGE, MEM_RESERVE | MEM_TOP_DOWN)
    assert (first, second) == (0x10000, 0x20000)
    assert top == machine.mm.layout.highest_vad_address + 1 - 0x10000


def test_is_a_used_64_kb_unit_refused(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, 0x9000, MEM_RESERVE, address=AT)

    def status(address: int, size: int) -> Status:
        return machine.mm.allocate(process, address, size, MEM_RESERVE, PAGE_READWRITE).status

    assert status(AT + 0x9000, PAGE) is Status.CONFLICTING_ADDRESSES
    assert status(AT - 0x10000, 0x10001) is Status.CONFLICTING_ADDRESSES
    assert status(AT - 0x10000, 0x20000) is Status.CONFLICTING_ADDRESSES
    assert status(AT - 0x10000, 0x10000) is Status.SUCCESS
    assert status(AT + 0x10000, PAGE) is Status.SUCCESS


def test_must_a_commit_lie_inside_one_region(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, 0x10000, MEM_RESERVE, address=AT)
    machine.allocate(process, 0x10000, MEM_RESERVE, address=AT + 0x10000)

    def status(address: int, size: int) -> Status:
        return machine.mm.allocate(process, address, size, MEM_COMMIT, PAGE_READWRITE).status

    assert status(AT + 0xF000, 2 * PAGE) is Status.CONFLICTING_ADDRESSES
    assert status(AT + 0x1F000, 2 * PAGE) is Status.CONFLICTING_ADDRESSES
    assert status(AT + 0x20000, PAGE) is Status.CONFLICTING_ADDRESSES
    assert status(AT - 1, 2) is Status.CONFLICTING_ADDRESSES
    assert status(AT, 0x10000) is Status.SUCCESS


def test_can_views_and_fixed_blocks_be_committed(machine: MemoryMachine) -> None:
    process = machine.new_process(with_peb=True)
    section = machine.open_image(image("a.dll", machine.architecture.bits == 64))
    machine.mm.map_image(process, section)

    def status(address: int) -> Status:
        return machine.mm.allocate(process, address, PAGE, MEM_COMMIT, PAGE_READWRITE).status

    assert status(PREFERRED_BASE) is Status.ALREADY_COMMITTED
    assert status(process.peb) is Status.CONFLICTING_ADDRESSES
    shared_page = Status.CONFLICTING_ADDRESSES if machine.architecture.bits == 64 else Status.INVALID_PARAMETER_2
    assert status(0x7FFE0000) is shared_page


def test_does_a_second_commit_keep_contents_and_change_protection(machine: MemoryMachine, process: FakeProcess) -> None:
    base = machine.allocate(process, 3 * PAGE)
    process.space.memory.write(base, b"kept")
    charged = process.space.account.pages
    machine.allocate(process, 2 * PAGE, MEM_COMMIT, PAGE_READONLY, base)
    assert process.space.account.pages == charged
    assert process.space.memory.read(base, 4) == b"kept"
    assert [status_of_write(process, base + at * PAGE) for at in range(3)] == [
        Status.ACCESS_VIOLATION,
        Status.ACCESS_VIOLATION,
        Status.SUCCESS,
    ]


def test_does_allocation_protect_stay_that_of_the_reservation(machine: MemoryMachine, process: FakeProcess) -> None:
    base = machine.allocate(process, PAGE, MEM_RESERVE, PAGE_NOACCESS)
    machine.allocate(process, PAGE, MEM_COMMIT, PAGE_READWRITE, base)
    information = machine.mm.query(process, base)
    assert information is not None
    assert (information.allocation_protect, information.protect) == (PAGE_NOACCESS, PAGE_READWRITE)


def test_does_committed_memory_read_as_zero(machine: MemoryMachine, process: FakeProcess) -> None:
    first = machine.allocate(process, 4 * PAGE)
    process.space.memory.write(first, b"\xaa" * 4 * PAGE)
    assert machine.mm.free(process, first, 0, MEM_RELEASE).status is Status.SUCCESS
    second = machine.allocate(process, 4 * PAGE)
    assert process.space.memory.read(second, 4 * PAGE) == bytes(4 * PAGE)


def test_is_the_commit_limit_refused_cleanly(machine: MemoryMachine, process: FakeProcess) -> None:
    ledger = machine.mm.ledger
    before, size = ledger.committed, machine.ram.size
    assert machine.mm.allocate(process, 0, size, BOTH, PAGE_READWRITE) == (Status.COMMITMENT_LIMIT, 0, 0)
    base = machine.allocate(process, size, MEM_RESERVE)
    assert machine.mm.allocate(process, base, size, MEM_COMMIT, PAGE_READWRITE).status is Status.COMMITMENT_LIMIT
    assert ledger.committed == before
    fitting = ledger.room * PAGE
    assert machine.mm.allocate(process, 0, fitting, BOTH, PAGE_READWRITE).status is Status.SUCCESS
    assert machine.mm.allocate(process, base, 1, MEM_COMMIT, PAGE_READWRITE).status is Status.COMMITMENT_LIMIT
    machine.check()
    machine.end(process)
    assert ledger.committed == machine.mm.system_account.pages
    assert ledger.peak == ledger.limit - ledger.kept


def test_does_reset_keep_pages_committed(machine: MemoryMachine, process: FakeProcess) -> None:
    base = machine.allocate(process, 4 * PAGE)
    machine.mm.free(process, base + 3 * PAGE, PAGE, MEM_DECOMMIT)
    process.space.memory.write(base, b"discardable")
    charged = process.space.account.pages
    reset = machine.mm.allocate(process, base + 1, 4 * PAGE - 1, MEM_RESET, PAGE_READWRITE)
    assert reset == (Status.SUCCESS, base, 4 * PAGE)
    assert not machine.pte(process, base) & machine.architecture.DIRTY
    assert process.space.account.pages == charged
    assert status_of_read(process, base) == Status.SUCCESS
    assert status_of_read(process, base + 3 * PAGE) == Status.ACCESS_VIOLATION
    free = machine.mm.allocate(process, base + 0x10000, PAGE, MEM_RESET, PAGE_READWRITE)
    assert free.status is Status.CONFLICTING_ADDRESSES


def test_do_calls_on_another_process_leave_the_caller_alone(machine: MemoryMachine, process: FakeProcess) -> None:
    other = machine.new_process()
    base = machine.allocate(other, PAGE, address=AT)
    other.space.memory.write(base, b"theirs")
    assert status_of_read(process, base) == Status.ACCESS_VIOLATION
    assert machine.mm.query(process, base) != machine.mm.query(other, base)
