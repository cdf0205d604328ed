"""Address spaces: the pages that creation takes, the self-map read from RAM, PEB and TEBs, deletion without a rest."""

import random

import pytest

from ntmm.kernel.mm.layout import SHARED_USER_DATA
from ntmm.kernel.mm.tables import root_frames
from ntmm.kernel.mm.working_set.working_set import HEADER_BYTES
from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_DECOMMIT,
    MEM_RELEASE,
    MEM_RESERVE,
    PAGE_GUARD,
    PAGE_NOACCESS,
    PAGE_READONLY,
    PAGE_READWRITE,
)
from ntmm.nt.status import Status
from tests.kernel.mm.images import PREFERRED_BASE, image
from tests.kernel.mm.machine import PAGE, FakeProcess, MemoryMachine, status_of_read, status_of_write

FIXED_PAGES = {
    "x86": {"page directory": 1, "hyperspace page tables": 1, "working-set list": 1},
    "pae": {
        "page directory pointer table": 1,
        "page directories": 4,
        "hyperspace page tables": 1,
        "working-set list": 1,
    },
    "x64": {"page map level 4": 1, "hyperspace page tables": 3, "working-set list": 1},
}
"""The lecture's three pages on x86; three more directories and the pointer table with PAE; three levels on x64."""

SELF_MAP_ENTRY = {"x86": 0xC0300C00, "pae": 0xC0603018, "x64": 0xFFFFF6FB7DBEDF68}


def physical(machine: MemoryMachine, process: FakeProcess, address: int) -> int | None:
    """A virtual address translated as the CPU does: from CR3, by entries in RAM alone."""
    architecture, table = machine.architecture, process.space.directory
    for shift, bits in zip(architecture.shifts, architecture.index_bits, strict=True):
        at = table + (address >> shift & (1 << bits) - 1) * architecture.pte_size
        entry = int.from_bytes(machine.ram.bytes[at : at + architecture.pte_size], "little")
        if not entry & 1:
            return None
        table = entry & architecture.frame_mask
    return table + address % PAGE


def read_virtual(machine: MemoryMachine, process: FakeProcess, address: int, size: int) -> int:
    at = physical(machine, process, address)
    assert at is not None
    return int.from_bytes(machine.ram.bytes[at : at + size], "little")


def test_which_pages_does_creation_take(machine: MemoryMachine) -> None:
    machine.end(machine.new_process())
    before = machine.mm.pfn.available
    process = machine.new_process()
    expected = FIXED_PAGES[machine.architecture.name]
    assert process.space.fixed_pages == expected
    assert before - machine.mm.pfn.available == sum(expected.values()) == process.space.account.pages
    working_set, pointer_table = process.space.working_set, expected.get("page directory pointer table", 0)
    assert working_set.count == working_set.fixed == sum(expected.values()) - pointer_table


def test_does_the_root_map_itself(machine: MemoryMachine, process: FakeProcess) -> None:
    root = process.space.directory
    if machine.architecture.name == "x86":
        assert machine.ram.u32[(root >> 2) + 0x300] == root | 0x63
        assert machine.ram.u32[(root >> 2) + 0x301] & 0xFFF == 0x63
    elif machine.architecture.name == "x64":
        assert machine.ram.u64[(root >> 3) + 0x1ED] == root | 0x63
    else:
        directories = [machine.ram.u64[(root >> 3) + slot] for slot in range(4)]
        assert [entry & 0xFFF for entry in directories] == [1] * 4
        last = directories[3] & ~0xFFF
        for slot, entry in enumerate(directories):
            assert machine.ram.u64[(last >> 3) + slot] == entry & ~0xFFF | 0x63


