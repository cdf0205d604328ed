"""Processes on a machine of 2 MB with paging files do what they like; dicts of bytes say what they must see.

After each step the full audit looks at all books. `NTMM_EXAMPLES` sets the number of examples of each test;
`make property` runs 4,200.
"""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.mm.fault import FaultContext
from ntmm.kernel.mm.space import AddressSpace
from ntmm.kernel.mm.space.allocate import Range
from ntmm.nt.memory import (
    MAP_PROCESS,
    MAP_SYSTEM,
    MEM_COMMIT,
    MEM_DECOMMIT,
    MEM_RELEASE,
    MEM_RESERVE,
    PAGE_NOACCESS,
    PAGE_READONLY,
    PAGE_READWRITE,
    SEC_COMMIT,
)
from ntmm.nt.status import Status, is_success
from tests.kernel.mm.images import DATA, PREFERRED_BASE, TAIL, image
from tests.kernel.mm.machine import MB, PAGE, FakeProcess, MemoryMachine, MemoryStore

EXAMPLES = int(os.environ.get("NTMM_EXAMPLES", "12"))
STEPS = 30
PROCESSES, SLOTS, SLOT_PAGES = 3, 3, 160
NEW_PROCESS_PAGES = 32
"""More commit than a process takes for its image and what all share."""
START = 0x3F00000
"""The slots straddle a border between two page tables."""

