"""NtFreeVirtualMemory: decommit and release, splitting, and every refusal."""

import pytest

from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_DECOMMIT,
    MEM_FREE,
    MEM_RELEASE,
    MEM_RESERVE,
    PAGE_NOACCESS,
    PAGE_READONLY,
    PAGE_READWRITE,
)
from ntmm.nt.status import Status
from tests.kernel.mm.images import PREFERRED_BASE, image
from tests.kernel.mm.machine import PAGE, FakeProcess, MemoryMachine, status_of_read, status_of_write

AT = 0x50000000


@pytest.mark.parametrize("kind", [0, MEM_DECOMMIT | MEM_RELEASE, MEM_FREE, MEM_COMMIT, MEM_RELEASE | 1])
def test_is_exactly_one_of_decommit_and_release_needed(machine: MemoryMachine, process: FakeProcess, kind: int) -> None:
    base = machine.allocate(process, PAGE)
    assert machine.mm.free(process, base, 0, kind) == (Status.INVALID_PARAMETER_4, 0, 0)


@pytest.mark.parametrize("kind", [MEM_DECOMMIT, MEM_RELEASE])
def test_which_frees_are_refused(machine: MemoryMachine, kind: int) -> None:
    process = machine.new_process(with_peb=True)
    machine.mm.map_image(process, machine.open_image(image("a.dll", machine.architecture.bits == 64)))
    machine.allocate(process, 0x10000, address=AT)
    machine.allocate(process, 0x10000, address=AT + 0x10000)
    above = machine.mm.layout.highest_vad_address + 1
    before = (process.space.account.pages, len(process.space.vads))

    def status(address: int, size: int) -> Status:
        return machine.mm.free(process, address, size, kind).status

    assert status(above, 0) is Status.INVALID_PARAMETER_2
    assert status(above - 1, 2) is Status.INVALID_PARAMETER_3
    assert status(AT - 1, 0) is Status.MEMORY_NOT_ALLOCATED
    assert status(AT - 1, 2) is Status.MEMORY_NOT_ALLOCATED
    assert status(AT + 0xF000, PAGE + 1) is Status.UNABLE_TO_FREE_VM
    assert status(AT + PAGE, 0) is Status.FREE_VM_NOT_AT_BASE
    assert status(PREFERRED_BASE, 0) is Status.UNABLE_TO_DELETE_SECTION
    assert status(process.peb, 0) is Status.INVALID_PAGE_PROTECTION
    assert (process.space.account.pages, len(process.space.vads)) == before


@pytest.mark.parametrize("first_byte", [0, PAGE - 1])
def test_does_size_zero_mean_the_whole_region(machine: MemoryMachine, process: FakeProcess, first_byte: int) -> None:
    base = machine.allocate(process, 3 * PAGE)
    assert machine.mm.free(process, base + first_byte, 0, MEM_DECOMMIT) == (Status.SUCCESS, base, 3 * PAGE)
    assert machine.mm.free(process, base + first_byte, 0, MEM_RELEASE) == (Status.SUCCESS, base, 3 * PAGE)
    assert machine.mm.free(process, base, 0, MEM_RELEASE).status is Status.MEMORY_NOT_ALLOCATED


def test_does_a_one_byte_decommit_drop_a_full_page(machine: MemoryMachine, process: FakeProcess) -> None:
    base = machine.allocate(process, 3 * PAGE)
    assert machine.mm.free(process, base + PAGE + 5, 1, MEM_DECOMMIT) == (Status.SUCCESS, base + PAGE, PAGE)
    assert machine.mm.free(process, base + 2 * PAGE - 1, 2, MEM_DECOMMIT) == (Status.SUCCESS, base + PAGE, 2 * PAGE)
    states = [machine.mm.query(process, base + at * PAGE) for at in range(3)]
    assert [row.state for row in states if row] == [MEM_COMMIT, MEM_RESERVE, MEM_RESERVE]


