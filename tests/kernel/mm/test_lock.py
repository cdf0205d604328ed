"""VirtualLock, working-set limits and the counters of a process, as the façade gives them."""

import pytest

from ntmm.kernel.mm.space.lock import OVERHEAD_PAGES
from ntmm.nt.memory import (
    MAP_PROCESS,
    MAP_SYSTEM,
    MEM_RESERVE,
    PAGE_GUARD,
    PAGE_NOACCESS,
    PAGE_READONLY,
    PAGE_READWRITE,
)
from ntmm.nt.status import Status
from tests.kernel.mm.images import DATA, PREFERRED_BASE, image
from tests.kernel.mm.machine import PAGE, FakeProcess, MemoryMachine, status_of_write

AT = 0x50000000


def test_does_a_lock_bring_pages_in_and_keep_them(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, 8 * PAGE, address=AT)
    assert machine.mm.lock(process, AT + 5, 2 * PAGE) == (Status.SUCCESS, AT, 3 * PAGE)
    machine.empty(process)
    machine.mm.pageout.working_sets.trim(1000)
    assert [machine.pte(process, AT + page * PAGE) & 1 for page in range(4)] == [1, 1, 1, 0]
    assert machine.mm.lock(process, AT, PAGE).status is Status.WAS_LOCKED  # locks are not counted
    assert machine.mm.unlock(process, AT, 3 * PAGE).status is Status.SUCCESS
    assert machine.mm.unlock(process, AT, PAGE).status is Status.NOT_LOCKED
    machine.empty(process)
    assert not machine.pte(process, AT) & 1


def test_is_nothing_unlocked_if_one_page_is_not_locked(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, 4 * PAGE, address=AT)
    machine.mm.lock(process, AT, PAGE)
    assert machine.mm.unlock(process, AT, 2 * PAGE).status is Status.NOT_LOCKED
    assert process.space.working_set.locked == 1
    assert machine.mm.unlock(process, AT, PAGE).status is Status.SUCCESS


@pytest.mark.parametrize("kinds", [MAP_PROCESS, MAP_SYSTEM, MAP_PROCESS | MAP_SYSTEM])
def test_do_locked_pages_of_files_lower_the_commit_limit(
    machine: MemoryMachine, process: FakeProcess, kinds: int
) -> None:
    """Nobody has charged them, but what is promised cannot lie where they are."""
    section = machine.open_image(image("a.dll", machine.architecture.bits == 64))
    base, _ = machine.mm.map_image(process, section)
    machine.mm.lock(process, base, 2 * PAGE)
    machine.mm.unlock(process, base, 2 * PAGE)  # its page tables are there now
    resident, room = machine.mm.resident.charged, machine.mm.ledger.room
    assert machine.mm.lock(process, base, 2 * PAGE, kinds).status is Status.SUCCESS
    assert machine.mm.ledger.room == room - 2
    assert machine.mm.lock(process, base, 2 * PAGE, kinds).status is Status.WAS_LOCKED
    assert machine.mm.ledger.room == room - 2
    assert machine.mm.unlock(process, base, PAGE, kinds).status is Status.SUCCESS
    assert machine.mm.ledger.room == room - 1
    others = machine.mm.ledger.open_account("others")
    assert others.charge(machine.mm.ledger.room)
    assert machine.mm.lock(process, base, PAGE, kinds).status is Status.COMMITMENT_LIMIT
    others.close()
    assert machine.mm.unmap_view(process, base) is Status.SUCCESS
    assert machine.mm.resident.charged == resident
    assert not process.space.working_set.locked_file_pages


def test_are_both_kinds_of_lock_kept_apart(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, PAGE, address=AT)
    before = machine.mm.resident.charged
    machine.mm.lock(process, AT, PAGE, MAP_PROCESS)
    assert machine.mm.resident.charged == before
    assert machine.mm.lock(process, AT, PAGE, MAP_SYSTEM).status is Status.SUCCESS
    assert machine.mm.resident.charged == before + 1
    assert machine.mm.unlock(process, AT, PAGE, MAP_PROCESS).status is Status.SUCCESS
    assert process.space.working_set.locked == 1
    assert machine.mm.unlock(process, AT, PAGE, MAP_PROCESS | MAP_SYSTEM).status is Status.NOT_LOCKED
    assert machine.mm.unlock(process, AT, PAGE, MAP_SYSTEM).status is Status.SUCCESS
    assert (process.space.working_set.locked, machine.mm.resident.charged) == (0, before)


