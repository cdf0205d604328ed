"""RAM without a free page: services and faults are refused, and the machine goes on."""

from collections.abc import Iterator

import pytest

from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pool import PoolExhausted
from ntmm.nt.memory import MEM_COMMIT, MEM_DECOMMIT, MEM_RESERVE, PAGE_GUARD, PAGE_READONLY, PAGE_READWRITE
from ntmm.nt.status import Status
from tests.kernel.mm.machine import MB, PAGE, FakeProcess, MemoryMachine, status_of_read, status_of_write

AT, APART, REGIONS = 0x50000000, 4 * MB, 40
"""Committed pages, each under a page table of its own that does not exist yet."""

LEFT = 20


@pytest.fixture
def full(machine: MemoryMachine, process: FakeProcess) -> Iterator[MemoryMachine]:
    """A machine whose RAM is used up but for some pages; what the test left is free again afterwards."""
    machine.allocate(process, REGIONS * APART, MEM_RESERVE, address=AT + REGIONS * APART)
    for number in range(REGIONS):
        guard = PAGE_GUARD if number % 2 else 0
        machine.allocate(process, PAGE, protection=PAGE_READWRITE | guard, address=AT + number * APART)
    pfn = machine.mm.pfn
    taken = [pfn.take_zeroed(PageUse.KERNEL) for _ in range(pfn.available - LEFT)]
    yield machine
    for frame in taken:
        pfn.free(frame)


@pytest.mark.parametrize("service", ["commit", "protect", "decommit"])
def test_is_a_service_refused_that_needs_page_tables(full: MemoryMachine, process: FakeProcess, service: str) -> None:
    statuses = []
    for number in range(REGIONS):
        address = AT + number * APART
        if service == "commit":
            far = address + REGIONS * APART
            statuses.append(full.mm.allocate(process, far, PAGE, MEM_COMMIT, PAGE_READWRITE).status)
        elif service == "protect":
            statuses.append(full.mm.protect(process, address, PAGE, PAGE_READONLY).status)
        else:
            statuses.append(full.mm.free(process, address, PAGE, MEM_DECOMMIT).status)
    done = statuses.count(Status.SUCCESS)
    assert 0 < done < LEFT
    assert statuses == [Status.SUCCESS] * done + [Status.NO_MEMORY] * (REGIONS - done)


def test_are_touches_refused(full: MemoryMachine, process: FakeProcess) -> None:
    plain = [status_of_write(process, AT + number * APART) for number in range(0, REGIONS, 2)]
    guarded = [status_of_read(process, AT + number * APART) for number in range(1, REGIONS, 2)]
    assert plain[0] == Status.SUCCESS
    assert {plain[-1], *guarded} == {Status.NO_MEMORY}
    assert full.mm.pfn.available > 0


def test_does_a_pool_stop_before_the_last_page(full: MemoryMachine) -> None:
    with pytest.raises(PoolExhausted, match="no page of RAM is left"):
        full.mm.system.paged_pool.allocate(LEFT * PAGE, "Test")


def test_how_many_tables_may_a_range_need(machine: MemoryMachine, process: FakeProcess) -> None:
    tables = process.space.tables
    base = machine.allocate(process, 64 * MB, MEM_RESERVE, address=AT)
    for size in (PAGE, 4 * MB, 64 * MB):
        before, expected = tables.tables, tables.missing_tables(base, base + size)
        for address in range(base, base + size, 2 * MB):
            tables.ensure(address, user=True)
        assert 0 <= tables.tables - before <= expected
        assert tables.missing_tables(base, base + size) == 0
    tables.drop_empty_tables(base, base + 64 * MB)
