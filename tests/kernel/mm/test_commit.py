"""Promises: commit charge and quota, resident pages, and the slots of a paging file against a plain set."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ntmm.kernel.mm.commit import CommitLedger, ResidentLedger, SlotBitmap
from ntmm.kernel.mm.commit.slots import SlotRun
from tests.kernel.mm.machine import PAGE, FakeProcess, MemoryMachine


class Slots(RuleBasedStateMachine):
    """A bitmap, and the set of slots that are in use."""

    def __init__(self) -> None:
        super().__init__()
        self.slots = SlotBitmap(40)
        self.used: set[int] = set()
        self.size, self.peak = 40, 0

    def longest(self) -> int:
        """The longest free run."""
        free = "".join(" x"[slot in self.used] for slot in range(1, self.size))
        return max(map(len, free.split("x")))

    @rule(wanted=st.integers(1, 20))
    def allocate(self, wanted: int) -> None:
        longest = self.longest()
        run = self.slots.allocate(wanted)
        if not longest:
            assert run is None
            return
        assert run is not None
        assert run.count <= wanted
        assert run.count == wanted or longest < 2 * run.count + 1 or wanted > longest
        taken = set(range(run.first, run.first + run.count))
        assert not taken & self.used
        assert min(taken) >= 1
        assert max(taken) < self.size
        self.used |= taken
        self.peak = max(self.peak, len(self.used))

    @precondition(lambda self: self.used)
    @rule(which=st.integers(0, 1000))
    def release(self, which: int) -> None:
        slot = sorted(self.used)[which % len(self.used)]
        self.slots.release(slot)
        self.used.remove(slot)

    @rule(slot=st.integers(0, 60))
    def release_a_free_one(self, slot: int) -> None:
        if slot not in self.used:
            with pytest.raises(AssertionError, match="freed twice"):
                self.slots.release(slot)

    @rule(size=st.integers(1, 60))
    def resize(self, size: int) -> None:
        lowest = max(self.used, default=0) + 1
        assert self.slots.lowest_size() == lowest
        if size < lowest:
            with pytest.raises(AssertionError, match="below its last used slot"):
                self.slots.resize(size)
            return
        self.slots.resize(size)
        self.size = size

    @invariant()
    def figures_fit(self) -> None:
        slots = self.slots
        assert slots.in_use() == sorted(self.used)
        assert (slots.used, slots.free) == (len(self.used), self.size - 1 - len(self.used))
        assert (slots.peak, slots.size) == (self.peak, self.size)
        longest = self.longest()
        assert not longest or slots.has_run(longest)
        assert not slots.has_run(longest + 1)


TestSlots = Slots.TestCase
TestSlots.settings = settings(max_examples=60, stateful_step_count=40)


def test_is_slot_0_never_handed_out() -> None:
    """A software PTE whose field for the slot is 0 means demand zero."""
    slots = SlotBitmap(4)
    assert [slots.allocate(1) for _ in range(4)] == [SlotRun(1, 1), SlotRun(2, 1), SlotRun(3, 1), None]


def test_do_slots_follow_each_other_on_the_disk() -> None:
    """The search goes on from the last place, so that what is written one after another lies side by side."""
    slots = SlotBitmap(100)
    assert [slots.allocate(16) for _ in range(2)] == [SlotRun(1, 16), SlotRun(17, 16)]
    for slot in range(1, 9):
        slots.release(slot)
    assert slots.allocate(8) == SlotRun(33, 8)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 60)), max_size=30))
def test_does_a_resident_ledger_add_up(steps: list[tuple[bool, int]]) -> None:
    ledger, held = ResidentLedger(100), list[int]()
    for charging, pages in steps:
        if charging:
            assert ledger.charge(pages) == (sum(held) + pages <= 100)
            if ledger.charged > sum(held):
                held.append(pages)
        elif held:
            ledger.give_back(held.pop())
        assert (ledger.charged, ledger.available) == (sum(held), 100 - sum(held))


def test_what_may_the_kernel_promise_beyond_what_there_is() -> None:
    ledger = ResidentLedger(10)
    ledger.charge_required(12)
    assert (ledger.available, ledger.charge(1)) == (-2, False)
    with pytest.raises(AssertionError, match="13 of 12 resident pages returned"):
        ledger.give_back(13)


def test_is_commit_charged_up_to_the_limit_and_given_back() -> None:
    ledger = CommitLedger(10)
    first, second = ledger.open_account("first"), ledger.open_account("second")
    assert first.charge(6)
    assert not second.charge(5)
    assert second.charge(4)
    assert (ledger.committed, ledger.peak, first.pages, second.pages) == (10, 10, 6, 4)
    second.close()
    assert (ledger.committed, ledger.peak, second.peak) == (6, 10, 4)
    with pytest.raises(AssertionError, match="first returns 7 of 6 committed pages"):
        first.give_back(7)


def test_is_nothing_charged_where_nothing_is_asked_for() -> None:
    """Broken slots may have lowered the limit below what is promised: a view that charges nothing maps all the same."""
    ledger = CommitLedger(10)
    account = ledger.open_account("process")
    assert account.charge(8)
    ledger.limit = 5
    assert account.charge(0)
    assert not account.charge(1)


def test_does_the_kernel_get_its_pages_past_the_limit() -> None:
    ledger = CommitLedger(1)
    account = ledger.open_account("system")
    account.charge_required(3)
    assert (ledger.committed, account.charge(1)) == (3, False)


def test_are_the_last_pages_kept_for_growth() -> None:
    """A program is refused while a page of its stack can still be had, and the system's pools take what they need."""
    ledger = CommitLedger(10)
    ledger.kept = 3
    process, system = ledger.open_account("process"), ledger.open_account("system")
    system.may_use_kept = True
    assert not process.charge(8)
    assert process.charge(7)
    assert (ledger.room, process.charge(1), process.charge_growth(1), system.charge(1)) == (0, False, True, True)
    assert (ledger.room, system.charge(2), process.charge_growth(1), process.charge_growth(1)) == (
        -2,
        False,
        True,
        False,
    )
    assert (ledger.committed, process.pages, system.pages) == (10, 9, 1)
    process.quota = 9
    system.close()
    assert not process.charge_growth(1)