@pytest.mark.parametrize("protection", [None, PAGE_NOACCESS])
def test_are_only_accessible_pages_locked(machine: MemoryMachine, process: FakeProcess, protection: int | None) -> None:
    if protection is None:
        machine.allocate(process, 4 * PAGE, MEM_RESERVE, address=AT)
    else:
        machine.allocate(process, 4 * PAGE, address=AT)
        machine.mm.protect(process, AT + 2 * PAGE, PAGE, protection)
    assert machine.mm.lock(process, AT, 4 * PAGE).status is Status.ACCESS_VIOLATION
    assert process.space.working_set.locked == 0


def test_does_locking_a_guard_page_raise_its_exception(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, 2 * PAGE, protection=PAGE_READWRITE | PAGE_GUARD, address=AT)
    assert machine.mm.lock(process, AT, PAGE).status is Status.GUARD_PAGE_VIOLATION
    assert machine.mm.lock(process, AT, PAGE).status is Status.SUCCESS


def test_how_many_pages_may_a_process_lock(machine: MemoryMachine, process: FakeProcess) -> None:
    """Its minimum working set less what it needs to run."""
    machine.allocate(process, 200 * PAGE, address=AT)
    most = process.space.working_set.limits.minimum - OVERHEAD_PAGES
    assert machine.mm.lock(process, AT, (most + 1) * PAGE).status is Status.WORKING_SET_QUOTA
    assert process.space.working_set.locked == 0
    assert machine.mm.lock(process, AT, most * PAGE).status is Status.SUCCESS
    minimum = machine.mm.working_set_limits(process).minimum
    assert machine.mm.set_working_set_limits(process, minimum + 10 * PAGE, minimum + 99 * PAGE) is Status.SUCCESS
    assert machine.mm.lock(process, AT + most * PAGE, 10 * PAGE).status is Status.SUCCESS


def test_is_no_more_locked_than_ram_can_promise(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, 8 * PAGE, address=AT)
    resident = machine.mm.resident
    assert resident.charge(resident.available - 3)
    taken = resident.charged - process.space.resident_charge
    assert machine.mm.lock(process, AT, 4 * PAGE, MAP_SYSTEM).status is Status.INSUFFICIENT_RESOURCES
    assert process.space.working_set.locked == 0
    assert machine.mm.lock(process, AT, 3 * PAGE, MAP_SYSTEM).status is Status.SUCCESS
    machine.mm.unlock(process, AT, 3 * PAGE, MAP_SYSTEM)
    resident.give_back(taken)


def test_is_a_lock_gone_with_its_memory(machine: MemoryMachine, process: FakeProcess) -> None:
    before = machine.mm.resident.charged
    machine.allocate(process, 4 * PAGE, address=AT)
    machine.mm.lock(process, AT, 4 * PAGE, MAP_PROCESS | MAP_SYSTEM)
    machine.mm.free(process, AT, 0, 0x8000)
    assert (process.space.working_set.locked, machine.mm.resident.charged) == (0, before)


