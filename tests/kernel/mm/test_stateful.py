"""Two processes do what they like; a dict of pages says what they must see, and the audit what the books must say."""

from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from ntmm.kernel.ke.access import GuestFault
from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_DECOMMIT,
    MEM_FREE,
    MEM_RELEASE,
    MEM_RESERVE,
    PAGE_EXECUTE_READWRITE,
    PAGE_GUARD,
    PAGE_NOACCESS,
    PAGE_READONLY,
    PAGE_READWRITE,
)
from ntmm.nt.status import Status
from tests.kernel.mm.machine import ARCHITECTURES, MB, PAGE, FakeProcess, MemoryMachine

START, SLOTS, SLOT_PAGES = 0x3FE0000, 4, 32
"""The arena straddles the border between two page tables (4 MB on x86, 2 MB on PAE and x64)."""

PROTECTIONS = (
    PAGE_NOACCESS,
    PAGE_READONLY,
    PAGE_READWRITE,
    PAGE_EXECUTE_READWRITE,
    PAGE_READWRITE | PAGE_GUARD,
    PAGE_READONLY | PAGE_GUARD,
)
WHO = st.integers(0, 1)
FIRST = st.integers(0, SLOTS * SLOT_PAGES - 1)
COUNT = st.integers(1, 12)
WRITABLE = (PAGE_READWRITE, PAGE_EXECUTE_READWRITE)


@dataclass
class Page:
    """What one page must be; `base` is the first page of its region."""

    state: int = MEM_FREE
    protection: int = PAGE_NOACCESS
    base: int = -1
    content: bytes = bytes(8)


