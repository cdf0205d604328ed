"""Page faults on private memory: what each kind does to PTE, page, working set and counts."""

import pytest

from ntmm.kernel.mm.fault import FaultKind, Resolution
from ntmm.kernel.mm.fault.access_fault import ORIGIN_CPU, ORIGIN_KERNEL
from ntmm.kernel.mm.fault.guard import DEALLOCATION_STACK
from ntmm.kernel.mm.pfn import PageState, PageUse
from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_DECOMMIT,
    MEM_RESERVE,
    MM_GUARD_PAGE,
    MM_READWRITE,
    PAGE_EXECUTE_READ,
    PAGE_GUARD,
    PAGE_NOACCESS,
    PAGE_READONLY,
    PAGE_READWRITE,
)
from ntmm.nt.status import Status
from tests.kernel.mm.images import PREFERRED_BASE, image
from tests.kernel.mm.machine import (
    FETCH_FAULT,
    MB,
    PAGE,
    READ_FAULT,
    WRITE_FAULT,
    FakeProcess,
    MemoryMachine,
    status_of_read,
    status_of_write,
)

AT = 0x50000000


@pytest.mark.parametrize("error_code", [READ_FAULT, WRITE_FAULT])
def test_what_does_a_first_touch_give(machine: MemoryMachine, process: FakeProcess, error_code: int) -> None:
    machine.allocate(process, 2 * PAGE, address=AT)
    outcome = machine.fault(process, AT + 5, error_code)
    assert (outcome.resolution, outcome.status) == (Resolution.RESOLVED, Status.PAGE_FAULT_DEMAND_ZERO)
    pte, frame, pfn = machine.pte(process, AT), machine.frame(process, AT), machine.mm.pfn
    bits = 0x67 if error_code == WRITE_FAULT else 0x27
    assert pte == frame << 12 | bits | machine.architecture.no_execute
    assert PageState(pfn.state[frame]) is PageState.ACTIVE
    assert PageUse(pfn.use[frame]) is PageUse.PROCESS_PRIVATE
    assert (pfn.share_count[frame], pfn.reference_count[frame]) == (1, 1)
    assert pfn.original_pte[frame] == 0x80
    assert pfn.pte_address[frame] == machine.architecture.pte_address(AT)
    assert machine.pte(process, AT + PAGE) == 0
    user = [entry for entry in process.space.working_set.entries() if entry.vpn < 1 << 19]
    assert [(entry.vpn, entry.protection, entry.age, entry.locked) for entry in user] == [
        (AT >> 12, MM_READWRITE, 0, 0)
    ]
    assert (process.space.private_given, process.space.page_fault_count) == (1, 1)


def test_are_faults_counted_by_kind_and_origin(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, 4 * PAGE, address=AT)
    machine.fault(process, AT)
    machine.fault(process, AT)
    machine.fault(process, AT + 0x10000)
    status_of_read(process, AT + PAGE)
    counts = machine.mm.faults.counts
    told = {kind.name: counts[ORIGIN_CPU][kind] for kind in FaultKind if counts[ORIGIN_CPU][kind]}
    assert told == {"DEMAND_ZERO": 1, "SPURIOUS": 1, "ACCESS_VIOLATION": 1}
    assert counts[ORIGIN_KERNEL][FaultKind.DEMAND_ZERO] == 1
    assert process.space.page_fault_count == 4


@pytest.mark.parametrize(
    "address", [0, 0xFFFF, AT, 0x7FFE1000, 0x7FFEFFFF, 0x7FFF0000, 0xC0300000, 0xFFDF0000, 0xFFFFF6FB7DBED000]
)
@pytest.mark.parametrize("error_code", [READ_FAULT, WRITE_FAULT])
def test_which_addresses_are_nobodys(
    machine: MemoryMachine, process: FakeProcess, address: int, error_code: int
) -> None:
    tables = process.space.tables.tables
    assert machine.fault(process, address, error_code).status is Status.ACCESS_VIOLATION
    assert process.space.tables.tables == tables