def test_does_the_self_map_show_every_level(machine: MemoryMachine, process: FakeProcess) -> None:
    architecture = machine.architecture
    base = machine.allocate(process, PAGE)
    status_of_write(process, base)
    for level in range(architecture.levels):
        at = architecture.entry_address(level, base)
        entry = read_virtual(machine, process, at, architecture.pte_size)
        assert entry & 1, f"level {level} at {at:#x}"
        if level == architecture.levels - 1:
            assert architecture.frame_of(entry) * PAGE == physical(machine, process, base)
    itself = SELF_MAP_ENTRY[architecture.name]
    last_table = root_frames(machine.mm.table_memory, process.space.tables.root)[-1]
    assert read_virtual(machine, process, itself, architecture.pte_size) == last_table * PAGE | 0x63
    assert physical(machine, process, itself & ~0xFFF) == last_table * PAGE


def test_is_the_working_set_list_in_hyperspace(machine: MemoryMachine, process: FakeProcess) -> None:
    base = machine.allocate(process, PAGE)
    status_of_write(process, base)
    size, layout = machine.architecture.pointer_size, machine.mm.layout
    index = machine.mm.pfn.working_set_index[machine.frame(process, base)]
    entries = layout.working_set_list + HEADER_BYTES
    assert read_virtual(machine, process, entries + index * size, size) == base | 4 << 3 | 1  # page, READWRITE, valid


