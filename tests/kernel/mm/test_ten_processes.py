"""Ten processes with the same image and the same file: is every page in RAM once, and every count exact?"""

import pytest

from ntmm.kernel.mm.pfn import PageState
from ntmm.nt.memory import PAGE_READWRITE, SEC_COMMIT
from ntmm.nt.status import Status
from tests.kernel.mm.images import CODE, COPY_ON_WRITE, DATA, SHARED, TAIL, image
from tests.kernel.mm.machine import MB, PAGE, FakeProcess, MemoryMachine

COUNT = 10
READ_ONLY_PAGES = (0, CODE, CODE + PAGE)
"""RVAs of the headers and the code."""
PAGES = (*READ_ONLY_PAGES, DATA, TAIL, TAIL + PAGE)


def touch_all(process: FakeProcess, base: int) -> None:
    for rva in PAGES:
        process.space.memory.read_u8(base + rva)


def share_counts(machine: MemoryMachine, process: FakeProcess, base: int) -> list[int]:
    return [machine.mm.pfn.shares(machine.frame(process, base + rva)) for rva in PAGES]


def test_is_an_image_in_ram_once_and_counted_exactly(machine: MemoryMachine) -> None:
    backing = image("a.dll", machine.architecture.bits == 64, COPY_ON_WRITE, SHARED)
    section = machine.open_image(backing)
    processes = [machine.new_process() for _ in range(COUNT)]
    machine.check()
    before = machine.mm.ledger.committed - sum(process.space.account.pages for process in processes)
    bases, frames = [], set()
    for number, process in enumerate(processes, 1):
        base, status = machine.mm.map_image(process, section)
        assert status is Status.SUCCESS
        touch_all(process, base)
        bases.append(base)
        frames |= {machine.frame(process, base + rva) for rva in PAGES}
        assert share_counts(machine, process, base) == [number] * len(PAGES)
    assert len(frames) == len(PAGES)
    assert section.control_area.mapped_views == COUNT
    reads = backing.reads
    check_copies(machine, processes, bases, frames)
    assert backing.reads == reads
    private = sum(process.space.account.pages for process in processes)
    assert machine.mm.ledger.committed - private == before


def check_copies(machine: MemoryMachine, processes: list[FakeProcess], bases: list[int], frames: set[int]) -> None:
    """Each process writes its data: the copies were charged when the view was mapped, the shared page goes on."""
    charged = [process.space.account.pages for process in processes]
    copies = set()
    for number, (process, base) in enumerate(zip(processes, bases, strict=True), 1):
        shared = machine.frame(process, base + DATA)
        process.space.memory.write_u8(base + DATA, number)
        copies.add(machine.frame(process, base + DATA))
        assert machine.mm.pfn.shares(shared) == COUNT - number
    assert (len(copies), copies & frames) == (COUNT, set())
    assert [process.space.account.pages for process in processes] == charged
    assert [process.space.memory.read_u8(base + DATA) for process, base in zip(processes, bases, strict=True)] == list(
        range(1, COUNT + 1)
    )


def test_is_every_frame_back_when_the_processes_have_ended(machine: MemoryMachine) -> None:
    section = machine.open_image(image("a.dll", machine.architecture.bits == 64))
    section.reference()
    warm_up(machine)
    pfn, ledger = machine.mm.pfn, machine.mm.ledger
    active, available, committed = active_pages(machine), pfn.available, ledger.committed
    processes = [machine.new_process() for _ in range(COUNT)]
    for number, process in enumerate(processes):
        base, _ = machine.mm.map_image(process, section)
        touch_all(process, base)
        process.space.memory.write_u8(base + DATA, number)
        place = machine.allocate(process, 20 * PAGE)
        for page in range(20):
            process.space.memory.write_u8(place + page * PAGE, page)
    for left, process in zip(range(COUNT - 1, -1, -1), processes, strict=True):
        machine.end(process)
        machine.check()
        assert section.control_area.mapped_views == left
    assert (active_pages(machine), pfn.available, ledger.committed) == (active, available, committed)


def warm_up(machine: MemoryMachine) -> None:
    """One process comes and goes: what the system itself makes at the first one stays."""
    process = machine.new_process()
    machine.end(process)


def active_pages(machine: MemoryMachine) -> int:
    return list(machine.mm.pfn.state).count(PageState.ACTIVE)


@pytest.mark.parametrize("trimmed", [0, 3, COUNT])
def test_are_shares_of_a_section_right_while_working_sets_shrink(machine: MemoryMachine, trimmed: int) -> None:
    status, section = machine.mm.create_section(None, 8 * PAGE, PAGE_READWRITE, SEC_COMMIT)
    assert (status, section is not None) == (Status.SUCCESS, True)
    assert section is not None
    section.reference()
    machine.add_paging_file(MB)
    processes = [machine.new_process() for _ in range(COUNT)]
    committed = machine.mm.ledger.committed
    views = [machine.mm.map_view(process, section).base for process in processes]
    for process, base in zip(processes, views, strict=True):
        process.space.memory.write_u8(base, 1)
    frame = machine.frame(processes[-1], views[-1])
    for process in processes[:trimmed]:
        machine.empty(process)
    assert machine.mm.pfn.shares(frame) == COUNT - trimmed
    assert PageState(machine.mm.pfn.state[frame]) is (PageState.ACTIVE if trimmed < COUNT else PageState.MODIFIED)
    assert machine.mm.ledger.committed == committed + page_tables(processes)
    machine.check()
    for process, base in zip(processes, views, strict=True):
        assert process.space.memory.read_u8(base) == 1
    assert machine.mm.pfn.shares(frame) == COUNT
    section.dereference()
    for process in processes:
        machine.end(process)


def page_tables(processes: list[FakeProcess]) -> int:
    """Pages charged for tables of views."""
    return sum(sum(process.space.tables.made.values()) for process in processes)
