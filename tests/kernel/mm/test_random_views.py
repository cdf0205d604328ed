"""Two processes map, protect, touch and unmap images on a machine that is short of RAM; the books stay right."""

from random import Random

import pytest

from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.mm.section import Section
from ntmm.nt.memory import MEM_RELEASE
from ntmm.nt.status import Status
from tests.kernel.mm.images import COPY_ON_WRITE, READ_ONLY, SHARED, image
from tests.kernel.mm.machine import ARCHITECTURES, MB, PAGE, FakeProcess, MemoryMachine

PROTECTIONS = (0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x102, 0x104, 0x140, 0x108, 0x204)
IMAGE_PAGES = 6


class RandomProcess:
    """One process and its views; every step is one service or one access."""

    def __init__(self, machine: MemoryMachine, random: Random, sections: list[Section]) -> None:
        self.machine, self.random, self.sections = machine, random, sections
        self.process: FakeProcess = machine.new_process()
        self.views: list[int] = []

    def step(self) -> None:
        actions = [self.fill_memory, self.map]
        if self.views:
            actions += [self.protect, self.protect, self.read, self.write, self.read, self.write, self.unmap]
        self.random.choice(actions)()

    def place(self) -> int:
        return self.random.choice(self.views) + self.random.randrange(IMAGE_PAGES) * PAGE

    def map(self) -> None:
        if len(self.views) < 3:
            base, status = self.machine.mm.map_image(self.process, self.random.choice(self.sections))
            assert status in (Status.SUCCESS, Status.IMAGE_NOT_AT_BASE, Status.COMMITMENT_LIMIT)
            self.views += [base] if base else []

    def unmap(self) -> None:
        base = self.views.pop(self.random.randrange(len(self.views)))
        assert self.machine.mm.unmap_view(self.process, base + PAGE) is Status.SUCCESS

    def protect(self) -> None:
        size = self.random.randint(1, 3) * PAGE
        self.machine.mm.protect(self.process, self.place(), size, self.random.choice(PROTECTIONS))

    def read(self) -> None:
        self.process.space.memory.read(self.place(), 8)

    def write(self) -> None:
        self.process.space.memory.write(self.place(), b"changed")

    def fill_memory(self) -> None:
        """Takes memory until standby pages must be given up."""
        pages = self.random.choice((3, 100, 400))
        status, base, _ = self.machine.mm.allocate(self.process, 0, pages * PAGE, 0x3000, 0x04)
        if status is Status.SUCCESS:
            try:
                for number in range(pages):
                    self.process.space.memory.write_u8(base + number * PAGE, 0xFF)
            finally:
                self.machine.mm.free(self.process, base, 0, MEM_RELEASE)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("seed", range(4))
def test_do_the_books_survive_anything_done_to_views(name: str, seed: int) -> None:
    random = Random(seed)
    machine = MemoryMachine(name, random.choice((1, 2)) * MB)
    kinds = (COPY_ON_WRITE, SHARED, READ_ONLY)
    sections = [
        machine.open_image(image(f"{number}.dll", machine.architecture.bits == 64, *random.sample(kinds, 2)))
        for number in range(2)
    ]
    actors = [RandomProcess(machine, random, sections) for _ in range(2)]
    for _ in range(60):
        try:
            random.choice(actors).step()
        except GuestFault as fault:
            expected = (Status.ACCESS_VIOLATION, Status.GUARD_PAGE_VIOLATION, Status.NO_MEMORY)
            assert fault.status in expected  # noqa: PT017  # which fault it is depends on the seed
        machine.check()
    for actor in actors:
        machine.end(actor.process)
    machine.check()
