"""Pages for devices: do they stay where they are, is what devices write kept, are adjacent frames adjacent?"""

import struct

import pytest

from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.mm.mdl import Mdl, MdlFlag
from ntmm.kernel.mm.mdl.locking import physical_address
from ntmm.kernel.mm.pfn import PageState
from ntmm.nt.memory import PAGE_READONLY, PAGE_WRITECOPY, SEC_COMMIT
from ntmm.nt.status import Status
from tests.kernel.mm.machine import MB, PAGE, FakeProcess, MemoryMachine

AT = 0x50000000


def structure(machine: MemoryMachine, mdl: Mdl, size: int) -> bytes:
    """Bytes of a list as they stand in RAM."""
    start = physical_address(machine.mm.system.tables, mdl.address)
    return bytes(machine.ram.bytes[start : start + size])


def test_does_the_list_in_ram_have_the_documented_fields(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, 4 * PAGE, address=AT)
    mdl = machine.mm.lock_pages(process, AT + 0x234, 2 * PAGE, write=True)
    system = machine.mm.mdls.map(mdl)
    assert system == mdl.system_address and system % PAGE == 0x234
    flags = MdlFlag.PAGES_LOCKED | MdlFlag.WRITE_OPERATION | MdlFlag.MAPPED_TO_SYSTEM_VA
    frames = [machine.frame(process, AT + page * PAGE) for page in range(3)]
    if machine.architecture.pointer_size == 4:
        found = struct.unpack("<IHHIIIII3I", structure(machine, mdl, 0x1C + 12))
        assert found == (0, 0x1C + 12, flags, 0, system, AT, 2 * PAGE, 0x234, *frames)
    else:
        found = struct.unpack("<QHH4xQQQII3Q", structure(machine, mdl, 0x30 + 24))
        assert found == (0, 0x30 + 24, flags, 0, system, AT, 2 * PAGE, 0x234, *frames)
    machine.mm.unlock_pages(mdl)
    assert not machine.mm.mdls.mdls


