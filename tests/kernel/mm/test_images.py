"""Image sections: pages shared between processes, private copies, reads from the file, commit, places."""

import pytest

from ntmm.kernel.mm.fault import FaultKind
from ntmm.kernel.mm.fault.access_fault import ORIGIN_KERNEL
from ntmm.kernel.mm.pfn import PageState, PageUse
from ntmm.kernel.mm.pool import PoolExhausted
from ntmm.nt.memory import (
    MEM_RESERVE,
    PAGE_GUARD,
    PAGE_READONLY,
    PAGE_READWRITE,
)
from ntmm.nt.status import Status
from tests.kernel.mm.images import (
    CODE,
    COPY_ON_WRITE,
    DATA,
    PREFERRED_BASE,
    READ_ONLY,
    SHARED,
    TAIL,
    image,
)
from tests.kernel.mm.machine import (
    PAGE,
    READ_FAULT,
    WRITE_FAULT,
    BytesBacking,
    FakeProcess,
    MemoryMachine,
    status_of_read,
    status_of_write,
)

PLACES = range(0, TAIL + 2 * PAGE, PAGE)


@pytest.fixture
def backing(machine: MemoryMachine) -> BytesBacking:
    return image("a.dll", machine.architecture.bits == 64)


@pytest.fixture
def pair(machine: MemoryMachine, backing: BytesBacking) -> tuple[FakeProcess, FakeProcess]:
    """Two processes that map one image at its preferred base."""
    processes = machine.new_process(), machine.new_process()
    for process in processes:
        section = machine.open_image(backing)
        assert machine.mm.map_image(process, section) == (PREFERRED_BASE, Status.SUCCESS)
        section.close()
    return processes


def kinds(machine: MemoryMachine) -> dict[str, int]:
    """The kernel's faults by kind, those that happened."""
    return {
        kind.name: count
        for kind, count in zip(FaultKind, machine.mm.faults.counts[ORIGIN_KERNEL], strict=True)
        if count
    }


def test_do_two_processes_share_their_pages(machine: MemoryMachine, pair: tuple[FakeProcess, FakeProcess]) -> None:
    first, second = pair
    pfn = machine.mm.pfn
    for offset in PLACES:
        assert status_of_read(first, PREFERRED_BASE + offset) == Status.SUCCESS
        frame = machine.frame(first, PREFERRED_BASE + offset)
        assert (pfn.share_count[frame], PageUse(pfn.use[frame])) == (1, PageUse.IMAGE)
        assert status_of_read(second, PREFERRED_BASE + offset) == Status.SUCCESS
        assert machine.frame(second, PREFERRED_BASE + offset) == frame
        assert (pfn.share_count[frame], pfn.reference_count[frame]) == (2, 1)
    assert kinds(machine) == {"IN_PAGE": 4, "TRANSITION": 1, "DEMAND_ZERO": 1, "SHARED": 6}  # code in one read
    assert len(machine.mm.sections.areas()) == 1


def test_do_pages_hold_the_files_bytes_and_zeroes_behind_them(
    pair: tuple[FakeProcess, FakeProcess], backing: BytesBacking
) -> None:
    memory = pair[0].space.memory
    headers = memory.read(PREFERRED_BASE, PAGE)
    assert headers == backing.data[:0x200].ljust(PAGE, b"\0")
    assert memory.read(PREFERRED_BASE + CODE, 2 * PAGE) == backing.data[0x200:0x1600].ljust(2 * PAGE, b"\0")
    assert memory.read(PREFERRED_BASE + TAIL + 0x200, 2 * PAGE - 0x200) == bytes(2 * PAGE - 0x200)


def test_does_a_write_make_a_private_copy(machine: MemoryMachine, pair: tuple[FakeProcess, FakeProcess]) -> None:
    first, second = pair
    place, pfn = PREFERRED_BASE + DATA, machine.mm.pfn
    original = first.space.memory.read(place, PAGE)
    second.space.memory.read_u8(place)
    shared = machine.frame(first, place)
    charged = first.space.account.pages
    outcome = machine.fault(first, place + 5, WRITE_FAULT | 1)
    assert outcome.status is Status.PAGE_FAULT_COPY_ON_WRITE
    copy = machine.frame(first, place)
    assert copy != shared
    assert machine.pte(first, place) == copy << 12 | 0x67 | machine.architecture.no_execute
    assert (pfn.share_count[shared], PageUse(pfn.use[copy])) == (1, PageUse.PROCESS_PRIVATE)
    assert first.space.account.pages == charged  # paid for when the view was mapped
    first.space.memory.write(place, b"changed")
    assert second.space.memory.read(place, PAGE) == original
    assert first.space.memory.read(place + 7, PAGE - 7) == original[7:]
    assert (first.space.private_given, first.space.working_set.shared_pages) == (1, 0)


