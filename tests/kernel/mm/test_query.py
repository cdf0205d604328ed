"""NtQueryVirtualMemory: whole answers for every kind of range."""

import pytest

from ntmm.kernel.mm.layout import SHARED_USER_DATA
from ntmm.kernel.mm.space.query import MemoryInformation
from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_FREE,
    MEM_IMAGE,
    MEM_PRIVATE,
    MEM_RESERVE,
    PAGE_EXECUTE_READ,
    PAGE_EXECUTE_WRITECOPY,
    PAGE_GUARD,
    PAGE_NOACCESS,
    PAGE_READONLY,
    PAGE_READWRITE,
    PAGE_WRITECOPY,
)
from ntmm.nt.status import Status
from tests.kernel.mm.images import CODE, DATA, PREFERRED_BASE, SHARED, TAIL, image
from tests.kernel.mm.machine import PAGE, FakeProcess, MemoryMachine, status_of_read, status_of_write

AT = 0x50000000


def test_what_is_the_first_64_kb(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, PAGE, address=0x10000)
    assert machine.mm.query(process, 0x123) == MemoryInformation(0, 0, 0, 0x10000, MEM_FREE, PAGE_NOACCESS, 0)


def test_what_is_a_reserved_region(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, 0x9000, MEM_RESERVE, PAGE_READONLY, AT)
    expected = MemoryInformation(AT, AT, PAGE_READONLY, 0x9000, MEM_RESERVE, 0, MEM_PRIVATE)
    assert machine.mm.query(process, AT + 0xFFF) == expected
    inside = MemoryInformation(AT + 0x3000, AT, PAGE_READONLY, 0x6000, MEM_RESERVE, 0, MEM_PRIVATE)
    assert machine.mm.query(process, AT + 0x3FFF) == inside


def test_where_does_a_run_of_alike_pages_end(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, 0x10000, MEM_RESERVE, address=AT)
    machine.allocate(process, 0x10000, MEM_RESERVE | MEM_COMMIT, address=AT + 0x10000)
    machine.allocate(process, 4 * PAGE, MEM_COMMIT, PAGE_READWRITE, AT + 2 * PAGE)
    machine.mm.protect(process, AT + 3 * PAGE, PAGE, PAGE_READONLY)
    status_of_write(process, AT + 4 * PAGE)  # a page table, and a page, do not end a run

    def row(offset: int, pages: int, state: int, protect: int, base: int = AT) -> MemoryInformation:
        return MemoryInformation(AT + offset, base, PAGE_READWRITE, pages * PAGE, state, protect, MEM_PRIVATE)

    answers = [machine.mm.query(process, AT + page * PAGE) for page in (0, 1, 2, 3, 4, 6, 16)]
    assert answers == [
        row(0, 2, MEM_RESERVE, 0),
        row(PAGE, 1, MEM_RESERVE, 0),
        row(2 * PAGE, 1, MEM_COMMIT, PAGE_READWRITE),
        row(3 * PAGE, 1, MEM_COMMIT, PAGE_READONLY),
        row(4 * PAGE, 2, MEM_COMMIT, PAGE_READWRITE),
        row(6 * PAGE, 10, MEM_RESERVE, 0),
        row(16 * PAGE, 16, MEM_COMMIT, PAGE_READWRITE, AT + 0x10000),
    ]


@pytest.mark.parametrize("pages", [0x800, 0x1801])
def test_do_missing_page_tables_end_a_run(machine: MemoryMachine, process: FakeProcess, pages: int) -> None:
    machine.allocate(process, pages * PAGE, MEM_RESERVE, address=AT)
    machine.allocate(process, 1, MEM_COMMIT, address=AT + (pages - 1) * PAGE)
    expected = MemoryInformation(AT, AT, PAGE_READWRITE, (pages - 1) * PAGE, MEM_RESERVE, 0, MEM_PRIVATE)
    assert machine.mm.query(process, AT) == expected


