"""Do large pages, small ones around them and the lack of adjacent frames leave everybody's bytes alone?

Two processes allocate, write and free large and small memory on a machine whose RAM holds a few large pages; dicts say
what every written address must hold, and the audit looks at all books. IA-64 is the machine on which two directory
entries name one large page.
"""

import random

import pytest

from ntmm.hw.cpu.walk import translate
from ntmm.kernel.mm.audit import audit
from ntmm.nt.memory import MEM_COMMIT, MEM_LARGE_PAGES, MEM_RELEASE, MEM_RESERVE, PAGE_READWRITE
from ntmm.nt.status import Status
from tests.kernel.mm.machine import MB, FakeProcess, MemoryMachine, status_of_read

LARGE = MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES
SMALL = MEM_RESERVE | MEM_COMMIT
RAM = {"x86": 32 * MB, "x64": 16 * MB, "ia64": 96 * MB}


class Model:
    """Two processes, their regions by (process, base), and the words that were written to each."""

    def __init__(self, name: str, seed: int) -> None:
        self.chance = random.Random(seed)
        self.machine = MemoryMachine(name, ram=RAM[name])
        self.machine.add_paging_file(2 * RAM[name])  # so that RAM decides, and not the commit limit
        self.large = self.machine.architecture.large_page_size
        self.processes = [self.machine.new_process() for _ in range(2)]
        self.sizes: dict[tuple[int, int], int] = {}
        self.words: dict[tuple[int, int], dict[int, int]] = {}
        self.mapped = self.refused = 0

    def step(self) -> None:
        self.chance.choice((self.allocate, self.write, self.write, self.free))()

    def allocate(self) -> None:
        who, is_large = self.chance.randrange(2), self.chance.random() < 0.6
        unit = self.large if is_large else self.machine.architecture.page_size
        size = unit * self.chance.randint(1, 3)
        base = self.chance.choice((0, self.large * self.chance.randint(4, 40)))
        result = self.machine.mm.allocate(self.processes[who], base, size, LARGE if is_large else SMALL, PAGE_READWRITE)
        if result.status is not Status.SUCCESS:
            assert result.status in (Status.INSUFFICIENT_RESOURCES, Status.CONFLICTING_ADDRESSES)
            self.refused += result.status is Status.INSUFFICIENT_RESOURCES
            return
        assert result.size == size and (not is_large or result.base % self.large == 0)
        self.mapped += is_large
        self.sizes[who, result.base], self.words[who, result.base] = size, {}

    def write(self) -> None:
        for (who, base), size in self.sizes.items():
            memory = self.processes[who].space.memory
            middle = size // 2 // 8 * 8
            for offset in (0, middle, size - 8, self.chance.randrange(0, size, 8)):
                assert memory.read_u64(base + offset) == self.words[who, base].get(offset, 0)
                self.words[who, base][offset] = self.chance.getrandbits(64)
                memory.write_u64(base + offset, self.words[who, base][offset])

    def free(self) -> None:
        if not self.sizes:
            return
        who, base = self.chance.choice(sorted(self.sizes))
        size = self.sizes.pop((who, base))
        del self.words[who, base]
        freed = self.machine.mm.free(self.processes[who], base, 0, MEM_RELEASE)
        assert freed == (Status.SUCCESS, base, size)
        assert status_of_read(self.processes[who], base + size - 1) == Status.ACCESS_VIOLATION

    def check(self) -> None:
        for (who, base), words in self.words.items():
            memory = self.processes[who].space.memory
            assert all(memory.read_u64(base + offset) == word for offset, word in words.items())
        self.machine.check()


@pytest.mark.parametrize("name", RAM)
@pytest.mark.parametrize("seed", range(2))
def test_does_everybody_see_what_they_wrote(name: str, seed: int) -> None:
    model = Model(name, seed)
    for _ in range(8):
        for _ in range(6):
            model.step()
        model.check()
    assert model.mapped and model.refused  # both happened: memory was had, and there was none
    for process in model.processes:
        model.machine.end(process)
    model.machine.check()


def large_page(machine: MemoryMachine, process: FakeProcess) -> tuple[int, int]:
    """One large page of a process: its address, and the index of its first directory entry."""
    base = machine.allocate(process, machine.architecture.large_page_size, LARGE)
    return base, process.space.tables.directory_index(base)


def test_does_the_processors_walk_find_both_halves_on_ia64() -> None:
    machine = MemoryMachine("ia64", ram=RAM["ia64"])
    process = machine.new_process()
    base, index = large_page(machine, process)
    first = machine.mm.table_memory.format.frame(machine.mm.table_memory.entries[index])
    pages = machine.architecture.large_page_size // machine.architecture.page_size
    for page in (0, 1, pages // 2 - 1, pages // 2, pages - 1):
        address = base + page * machine.architecture.page_size
        assert translate(machine.ram, machine.architecture, process.space.directory, address) == first + page
    machine.check()


@pytest.mark.parametrize("part", [0, 1])
def test_does_the_audit_see_halves_that_disagree(part: int) -> None:
    machine = MemoryMachine("ia64", ram=RAM["ia64"])
    process = machine.new_process()
    base, index = large_page(machine, process)
    entries = machine.mm.table_memory.entries
    right = entries[index + part]
    entries[index + part] = right & ~machine.architecture.WRITE
    assert any(f"{base:#x}" in line and "maps no large page" in line for line in audit(machine.mm))
    entries[index + part] = right
    machine.check()