def test_is_reserved_memory_inaccessible(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, 4 * PAGE, MEM_RESERVE, address=AT)
    machine.allocate(process, PAGE, MEM_COMMIT, address=AT + PAGE)
    assert [status_of_write(process, AT + page * PAGE) for page in range(3)] == [
        Status.ACCESS_VIOLATION,
        Status.SUCCESS,
        Status.ACCESS_VIOLATION,
    ]


@pytest.mark.parametrize("touched", [False, True])
def test_can_data_be_executed(machine: MemoryMachine, process: FakeProcess, touched: bool) -> None:
    if not machine.architecture.has_no_execute:
        pytest.skip("the processor does not tell fetches from reads")
    machine.allocate(process, PAGE, address=AT)
    machine.allocate(process, PAGE, protection=PAGE_EXECUTE_READ, address=AT + 0x10000)
    if touched:
        status_of_read(process, AT)
        status_of_read(process, AT + 0x10000)
    assert machine.fault(process, AT, FETCH_FAULT | int(touched)).status is Status.ACCESS_VIOLATION
    fetched = machine.fault(process, AT + 0x10000, FETCH_FAULT | int(touched))
    assert fetched.resolution is Resolution.RESOLVED
    assert not machine.pte(process, AT + 0x10000) & machine.architecture.no_execute


@pytest.mark.parametrize("protection", [PAGE_READWRITE, PAGE_READONLY])
def test_does_a_guard_page_fault_once_for_each_page(
    machine: MemoryMachine, process: FakeProcess, protection: int
) -> None:
    machine.allocate(process, 2 * PAGE, protection=protection | PAGE_GUARD, address=AT)
    first = machine.fault(process, AT, WRITE_FAULT)
    assert (first.resolution, first.status) == (Resolution.RAISE, Status.GUARD_PAGE_VIOLATION)
    assert not machine.pte(process, AT) & 1
    assert status_of_read(process, AT) == Status.SUCCESS
    expected = Status.SUCCESS if protection == PAGE_READWRITE else Status.ACCESS_VIOLATION
    assert status_of_write(process, AT) == expected
    assert status_of_read(process, AT + PAGE) == Status.GUARD_PAGE_VIOLATION


def test_does_a_guard_put_on_a_page_keep_its_contents(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, PAGE, address=AT)
    process.space.memory.write(AT, b"guarded")
    machine.mm.protect(process, AT, PAGE, PAGE_READWRITE | PAGE_GUARD)
    assert status_of_write(process, AT) == Status.GUARD_PAGE_VIOLATION
    machine.check()
    assert process.space.memory.read(AT, 7) == b"guarded"


def test_is_a_guard_gone_for_good_when_its_clean_page_is_reused(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, PAGE, address=AT)
    status_of_read(process, AT)
    machine.mm.protect(process, AT, PAGE, PAGE_READWRITE | PAGE_GUARD)
    assert status_of_read(process, AT) == Status.GUARD_PAGE_VIOLATION
    pfn = machine.mm.pfn
    for frame in [pfn.take_zeroed(PageUse.KERNEL) for _ in range(pfn.available)]:
        pfn.free(frame)
    assert machine.pte(process, AT) == MM_READWRITE << 5
    assert status_of_read(process, AT) == Status.SUCCESS


def test_does_a_refused_write_to_a_valid_page_change_nothing(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, PAGE, protection=PAGE_READONLY, address=AT)
    status_of_read(process, AT)
    before = machine.pte(process, AT)
    assert machine.fault(process, AT, WRITE_FAULT | 1).status is Status.ACCESS_VIOLATION
    assert machine.pte(process, AT) == before


def test_is_an_exhausted_ram_told_to_the_program(machine: MemoryMachine, process: FakeProcess) -> None:
    """Pages that are not committed (images) may use up RAM that was promised; then the touch itself fails."""
    machine.allocate(process, 4 * MB, address=AT)
    pfn = machine.mm.pfn
    taken = [pfn.take_zeroed(PageUse.KERNEL) for _ in range(pfn.available - 20)]
    statuses = [status_of_write(process, AT + page * PAGE) for page in range(40)]
    assert statuses[0] == Status.SUCCESS
    assert statuses[-1] == Status.NO_MEMORY
    assert pfn.available > 0
    for frame in taken:
        pfn.free(frame)
    assert status_of_write(process, AT + 39 * PAGE) == Status.SUCCESS


