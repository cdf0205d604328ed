"""The pools, and the commit ledger they charge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.kernel.mm.audit import audit
from ntmm.kernel.mm.commit import CommitLedger
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pool import Pool, PoolExhausted
from tests.kernel.mm.machine import ARCHITECTURES, MB, PAGE, MemoryMachine

REGION = 16 * PAGE


def contents(machine: MemoryMachine, address: int, size: int) -> bytes:
    """A range of kernel memory, read through the system's page tables."""
    found = bytearray()
    while len(found) < size:
        pte = machine.mm.table_memory.entries[machine.mm.system.tables.find(address)]
        start = machine.mm.table_memory.format.frame(pte) * PAGE + address % PAGE
        count = min(size - len(found), PAGE - address % PAGE)
        found += machine.ram.bytes[start : start + count]
        address += count
    return bytes(found)


@given(steps=st.lists(st.tuples(st.booleans(), st.integers(1, 3 * PAGE)), max_size=40), downward=st.booleans())
def test_do_blocks_never_overlap(steps: list[tuple[bool, int]], downward: bool) -> None:
    """True allocates that many bytes; False frees one of the blocks, chosen by the number."""
    machine = MemoryMachine("pae", 4 * MB)
    pool = machine.mm.system.nonpaged_pool if downward else machine.mm.system.paged_pool
    before = pool.usage()
    used: dict[int, int] = {}
    for number, (allocating, amount) in enumerate(steps):
        if allocating:
            address = pool.allocate(amount, f"T{number % 2}")
            assert address % (2 * machine.architecture.pointer_size) == 0
            assert all(address + amount <= other or other + size <= address for other, size in used.items())
            assert contents(machine, address, amount) == bytes(amount)
            _fill(machine, address, amount)
            used[address] = amount
        elif used:
            address = sorted(used)[amount % len(used)]
            pool.free(address)
            del used[address]
        machine.check()
    counted = sum(count for tag, (count, _) in pool.usage().items() if tag in ("T0", "T1"))
    assert counted == len(used)
    for address in used:
        pool.free(address)
    assert pool.usage() == before
    machine.check()


def _fill(machine: MemoryMachine, address: int, size: int) -> None:
    for at in (address, address + size - 1):
        pte = machine.mm.table_memory.entries[machine.mm.system.tables.find(at)]
        machine.ram.bytes[machine.mm.table_memory.format.frame(pte) * PAGE + at % PAGE] = 0xAA


def small_pool(machine: MemoryMachine, downward: bool, regions: int = 2) -> Pool:
    """A pool of its own far from the machine's."""
    system, start = machine.mm.system, machine.mm.layout.paged_pool + 64 * MB
    end = start + regions * REGION
    return Pool(system.tables, start, end, PageUse.PAGED_POOL, machine.mm.system_account, downward)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("downward", [False, True])
def test_from_which_end_does_a_pool_grow(name: str, downward: bool) -> None:
    machine = MemoryMachine(name)
    pool = small_pool(machine, downward)
    start, end = machine.mm.layout.paged_pool + 64 * MB, machine.mm.layout.paged_pool + 64 * MB + 2 * REGION
    assert pool.pages == 0
    unit = 2 * machine.architecture.pointer_size
    first, second = pool.allocate(REGION, "Big "), pool.allocate(8, "Smal")
    assert [first, second] == ([end - REGION, start] if downward else [start, start + REGION])
    assert (pool.grown_range, pool.pages) == ((start, end), 32)
    assert pool.usage() == {"Big ": (1, REGION), "Smal": (1, unit)}
    with pytest.raises(PoolExhausted, match="address space left in PAGED_POOL"):
        pool.allocate(REGION, "Over")
    pool.free(first)
    assert pool.allocate(REGION - 7, "Agai") == (first if not downward else start + unit)


def test_are_neighbours_joined(machine: MemoryMachine) -> None:
    pool = small_pool(machine, downward=False, regions=1)
    blocks = [pool.allocate(REGION // 4, "Quar") for _ in range(4)]
    for number in (0, 2, 3, 1):
        pool.free(blocks[number])
    assert pool.ranges() == [(blocks[0], REGION, True)]
    pool.free(pool.allocate(REGION, "Whol"))
    for address in range(*pool.grown_range, PAGE):  # this pool is not the audit's: take its pages away
        index = machine.mm.system.tables.find(address)
        frame = machine.mm.table_memory.format.frame(machine.mm.table_memory.entries[index])
        machine.mm.table_memory.write(index, 0)
        machine.mm.pfn.free(frame)
    machine.mm.system_account.give_back(pool.pages)


def test_does_a_pool_stop_at_the_commit_limit(machine: MemoryMachine) -> None:
    pool, ledger = machine.mm.system.paged_pool, machine.mm.ledger
    ledger.limit = ledger.committed + 15
    with pytest.raises(PoolExhausted, match="commit limit reached"):
        pool.allocate(REGION + 1, "Over")
    assert audit(machine.mm) == []


def test_what_may_be_charged() -> None:
    ledger = CommitLedger(10)
    first, second = ledger.open_account("first"), ledger.open_account("second")
    answers = [first.charge(6), second.charge(5), second.charge(4), first.charge(1), first.charge(0)]
    assert answers == [True, False, True, False, True]
    first.give_back(2)
    second.charge_required(5)
    assert (first.pages, first.peak, second.pages, second.peak) == (4, 6, 9, 9)
    assert (ledger.committed, ledger.peak) == (13, 13)
    assert [first.charge(0), first.charge(1)] == [True, False]
    with pytest.raises(AssertionError, match="first returns 5 of 4 committed pages"):
        first.give_back(5)
    first.close()
    second.close()
    assert (ledger.committed, first.pages, second.pages) == (0, 0, 0)
