"""Pins that are written, and what the cache counts and tells."""

from ntmm.kernel.io.constants import FILE_WRITE_THROUGH
from ntmm.nt.memory import PAGE_READWRITE, SEC_COMMIT, SEC_NOCACHE
from ntmm.nt.status import Status
from tests.kernel.cc.machine import CachedMachine
from tests.kernel.mm.machine import PAGE


def test_is_a_range_that_will_be_overwritten_not_read(machine: CachedMachine) -> None:
    (machine.folder / "a").write_bytes(b"a" * 4 * PAGE)
    file = machine.open("a")
    pinned = machine.cc.prepare_pin_write(file, PAGE, 2 * PAGE)
    assert machine.mm.in_page.reads == 0
    for part in machine.cc.parts(pinned):
        assert bytes(part) == bytes(PAGE)
        part[:] = b"b" * PAGE
    machine.cc.unpin(pinned)
    assert machine.mm.statistics().cache.dirty == 2
    file.flush()
    assert machine.host("a") == b"a" * PAGE + b"b" * 2 * PAGE + b"a" * PAGE
    machine.check()
    file.close()


def test_is_the_rest_of_a_page_kept(machine: CachedMachine) -> None:
    (machine.folder / "a").write_bytes(b"a" * 4 * PAGE)
    file = machine.open("a")
    pinned = machine.cc.prepare_pin_write(file, 100, 2 * PAGE, zero=True)
    assert machine.mm.in_page.pages < 4
    machine.cc.unpin(pinned)
    assert file.read(0, 4 * PAGE) == b"a" * 100 + bytes(2 * PAGE) + b"a" * (2 * PAGE - 100)
    file.close()


def test_are_pages_in_ram_kept_unless_they_are_to_be_zero(machine: CachedMachine) -> None:
    file = machine.open("a")
    file.write(0, b"a" * 2 * PAGE)
    pinned = machine.cc.prepare_pin_write(file, 0, PAGE)
    assert bytes(machine.cc.parts(pinned)[0]) == b"a" * PAGE
    machine.cc.unpin(pinned)
    machine.cc.unpin(machine.cc.prepare_pin_write(file, 0, PAGE, zero=True))
    assert file.read(0, 2 * PAGE) == bytes(PAGE) + b"a" * PAGE
    file.close()


def test_what_does_the_cache_count(machine: CachedMachine) -> None:
    (machine.folder / "a").write_bytes(bytes(64 * PAGE))
    counts, file = machine.mm.system_cache.counts, machine.open("a")
    cc = machine.cc
    for take in (cc.map_data, cc.map_data, cc.pin_read, cc.mdl_read):
        cc.unpin(take(file, 0, PAGE))
    assert (counts.maps, counts.map_misses) == (2, 1)
    assert (counts.pins, counts.pin_misses, counts.mdl_reads, counts.mdl_misses) == (1, 0, 1, 0)
    assert (counts.read_ios, counts.pages_read) == (1, 1)
    file.read(8 * PAGE, 16 * PAGE)
    assert (counts.hits, counts.misses, counts.read_ios, counts.pages_read) == (0, 1, 2, 17)
    machine.mm.pageout.working_sets.empty(machine.mm._system_owner)
    transitions = counts.transitions
    file.read(8 * PAGE, 16 * PAGE)
    assert counts.transitions == transitions + 16
    assert counts.hits == 1
    file.close()


def test_which_writes_are_flushes(machine: CachedMachine) -> None:
    counts = machine.mm.system_cache.counts
    file, through = machine.open("a"), machine.open("b", options=FILE_WRITE_THROUGH)
    file.write(0, bytes(20 * PAGE))
    assert counts.flushes == 0
    file.flush()
    assert (counts.flushes, counts.flushed_pages) == (2, 20)
    through.write(0, bytes(3 * PAGE))
    assert (counts.flushes, counts.flushed_pages, counts.lazy_pages) == (3, 23, 0)
    file.close()
    through.close()


def test_what_does_the_cache_tell(machine: CachedMachine) -> None:
    told: list[tuple[str, str, int, int]] = []
    machine.mm.system_cache.told = lambda *action: told.append(action)
    (machine.folder / "a").write_bytes(bytes(64 * PAGE))
    file = machine.open("a")
    name = "C:" + file.block.name
    file.read(0, PAGE)
    file.read(PAGE, PAGE)
    file.write(10 * PAGE, bytes(PAGE))
    machine.cc.lazy_writer.scan()
    file.write(0, b"x")
    file.flush()
    machine.cc.purge(file.block)
    file.close()
    assert told == [
        ("map", name, 0, 64),
        ("read ahead", name, 2, 16),
        ("lazy write", name, 10, 1),
        ("flush", name, 0, 64),
        ("purge", name, 0, 64),
        ("unmap", name, 0, 64),
    ]


def test_are_views_of_a_file_cached_whatever_its_section_asks_for(machine: CachedMachine) -> None:
    """The system cache maps the same frames, and no frame may be mapped both ways."""
    file, process, off = machine.open("a"), machine.new_process(), machine.architecture.CACHE_DISABLE
    file.write(0, b"a" * PAGE)
    status, section = machine.mm.create_section(file, 0, PAGE_READWRITE, SEC_COMMIT | SEC_NOCACHE)
    assert status is Status.SUCCESS and section is not None
    section.reference()
    base = machine.mm.map_view(process, section).base
    process.space.memory.write(base, b"b")
    assert not machine.mm.table_memory.entries[process.space.tables.find(base)] & off
    assert file.read(0, 2) == b"ba"
    section.dereference()
    machine.end(process)
    file.close()