class Stack:
    """A stack and a TEB made by hand; touches go through the CPU's door."""

    def __init__(self, machine: MemoryMachine, process: FakeProcess, pages: int, kind: int = MEM_RESERVE) -> None:
        self.machine, self.process = machine, process
        self.pointer = machine.architecture.pointer_size
        self.lowest = machine.allocate(process, pages * PAGE, kind, address=AT)
        self.base = self.lowest + pages * PAGE
        if kind == MEM_RESERVE:
            machine.allocate(process, 2 * PAGE, MEM_COMMIT, address=self.base - 2 * PAGE)
        machine.mm.protect(process, self.base - 2 * PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD)
        teb = machine.mm.create_fixed_block(process, 2, "TEB")
        assert teb is not None
        self.teb = teb
        memory = process.space.memory
        memory.write_pointer(teb + self.pointer, self.base)
        memory.write_pointer(teb + 2 * self.pointer, self.base - PAGE)
        memory.write_pointer(teb + DEALLOCATION_STACK[self.pointer], self.lowest)

    @property
    def limit(self) -> int:
        """TEB.StackLimit as pages below the base."""
        return (self.base - self.process.space.memory.read_pointer(self.teb + 2 * self.pointer)) // PAGE

    def touch(self, page: int) -> int:
        """The status of writing to a page, counted from the top, after all silent faults."""
        address = self.base - page * PAGE
        while True:
            outcome = self.machine.fault(self.process, address, WRITE_FAULT, self.teb)
            if outcome.resolution is Resolution.RAISE or self.machine.pte(self.process, address) & 1:
                return outcome.status

    def protections(self) -> list[int]:
        """PAGE_* values from the top page to the lowest, 0 for a page that is only reserved."""
        rows = [self.machine.mm.query(self.process, at) for at in range(self.base - PAGE, self.lowest - 1, -PAGE)]
        return [row.protect for row in rows if row is not None]


def test_does_the_stack_grow_through_its_guard_page(machine: MemoryMachine, process: FakeProcess) -> None:
    stack = Stack(machine, process, 6)
    charged = process.space.account.pages
    guard, plain = PAGE_READWRITE | PAGE_GUARD, PAGE_READWRITE
    assert stack.protections() == [plain, guard, 0, 0, 0, 0]
    first = machine.fault(process, stack.base - 2 * PAGE, WRITE_FAULT, stack.teb)
    assert (first.resolution, first.status) == (Resolution.RESOLVED, Status.PAGE_FAULT_GUARD_PAGE)
    assert stack.protections() == [plain, plain, guard, 0, 0, 0]
    assert stack.limit == 2
    assert process.space.account.pages == charged + 1
    assert stack.touch(2) == Status.PAGE_FAULT_DEMAND_ZERO
    assert stack.touch(3) == Status.PAGE_FAULT_DEMAND_ZERO
    assert (stack.limit, stack.protections()) == (3, [plain, plain, plain, guard, 0, 0])


def test_does_the_stack_end_in_an_overflow(machine: MemoryMachine, process: FakeProcess) -> None:
    stack = Stack(machine, process, 6)
    told = [stack.touch(page) for page in range(1, 7)]
    ok, overflow, violation = Status.PAGE_FAULT_DEMAND_ZERO, Status.STACK_OVERFLOW, Status.ACCESS_VIOLATION
    assert told == [ok, ok, ok, overflow, ok, violation]
    assert stack.limit == 5
    assert stack.protections() == [PAGE_READWRITE] * 5 + [0]
    assert stack.touch(4) == Status.PAGE_FAULT_DEMAND_ZERO


def test_does_skipping_the_guard_page_crash(machine: MemoryMachine, process: FakeProcess) -> None:
    stack = Stack(machine, process, 8)
    assert stack.touch(4) == Status.ACCESS_VIOLATION
    assert stack.protections()[2:] == [0] * 6


