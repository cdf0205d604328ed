"""Views, cached and uncached requests of one file agree with a plain byte array, whatever happens to memory.

After each step the full audit looks at all books. `NTMM_EXAMPLES` sets the number of examples of each architecture.
"""

import os
import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from ntmm.kernel.io.constants import (
    FILE_NO_INTERMEDIATE_BUFFERING,
    FILE_RANDOM_ACCESS,
    FILE_SEQUENTIAL_ONLY,
    FILE_WRITE_THROUGH,
)
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.mm.section import Section
from ntmm.nt.memory import ALLOCATION_GRANULARITY, PAGE_READWRITE, PAGE_WRITECOPY
from ntmm.nt.status import Status
from tests.kernel.cc.machine import CachedMachine
from tests.kernel.mm.machine import MB, PAGE

EXAMPLES = int(os.environ.get("NTMM_EXAMPLES", "6"))
STEPS = 30
LARGEST = 160 * PAGE
"""The file has up to two and a half views of the cache."""
SECTOR = 512

OPTIONS = (0, FILE_WRITE_THROUGH, FILE_SEQUENTIAL_ONLY, FILE_RANDOM_ACCESS)
PLACE = st.one_of(st.integers(0, LARGEST), st.integers(0, LARGEST // PAGE).map(lambda page: page * PAGE))
LENGTH = st.one_of(st.integers(1, 3 * PAGE), st.integers(1, 100 * PAGE))
SECTORS = st.integers(0, LARGEST // SECTOR - 1)
WHICH = st.integers(0, 1)
HANDLE = st.integers(0, len(OPTIONS) - 1)
SEED = st.integers(1, 1 << 30)


def pattern(seed: int, length: int) -> bytes:
    """Bytes that differ from page to page and from write to write, none of them likely to be zeroes."""
    return Random(seed).randbytes(length)


class CountingLog:
    """Numbers of changes, all of which it writes when it is asked for one of them."""

    last = 0
    written = 0

    def flush_to(self, number: int) -> None:
        assert self.written < number <= self.last
        self.written = number


class Coherence(RuleBasedStateMachine):
    """One file, four cached opens of it, one uncached, a section that grows; in each of two processes up to two
    views, whole or in part, and one copied on write.
    """

    architecture = ""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="ntmm-test-")
        self.machine = CachedMachine(self.architecture, Path(self.folder.name), 2 * MB)
        self.machine.add_paging_file(MB, 3 * MB)
        self.mm = self.machine.mm
        self.model = bytearray()
        self.files = [self.machine.open("data", options=options) for options in OPTIONS]
        self.uncached = self.machine.open("data", options=FILE_NO_INTERMEDIATE_BUFFERING)
        self.processes = [self.machine.new_process() for _ in range(2)]
        self.views: list[dict[int, tuple[int, int]]] = [{}, {}]
        """By process: base -> (the offset in the file where the view begins, bytes of the file that it shows)."""
        self.section: Section | None = None
        """One that was made before views were, and grows with the file."""
        self.copies: list[dict[int, dict[int, bytearray]]] = [{}, {}]
        """By process: base of a copy-on-write view -> its private pages by number."""
        self.copy_pages: dict[tuple[int, int], int] = {}
        self.log = CountingLog()
        self.numbers: dict[int, int] = {}
        """By page: the number of its last change that is in the log."""
        self.watch_writes()

    @initialize(size=PLACE, seed=SEED, is_logged=st.booleans())
    def fill_host_file(self, size: int, seed: int, is_logged: bool) -> None:
        """The file has contents that were never in RAM, and perhaps its changes wait for a log."""
        self.model = bytearray(pattern(seed, size))
        (self.machine.folder / "data").write_bytes(self.model)
        if is_logged:
            self.machine.cc.set_log(self.files[0], self.log)

    def expect(self, offset: int, length: int) -> bytes:
        return bytes(self.model[offset : offset + length])

    def put(self, offset: int, data: bytes) -> None:
        self.model.extend(bytes(max(0, offset + len(data) - len(self.model))))
        self.model[offset : offset + len(data)] = data

    def watch_writes(self) -> None:
        """No page reaches the disk before what the log says of it."""
        block = self.files[0].block
        write_pages = block.write_pages

        def watched(offset: int, data: bytes) -> None:
            for page in range(offset // PAGE, -(-(offset + len(data)) // PAGE)):
                assert self.numbers.get(page, 0) <= self.log.written
            write_pages(offset, data)

        block.write_pages = watched  # type: ignore[method-assign]

    @property
    def is_mapped(self) -> bool:
        return any(self.views) or any(self.copies) or self.section is not None

    # requests

    @rule(which=HANDLE, offset=PLACE, length=LENGTH, seed=SEED)
    def write(self, which: int, offset: int, length: int, seed: int) -> None:
        data = pattern(seed, min(length, LARGEST - offset))
        assert self.files[which].write(offset, data) == len(data)
        if data:
            self.put(offset, data)

    @rule(which=HANDLE, offset=PLACE, length=LENGTH)
    def read(self, which: int, offset: int, length: int) -> None:
        assert self.files[which].read(offset, length) == self.expect(offset, length)

    @rule(which=HANDLE, length=st.sampled_from((512, PAGE, 5000, 65536)), count=st.integers(1, 8))
    def read_in_order(self, which: int, length: int, count: int) -> None:
        for number in range(count):
            assert self.files[which].read(number * length, length) == self.expect(number * length, length)

    @rule(sector=SECTORS, count=st.integers(1, 64), seed=SEED)
    def write_uncached(self, sector: int, count: int, seed: int) -> None:
        data = pattern(seed, count * SECTOR)
        self.uncached.write(sector * SECTOR, data)
        self.put(sector * SECTOR, data)

    @rule(sector=SECTORS, count=st.integers(1, 64))
    def read_uncached(self, sector: int, count: int) -> None:
        assert self.uncached.read(sector * SECTOR, count * SECTOR) == self.expect(sector * SECTOR, count * SECTOR)

    @rule(size=st.one_of(PLACE, st.just(0)))
    def set_size(self, size: int) -> None:
        try:
            self.files[0].set_size(size)
        except IoFailure as failure:
            assert failure.status is Status.USER_MAPPED_FILE  # noqa: PT017
            assert self.is_mapped and size < len(self.model)
            return
        del self.model[size:]
        self.model.extend(bytes(size - len(self.model)))

    @rule()
    def flush_or_purge(self) -> None:
        self.files[0].flush()
        assert self.machine.cc.purge(self.files[0].block) is not self.is_mapped

    @rule(which=HANDLE)
    def open_again(self, which: int) -> None:
        self.files[which].close()
        self.files[which] = self.machine.open("data", options=OPTIONS[which])

    @rule(offset=PLACE, length=LENGTH, seed=SEED)
    def change_pinned(self, offset: int, length: int, seed: int) -> None:
        length = min(length, len(self.model) - offset)
        if length <= 0:
            return
        data, done, cc = pattern(seed, length), 0, self.machine.cc
        pinned = cc.pin_read(self.files[0], offset, length)
        for part in cc.parts(pinned):
            part[:] = data[done : done + len(part)]
            done += len(part)
        cc.set_dirty(pinned)
        cc.unpin(pinned)
        self.put(offset, data)

    @rule(offset=PLACE, length=LENGTH, zero=st.booleans(), seed=SEED)
    def overwrite_pinned(self, offset: int, length: int, zero: bool, seed: int) -> None:
        """As a file system overwrites a part of its own file, with or without a record in its log."""
        length = min(length, len(self.model) - offset)
        if length <= 0:
            return
        data, done, cc = bytes(length) if zero else pattern(seed, length), 0, self.machine.cc
        pinned = cc.prepare_pin_write(self.files[0], offset, length, zero)
        for part in cc.parts(pinned) if not zero else ():
            part[:] = data[done : done + len(part)]
            done += len(part)
        self.log.last += 1
        shared = pinned.shared
        cc.set_dirty(pinned, self.log.last if seed % 2 else None)
        cc.unpin(pinned)
        if seed % 2 and shared.log is not None:
            for page in range(offset // PAGE, -(-(offset + length) // PAGE)):
                self.numbers[page] = self.log.last
        self.put(offset, data)

    @rule(offset=PLACE, length=LENGTH)
    def write_zeroes(self, offset: int, length: int) -> None:
        length = min(length, LARGEST - offset)
        self.machine.cc.zero(self.files[0], offset, offset + length)
        if length > 0:
            self.put(offset, bytes(length))

    @rule(which=HANDLE)
    def log_changes(self, which: int) -> None:
        """From now on until the file is closed by all, changes wait for a log."""
        self.machine.cc.set_log(self.files[which], self.log)

    # views

    @rule(who=WHICH)
    def map(self, who: int) -> None:
        if len(self.views[who]) < 2 and self.model:
            base = self.machine.map(self.processes[who], self.files[0])
            self.views[who][base] = (0, len(self.model))

    @rule()
    def make_section(self) -> None:
        if self.section is None and self.model:
            self.section = self.machine.section(self.files[0])

    @rule()
    def close_section(self) -> None:
        if self.section is not None:
            self.section.dereference()
            self.section = None

    @rule(size=PLACE)
    def extend_section(self, size: int) -> None:
        """Views that are there do not grow; new ones show the rest."""
        if self.section is None:
            return
        told = max(size, self.section.size)
        assert self.mm.extend_section(self.section, size) == (Status.SUCCESS, told)
        self.model.extend(bytes(max(0, told - len(self.model))))

    @rule(who=WHICH, unit=st.integers(0, LARGEST // ALLOCATION_GRANULARITY), length=LENGTH)
    def map_part(self, who: int, unit: int, length: int) -> None:
        """A view that begins anywhere, with a part of the section."""
        offset = unit * ALLOCATION_GRANULARITY
        if self.section is None or len(self.views[who]) >= 2 or offset >= self.section.size:
            return
        length = min(length, self.section.size - offset)
        view = self.mm.map_view(
            self.processes[who], self.section, offset=offset, view_size=length, page_protection=PAGE_READWRITE
        )
        assert (view.status, view.offset, view.size) == (Status.SUCCESS, offset, -(-length // PAGE) * PAGE)
        self.views[who][view.base] = (offset, length)

    @rule(who=WHICH)
    def unmap(self, who: int) -> None:
        if self.views[who]:
            base, _ = self.views[who].popitem()
            assert self.mm.unmap_view(self.processes[who], base) is Status.SUCCESS

    @rule(who=WHICH, offset=PLACE, length=LENGTH, seed=SEED)
    def write_view(self, who: int, offset: int, length: int, seed: int) -> None:
        for base, (start, size) in self.views[who].items():
            data = pattern(seed, max(0, min(length, size - offset)))
            self.processes[who].space.memory.write(base + offset, data)
            self.put(start + offset, data) if data else None

    @rule(who=WHICH, offset=PLACE, length=LENGTH)
    def read_view(self, who: int, offset: int, length: int) -> None:
        for base, (start, size) in self.views[who].items():
            count = max(0, min(length, size - offset))
            assert self.processes[who].space.memory.read(base + offset, count) == self.expect(start + offset, count)

    @rule(who=WHICH, offset=PLACE, length=LENGTH)
    def flush_view(self, who: int, offset: int, length: int) -> None:
        for base, (_, size) in self.views[who].items():
            at = min(offset, size - 1)
            assert self.mm.flush_view(self.processes[who], base, 0).status is Status.SUCCESS
            part = self.mm.flush_view(self.processes[who], base + at, min(length, size - at))
            assert part.status is Status.SUCCESS

    # copy on write

    @rule(who=WHICH)
    def map_copy(self, who: int) -> None:
        if not self.copies[who] and self.model:
            base = self.machine.map(self.processes[who], self.files[1], protection=PAGE_WRITECOPY)
            self.copies[who][base] = {}
            self.copy_pages[who, base] = -(-len(self.model) // PAGE)

    @rule(who=WHICH)
    def unmap_copy(self, who: int) -> None:
        if self.copies[who]:
            base, _ = self.copies[who].popitem()
            assert self.mm.unmap_view(self.processes[who], base) is Status.SUCCESS

    @rule(who=WHICH, page=st.integers(0, LARGEST // PAGE), place=st.integers(0, PAGE - 8), seed=SEED)
    def write_copy(self, who: int, page: int, place: int, seed: int) -> None:
        for base, pages in self.copies[who].items():
            number, data = page % self.copy_pages[who, base], pattern(seed, 8)
            self.processes[who].space.memory.write(base + number * PAGE + place, data)
            held = pages.setdefault(number, bytearray(self.expect(number * PAGE, PAGE).ljust(PAGE, b"\0")))
            held[place : place + 8] = data

    @rule(who=WHICH)
    def read_copy(self, who: int) -> None:
        """Pages that were written to are the view's own; the others show the file of today."""
        for base, pages in self.copies[who].items():
            for number in range(self.copy_pages[who, base]):
                shown = self.processes[who].space.memory.read(base + number * PAGE, PAGE)
                if number in pages:
                    assert shown == pages[number]
                else:
                    assert shown.startswith(self.expect(number * PAGE, PAGE))

    # what the system does

    @rule(pages=st.integers(1, 300))
    def trim(self, pages: int) -> None:
        self.mm.pageout.working_sets.trim(pages)

    @rule()
    def forget_everything(self) -> None:
        """What can be written and lost to the page lists is only on the disk afterwards."""
        for process in self.processes:
            self.machine.empty(process)
        self.machine.forget_everything()

    @rule(action=st.integers(0, 6), who=WHICH)
    def press(self, action: int, who: int) -> None:
        actions = (
            lambda: self.machine.empty(self.processes[who]),
            lambda: self.mm.pageout.working_sets.empty(self.mm._system_owner),
            self.mm.pageout.tick,
            self.mm.mapped_writer.write_queued,
            self.machine.cc.lazy_writer.scan,
            self.machine.drop_standby,
            self.mm.sections.trim_unused,
        )
        actions[action]()

    # what is looked at after each step

    @invariant()
    def books_are_right(self) -> None:
        self.machine.check()

    @invariant()
    def disk_and_ram_together_hold_the_file(self) -> None:
        """Looked at without bringing anything in."""
        assert self.files[0].read_now(0, len(self.model) + 1) == bytes(self.model)

    def teardown(self) -> None:
        self.close_section()
        for who, views in enumerate(self.views):
            for base in (*views, *self.copies[who]):
                self.mm.unmap_view(self.processes[who], base)
            self.machine.end(self.processes[who])
        for file in [*self.files, self.uncached]:
            file.close()
        self.machine.check()
        assert self.mm.shut_down()
        assert self.machine.host("data") == bytes(self.model)
        self.machine.volume.close()
        self.folder.cleanup()


@pytest.mark.parametrize("name", ["x86", "pae", "x64"])
def test_do_all_ways_to_a_file_show_the_same_bytes(name: str) -> None:
    machine = type("Coherence", (Coherence,), {"architecture": name})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, suppress_health_check=list(HealthCheck), deadline=None
        ),
    )
