"""Does the audit find errors? Each test spoils one field of books that were right, and repairs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ntmm.kernel.mm.audit import audit
from ntmm.kernel.mm.pfn import PageState, PageUse
from ntmm.nt.memory import PAGE_NOACCESS
from tests.kernel.mm.images import DATA, PREFERRED_BASE, image
from tests.kernel.mm.machine import PAGE, FakeProcess, MemoryMachine


@contextmanager
def spoilt(target: Any, name: str | int, value: Any) -> Iterator[None]:
    """Another value in an attribute, or in an item if `name` is a number."""
    if isinstance(name, int):
        before, target[name] = target[name], value
    else:
        before = getattr(target, name)
        setattr(target, name, value)
    yield
    if isinstance(name, int):
        target[name] = before
    else:
        setattr(target, name, before)


@pytest.fixture
def busy(machine: MemoryMachine, process: FakeProcess) -> int:
    """A page that was written, a page on a list, pages on the free list and a mapped image; the written page."""
    base = machine.allocate(process, 8 * PAGE)
    process.space.memory.write(base, bytes(8 * PAGE))
    machine.mm.protect(process, base + PAGE, PAGE, PAGE_NOACCESS)
    machine.mm.free(process, base + 2 * PAGE, 3 * PAGE, 0x4000)
    section = machine.open_image(image("a.dll", machine.architecture.bits == 64))
    machine.mm.map_image(process, section)
    process.space.memory.read(PREFERRED_BASE + DATA, 1)
    assert audit(machine.mm) == []
    return base


def found(machine: MemoryMachine, words: str) -> bool:
    return any(words in sentence for sentence in audit(machine.mm))


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("share_count", "has share count"),
        ("pte_frame", "names PTE"),
        ("working_set_index", "names working-set entry"),
        ("original_pte", "keeps the original"),
        ("pte_address", "names the PTE at"),
        ("reference_count", "active without a reference"),
    ],
)
def test_is_a_wrong_pfn_entry_found(
    machine: MemoryMachine, process: FakeProcess, busy: int, column: str, words: str
) -> None:
    frame, entries = machine.frame(process, busy), getattr(machine.mm.pfn, column)
    value = 0 if column == "reference_count" else entries[frame] + 1 if column != "pte_address" else 8
    with spoilt(entries, frame, value):
        assert found(machine, words)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (PageState.FREE, "is mapped in state FREE"),
        (PageState.STANDBY, "in state STANDBY is on no list"),
        (PageState.MODIFIED, "is named by no transition entry"),
    ],
)
def test_is_a_wrong_state_found(
    machine: MemoryMachine, process: FakeProcess, busy: int, state: PageState, words: str
) -> None:
    with spoilt(machine.mm.pfn.state, machine.frame(process, busy), state):
        assert found(machine, words)


@pytest.mark.parametrize("state", [PageState.FREE, PageState.BAD])
def test_is_a_wrong_state_of_a_trimmed_page_found(machine: MemoryMachine, busy: int, state: PageState) -> None:
    with spoilt(machine.mm.pfn.state, machine.mm.pfn.modified.head, state):
        assert found(machine, f"in state {state.name} does not fit its transition entries")


@pytest.mark.parametrize("column", ["share_count", "used_entries"])
def test_is_a_wrong_count_of_a_page_table_found(
    machine: MemoryMachine, process: FakeProcess, busy: int, column: str
) -> None:
    table = process.space.tables.find(busy) >> machine.mm.table_memory.entries_shift
    entries = getattr(machine.mm.pfn, column)
    with spoilt(entries, table, entries[table] + 1):
        assert found(machine, "has share count" if column == "share_count" else "entries, it holds")


def test_is_a_lost_frame_found(machine: MemoryMachine, busy: int) -> None:
    frame = machine.mm.pfn.take_zeroed(PageUse.PROCESS_PRIVATE)
    assert f"frame {frame:#x} is active and nobody maps it" in audit(machine.mm)
    machine.mm.pfn.free(frame)


def test_is_a_frame_on_two_lists_found(machine: MemoryMachine, busy: int) -> None:
    pfn = machine.mm.pfn
    frame = next(iter(pfn.free_list))
    before = pfn.flink[frame], pfn.blink[frame]
    pfn.standby.append(frame)
    assert f"frame {frame:#x} is on two lists" in audit(machine.mm)
    pfn.standby.remove(frame)
    pfn.flink[frame], pfn.blink[frame] = before


@pytest.mark.parametrize("name", ["free_list", "modified"])
def test_is_a_wrong_length_of_a_list_found(machine: MemoryMachine, busy: int, name: str) -> None:
    pages = getattr(machine.mm.pfn, name)
    words = "pages over all colours" if name == "free_list" else "pages and holds"
    with spoilt(pages, "count", pages.count + 1):
        assert found(machine, f" {pages.count} {words}")


def test_is_a_broken_back_link_found(machine: MemoryMachine, busy: int) -> None:
    pfn = machine.mm.pfn
    frame = next(iter(pfn.free_list))
    with spoilt(pfn.blink, frame, frame):
        assert found(machine, "on the free list points back to")


def test_is_a_write_to_a_free_page_found(machine: MemoryMachine, busy: int) -> None:
    frame = next(iter(machine.mm.pfn.free_list))
    with spoilt(machine.ram.bytes, frame * PAGE + 0x123, 7):
        assert f"frame {frame:#x} in state FREE was written to" in audit(machine.mm)
    above = machine.mm.pfn.high_water
    with spoilt(machine.ram.bytes, above * PAGE, 1):
        assert f"frame {above:#x} above the high-water mark is in use" in audit(machine.mm)


@pytest.mark.parametrize("flag", [0, 2])
def test_is_a_page_on_the_wrong_list_found(machine: MemoryMachine, process: FakeProcess, busy: int, flag: int) -> None:
    frame = machine.mm.pfn.modified.head
    with spoilt(machine.mm.pfn.flags, frame, flag):
        assert f"frame {frame:#x} is on the modified list without having been modified" in audit(machine.mm)


def test_is_a_wrong_working_set_entry_found(machine: MemoryMachine, process: FakeProcess, busy: int) -> None:
    working_set = process.space.working_set
    index = machine.mm.pfn.working_set_index[machine.frame(process, busy)]
    word = working_set._word(index)
    entry = working_set.words[word]
    for value, words in (
        (entry + PAGE, "working-set list and page tables differ"),
        (entry ^ 8, "its rights are not those of protection"),
        (0, "working-set list and page tables differ"),
    ):
        with spoilt(working_set.words, word, value):
            assert found(machine, words)


def test_is_a_wrong_count_of_a_process_found(machine: MemoryMachine, process: FakeProcess, busy: int) -> None:
    space = process.space
    with spoilt(space, "virtual_size", space.virtual_size + 1):
        assert found(machine, "bytes of address space, its VADs hold")
    with spoilt(space.working_set, "count", space.working_set.count + 1):
        assert found(machine, "the working set says")


def test_is_wrong_commit_found(machine: MemoryMachine, process: FakeProcess, busy: int) -> None:
    pages, ledger = process.space.account.pages, machine.mm.ledger
    vad = process.space.vads.find(busy // PAGE)
    assert vad is not None
    assert vad.commit_charge == 5
    with spoilt(process.space.account, "pages", pages + 1):
        assert f"process {process.space.process_id} is charged {pages + 1} pages, it holds {pages}" in audit(machine.mm)
    with spoilt(vad, "commit_charge", 6):
        assert f"VAD at {busy:#x} is charged 6 pages, it commits 5" in audit(machine.mm)
    with spoilt(ledger, "committed", ledger.committed - 1):
        assert found(machine, "the commit ledger says")
    with spoilt(machine.mm.system_account, "pages", 0):
        assert found(machine, "the system is charged 0 pages, it holds")


def test_is_a_wrong_pte_found(machine: MemoryMachine, process: FakeProcess, busy: int) -> None:
    entries, index = machine.mm.table_memory.entries, process.space.tables.find(busy)
    pte = entries[index]
    other = machine.pte(process, busy + 5 * PAGE)
    for value, words in (
        (pte & ~2, "its rights are not those of protection"),
        (pte & ~4, "its rights are not those of protection"),
        (other, "has two owners"),
        (0, "is active and nobody maps it"),
        (0x480, "a prototype entry that no view explains"),
        (0x200 | 0x10, "bits outside the protection field"),
    ):
        with spoilt(entries, index, value):
            assert found(machine, words)


def test_is_a_pte_without_a_vad_found(machine: MemoryMachine, process: FakeProcess, busy: int) -> None:
    vad = process.space.vads.find(busy // PAGE)
    assert vad is not None
    process.space.vads.remove(vad)
    assert found(machine, "there is no VAD")
    process.space.vads.insert(vad)
    index = process.space.tables.find(busy + 16 * PAGE)
    with spoilt(machine.mm.table_memory.entries, index, 0x80):
        assert found(machine, "there is no VAD")


def test_is_a_spoilt_root_found(machine: MemoryMachine, process: FakeProcess, busy: int) -> None:
    memory = machine.mm.table_memory
    tops = {"x86": (0x300, 0x3C0), "x64": (0x1ED, 0x1F0)}
    root = process.space.tables.root
    if machine.architecture.name == "pae":
        last = memory.format.frame(memory.entries[(root << memory.entries_shift) + 3]) << memory.entries_shift
        self_map, system = last + 3, last + 0x1BF
    else:
        self_map, system = ((root << memory.entries_shift) + slot for slot in tops[machine.architecture.name])
    with spoilt(memory.entries, self_map, memory.entries[self_map] ^ 4):
        assert found(machine, "self-map entry")
    with spoilt(memory.entries, system, memory.entries[system] ^ 0x100):
        assert found(machine, "all processes share")


def test_is_a_spoilt_section_found(machine: MemoryMachine, busy: int) -> None:
    area = next(iter(machine.mm.sections.areas()))
    with spoilt(area, "mapped_views", 2):
        assert f"section {area.backing.name} says 2 views, the VADs hold 1" in audit(machine.mm)
    entries = machine.mm.table_memory.entries
    first = machine.mm.system.tables.find_word(area.first_prototype)
    with spoilt(entries, first, entries[first] ^ 0x20):
        assert found(machine, f"section {area.backing.name}, page 0x0: prototype PTE")


def test_is_a_spoilt_pool_found(machine: MemoryMachine, busy: int) -> None:
    pool = machine.mm.system.paged_pool
    with spoilt(pool, "pages", pool.pages + 1):
        assert found(machine, "PAGED_POOL: ")
    address, (size, tag) = next(iter(pool._blocks.items()))
    pool._blocks[address] = (size + 8, tag)
    assert found(machine, "PAGED_POOL: the range at")
    pool._blocks[address] = (size, tag)


def test_is_a_page_table_that_cannot_be_read_a_finding(machine: MemoryMachine) -> None:
    store = machine.add_paging_file()
    process = machine.new_process()
    machine.allocate(process, 4 * PAGE, address=0x50000000)
    process.space.memory.write_u8(0x50000000, 1)
    machine.page_out(process)
    assert audit(machine.mm) == []
    store.refuse_read = lambda offset, size: True
    (finding,) = audit(machine.mm)
    assert "of \\??\\C:\\page0.sys cannot be read" in finding
    assert finding.endswith("the audit could not be finished")
