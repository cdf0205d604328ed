"""Does the memory manager run on a machine of 8 KB pages and regions, of which no processor is simulated?

The paging model is that of test_paging_model in small: three processes do what they like on a machine with little RAM;
dicts of bytes say what they must see, and the audit looks at all books.
"""

import random

import pytest

from ntmm.hw.arch import IA64, LARGE
from ntmm.hw.arch.ia64 import PAGE_SIZES
from ntmm.hw.cpu.walk import translate
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.memory_machine import MemoryMachine as ProfileMachine
from ntmm.kernel.mm.audit import audit
from ntmm.kernel.mm.layout import GB, layout_for
from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_DECOMMIT,
    MEM_RELEASE,
    MEM_RESERVE,
    PAGE_EXECUTE_READ,
    PAGE_NOACCESS,
    PAGE_READONLY,
    PAGE_READWRITE,
    SEC_COMMIT,
)
from ntmm.nt.profile import SystemProfile
from ntmm.nt.status import Status
from tests.kernel.mm.machine import FETCH_FAULT, MB, FakeProcess, MemoryMachine

PAGE = 8192
KB = 1 << 10
PLACES = (0x10000, 0x7FFF0000 + 0x10000, 5000 * GB, 7151 * GB)
"""Regions begin low, above the shared page, and near the end of 7152 GB."""


def test_are_the_page_sizes_those_of_the_lecture() -> None:
    names = (4 * KB, 8 * KB, 16 * KB, 64 * KB, 256 * KB, MB, 4 * MB, 16 * MB, 64 * MB, 256 * MB)
    assert names == PAGE_SIZES
    assert (IA64.page_size, IA64.large_page_size) == (8 * KB, 16 * MB)
    assert layout_for("ia64").highest_user_address + 1 + 64 * KB == 7152 * GB


@pytest.mark.parametrize("address", [0, 0x10000, 7152 * GB - PAGE, 0xE0000000_80000000, 0xE0000300_00000000])
def test_does_the_self_map_lead_back(address: int) -> None:
    assert IA64.address_of_pte(IA64.pte_address(address)) == address
    assert IA64.split(IA64.pte_address(address))[0] == IA64.self_map_index
    pde = IA64.pde_address(address)
    assert IA64.pte_address(IA64.pte_address(address)) & -8 == pde


def test_which_addresses_does_the_processor_know() -> None:
    assert IA64.is_canonical(0xE0000000_00000000)
    assert IA64.is_canonical((1 << 43) - 1)
    assert not IA64.is_canonical(1 << 43)


def test_do_the_tables_in_ram_translate() -> None:
    machine = MemoryMachine("ia64")
    process = machine.new_process()
    base = machine.allocate(process, 3 * PAGE, address=PLACES[2])
    process.space.memory.write(base + 2 * PAGE - 2, b"over")
    for offset in (PAGE, 2 * PAGE):
        frame = translate(machine.ram, IA64, process.space.directory, base + offset)
        assert frame == machine.frame(process, base + offset)
    assert translate(machine.ram, IA64, process.space.directory, base) is None
    index = process.space.tables.find(base + PAGE)
    mapped = process.space.tables.find_word(IA64.pte_address(base + PAGE))
    assert mapped == index  # the self-map shows the entry where it lies
    machine.check()


def test_is_data_not_executed() -> None:
    machine = MemoryMachine("ia64")
    process = machine.new_process()
    data = machine.allocate(process, PAGE)
    code = machine.allocate(process, PAGE, protection=PAGE_EXECUTE_READ)
    assert machine.fault(process, data, FETCH_FAULT).status is Status.ACCESS_VIOLATION
    assert machine.fault(process, code, FETCH_FAULT).status is Status.PAGE_FAULT_DEMAND_ZERO


def test_is_a_page_of_8_kb_the_unit() -> None:
    machine = MemoryMachine("ia64")
    process = machine.new_process()
    status, base, size = machine.mm.allocate(process, 0, 120_000, MEM_RESERVE, PAGE_READWRITE)
    assert (status, size) == (Status.SUCCESS, 15 * PAGE)
    status, place, size = machine.mm.allocate(process, base + 6 * KB, 7 * KB, MEM_COMMIT, PAGE_READWRITE)
    assert (status, place, size) == (Status.SUCCESS, base, 2 * PAGE)
    information = machine.mm.query(process, base)
    assert information is not None
    assert information.region_size == 2 * PAGE