class Model(RuleBasedStateMachine):
    """Pages are numbered within the arena of SLOTS * SLOT_PAGES pages."""

    architecture = ""

    def __init__(self) -> None:
        super().__init__()
        self.machine = MemoryMachine(self.architecture, 4 * MB)
        self.idle = self.machine.mm.pfn.available
        self.committed = self.machine.mm.ledger.committed
        self.processes = [self.machine.new_process() for _ in range(2)]
        self.pages = [[Page() for _ in range(SLOTS * SLOT_PAGES)] for _ in range(2)]
        self.restarts = 0

    # what is expected

    def region(self, who: int, first: int, count: int) -> list[Page] | None:
        """The pages of a range, or None if it is not inside one region."""
        found = self.pages[who][first : first + count]
        base = found[0].base
        inside = len(found) == count and base >= 0 and all(page.base == base for page in found)
        return found if inside else None

    def address(self, first: int) -> int:
        return START + first * PAGE

    # what a program does

    @rule(
        who=WHO,
        slot=st.integers(0, SLOTS * 2 - 1),
        count=st.integers(1, SLOT_PAGES),
        commit=st.booleans(),
        protection=st.sampled_from(PROTECTIONS),
    )
    def reserve(self, who: int, slot: int, count: int, commit: bool, protection: int) -> None:
        first = slot * SLOT_PAGES // 2
        count = min(count, SLOTS * SLOT_PAGES - first)
        kind = MEM_RESERVE | (MEM_COMMIT if commit else 0)
        answer = self.machine.mm.allocate(self.processes[who], self.address(first), count * PAGE, kind, protection)
        found = self.pages[who][first : first + count]
        if any(page.base >= 0 for page in found):
            assert answer == (Status.CONFLICTING_ADDRESSES, 0, 0)
            return
        assert answer == (Status.SUCCESS, self.address(first), count * PAGE)
        for number in range(first, first + count):
            state = MEM_COMMIT if commit else MEM_RESERVE
            self.pages[who][number] = Page(state, protection if commit else 0, first)

    @rule(who=WHO, first=FIRST, count=COUNT, protection=st.sampled_from(PROTECTIONS))
    def commit(self, who: int, first: int, count: int, protection: int) -> None:
        answer = self.machine.mm.allocate(
            self.processes[who], self.address(first) + 1, count * PAGE - 1, MEM_COMMIT, protection
        )
        found = self.region(who, first, count)
        if found is None:
            assert answer == (Status.CONFLICTING_ADDRESSES, 0, 0)
            return
        assert answer == (Status.SUCCESS, self.address(first), count * PAGE)
        for page in found:
            page.state, page.protection = MEM_COMMIT, protection

    @rule(who=WHO, first=FIRST, count=COUNT)
    def decommit(self, who: int, first: int, count: int) -> None:
        status = self.machine.mm.free(self.processes[who], self.address(first), count * PAGE, MEM_DECOMMIT).status
        found = self.region(who, first, count)
        if found is None:
            assert status in (Status.MEMORY_NOT_ALLOCATED, Status.UNABLE_TO_FREE_VM)
            return
        assert status is Status.SUCCESS
        for page in found:
            page.state, page.protection, page.content = MEM_RESERVE, 0, bytes(8)

    @rule(who=WHO, first=FIRST, count=COUNT)
    def release_part(self, who: int, first: int, count: int) -> None:
        """What is left on either side becomes regions of their own."""
        found = self.region(who, first, count)
        base = self.pages[who][first].base
        status = self.machine.mm.free(self.processes[who], self.address(first), count * PAGE, MEM_RELEASE).status
        assert (status is Status.SUCCESS) == (found is not None)
        if found is None:
            return
        self.pages[who][first : first + count] = [Page() for _ in range(count)]
        for page in self.pages[who][first + count :]:
            if page.base != base:
                break
            page.base = first + count

    @rule(who=WHO, first=FIRST)
    def release(self, who: int, first: int) -> None:
        base = self.pages[who][first].base
        status = self.machine.mm.free(self.processes[who], self.address(first), 0, MEM_RELEASE).status
        if base < 0:
            assert status is Status.MEMORY_NOT_ALLOCATED
        elif base != first:
            assert status is Status.FREE_VM_NOT_AT_BASE
        else:
            assert status is Status.SUCCESS
            self.pages[who] = [Page() if page.base == first else page for page in self.pages[who]]

    @rule(who=WHO, first=FIRST, count=COUNT, protection=st.sampled_from(PROTECTIONS))
    def protect(self, who: int, first: int, count: int, protection: int) -> None:
        answer = self.machine.mm.protect(self.processes[who], self.address(first), count * PAGE, protection)
        found = self.region(who, first, count)
        if found is None:
            assert answer.status is Status.CONFLICTING_ADDRESSES
        elif any(page.state != MEM_COMMIT for page in found):
            assert answer.status is Status.NOT_COMMITTED
        else:
            assert answer == (Status.SUCCESS, found[0].protection, self.address(first), count * PAGE)
            for page in found:
                page.protection = protection

    def touch(self, who: int, number: int, writing: bool) -> int:
        """The status of an access as the model expects it; a guard page is one no more after it."""
        page = self.pages[who][number]
        if page.state != MEM_COMMIT or page.protection == PAGE_NOACCESS:
            return Status.ACCESS_VIOLATION
        if page.protection & PAGE_GUARD:
            page.protection &= ~PAGE_GUARD
            return Status.GUARD_PAGE_VIOLATION
        if writing and page.protection not in WRITABLE:
            return Status.ACCESS_VIOLATION
        return Status.SUCCESS

    @rule(who=WHO, first=FIRST, count=COUNT)
    def read(self, who: int, first: int, count: int) -> None:
        for number in range(first, min(first + count, SLOTS * SLOT_PAGES)):
            status = self.touch(who, number, writing=False)
            expected = self.pages[who][number].content if status == Status.SUCCESS else (status, 0)
            assert self.really_read(who, number) == expected

    def really_read(self, who: int, number: int) -> bytes | tuple[int, int]:
        """The contents, or the exception's status and kind of access."""
        try:
            return self.processes[who].space.memory.read(self.address(number) + 0x7F8, 8)
        except GuestFault as fault:
            return fault.status, fault.access

    @rule(who=WHO, first=FIRST, count=COUNT, content=st.binary(min_size=8, max_size=8))
    def write(self, who: int, first: int, count: int, content: bytes) -> None:
        for number in range(first, min(first + count, SLOTS * SLOT_PAGES)):
            status = self.touch(who, number, writing=True)
            assert self.really_write(who, number, content) == status
            if status == Status.SUCCESS:
                self.pages[who][number].content = content

    def really_write(self, who: int, number: int, content: bytes) -> int:
        try:
            self.processes[who].space.memory.write(self.address(number) + 0x7F8, content)
        except GuestFault as fault:
            return fault.status
        return Status.SUCCESS

    @precondition(lambda self: self.restarts < 3)
    @rule(who=WHO)
    def start_again(self, who: int) -> None:
        """The process ends with all that it has, and another takes its place."""
        self.restarts += 1
        self.machine.end(self.processes[who])
        self.processes[who] = self.machine.new_process()
        self.pages[who] = [Page() for _ in range(SLOTS * SLOT_PAGES)]

    # what is looked at after each step

    @invariant()
    def books_are_right(self) -> None:
        self.machine.check()

    @invariant()
    def queries_tell_the_model(self) -> None:
        for process, pages in zip(self.processes, self.pages, strict=True):
            assert _runs(self.machine, process) == _expected_runs(pages)

    def teardown(self) -> None:
        for process in self.processes:
            self.machine.end(process)
        assert self.machine.mm.pfn.available == self.idle - self._system_growth()
        self.machine.check()

    def _system_growth(self) -> int:
        """Pages that system space took meanwhile: page tables that all processes share."""
        return self.machine.mm.ledger.committed - self.committed


Run = tuple[int, int, int, int, int]
"""First page, pages, state, protection, first page of the region (-1 for free)."""


def _runs(machine: MemoryMachine, process: FakeProcess) -> list[Run]:
    """The arena as VirtualQuery shows it."""
    end, address, found = START + SLOTS * SLOT_PAGES * PAGE, START, []
    while address < end:
        row = machine.mm.query(process, address)
        assert row is not None and row.base_address == address
        pages = (min(end, address + row.region_size) - address) // PAGE
        base = (row.allocation_base - START) // PAGE if row.allocation_base else -1
        found.append(((address - START) // PAGE, pages, row.state, row.protect, base))
        address += row.region_size
    return found


def _expected_runs(pages: list[Page]) -> list[Run]:
    found: list[Run] = []
    for number, page in enumerate(pages):
        if found:
            first, count, *alike = found[-1]
            if tuple(alike) == (page.state, page.protection, page.base):
                found[-1] = (first, count + 1, page.state, page.protection, page.base)
                continue
        found.append((number, 1, page.state, page.protection, page.base))
    return found


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_do_two_processes_always_see_what_they_did(name: str) -> None:
    machine = type("Model", (Model,), {"architecture": name})
    run_state_machine_as_test(machine, settings=settings(max_examples=20, stateful_step_count=25))