@pytest.mark.parametrize("kind", [MEM_RESERVE, MEM_RESERVE | MEM_COMMIT])
def test_is_decommitted_memory_zero_when_committed_again(
    machine: MemoryMachine, process: FakeProcess, kind: int
) -> None:
    base = machine.allocate(process, 3 * PAGE, kind)
    machine.allocate(process, 3 * PAGE, MEM_COMMIT, address=base)
    process.space.memory.write(base, b"\x55" * 3 * PAGE)
    charged = process.space.account.pages
    for _ in range(2):  # pages decommitted already are no error
        assert machine.mm.free(process, base + PAGE, PAGE, MEM_DECOMMIT).status is Status.SUCCESS
    assert process.space.account.pages == charged - 1
    assert status_of_read(process, base + PAGE) == Status.ACCESS_VIOLATION
    machine.check()
    machine.allocate(process, PAGE, MEM_COMMIT, address=base + PAGE)
    assert process.space.memory.read(base, 3 * PAGE) == b"\x55" * PAGE + bytes(PAGE) + b"\x55" * PAGE
    assert process.space.account.pages == charged


@pytest.mark.parametrize(
    ("cut", "length", "rest"),
    [(0, 2, [(2, 6)]), (6, 2, [(0, 6)]), (3, 2, [(0, 3), (5, 3)]), (0, 8, [])],
)
@pytest.mark.parametrize("kind", [MEM_RESERVE, MEM_RESERVE | MEM_COMMIT])
def test_does_a_partial_release_split_the_region(
    machine: MemoryMachine, process: FakeProcess, kind: int, cut: int, length: int, rest: list[tuple[int, int]]
) -> None:
    base = machine.allocate(process, 8 * PAGE, kind, address=AT)
    machine.allocate(process, 5 * PAGE, MEM_COMMIT, PAGE_READWRITE, base)
    for page in range(5):
        process.space.memory.write_u8(base + page * PAGE, page + 1)
    freed = machine.mm.free(process, base + cut * PAGE + 1, length * PAGE - 1, MEM_RELEASE)
    assert freed == (Status.SUCCESS, base + cut * PAGE, length * PAGE)
    left = [(vad.start_vpn, vad.pages) for vad in process.space.vads if vad.memory_is_counted]
    assert left == [((base >> 12) + start, pages) for start, pages in rest]
    machine.check()
    for start, pages in rest:
        for page in range(start, min(start + pages, 5)):
            assert process.space.memory.read_u8(base + page * PAGE) == page + 1
        whole = machine.mm.free(process, base + start * PAGE, 0, MEM_RELEASE)
        assert whole == (Status.SUCCESS, base + start * PAGE, pages * PAGE)
    assert process.space.account.pages == sum(process.space.fixed_pages.values())


def test_do_page_tables_go_with_their_last_entry(machine: MemoryMachine, process: FakeProcess) -> None:
    tables, available = process.space.tables.tables, machine.mm.pfn.available
    base = machine.allocate(process, PAGE, MEM_RESERVE, address=AT)
    machine.allocate(process, PAGE, MEM_COMMIT, address=base)
    assert process.space.tables.tables > tables
    status_of_write(process, base)
    machine.mm.free(process, base, PAGE, MEM_DECOMMIT)
    assert (process.space.tables.tables, machine.mm.pfn.available) == (tables, available)


def test_can_a_released_region_of_every_protection_be_reserved_again(
    machine: MemoryMachine, process: FakeProcess
) -> None:
    for protection in (PAGE_NOACCESS, PAGE_READONLY, PAGE_READWRITE):
        base = machine.allocate(process, 4 * PAGE, protection=protection, address=AT)
        status_of_read(process, base)
        machine.mm.protect(process, base, PAGE, PAGE_NOACCESS)
        assert machine.mm.free(process, base, 0, MEM_RELEASE).status is Status.SUCCESS
        machine.check()


def test_is_a_huge_reservation_freed_at_once(machine: MemoryMachine, process: FakeProcess) -> None:
    size = 1 << 30 if machine.architecture.bits == 32 else 1 << 42
    base = machine.allocate(process, size, MEM_RESERVE)
    machine.allocate(process, 1, MEM_COMMIT, address=base + size // 2)
    status_of_write(process, base + size // 2)
    assert machine.mm.free(process, base, 0, MEM_RELEASE) == (Status.SUCCESS, base, size)