def test_does_a_locked_page_stay_locked_when_it_is_copied(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.mm.map_image(process, machine.open_image(image("a.dll", machine.architecture.bits == 64)))
    place = PREFERRED_BASE + DATA
    assert machine.mm.lock(process, place, PAGE).status is Status.SUCCESS
    assert status_of_write(process, place) == Status.SUCCESS
    rows = {row.address: (row.locked, row.shared) for row in machine.mm.working_set_pages(process)}
    assert rows[place] == (True, False)
    machine.empty(process)
    assert machine.pte(process, place) & 1


def test_is_a_page_locked_that_lies_in_the_paging_file(machine: MemoryMachine, process: FakeProcess) -> None:
    store = machine.add_paging_file()
    machine.allocate(process, 4 * PAGE, address=AT)
    process.space.memory.write_u32(AT, 77)
    machine.page_out(process)
    machine.mm.query(process, AT)  # the page tables come back
    store.refuse_read = lambda offset, size: True
    assert machine.mm.lock(process, AT, PAGE).status is Status.IN_PAGE_ERROR
    store.refuse_read = lambda offset, size: False
    assert machine.mm.lock(process, AT, PAGE).status is Status.SUCCESS
    machine.page_out(process)
    store.reads.clear()
    assert process.space.memory.read_u32(AT) == 77
    assert store.reads == []


@pytest.mark.parametrize(
    ("minimum", "maximum", "status"),
    [
        (30, 60, Status.SUCCESS),
        (60, 30, Status.BAD_WORKING_SET_LIMIT),
        (5, 60, Status.WORKING_SET_LIMIT_RANGE),
        (5, 8, Status.WORKING_SET_LIMIT_RANGE),
        (30, 1 << 20, Status.WORKING_SET_LIMIT_RANGE),
        (1200, 1300, Status.SUCCESS),
    ],
)
def test_which_limits_may_a_working_set_have(
    machine: MemoryMachine, process: FakeProcess, minimum: int, maximum: int, status: Status
) -> None:
    before = machine.mm.working_set_limits(process)
    assert machine.mm.set_working_set_limits(process, minimum * PAGE, maximum * PAGE) is status
    limits = machine.mm.working_set_limits(process)
    if status is Status.SUCCESS:
        assert (limits.minimum, limits.maximum) == (minimum * PAGE, maximum * PAGE)
    elif status is Status.BAD_WORKING_SET_LIMIT:
        assert limits == before
    else:
        assert 20 * PAGE <= limits.minimum <= limits.maximum <= 2048 * PAGE


def test_who_may_raise_the_minimum(machine: MemoryMachine, process: FakeProcess) -> None:
    def ask(pages: int) -> Status:
        return machine.mm.set_working_set_limits(process, pages * PAGE, 300 * PAGE, privileged=False)

    lower = process.space.working_set.limits.minimum
    assert ask(lower + 1) is Status.PRIVILEGE_NOT_HELD
    assert ask(lower) is Status.SUCCESS


def test_do_all_ones_empty_the_working_set(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, 10 * PAGE, address=AT)
    process.space.memory.write(AT, bytes(10 * PAGE))
    before = machine.mm.working_set_limits(process)
    for ones in (-1, (1 << 8 * machine.architecture.pointer_size) - 1):
        process.space.memory.read(AT, 10 * PAGE)
        assert machine.mm.set_working_set_limits(process, ones, ones) is Status.SUCCESS
        assert machine.mm.working_set_pages(process) == []
        assert machine.mm.working_set_limits(process) == before


def test_what_do_the_counters_of_a_process_say(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, 10 * PAGE, address=AT)
    process.space.memory.write(AT, bytes(4 * PAGE))
    before = machine.mm.process_memory(process)
    assert before.virtual_size == 10 * PAGE
    assert before.page_fault_count == 4
    assert before.working_set == before.peak_working_set == process.space.working_set.count * PAGE
    machine.empty(process)
    after = machine.mm.process_memory(process)
    assert after.working_set < before.working_set == after.peak_working_set
    assert after.commit == before.commit  # commitment does not depend on where the pages are
    machine.mm.free(process, AT, 0, 0x8000)
    last = machine.mm.process_memory(process)
    assert (last.virtual_size, last.peak_virtual_size) == (0, 10 * PAGE)
    assert last.peak_commit == before.commit > last.commit


def test_which_pages_are_told_of_a_working_set(machine: MemoryMachine, process: FakeProcess) -> None:
    other = machine.new_process()
    for user in (process, other):
        machine.mm.map_image(user, machine.open_image(image("a.dll", machine.architecture.bits == 64)))
        user.space.memory.read_u8(PREFERRED_BASE + DATA)
    machine.allocate(process, 2 * PAGE, protection=PAGE_READONLY, address=AT)
    process.space.memory.read(AT, 2 * PAGE)
    machine.mm.lock(process, AT + PAGE, PAGE)
    rows = machine.mm.working_set_pages(process)
    assert [(row.address, row.share_count, row.shared, row.locked) for row in rows] == [
        (PREFERRED_BASE + DATA, 2, True, False),
        (AT, 0, False, False),
        (AT + PAGE, 0, False, True),
    ]