def test_does_a_first_touch_that_writes_copy_at_once(
    machine: MemoryMachine, pair: tuple[FakeProcess, FakeProcess]
) -> None:
    first, second = pair
    assert status_of_write(first, PREFERRED_BASE + DATA) == Status.SUCCESS
    assert kinds(machine) == {"COPY_ON_WRITE": 1}
    assert machine.mm.pfn.standby.count == 1
    machine.check()
    assert status_of_read(second, PREFERRED_BASE + DATA) == Status.SUCCESS
    assert kinds(machine) == {"COPY_ON_WRITE": 1, "TRANSITION": 1}


def test_is_code_neither_writable_nor_data_executable(
    machine: MemoryMachine, pair: tuple[FakeProcess, FakeProcess]
) -> None:
    process = pair[0]
    for _ in range(2):
        assert status_of_write(process, PREFERRED_BASE + CODE) == Status.ACCESS_VIOLATION
        assert status_of_write(process, PREFERRED_BASE) == Status.ACCESS_VIOLATION
        status_of_read(process, PREFERRED_BASE + CODE)
        status_of_read(process, PREFERRED_BASE)
    no_execute = machine.architecture.no_execute
    assert not machine.pte(process, PREFERRED_BASE + CODE) & no_execute
    assert machine.pte(process, PREFERRED_BASE) & no_execute == no_execute


def test_is_a_section_marked_shared_written_by_all(
    machine: MemoryMachine, pair: tuple[FakeProcess, FakeProcess]
) -> None:
    first, second = pair
    for place in (PREFERRED_BASE + TAIL, PREFERRED_BASE + TAIL + PAGE):
        first.space.memory.write(place, b"hello")
        assert second.space.memory.read(place, 5) == b"hello"
        assert machine.frame(first, place) == machine.frame(second, place)


@pytest.mark.parametrize("read_first", [False, True])
def test_does_shared_data_outlive_its_writers_mapping(
    machine: MemoryMachine, pair: tuple[FakeProcess, FakeProcess], read_first: bool
) -> None:
    """What was written through a shared section is modified, not clean: it must not be read from the file again."""
    first, second = pair
    place = PREFERRED_BASE + TAIL
    if read_first:
        status_of_read(first, place)
    first.space.memory.write(place, b"only copy")
    assert machine.mm.unmap_view(first, place) is Status.SUCCESS
    assert (machine.mm.pfn.modified.count, machine.mm.pfn.standby.count) == (1, 0)
    machine.check()
    assert second.space.memory.read(place, 9) == b"only copy"


def test_does_unmapping_keep_shared_pages_in_ram(
    machine: MemoryMachine, pair: tuple[FakeProcess, FakeProcess], backing: BytesBacking
) -> None:
    first, second = pair
    status_of_read(first, PREFERRED_BASE + CODE)
    status_of_write(first, PREFERRED_BASE + DATA)
    frame, reads = machine.frame(first, PREFERRED_BASE + CODE), backing.reads
    assert machine.mm.unmap_view(first, PREFERRED_BASE + CODE + 3) is Status.SUCCESS
    assert PageState(machine.mm.pfn.state[frame]) is PageState.STANDBY
    assert first.space.account.pages == sum(first.space.fixed_pages.values())
    assert status_of_read(first, PREFERRED_BASE + CODE) == Status.ACCESS_VIOLATION
    assert machine.mm.unmap_view(first, PREFERRED_BASE) is Status.NOT_MAPPED_VIEW
    assert status_of_read(second, PREFERRED_BASE + CODE) == Status.SUCCESS
    assert machine.frame(second, PREFERRED_BASE + CODE) == frame
    assert backing.reads == reads


def test_is_a_reused_standby_page_read_again(
    machine: MemoryMachine, pair: tuple[FakeProcess, FakeProcess], backing: BytesBacking
) -> None:
    process, pfn = pair[0], machine.mm.pfn
    status_of_read(process, PREFERRED_BASE + CODE)
    reads = backing.reads
    machine.mm.unmap_view(process, PREFERRED_BASE)
    for frame in [pfn.take_zeroed(PageUse.KERNEL) for _ in range(pfn.available)]:
        pfn.free(frame)
    assert pfn.repurposed == 2  # both pages of code, which had come in one read
    machine.check()
    assert pair[1].space.memory.read(PREFERRED_BASE + CODE, 16) == backing.data[0x200:0x210]
    assert backing.reads == reads + 1