def test_is_another_guard_page_no_stack(machine: MemoryMachine, process: FakeProcess) -> None:
    stack = Stack(machine, process, 8)
    other = machine.allocate(process, PAGE, protection=PAGE_READWRITE | PAGE_GUARD)
    assert machine.fault(process, other, WRITE_FAULT, stack.teb).status is Status.GUARD_PAGE_VIOLATION
    assert machine.fault(process, stack.base - 2 * PAGE, WRITE_FAULT, 0).status is Status.GUARD_PAGE_VIOLATION


def test_does_a_spoilt_teb_only_harm_its_program(machine: MemoryMachine, process: FakeProcess) -> None:
    stack = Stack(machine, process, 8)
    nowhere = machine.fault(process, stack.base - 2 * PAGE, WRITE_FAULT, 0x1000)
    assert nowhere.status is Status.GUARD_PAGE_VIOLATION


def test_does_a_stack_never_grow_into_an_image(machine: MemoryMachine, process: FakeProcess) -> None:
    """A program may write anything into its TEB, even that its stack reaches into an image."""
    machine.mm.map_image(process, machine.open_image(image("a.dll", machine.architecture.bits == 64)))
    guard = machine.allocate(process, 0x10000, protection=PAGE_READWRITE | PAGE_GUARD, address=PREFERRED_BASE + 0x10000)
    stack = Stack(machine, process, 4)
    memory = process.space.memory
    memory.write_pointer(stack.teb + stack.pointer, guard + PAGE)
    memory.write_pointer(stack.teb + DEALLOCATION_STACK[stack.pointer], PREFERRED_BASE - MB)
    status = machine.fault(process, guard, WRITE_FAULT, stack.teb).status
    assert status is Status.STACK_OVERFLOW
    machine.check()


def test_does_a_stack_grow_into_decommitted_pages_only_for_charge(machine: MemoryMachine, process: FakeProcess) -> None:
    stack = Stack(machine, process, 8, MEM_RESERVE | MEM_COMMIT)
    machine.mm.free(process, stack.lowest, 6 * PAGE, MEM_DECOMMIT)
    charged = process.space.account.pages
    assert stack.touch(2) == Status.PAGE_FAULT_DEMAND_ZERO
    assert process.space.account.pages == charged + 1
    machine.check()


def test_does_growth_over_the_commit_limit_overflow(machine: MemoryMachine, process: FakeProcess) -> None:
    stack = Stack(machine, process, 8)
    stack.touch(1)
    ledger = machine.mm.ledger
    machine.allocate(process, ledger.room * PAGE)
    assert stack.touch(2) == Status.PAGE_FAULT_DEMAND_ZERO  # some pages are kept for that
    others = ledger.open_account("others")
    assert others.charge_growth(ledger.limit - ledger.committed)
    assert stack.touch(3) == Status.STACK_OVERFLOW
    others.close()


def test_is_another_process_guard_page_never_the_callers_stack(machine: MemoryMachine, process: FakeProcess) -> None:
    stack = Stack(machine, process, 8)
    machine.mm.current_teb = lambda space: stack.teb if space is process.space else 0
    other = machine.new_process()
    machine.allocate(other, PAGE, protection=PAGE_READWRITE | PAGE_GUARD, address=AT)
    assert status_of_read(other, AT) == Status.GUARD_PAGE_VIOLATION
    assert status_of_write(process, stack.base - 2 * PAGE) == Status.SUCCESS
    assert stack.limit == 2


def test_does_the_kernels_own_write_grow_the_stack_once(machine: MemoryMachine, process: FakeProcess) -> None:
    stack = Stack(machine, process, 8)
    machine.mm.current_teb = lambda space: stack.teb
    assert status_of_write(process, stack.base - 2 * PAGE) == Status.SUCCESS
    assert machine.pte(process, stack.base - 3 * PAGE) >> 5 & 0x1F == MM_READWRITE | MM_GUARD_PAGE
    assert machine.mm.protect(process, stack.base - PAGE, PAGE, PAGE_NOACCESS).status is Status.SUCCESS