class Model:
    """Three processes, and what their memory must hold."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.machine = MemoryMachine("ia64", 4 * MB)
        self.mm = self.machine.mm
        self.mm.faults.swap_in = self.swap_in
        self.machine.add_paging_file(4 * MB, 8 * MB)
        self.machine.add_paging_file(4 * MB)
        status, section = self.mm.create_section(None, 32 * PAGE, PAGE_READWRITE, SEC_COMMIT)
        assert status is Status.SUCCESS
        assert section is not None
        self.section = section
        self.common: dict[int, bytes] = {}
        self.processes = [self.machine.new_process() for _ in range(3)]
        self.known: list[dict[int, dict[int, tuple[int, bytes]]]] = [{} for _ in range(3)]
        for process in self.processes:
            assert self.mm.map_view(process, self.section, 0x20000000).status is Status.SUCCESS

    def swap_in(self, context: object) -> None:
        for process in self.processes:
            if process.space is context:
                self.mm.in_swap(process.space)

    def step(self) -> None:
        who = self.chance.randrange(3)
        process, known = self.processes[who], self.known[who]
        action = self.chance.choice(
            (self.reserve, self.write, self.write, self.read, self.change, self.shared, self.lose)
        )
        action(process, known)

    def reserve(self, process: FakeProcess, known: dict[int, dict[int, tuple[int, bytes]]]) -> None:
        place = self.chance.choice(PLACES)
        if place in known:
            assert self.mm.free(process, place, 0, MEM_RELEASE).status is Status.SUCCESS
            del known[place]
            return
        pages = self.chance.randint(1, 60)
        self.machine.allocate(process, pages * PAGE, address=place)
        known[place] = {page: (PAGE_READWRITE, bytes(8)) for page in range(pages)}

    def some_page(self, known: dict[int, dict[int, tuple[int, bytes]]]) -> tuple[int, int] | None:
        places = [place for place, pages in known.items() if pages]
        if not places:
            return None
        place = self.chance.choice(places)
        return place, self.chance.choice(sorted(known[place]))

    def write(self, process: FakeProcess, known: dict[int, dict[int, tuple[int, bytes]]]) -> None:
        chosen = self.some_page(known)
        if chosen is None:
            return
        place, first = chosen
        for page in range(first, first + 8):
            if page not in known[place]:
                continue
            protection, _ = known[place][page]
            data = self.chance.randbytes(8)
            address = place + page * PAGE + 4096  # in the second half: pages of 4 KB would tear it apart
            if protection == PAGE_READWRITE:
                process.space.memory.write(address, data)
                known[place][page] = (protection, data)
            else:
                with pytest.raises(GuestFault):
                    process.space.memory.write(address, data)

    def read(self, process: FakeProcess, known: dict[int, dict[int, tuple[int, bytes]]]) -> None:
        for place, pages in known.items():
            for page, (protection, content) in pages.items():
                address = place + page * PAGE + 4096
                if protection == PAGE_NOACCESS:
                    with pytest.raises(GuestFault):
                        process.space.memory.read(address, 8)
                else:
                    assert process.space.memory.read(address, 8) == content

    def change(self, process: FakeProcess, known: dict[int, dict[int, tuple[int, bytes]]]) -> None:
        chosen = self.some_page(known)
        if chosen is None:
            return
        place, page = chosen
        address = place + page * PAGE
        if self.chance.random() < 0.3:
            assert self.mm.free(process, address, PAGE, MEM_DECOMMIT).status is Status.SUCCESS
            del known[place][page]
            return
        protection = self.chance.choice((PAGE_READWRITE, PAGE_READONLY, PAGE_NOACCESS))
        assert self.mm.protect(process, address, 1, protection).status is Status.SUCCESS
        known[place][page] = (protection, known[place][page][1])

    def shared(self, process: FakeProcess, known: dict[int, dict[int, tuple[int, bytes]]]) -> None:
        page = self.chance.randrange(32)
        address = 0x20000000 + page * PAGE
        assert process.space.memory.read(address, 8) == self.common.get(page, bytes(8))
        self.common[page] = self.chance.randbytes(8)
        process.space.memory.write(address, self.common[page])

    def lose(self, process: FakeProcess, known: dict[int, dict[int, tuple[int, bytes]]]) -> None:
        """Out of RAM, as far as it goes: pages, page tables, or the whole process."""
        self.machine.page_out(process, tables=self.chance.random() < 0.5)
        if self.chance.random() < 0.3 and not process.space.is_swapped_out:
            self.mm.out_swap(process.space)


@pytest.mark.parametrize("seed", range(6))
def test_does_everybody_see_what_they_wrote(seed: int) -> None:
    model = Model(seed)
    for _ in range(60):
        model.step()
        model.machine.check()
    for process, known in zip(model.processes, model.known, strict=True):
        model.read(process, known)
        model.machine.end(process)
    model.machine.check()
    assert len(model.mm.spaces) == 0


def test_does_fifo_replacement_cost_as_many_faults_as_by_hand() -> None:
    """Pages 1 2 3 4 1 2 5 1 2 3 4 5 through three frames: nine faults, as textbooks count."""
    frames: list[int] = []
    by_hand = 0
    for number in (1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5):
        if number not in frames:
            by_hand += 1
            frames = [*frames, number][-3:]
    machine = MemoryMachine("ia64", replacement="fifo")
    process = machine.new_process()
    base = machine.allocate(process, 6 * PAGE)
    for page in range(6):
        process.space.memory.read_u8(base + page * PAGE)
    machine.empty(process)
    before, valid = process.space.page_fault_count, list[int]()
    for number in (1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5):
        address = base + number * PAGE
        if not machine.pte(process, address) & 1 and len(valid) == 3:
            machine.trim(process, valid.pop(0))
        if not machine.pte(process, address) & 1:
            valid.append(address)
        process.space.memory.read_u8(address)
    assert process.space.page_fault_count - before == by_hand == 9


def test_have_large_machines_large_system_pages() -> None:
    machine = ProfileMachine(SystemProfile("ia64", 512 * MB))
    try:
        mm = machine.mm
        large, pool = mm.system.large_mappings, mm.system.nonpaged_pool
        assert large.maps_kernel and large.start == mm.layout.kernel_image
        assert pool.initial_range == (large.start + 16 * MB, large.start + 48 * MB)
        for address in (large.start, large.start + 8 * MB):  # two directory entries name one large page
            assert mm.table_memory.entries[mm.system.tables.directory_index(address)] & LARGE
        block = pool.allocate(64, "Test")
        assert pool.initial_range[0] <= block < pool.initial_range[1]
        mm.table_memory.entries[mm.system.tables.find_word(block)] = 0x1234
        assert machine.ram.u64[(large.runs[0].frame * PAGE + block - large.runs[0].address) // 8] == 0x1234
        machine.ram.u64[(large.runs[0].frame * PAGE + block - large.runs[0].address) // 8] = 0
        pool.free(block)
        assert audit(mm) == []
    finally:
        machine.close()