def test_do_locked_pages_stay_in_their_frames(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.add_paging_file()
    machine.allocate(process, 4 * PAGE, address=AT)
    process.space.memory.write(AT + PAGE, b"stays")
    mdl = machine.mm.lock_pages(process, AT + PAGE, 2 * PAGE)
    machine.page_out(process, tables=False)
    assert not machine.pte(process, AT + PAGE) & 1
    assert machine.states(mdl.frames) == [PageState.TRANSITION] * 2
    assert bytes(machine.mm.mdls.parts(mdl)[0][:5]) == b"stays"
    frames = list(mdl.frames)
    assert process.space.memory.read(AT + PAGE, 5) == b"stays"
    assert machine.frame(process, AT + PAGE) == frames[0]
    machine.mm.unlock_pages(mdl)
    machine.page_out(process, tables=False)
    assert set(machine.states(frames)) <= {PageState.FREE, PageState.ZEROED}


def test_is_what_a_device_wrote_written_to_the_paging_file(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.add_paging_file()
    machine.allocate(process, PAGE, address=AT)
    process.space.memory.write(AT, b"program")
    machine.page_out(process, tables=False)
    read: list[bytes] = []

    def lock_and_receive() -> None:
        mdl = machine.mm.lock_pages(process, AT, PAGE, write=True)  # waits for the paging file
        machine.page_out(process, tables=False)
        machine.mm.mdls.parts(mdl)[0][:6] = b"device"
        machine.mm.unlock_pages(mdl)
        assert machine.mm.pfn.modified.count == 1
        machine.page_out(process, tables=False)
        read.append(process.space.memory.read(AT, 7))

    machine.run(lock_and_receive)
    assert read == [b"devicem"]


def test_does_a_lock_for_writing_copy_what_is_copied_on_write(machine: MemoryMachine, process: FakeProcess) -> None:
    status, section = machine.mm.create_section(None, PAGE, PAGE_WRITECOPY, SEC_COMMIT)
    assert status is Status.SUCCESS and section is not None
    base = machine.mm.map_view(process, section, page_protection=PAGE_WRITECOPY).base
    shared = machine.mm.lock_pages(process, base, 1)
    private = machine.mm.lock_pages(process, base, 1, write=True)
    assert shared.frames != private.frames == [machine.frame(process, base)]
    machine.mm.unlock_pages(private)
    machine.mm.unlock_pages(shared)


@pytest.mark.parametrize(("start", "protection"), [(AT, PAGE_READONLY), (AT - PAGE, PAGE_READONLY)])
def test_is_nothing_locked_where_one_page_is_refused(
    machine: MemoryMachine, process: FakeProcess, start: int, protection: int
) -> None:
    machine.allocate(process, PAGE, address=AT - 16 * PAGE)
    machine.allocate(process, PAGE, protection=protection, address=AT)
    machine.mm.lock_pages(process, AT - 16 * PAGE, 1, write=True)
    before = machine.mm.resident.charged
    with pytest.raises(GuestFault) as caught:
        machine.mm.lock_pages(process, start, 2 * PAGE, write=True)
    assert caught.value.status == Status.ACCESS_VIOLATION
    assert machine.mm.resident.charged == before and len(machine.mm.mdls.mdls) == 1
    machine.mm.unlock_pages(next(iter(machine.mm.mdls.mdls)))


def test_are_addresses_of_the_system_refused(machine: MemoryMachine, process: FakeProcess) -> None:
    with pytest.raises(GuestFault):
        machine.mm.lock_pages(process, machine.mm.layout.nonpaged_pool, PAGE)


def test_can_ram_promise_only_what_it_has(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.add_paging_file(16 * MB)
    machine.allocate(process, 12 * MB, address=AT)
    with pytest.raises(GuestFault) as caught:
        machine.mm.lock_pages(process, AT, 12 * MB)
    assert caught.value.status == Status.INSUFFICIENT_RESOURCES


def test_does_the_mapping_show_the_same_bytes(machine: MemoryMachine, process: FakeProcess) -> None:
    machine.allocate(process, 2 * PAGE, address=AT)
    free = machine.mm.system_ptes.free
    mdl = machine.mm.lock_pages(process, AT + 8, PAGE)
    address = machine.mm.mdls.map(mdl)
    assert address is not None and machine.mm.mdls.map(mdl) == address
    for offset in (0, PAGE - 8, PAGE - 1):
        expected = machine.mm.physical_address(AT + 8 + offset, process)
        assert machine.mm.physical_address(address + offset) == expected != 0
    machine.check()
    machine.mm.unlock_pages(mdl)
    assert machine.mm.physical_address(address) == 0
    assert machine.mm.system_ptes.free == free


def test_do_locked_pages_outlive_their_process(machine: MemoryMachine) -> None:
    process = machine.new_process()
    machine.allocate(process, PAGE, address=AT)
    mdl = machine.mm.lock_pages(process, AT, PAGE, write=True)
    frames = list(mdl.frames)
    machine.end(process)
    assert machine.states(frames) == [PageState.TRANSITION]
    machine.check()
    machine.mm.unlock_pages(mdl)
    assert machine.states(frames) == [PageState.FREE]


def test_are_adjacent_pages_adjacent_in_ram_too(machine: MemoryMachine) -> None:
    mm = machine.mm
    before = (mm.system_ptes.free, mm.resident.charged, mm.system_account.pages)
    run = mm.contiguous.allocate(5 * PAGE - 1)
    assert run is not None and run.pages == 5
    places = [mm.physical_address(run.address + page * PAGE) for page in range(5)]
    assert places == [(run.frame + page) * PAGE for page in range(5)]
    machine.check()
    mm.contiguous.free(run)
    assert (mm.system_ptes.free, mm.resident.charged) == before[:2]
    assert mm.contiguous.allocate(1 << 40) is None
