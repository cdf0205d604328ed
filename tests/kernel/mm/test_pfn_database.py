"""Where the PFN database lies: at the end of RAM, in Windows' form, mapped as the kernel is."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ntmm.hw.arch import LARGE
from ntmm.hw.ram import Ram
from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.memory_machine import MemoryMachine
from ntmm.kernel.mm.audit import audit
from ntmm.kernel.mm.pfn import ENTRY_FORMS, PageState, PageUse, PfnDatabase
from ntmm.kernel.mm.pfn.columns import column, field_column
from ntmm.kernel.mm.pfn.lists import ColouredList
from ntmm.nt.boot_options import parse_boot_options
from ntmm.nt.profile import SystemProfile
from ntmm.nt.registry import parse_registry

MB, GB, TB = 1 << 20, 1 << 30, 1 << 40
FORMS = {"x86": "<IIIHBBII", "pae": "<IIIHBBQI", "x64": "<QQQHBB4xQQ", "ia64": "<QQQHBB4xQQ"}
"""link, PTE address, back link or shares, references, state, flags, original PTE, frame of the PTE."""
LOAD = {32: bytes.fromhex("8b4c2404 0fb601 c20400"), 64: bytes.fromhex("0fb601 c3")}
"""mov ecx, [esp + 4] / movzx eax, byte [ecx] / ret 4"""


@contextmanager
def machine_of(architecture: str, ram: int, switches: str = "", *registry: str) -> Iterator[MemoryMachine]:
    boot, values = parse_boot_options(switches), parse_registry(registry)
    machine = MemoryMachine(SystemProfile(architecture, ram, windows="2003-sp1", boot=boot, registry=values))
    try:
        yield machine
        assert audit(machine.mm) == []
    finally:
        machine.close()


@pytest.mark.parametrize("architecture", FORMS)
def test_has_an_entry_the_form_of_windows(architecture: str) -> None:
    with machine_of(architecture, 64 * MB) as machine:
        pfn, mapping = machine.mm.pfn, machine.mm.system.pfn_mapping
        frame = machine.mm.system.shared_page_frame
        form, size = FORMS[architecture], ENTRY_FORMS[architecture].size
        address = mapping.entry_address(frame)
        assert (struct.calcsize(form), address) in {
            (size, machine.mm.layout.pfn_database + frame * size),
            (size - 4 * (architecture == "x86"), 0),
        }
        word = machine.mm.system.tables.find_word(address & -8) * machine.architecture.pte_size + address % 8
        entry = struct.unpack_from(form, machine.ram.bytes, word)
        assert entry == (
            pfn.working_set_index[frame],
            machine.architecture.pte_address(machine.mm.layout.system_shared_user_data),
            1,
            1,
            PageState.ACTIVE,
            pfn.flags[frame],
            pfn.original_pte[frame],
            pfn.pte_frame[frame],
        )
        listed = next(iter(pfn.zeroed)) if pfn.zeroed.count else pfn.take_zeroed(PageUse.KERNEL)
        if pfn.state[listed] == PageState.ACTIVE:
            pfn.free(listed)
        assert (pfn.shares(listed), pfn.blink[listed]) == (0, pfn.share_count[listed])


@pytest.mark.parametrize(
    ("architecture", "ram", "switches", "registry", "is_large"),
    [
        ("x86", 64 * MB, "", "", False),
        ("x86", 4 * GB, "", "", True),
        ("x86", 4 * GB, "/3GB", "", True),
        ("pae", 255 * MB, "", "", False),
        ("pae", 64 * GB, "", "", True),
        ("pae", 64 * GB, "", "LargePageMinimum=0xFFFFFFFF", False),
        ("pae", 16 * GB, "/3GB", "", True),
        ("x64", 300 * MB, "", "", True),
        ("x64", 1 * TB, "", "", True),
        ("ia64", 64 * MB, "", "", False),
        ("ia64", 512 * GB, "", "", True),
    ],
)
def test_is_the_database_mapped_as_the_kernel_is(
    architecture: str, ram: int, switches: str, registry: str, is_large: bool
) -> None:
    with machine_of(architecture, ram, switches, *filter(None, [registry])) as machine:
        mm, mapping = machine.mm, machine.mm.system.pfn_mapping
        page, size = machine.architecture.page_size, ENTRY_FORMS[architecture].size
        assert (mapping.is_large, mm.system.large_mappings.maps_kernel) == (is_large, is_large)
        assert mapping.address == mm.layout.pfn_database and mapping.end <= mm.layout.pfn_database_end
        assert len(mapping.frames) * page >= mm.pfn.frames * size
        assert mm.pfn.frames == ram // page and mm.statistics().total_pages == ram // page - mm.pfn.set_aside
        for frame in (mapping.frames[0], mapping.frames[-1]):
            index, _ = mapping.entry_of(frame)
            assert bool(mm.table_memory.entries[index] & LARGE) == is_large
        figures = mm.statistics()
        assert figures.active >= len(mm.pfn.database)
        assert figures.active + figures.zeroed + figures.free == figures.total_pages


def test_reads_a_driver_an_entry(tmp_path: Path) -> None:
    for number, (architecture, ram) in enumerate((("x86", 64 * MB), ("pae", 300 * MB), ("x64", 300 * MB))):
        folder = tmp_path / str(number)
        folder.mkdir()
        volume = Volume(folder)
        kernel = Kernel(SystemProfile(architecture, ram), volume)
        frame = kernel.mm.system.kernel_frames[1]
        reader = kernel.drivers.load("reader.sys", LOAD[kernel.architecture.bits])
        states = ENTRY_FORMS[architecture].counts + 2
        at = kernel.mm.system.pfn_mapping.entry_address(frame) + states
        assert kernel.drivers.call(reader.base, at) == PageState.ACTIVE
        kernel.close()
        volume.close()


@pytest.mark.parametrize("ram", [64 * MB, 300 * MB])
def test_are_wrong_entries_of_the_database_found(ram: int) -> None:
    with machine_of("x64", ram) as machine:
        mapping, entries = machine.mm.system.pfn_mapping, machine.mm.table_memory.entries
        frame = mapping.frames[0]
        index, _ = mapping.entry_of(frame)
        before = entries[index]
        for wrong in (before ^ 0x4000000, before | 4, before ^ LARGE):
            entries[index] = wrong
            assert any(f"frame {frame:#x} of the PFN database is mapped by" in problem for problem in audit(machine.mm))
        entries[index] = before


def test_what_is_left_beyond_the_last_large_page() -> None:
    with machine_of("x86", 258 * MB) as machine:
        pfn = machine.mm.pfn
        assert (pfn.limit, len(pfn.database)) == (252 * MB // 4096, 6 * MB // 4096)
        assert len(machine.mm.system.pfn_mapping.frames) == 4 * MB // 4096


def test_needs_a_machine_room_for_its_database() -> None:
    with pytest.raises(ValueError, match="RAM of 8 KB has no room for its PFN database"):
        PfnDatabase(Ram(8192), 4096, ENTRY_FORMS["x86"], alignment=8192)


@pytest.mark.parametrize(("size", "offset"), [(28, 16), (28, 4), (24, 8), (48, 32), (12, 4)])
def test_is_a_column_the_fields_of_all_entries(size: int, offset: int) -> None:
    memory = memoryview(bytearray(size * 6 + 8))
    fields = field_column(memory, offset, size, 6, "Q")
    for number in range(6):
        fields[number] = number << 60 | 0x1234 + number
    assert [struct.unpack_from("<Q", memory, size * number + offset)[0] for number in range(6)] == fields.tolist()
    column(fields)[2:4] = 7
    assert fields.tolist()[2:4] == [7, 7] and len(fields) == 6
    with pytest.raises(IndexError):
        fields[6]


@pytest.mark.parametrize(("first", "end"), [(0, 3), (5, 5), (5, 6), (2, 21), (7, 15), (3, 40)])
def test_is_a_run_of_frames_listed_as_one_after_another(first: int, end: int) -> None:
    links = [memoryview(bytearray(4 * 64)).cast("I") for _ in range(4)]
    lists = [ColouredList("test", flink, blink, 4) for flink, blink in (links[:2], links[2:])]
    for pages in lists:
        for frame in (50, 51, 53):
            pages.append(frame)
    lists[0].append_run(first, end)
    for frame in range(first, end):
        lists[1].append(frame)
    assert [list(part) for part in lists[0].by_colour()] == [list(part) for part in lists[1].by_colour()]
    for colour in (0, 3, 1, 1, 2) * 8:
        assert lists[0].pop(colour) == lists[1].pop(colour)
    assert lists[0].count == lists[1].count
