"""Threads of several processes at once, with the system threads: every byte is found again, the audit looks often.

Each program is a random list of steps; whenever one of them waits, others run, and an auditor looks at the books.
"""

import os
import random
from collections.abc import Callable

import pytest

from ntmm.kernel.ke.access import GuestFault
from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_DECOMMIT,
    MEM_RELEASE,
    MEM_RESERVE,
    PAGE_READONLY,
    PAGE_READWRITE,
)
from ntmm.nt.status import Status, is_success
from tests.kernel.mm.images import CODE, DATA, PREFERRED_BASE, TAIL, image
from tests.kernel.mm.machine import ARCHITECTURES, MB, PAGE, FakeProcess, MemoryMachine

SEEDS = range(int(os.environ.get("NTMM_SEEDS", "3")))
START, REGION_PAGES, LOOK_EVERY = 0x3F00000, 240, 16


class Program:
    """One thread's steps on regions of its own in a process that it may share with another thread."""

    def __init__(self, machine: MemoryMachine, process: FakeProcess, number: int, seed: int) -> None:
        self.machine, self.process = machine, process
        self.choose = random.Random(seed * 100 + number)
        self.base = START + number * MB
        self.pages: dict[int, int] = {}
        """Value by address of every committed page."""
        self.protection: dict[int, int] = {}
        self.losses = 0

    def main(self) -> None:
        for _ in range(60):
            getattr(self, self.choose.choice(("allocate", "free", "use", "use", "use", "change", "rest", "empty")))()
        for address in list(self.pages):
            self.read(address)

    def some(self) -> list[int]:
        """Adjacent pages, as far as they are committed."""
        ordered = sorted(self.pages)
        at = self.choose.randrange(max(1, len(ordered) - 20))
        return ordered[at : at + self.choose.randrange(1, 80)]

    def allocate(self) -> None:
        if self.pages:
            return
        kind = MEM_RESERVE | MEM_COMMIT
        size = self.choose.randrange(REGION_PAGES // 2, REGION_PAGES) * PAGE
        status = self.machine.mm.allocate(self.process, self.base, size, kind, PAGE_READWRITE).status
        if status is Status.SUCCESS:
            self.pages = dict.fromkeys(range(self.base, self.base + size, PAGE), 0)
            self.protection = dict.fromkeys(self.pages, PAGE_READWRITE)
            for address in self.pages:
                self.write(address)
        else:
            assert status is Status.COMMITMENT_LIMIT

    def free(self) -> None:
        if self.choose.randrange(3) or not self.pages:
            return
        if self.choose.randrange(3) == 0:
            assert self.machine.mm.free(self.process, self.base, 0, MEM_RELEASE).status is Status.SUCCESS
            self.pages = {}
            return
        pages = [page for page in self.some() if page in self.pages]
        if pages:
            size = pages[-1] + PAGE - pages[0]
            assert self.machine.mm.free(self.process, pages[0], size, MEM_DECOMMIT).status is Status.SUCCESS
            again = self.machine.mm.allocate(self.process, pages[0], size, MEM_COMMIT, PAGE_READWRITE)
            if again.status is Status.SUCCESS:
                self.pages.update(dict.fromkeys(pages, 0))
                self.protection.update(dict.fromkeys(pages, PAGE_READWRITE))
            else:
                self.pages = {page: value for page, value in self.pages.items() if page not in pages}

    def use(self) -> None:
        pages = self.some()
        if self.choose.randrange(2):
            self.choose.shuffle(pages)
        for address in pages:
            if self.choose.randrange(2):
                self.read(address)
            else:
                self.write(address)

    def read(self, address: int) -> None:
        try:
            found = self.process.space.memory.read_u32(address + 0x7FC)
        except GuestFault as fault:
            self.lose(fault)
            return
        assert found == self.pages[address], f"page {address:#x}"

    def write(self, address: int) -> None:
        value = self.choose.randrange(1, 1 << 32)
        if self.protection[address] == PAGE_READWRITE:
            try:
                self.process.space.memory.write_u32(address + 0x7FC, value)
            except GuestFault as fault:
                self.lose(fault)
            else:
                self.pages[address] = value

    def lose(self, fault: GuestFault) -> None:
        """The disk has failed, and the program is told."""
        assert fault.status in (Status.IN_PAGE_ERROR, Status.NO_MEMORY), f"{fault.status:#x}"
        assert any(store.refused_reads or store.refused_writes for store in self.machine.stores)
        self.losses += 1

    def change(self) -> None:
        for address in self.some()[:8]:
            protection = self.choose.choice((PAGE_READONLY, PAGE_READWRITE))
            status = self.machine.mm.protect(self.process, address, PAGE, protection).status
            if status is Status.SUCCESS:
                self.protection[address] = protection
            else:
                assert status is Status.NO_MEMORY

    def rest(self) -> None:
        thread = self.machine.scheduler.current
        assert thread is not None
        self.machine.scheduler.wait(thread, (), timeout_100ns=self.choose.randrange(1, 20_000_000))

    def empty(self) -> None:
        if not self.choose.randrange(3):
            assert is_success(self.machine.mm.empty_working_set(self.process))


def audited(machine: MemoryMachine, looks: list[int]) -> Callable[[], None]:
    """A thread that audits the machine at odd moments, until the others have ended."""

    def body() -> None:
        thread = machine.scheduler.current
        assert thread is not None
        while sum(1 for other in machine.scheduler.threads if not other.is_system) > 1:
            machine.scheduler.wait(thread, (), timeout_100ns=170_003)
            if len(looks) % LOOK_EVERY == 0:
                machine.check()
            looks.append(machine.clock.uptime_100ns())

    return body


def run(name: str, seed: int, replacement: str, failing: float) -> int:
    machine = MemoryMachine(name, 2 * MB, replacement)
    machine.add_paging_file(MB, 4 * MB)
    machine.start_system_threads()
    section = machine.open_image(image("a.dll", machine.architecture.bits == 64))
    processes = [machine.new_process() for _ in range(3)]
    for process in processes:
        machine.mm.map_image(process, section)
    idle = machine.mm.ledger.committed - machine.mm.system_account.pages
    chance = random.Random(seed)
    machine.stores[0].refuse_read = lambda offset, size: chance.random() < failing
    machine.stores[0].refuse_write = lambda offset, size: chance.random() < failing / 4
    programs = [Program(machine, processes[number % 3], number, seed) for number in range(5)]
    looks: list[int] = []
    machine.start(audited(machine, looks), priority=15)
    machine.run(*(program.main for program in programs))
    machine.check()
    machine.stores[0].refuse_read = lambda offset, size: False
    for program in programs:
        for address in program.pages:
            program.read(address)
        machine.mm.free(program.process, program.base, 0, MEM_RELEASE)
    machine.check()
    fixed = machine.mm.ledger.committed - machine.mm.system_account.pages
    assert fixed <= idle + 3 * 5  # page tables of the image's view
    assert looks
    assert bool(failing) == bool(machine.stores[0].refused_reads), "the disk was to fail now and then"
    return sum(program.losses for program in programs)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_do_threads_find_what_they_wrote(name: str, seed: int) -> None:
    assert run(name, seed, ("ageing", "fifo", "clock")[seed % 3], 0.0) == 0


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_are_threads_told_of_every_loss(name: str) -> None:
    """A page that is read back while the disk fails cannot be right by chance: all seeds together lose some."""
    told = [run(name, seed, ("clock", "ageing", "fifo")[seed % 3], 0.2) for seed in SEEDS]
    assert sum(told) > 0


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_do_processes_see_each_others_shared_pages_under_pressure(name: str) -> None:
    """Writes to a shared section and to private copies, while a third process uses up RAM."""
    machine = MemoryMachine(name, 2 * MB)
    machine.add_paging_file(4 * MB)
    machine.start_system_threads()
    section = machine.open_image(image("a.dll", machine.architecture.bits == 64))
    users, hog = [machine.new_process() for _ in range(2)], machine.new_process()
    for process in (*users, hog):
        machine.mm.map_image(process, section)
    base, rounds = machine.allocate(hog, 500 * PAGE), 12
    ended: list[str] = []

    def user(number: int) -> None:
        memory = users[number].space.memory
        for step in range(rounds):
            memory.write_u32(PREFERRED_BASE + TAIL + 8 * number, step)
            memory.write_u32(PREFERRED_BASE + DATA, step * 2 + number)
            thread = machine.scheduler.current
            assert thread is not None
            machine.scheduler.wait(thread, (), timeout_100ns=3_000_000)
            machine.mm.empty_working_set(users[number])
            assert memory.read_u32(PREFERRED_BASE + TAIL + 8 * number) == step
            assert memory.read_u32(PREFERRED_BASE + DATA) == step * 2 + number
            assert memory.read_u8(PREFERRED_BASE + CODE) == 1
            machine.check()
        ended.append("user")

    def fill() -> None:
        while len(ended) < 2:
            for page in range(500):
                hog.space.memory.write_u32(base + page * PAGE, page)
        assert hog.space.memory.read_u32(PREFERRED_BASE + DATA) == 0
        assert hog.space.memory.read_u32(PREFERRED_BASE + TAIL + 8) == rounds - 1

    machine.run(lambda: user(0), lambda: user(1), fill)
    machine.check()