def test_is_a_failed_read_an_in_page_error(
    machine: MemoryMachine, pair: tuple[FakeProcess, FakeProcess], backing: BytesBacking
) -> None:
    backing.failing = True
    before = machine.mm.pfn.available
    assert machine.fault(pair[0], PREFERRED_BASE + CODE, READ_FAULT).status is Status.IN_PAGE_ERROR
    assert machine.fault(pair[0], PREFERRED_BASE + DATA, WRITE_FAULT).status is Status.IN_PAGE_ERROR
    assert machine.mm.pfn.available == before
    machine.check()
    backing.failing = False
    assert status_of_read(pair[0], PREFERRED_BASE + CODE) == Status.SUCCESS


def test_where_does_an_image_go_whose_place_is_taken(machine: MemoryMachine, backing: BytesBacking) -> None:
    process = machine.new_process()
    machine.allocate(process, PAGE, MEM_RESERVE, address=PREFERRED_BASE + 0x10000 - 0x10000)
    base, status = machine.mm.map_image(process, machine.open_image(backing))
    assert status is Status.IMAGE_NOT_AT_BASE
    assert base % 0x10000 == 0
    assert base > PREFERRED_BASE
    assert process.space.memory.read(base + CODE, 16) == backing.data[0x200:0x210]


def test_is_commit_for_copies_taken_when_a_view_is_mapped(machine: MemoryMachine) -> None:
    is_64 = machine.architecture.bits == 64
    ledger = machine.mm.ledger
    for number, (data, tail, pages) in enumerate(
        ((READ_ONLY, READ_ONLY, 0), (COPY_ON_WRITE, SHARED, 1), (COPY_ON_WRITE, COPY_ON_WRITE, 3))
    ):
        section = machine.open_image(image(f"{number}.dll", is_64, data, tail))
        process = machine.new_process()
        before = ledger.committed
        machine.mm.map_image(process, section)
        assert ledger.committed == before + pages
        machine.mm.unmap_view(process, PREFERRED_BASE)
        assert ledger.committed == before


def test_is_a_view_over_the_commit_limit_refused(machine: MemoryMachine, backing: BytesBacking) -> None:
    process, ledger = machine.new_process(), machine.mm.ledger
    section = machine.open_image(backing)
    machine.allocate(process, (ledger.room) * PAGE)
    assert machine.mm.map_image(process, section) == (0, Status.COMMITMENT_LIMIT)
    assert len([vad for vad in process.space.vads if vad.memory_is_counted]) == 1


def test_is_nothing_left_of_a_section_that_found_no_pool(machine: MemoryMachine, backing: BytesBacking) -> None:
    system, ledger = machine.mm.system, machine.mm.ledger
    while True:
        try:
            system.nonpaged_pool.allocate(PAGE, "Test")
        except PoolExhausted:
            break
    used, limit = system.paged_pool.usage(), ledger.limit
    room = [address for address, size, free in system.nonpaged_pool.ranges() if free and size >= 0x20]
    assert not room
    with pytest.raises(PoolExhausted):
        machine.open_image(backing)
    assert (system.paged_pool.usage(), ledger.limit) == (used, limit)
    assert not machine.mm.sections.areas()


def test_does_a_guard_in_an_image_fault_once(machine: MemoryMachine, pair: tuple[FakeProcess, FakeProcess]) -> None:
    process, place = pair[0], PREFERRED_BASE + DATA
    for touched in (False, True):
        if touched:
            status_of_read(process, place)
        assert machine.mm.protect(process, place, PAGE, PAGE_READONLY | PAGE_GUARD).status is Status.SUCCESS
        machine.check()
        assert status_of_read(process, place) == Status.GUARD_PAGE_VIOLATION
        assert status_of_read(process, place) == Status.SUCCESS
        assert status_of_write(process, place) == Status.ACCESS_VIOLATION


def test_does_a_relocated_copy_not_disturb_others(
    machine: MemoryMachine, pair: tuple[FakeProcess, FakeProcess]
) -> None:
    """What a loader does to relocate: code made writable, changed, and protected again."""
    first, second = pair
    place = PREFERRED_BASE + CODE
    before = second.space.memory.read(place, 2 * PAGE)
    old = machine.mm.protect(first, place, 2 * PAGE, PAGE_READWRITE).old
    first.space.memory.write(place + PAGE - 2, b"\xcc" * 4)
    assert machine.mm.protect(first, place, 2 * PAGE, old).status is Status.SUCCESS
    assert first.space.memory.read(place + PAGE - 2, 4) == b"\xcc" * 4
    assert second.space.memory.read(place, 2 * PAGE) == before
    if machine.architecture.has_no_execute:
        assert not machine.pte(first, place) & machine.architecture.no_execute
    assert status_of_write(first, place) == Status.ACCESS_VIOLATION