WHO = st.integers(0, PROCESSES - 1)
SLOT = st.integers(0, SLOTS - 1)
FIRST = st.integers(0, SLOT_PAGES - 1)
COUNT = st.integers(1, SLOT_PAGES)
FEW = st.integers(1, 10)
PROTECTION = st.sampled_from((PAGE_READWRITE, PAGE_READWRITE, PAGE_READONLY, PAGE_NOACCESS))
ZERO = bytes(8)
SHARED_AT, SHARED_PAGES = 0x20000000, 48
"""A view of a section over the paging file, in every process."""
FILES = (((MB, 3 * MB), (MB, MB)), ((MB, MB + MB // 4),), ((MB, MB),), ())
"""Minimum and maximum of the paging files."""


@dataclass
class Page:
    """A page of a region: committed if it has a protection."""

    protection: int = 0
    content: bytes = ZERO
    locks: int = 0


@dataclass
class Known:
    """What is known of one process: its regions by slot, and its private copies of the image's data page."""

    regions: dict[int, list[Page]] = field(default_factory=dict)
    data: bytes | None = None


def offset_in(address: int) -> int:
    """Where in a page its eight bytes lie: another place in each page, the first and the last word among them."""
    return address // PAGE * 0x118 % PAGE & ~7


class Model(RuleBasedStateMachine):
    """Without disk faults every access must succeed and every byte must be there."""

    architecture = ""
    replacement = "ageing"
    faulty = False

    stores: list[MemoryStore]

    def build(self, ram: int, files: tuple[tuple[int, int], ...]) -> None:
        self.machine = MemoryMachine(self.architecture, ram, self.replacement)
        self.mm = self.machine.mm
        self.mm.faults.swap_in = self.swap_in
        for minimum, maximum in files:
            self.machine.add_paging_file(minimum, maximum)
        self.stores = self.machine.stores
        self.chance = random.Random(0)
        backing = image("a.dll", self.machine.architecture.bits == 64)
        self.section = self.machine.open_image(backing)
        self.shared = ZERO
        self.idle = self.owned()
        status, memory = self.mm.create_section(None, SHARED_PAGES * PAGE, PAGE_READWRITE, SEC_COMMIT)
        assert status is Status.SUCCESS
        assert memory is not None
        self.memory, self.common = memory, [ZERO] * SHARED_PAGES
        self.processes = [self.start_process() for _ in range(PROCESSES)]
        self.known = [Known() for _ in range(PROCESSES)]

    def owned(self) -> int:
        """Committed pages without those of system space."""
        return self.mm.ledger.committed - self.mm.system_account.pages

    def start_process(self) -> FakeProcess:
        process = self.machine.new_process()
        assert self.mm.map_image(process, self.section)[0] == PREFERRED_BASE
        assert self.mm.map_view(process, self.memory, SHARED_AT).status is Status.SUCCESS
        return process

    @initialize(
        ram=st.sampled_from((2 * MB, 2 * MB, 3 * MB, 4 * MB)),
        files=st.sampled_from(FILES),
        seed=st.integers(0, 1 << 16),
        rate=st.sampled_from((0.05, 0.3, 0.7)),
    )
    def fill(self, ram: int, files: tuple[tuple[int, int], ...], seed: int, rate: float) -> None:
        """More pages than 2 MB of RAM have, written by all processes; from then on the disks may fail."""
        self.build(ram, files)
        for who in range(PROCESSES):
            self.allocate(who, 0, SLOT_PAGES, commit=True, protection=PAGE_READWRITE)
            self.write(who, 0, 0, SLOT_PAGES, seed + 1)
        if self.faulty:
            self.chance.seed(seed)
            for store in self.stores:
                store.refuse_read = lambda offset, size: offset // PAGE % 16 == 9 or self.chance.random() < rate
                store.refuse_write = lambda offset, size: self.chance.random() < rate

    # addresses and accesses

    def address(self, slot: int, number: int) -> int:
        return START + slot * MB + number * PAGE

    def pages(self, who: int, slot: int, first: int, count: int) -> dict[int, Page]:
        """The pages of a region by address, cut to what there is; of another region if there is none in this slot."""
        regions = self.known[who].regions
        if not regions:
            return {}
        slot = slot if slot in regions else min(regions)
        region = regions[slot]
        first %= len(region)
        return {self.address(slot, number): region[number] for number in range(first, min(first + count, len(region)))}

    def refused(self) -> tuple[int, int]:
        return sum(store.refused_reads for store in self.stores), sum(store.refused_writes for store in self.stores)

    def access(self, who: int, address: int, content: bytes | None, at: int = 0x7F8) -> tuple[int, bytes]:
        """(status, bytes read) of a read, or of a write of `content`; an in-page error only where the disk failed."""
        memory, before = self.processes[who].space.memory, self.refused()
        try:
            if content is None:
                return Status.SUCCESS, memory.read(address + at, 8)
            memory.write(address + at, content)
        except GuestFault as fault:
            if fault.status == Status.IN_PAGE_ERROR:
                assert self.refused()[0] > before[0], "an in-page error while the disk was well"
            elif fault.status == Status.NO_MEMORY:
                assert self.refused()[1] > before[1] or self.has_lost_slots(), "no memory while the disk was well"
            return fault.status, b""
        return Status.SUCCESS, b""

    def has_lost_slots(self) -> bool:
        """True if writes that failed have broken so many slots that not all that is committed has a place."""
        return self.mm.ledger.committed > self.mm.ledger.limit

    def touch(self, who: int, address: int, page: Page, content: bytes | None) -> None:
        allowed = page.protection == PAGE_READWRITE or (content is None and page.protection == PAGE_READONLY)
        status, found = self.access(who, address, content, offset_in(address))
        if not allowed:
            assert status in (Status.ACCESS_VIOLATION, Status.IN_PAGE_ERROR, Status.NO_MEMORY)
        elif status == Status.SUCCESS and content is None:
            assert found == page.content, f"process {who}, page {address:#x}"
        elif status == Status.SUCCESS and content is not None:
            page.content = content
        else:
            assert status in (Status.IN_PAGE_ERROR, Status.NO_MEMORY)

    def call(self, service: Callable[[], Status]) -> Status:
        """The status of a service; it raises an in-page error, and does nothing, if the disk refuses a page table."""
        before = self.refused()
        try:
            return service()
        except GuestFault as fault:
            assert self.refused()[0] > before[0], "an in-page error while the disk was well"
            return Status(fault.status)

    def succeeds(self, service: Callable[[], Range]) -> bool:
        """True if a service that may meet the commit limit has done its work."""
        status = self.call(lambda: service().status)
        assert status in (Status.SUCCESS, Status.COMMITMENT_LIMIT, Status.NO_MEMORY, Status.IN_PAGE_ERROR)
        return status is Status.SUCCESS

    # what programs do

    @rule(who=WHO, slot=SLOT, count=COUNT, commit=st.booleans(), protection=PROTECTION)
    def allocate(self, who: int, slot: int, count: int, commit: bool, protection: int) -> None:
        regions = self.known[who].regions
        if slot in regions:
            return
        kind = MEM_RESERVE | (MEM_COMMIT if commit else 0)
        if self.succeeds(
            lambda: self.mm.allocate(self.processes[who], self.address(slot, 0), count * PAGE, kind, protection)
        ):
            regions[slot] = [Page(protection if commit else 0) for _ in range(count)]

    @rule(who=WHO, slot=SLOT, first=FIRST, count=COUNT)
    def commit(self, who: int, slot: int, first: int, count: int) -> None:
        pages = self.pages(who, slot, first, count)
        if pages and self.succeeds(
            lambda: self.mm.allocate(self.processes[who], min(pages), len(pages) * PAGE, MEM_COMMIT, PAGE_READWRITE)
        ):
            for page in pages.values():
                page.protection = PAGE_READWRITE

    @rule(who=WHO, slot=SLOT, first=FIRST, count=COUNT)
    def decommit(self, who: int, slot: int, first: int, count: int) -> None:
        pages = self.pages(who, slot, first, count)
        if pages and self.succeeds(
            lambda: self.mm.free(self.processes[who], min(pages), len(pages) * PAGE, MEM_DECOMMIT)
        ):
            for page in pages.values():
                page.protection, page.content, page.locks = 0, ZERO, 0

    @rule(who=WHO, slot=SLOT)
    def release(self, who: int, slot: int) -> None:
        if slot in self.known[who].regions:
            where = self.address(slot, 0)
            status = self.call(lambda: self.mm.free(self.processes[who], where, 0, MEM_RELEASE).status)
            if status is Status.SUCCESS:
                del self.known[who].regions[slot]
            else:
                assert status is Status.IN_PAGE_ERROR

    @rule(who=WHO, slot=SLOT, first=FIRST, count=COUNT, protection=PROTECTION)
    def protect(self, who: int, slot: int, first: int, count: int, protection: int) -> None:
        pages = self.pages(who, slot, first, count)
        if not pages:
            return
        status = self.call(
            lambda: self.mm.protect(self.processes[who], min(pages), len(pages) * PAGE, protection).status
        )
        if not all(page.protection for page in pages.values()):
            assert status in (Status.NOT_COMMITTED, Status.IN_PAGE_ERROR)
        elif status is Status.SUCCESS:
            for page in pages.values():
                page.protection = protection
                page.locks = page.locks if protection != PAGE_NOACCESS else 0
        else:
            assert status in (Status.NO_MEMORY, Status.IN_PAGE_ERROR)

    @rule(who=WHO, slot=SLOT, first=FIRST, count=COUNT, seed=st.integers(1, 1 << 32))
    def write(self, who: int, slot: int, first: int, count: int, seed: int) -> None:
        for address, page in self.pages(who, slot, first, count).items():
            self.touch(who, address, page, (seed * address & (1 << 64) - 1).to_bytes(8, "little"))

    @rule(who=WHO, slot=SLOT, first=FIRST, count=COUNT)
    def read(self, who: int, slot: int, first: int, count: int) -> None:
        for address, page in self.pages(who, slot, first, count).items():
            self.touch(who, address, page, None)

    @rule(who=WHO, slot=SLOT, writing=st.booleans(), seed=st.integers(1, 1 << 32))
    def use_at_random(self, who: int, slot: int, writing: bool, seed: int) -> None:
        pages = list(self.pages(who, slot, 0, SLOT_PAGES).items())
        for address, page in random.Random(seed).sample(pages, len(pages)):
            self.touch(who, address, page, seed.to_bytes(8, "little") if writing else None)

    @rule(who=WHO, content=st.binary(min_size=8, max_size=8), copy=st.booleans())
    def write_image(self, who: int, content: bytes, copy: bool) -> None:
        place = DATA if copy else TAIL
        status, _ = self.access(who, PREFERRED_BASE + place, content)
        if status != Status.SUCCESS:
            assert status in (Status.IN_PAGE_ERROR, Status.NO_MEMORY)
        elif copy:
            self.known[who].data = content
        else:
            self.shared = content

    @rule(who=WHO)
    def read_image(self, who: int) -> None:
        for place, expected in ((DATA, self.known[who].data or ZERO), (TAIL, self.shared)):
            status, found = self.access(who, PREFERRED_BASE + place, None)
            assert found == expected if status == Status.SUCCESS else status in (Status.IN_PAGE_ERROR, Status.NO_MEMORY)

    @rule(who=WHO, first=st.integers(0, SHARED_PAGES - 1), seed=st.integers(1, 1 << 32))
    def write_common(self, who: int, first: int, seed: int) -> None:
        """Memory that all processes share, whose pages go to the paging file as private ones do."""
        for number in range(first, SHARED_PAGES):
            content = (seed * (number + 1) & (1 << 64) - 1).to_bytes(8, "little")
            status, _ = self.access(who, SHARED_AT + number * PAGE, content, offset_in(number * PAGE))
            if status == Status.SUCCESS:
                self.common[number] = content
            else:
                assert status in (Status.IN_PAGE_ERROR, Status.NO_MEMORY), f"{status:#x} at page {number}"

    @rule(who=WHO, first=st.integers(0, SHARED_PAGES - 1))
    def read_common(self, who: int, first: int) -> None:
        for number in range(first, SHARED_PAGES):
            status, found = self.access(who, SHARED_AT + number * PAGE, None, offset_in(number * PAGE))
            if status == Status.SUCCESS:
                assert found == self.common[number]
            else:
                assert status in (Status.IN_PAGE_ERROR, Status.NO_MEMORY), f"{status:#x} at page {number}"

    @rule(who=WHO)
    def map_common_again(self, who: int) -> None:
        status = self.call(lambda: self.mm.unmap_view(self.processes[who], SHARED_AT))
        if status is Status.SUCCESS:
            status = self.mm.map_view(self.processes[who], self.memory, SHARED_AT).status
            assert status is Status.SUCCESS, f"{status:#x}"
        else:
            assert status is Status.IN_PAGE_ERROR

    @rule(who=WHO, slot=SLOT, first=FIRST, count=FEW, kind=st.sampled_from((MAP_PROCESS, MAP_SYSTEM, 3)))
    def lock(self, who: int, slot: int, first: int, count: int, kind: int) -> None:
        pages = self.pages(who, slot, first, count)
        if not pages:
            return
        before = self.refused()
        status = self.call(lambda: self.mm.lock(self.processes[who], min(pages), len(pages) * PAGE, kind).status)
        if any(page.protection in (0, PAGE_NOACCESS) for page in pages.values()):
            assert status in (Status.ACCESS_VIOLATION, Status.IN_PAGE_ERROR)
        elif is_success(status):
            assert status is (
                Status.WAS_LOCKED if any(page.locks & kind for page in pages.values()) else Status.SUCCESS
            )
            for page in pages.values():
                page.locks |= kind
        elif status is Status.IN_PAGE_ERROR:
            assert self.refused()[0] > before[0]
        else:
            assert status in (Status.WORKING_SET_QUOTA, Status.INSUFFICIENT_RESOURCES, Status.NO_MEMORY)

    @rule(who=WHO, slot=SLOT, first=FIRST, count=FEW, kind=st.sampled_from((MAP_PROCESS, MAP_SYSTEM, 3)))
    def unlock(self, who: int, slot: int, first: int, count: int, kind: int) -> None:
        pages = self.pages(who, slot, first, count)
        if not pages:
            return
        status = self.call(lambda: self.mm.unlock(self.processes[who], min(pages), len(pages) * PAGE, kind).status)
        if all(page.locks & kind == kind for page in pages.values()):
            assert status is Status.SUCCESS
            for page in pages.values():
                page.locks &= ~kind
        else:
            assert status in (Status.NOT_LOCKED, Status.IN_PAGE_ERROR)

    @rule(who=WHO, minimum=st.integers(1, 60), more=st.integers(0, 60), hard=st.booleans())
    def set_limits(self, who: int, minimum: int, more: int, hard: bool) -> None:
        status = self.mm.set_working_set_limits(
            self.processes[who], minimum * PAGE, (minimum + more) * PAGE, hard_maximum=hard
        )
        assert is_success(status) or status in (Status.BAD_WORKING_SET_LIMIT, Status.INSUFFICIENT_RESOURCES)

    @rule(who=WHO)
    def start_again(self, who: int) -> None:
        """The process ends with all that it has, and another takes its place.

        The disks answer meanwhile: a page table of an ending process that cannot be read is a bugcheck. Where failed
        writes have left too little commit for another process, the old one stays.
        """
        if not self.mm.ledger.has_room(NEW_PROCESS_PAGES):
            return
        self.with_disks_well(lambda: self.machine.end(self.processes[who]))
        self.processes[who] = self.start_process()
        self.known[who] = Known()

    # what the system does

    @rule(who=WHO)
    def empty(self, who: int) -> None:
        self.machine.empty(self.processes[who])

    @rule(who=WHO)
    def page_out(self, who: int) -> None:
        """All that can go, page tables too, goes to the paging files."""
        self.machine.page_out(self.processes[who])

    @rule(who=WHO)
    def swap_out(self, who: int) -> None:
        """The whole process leaves memory, top tables and all; the next who needs it has it swapped in."""
        space = self.processes[who].space
        may_go = not space.is_swapped_out and not space.working_set.locked
        assert self.mm.out_swap(space) is may_go or may_go  # nonpaged pool may have no room

    def swap_in(self, context: FaultContext) -> None:
        """In-swap from a failing disk would be a bugcheck."""
        assert isinstance(context, AddressSpace)
        self.with_disks_well(lambda: self.mm.in_swap(context))

    def with_disks_well(self, step: Callable[[], None]) -> None:
        """Steps may be within each other: a process that ends is swapped in first."""
        before = [store.audited for store in self.stores]
        for store in self.stores:
            store.audited = True
        try:
            step()
        finally:
            for store, audited in zip(self.stores, before, strict=True):
                store.audited = audited

    @rule(pages=st.integers(1, 300))
    def trim(self, pages: int) -> None:
        self.mm.pageout.working_sets.trim(pages)

    @rule()
    def tick(self) -> None:
        self.mm.pageout.tick()

    @rule(clusters=st.integers(1, 20))
    def write_out(self, clusters: int) -> None:
        for _ in range(clusters):
            self.mm.pageout.writer.write_one()

    @rule()
    def reuse_standby(self) -> None:
        self.machine.drop_standby()

    @rule()
    def zero_pages(self) -> None:
        self.mm.pageout.zero_pages.zero_all()

    # what is looked at after each step

    @invariant()
    def books_are_right(self) -> None:
        self.machine.check()

    @invariant()
    def locked_pages_are_valid(self) -> None:
        for process, known in zip(self.processes, self.known, strict=True):
            for slot, region in known.regions.items():
                for number, page in enumerate(region):
                    assert not page.locks or self.machine.pte(process, self.address(slot, number)) & 1

    def teardown(self) -> None:
        if not hasattr(self, "machine"):
            return
        for store in self.stores:
            store.refuse_read = lambda offset, size: False
        for who, known in enumerate(self.known):
            for slot in known.regions:
                self.read(who, slot, 0, SLOT_PAGES)
            self.read_common(who, 0)
            self.machine.end(self.processes[who])
        self.memory.close()
        self.machine.check()
        assert self.owned() == self.idle


class FaultyModel(Model):
    """The same on disks that fail: what cannot be read is an in-page error, and all that can be read is right."""

    faulty = True


def run(model: type[Model], name: str, replacement: str, examples: int) -> None:
    machine = type(model.__name__, (model,), {"architecture": name, "replacement": replacement})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=STEPS, suppress_health_check=list(HealthCheck), deadline=None
        ),
    )


@pytest.mark.parametrize(("name", "replacement"), [("x86", "fifo"), ("pae", "ageing"), ("x64", "clock")])
def test_does_every_process_find_what_it_wrote(name: str, replacement: str) -> None:
    run(Model, name, replacement, EXAMPLES)


@pytest.mark.parametrize(("name", "replacement"), [("x86", "ageing"), ("pae", "clock"), ("x64", "fifo")])
def test_is_nothing_lost_silently_on_a_failing_disk(name: str, replacement: str) -> None:
    run(FaultyModel, name, replacement, EXAMPLES)