def test_do_the_fixed_pages_come_first_in_the_working_set(machine: MemoryMachine, process: FakeProcess) -> None:
    status_of_write(process, machine.allocate(process, PAGE))
    working_set, pfn = process.space.working_set, machine.mm.pfn
    entries = list(working_set.entries())
    assert [entry.index for entry in entries] == list(range(working_set.count))
    for entry in entries:  # top tables, hyperspace's tables, the list itself; then page tables and the page
        at = physical(machine, process, entry.vpn * PAGE)
        assert at is not None
        assert pfn.working_set_index[at // PAGE] == entry.index
    assert entries[working_set.fixed - 1].vpn * PAGE == machine.mm.layout.working_set_list
    assert working_set.first_dynamic == working_set.fixed


def test_is_the_system_half_the_same_for_all(machine: MemoryMachine, process: FakeProcess) -> None:
    other = machine.new_process()
    layout = machine.mm.layout
    machine.mm.system.paged_pool.allocate(3 << 20, "Test")  # new system page tables reach processes that exist
    places = [layout.system_shared_user_data, layout.paged_pool, layout.paged_pool + (3 << 20) - PAGE]
    places += [*machine.mm.system.kernel_addresses, layout.nonpaged_pool_end - PAGE]
    for address in places:
        at = physical(machine, process, address)
        if address != layout.nonpaged_pool_end - PAGE:
            assert at is not None
        assert at == physical(machine, other, address)
    hyperspace = layout.working_set_list
    assert physical(machine, process, hyperspace) != physical(machine, other, hyperspace)


def test_does_every_process_see_the_one_shared_user_data_page(machine: MemoryMachine, process: FakeProcess) -> None:
    other, mm = machine.new_process(), machine.mm
    at = mm.system.shared_page_frame * PAGE
    machine.ram.bytes[at + 0x30 : at + 0x33] = b"C:\\"
    for reader in (process, other):
        assert reader.space.memory.read(SHARED_USER_DATA + 0x30, 3) == b"C:\\"
        assert status_of_write(reader, SHARED_USER_DATA) == Status.ACCESS_VIOLATION
        assert status_of_read(reader, SHARED_USER_DATA + PAGE) == Status.ACCESS_VIOLATION
        assert status_of_read(reader, 0x7FFF0000) == Status.ACCESS_VIOLATION
        assert physical(machine, reader, SHARED_USER_DATA) == at
    assert physical(machine, process, mm.layout.system_shared_user_data) == at
    assert mm.pfn.share_count[mm.system.shared_page_frame] == 3
    machine.end(other)
    assert mm.pfn.share_count[mm.system.shared_page_frame] == 2


def test_where_are_peb_and_tebs(machine: MemoryMachine) -> None:
    process, mm = machine.new_process(with_peb=True), machine.mm
    teb_pages = 1 if machine.architecture.bits == 32 else 2
    tebs = [mm.create_fixed_block(process, teb_pages, "TEB") for _ in range(3)]
    if machine.architecture.bits == 32:
        assert (process.peb, tebs) == (0x7FFDF000, [0x7FFDE000, 0x7FFDD000, 0x7FFDC000])
    else:
        assert (process.peb, tebs) == (0x7FFFFFDF000, [0x7FFFFFDD000, 0x7FFFFFDB000, 0x7FFFFFD9000])
    assert tebs[1] is not None
    mm.free_fixed_block(process, tebs[1])
    assert mm.create_fixed_block(process, teb_pages, "TEB") == tebs[1]
    assert mm.protect(process, process.peb, PAGE, PAGE_READONLY).status is Status.INVALID_PAGE_PROTECTION


def test_is_nothing_mapped_before_its_first_touch(machine: MemoryMachine) -> None:
    process = machine.new_process(with_peb=True)
    machine.mm.map_image(process, machine.open_image(image("a.dll", machine.architecture.bits == 64)))
    machine.allocate(process, 0x10000)
    fixed = sum(process.space.fixed_pages.values())
    assert process.space.working_set.count == process.space.working_set.fixed
    assert process.space.tables.tables == process.space.fixed_pages["hyperspace page tables"]
    assert process.space.account.pages == fixed + 1 + 1 + 16  # PEB, one page of image data, the allocation


@pytest.mark.parametrize("seed", range(3))
def test_does_deletion_return_every_frame(machine: MemoryMachine, seed: int) -> None:
    section = machine.open_image(image("a.dll", machine.architecture.bits == 64))
    for process in (machine.new_process(), machine.new_process()):
        machine.mm.map_image(process, section)
        status_of_read(process, PREFERRED_BASE)
        machine.end(process)
    before = (machine.mm.pfn.available + machine.mm.pfn.modified.count, machine.mm.ledger.committed)
    choose = random.Random(seed)
    processes = [machine.new_process(with_peb=True) for _ in range(3)]
    for process in processes:
        machine.mm.map_image(process, section)
        _use_memory(machine, process, choose)
    for process in processes:
        machine.check()
        machine.end(process)
        assert process.space.deleted
    assert (machine.mm.pfn.available + machine.mm.pfn.modified.count, machine.mm.ledger.committed) == before


def _use_memory(machine: MemoryMachine, process: FakeProcess, choose: random.Random) -> None:
    """Sixty random calls and accesses."""
    mm, bases = machine.mm, [PREFERRED_BASE]
    for _ in range(60):
        base = choose.choice(bases) + choose.randrange(8) * PAGE
        size = choose.randrange(1, 6 * PAGE)
        action = choose.randrange(7)
        if action == 0:
            kind = choose.choice((MEM_RESERVE, MEM_RESERVE | MEM_COMMIT))
            result = mm.allocate(process, 0, choose.choice((1, 8, 2000)) * PAGE, kind, PAGE_READWRITE)
            bases += [result.base] if result.status is Status.SUCCESS else []
        elif action == 1:
            mm.allocate(process, base, size, MEM_COMMIT, PAGE_READWRITE)
        elif action == 2:
            mm.free(process, base, size, choose.choice((MEM_DECOMMIT, MEM_RELEASE)))
        elif action == 3:
            protections = (PAGE_NOACCESS, PAGE_READONLY, PAGE_READWRITE, PAGE_READWRITE | PAGE_GUARD)
            mm.protect(process, base, size, choose.choice(protections))
        elif action == 4:
            status_of_read(process, base)
        else:
            status_of_write(process, base)
    status_of_read(process, SHARED_USER_DATA)


@pytest.mark.parametrize("ram", [64 << 20, 1 << 40])
def test_does_ram_of_any_size_boot_alike(ram: int) -> None:
    machine = MemoryMachine("x64", ram)
    process = machine.new_process(with_peb=True)
    status_of_write(process, process.peb)
    tables = len(machine.mm.pfn.database) // 512  # small pages map the PFN database here
    assert machine.mm.pfn.high_water < 200 + tables
    machine.check()