def test_what_lies_at_the_top_of_user_space(machine: MemoryMachine) -> None:
    process = machine.new_process(with_peb=True)
    layout = machine.mm.layout
    assert process.peb == layout.peb
    machine.allocate(process, PAGE, address=AT)
    peb = MemoryInformation(layout.peb, layout.peb, PAGE_READWRITE, PAGE, MEM_COMMIT, PAGE_READWRITE, MEM_PRIVATE)
    assert machine.mm.query(process, layout.peb + 8) == peb
    assert machine.mm.query(process, layout.highest_user_address + 1) is None
    assert machine.mm.query(process, layout.system_range_start) is None
    assert machine.mm.query(process, -1) is None


def test_how_far_does_free_space_above_the_last_region_reach(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, PAGE, address=0x7FFD0000)
    end = 0x7FFE0000 if machine.architecture.bits == 64 else machine.mm.layout.highest_vad_address + 1
    at = 0x7FFD1000
    assert machine.mm.query(process, at) == MemoryInformation(at, 0, 0, end - at, MEM_FREE, PAGE_NOACCESS, 0)


def test_what_are_the_shared_page_and_the_pages_above_it(machine: MemoryMachine, process: FakeProcess) -> None:
    base = SHARED_USER_DATA
    for _ in range(2):
        shared = MemoryInformation(base, base, PAGE_READONLY, PAGE, MEM_COMMIT, PAGE_READONLY, MEM_PRIVATE)
        assert machine.mm.query(process, base + 0x30) == shared
        above = MemoryInformation(base + PAGE, base, PAGE_READONLY, 0xF000, MEM_RESERVE, PAGE_NOACCESS, MEM_PRIVATE)
        assert machine.mm.query(process, base + PAGE) == above
        status_of_read(process, base)


def test_does_a_guard_page_show_its_guard_until_touched(machine: MemoryMachine, process: FakeProcess) -> None:
    guarded = PAGE_READWRITE | PAGE_GUARD
    base = machine.allocate(process, 3 * PAGE, protection=guarded, address=AT)
    whole = MemoryInformation(AT, AT, guarded, 3 * PAGE, MEM_COMMIT, guarded, MEM_PRIVATE)
    assert machine.mm.query(process, base) == whole
    assert status_of_read(process, base + PAGE) == Status.GUARD_PAGE_VIOLATION
    rows = [machine.mm.query(process, base + page * PAGE) for page in range(3)]
    assert [row.protect for row in rows if row is not None] == [guarded, PAGE_READWRITE, guarded]


def test_what_is_an_image(machine: MemoryMachine, process: FakeProcess) -> None:
    section = machine.open_image(image("a.dll", machine.architecture.bits == 64, tail=SHARED))
    machine.mm.map_image(process, section)

    def row(offset: int, pages: int, protect: int) -> MemoryInformation:
        base, whole = PREFERRED_BASE, PAGE_EXECUTE_WRITECOPY
        return MemoryInformation(base + offset, base, whole, pages * PAGE, MEM_COMMIT, protect, MEM_IMAGE)

    def answers() -> list[MemoryInformation | None]:
        return [machine.mm.query(process, PREFERRED_BASE + offset) for offset in (0, CODE, DATA, TAIL)]

    expected = [
        row(0, 1, PAGE_READONLY),
        row(CODE, 2, PAGE_EXECUTE_READ),
        row(DATA, 1, PAGE_WRITECOPY),
        row(TAIL, 2, PAGE_READWRITE),
    ]
    assert answers() == expected
    for offset in range(0, TAIL + 2 * PAGE, PAGE):
        status_of_read(process, PREFERRED_BASE + offset)
    assert answers() == expected
    status_of_write(process, PREFERRED_BASE + DATA)
    expected[2:] = [row(DATA, 3, PAGE_READWRITE), row(TAIL, 2, PAGE_READWRITE)]
    assert answers() == expected