@pytest.mark.parametrize(
    ("growth", "asked", "succeeds"),
    [([], [3], False), ([2], [3, 1], False), ([2, 1], [3, 1], True), ([3], [3], True), ([9], [3], True)],
)
def test_is_a_higher_limit_asked_for(growth: list[int], asked: list[int], succeeds: bool) -> None:
    """The shortfall is what is asked for, again where the answer was not enough, until nothing grows any more."""
    ledger, heard, left = CommitLedger(10), list[int](), list(growth)

    def extend(pages: int) -> bool:
        heard.append(pages)
        ledger.limit += left[0] if left else 0
        return bool(left and left.pop(0))

    ledger.extend = extend
    account = ledger.open_account("process")
    account.charge_required(8)
    assert account.charge(5) is succeeds
    assert heard == asked
    assert account.pages == (13 if succeeds else 8)


def test_is_a_quota_refused_before_the_limit_is_raised() -> None:
    ledger = CommitLedger(10)
    ledger.extend = lambda pages: pytest.fail("a file must not grow for a process over its quota")
    account = ledger.open_account("process")
    account.quota = 4
    assert account.charge(4)
    assert not account.charge(1)
    assert (account.is_over_quota(1), account.has_room(1), account.has_room(0)) == (True, False, True)


def test_does_a_quota_limit_what_a_process_is_told_of(machine: MemoryMachine, process: FakeProcess) -> None:
    assert machine.mm.memory_status(process).commit_limit == machine.mm.ledger.limit * PAGE
    pages = process.space.account.pages
    machine.mm.set_page_file_quota(process, (pages + 7) * PAGE)
    status = machine.mm.memory_status(process)
    assert (status.commit_limit, status.commit_available) == ((pages + 7) * PAGE, 7 * PAGE)
