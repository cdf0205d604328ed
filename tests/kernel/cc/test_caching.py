"""Reads and writes through views: what they cost, what stays in RAM, and who shows which frame."""

import pytest

from ntmm.kernel.io.constants import FILE_SEQUENTIAL_ONLY, FILE_WRITE_THROUGH, Disposition
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.information import TimeChange
from ntmm.kernel.mm.layout import layout_for
from ntmm.kernel.mm.pfn import PageState
from ntmm.kernel.mm.system_cache import system_cache_bytes
from ntmm.nt.status import Status
from tests.kernel.cc.machine import CachedMachine
from tests.kernel.mm.machine import MB, PAGE

KB = 1024
GB = 1 << 30


@pytest.mark.parametrize(
    ("ram", "options", "size"),
    [
        (8 * MB, {}, 64 * MB),
        (16 * MB, {}, 128 * MB),
        (24 * MB, {}, 256 * MB),
        (64 * MB, {}, 512 * MB),
        (4 * GB, {}, 512 * MB),
        (4 * GB, {"three_gb": True}, 64 * MB),
        (4 * GB, {"large": True}, 960 * MB),
    ],
)
def test_how_large_is_the_region(ram: int, options: dict[str, bool], size: int) -> None:
    assert system_cache_bytes(ram, 1 << 40, **options) == size


def test_does_the_region_fit_its_place() -> None:
    layout = layout_for("x86")
    assert (layout.system_cache, layout.system_cache_end) == (0xC1000000, 0xE1000000)
    room = layout.system_cache_end - layout.system_cache
    assert system_cache_bytes(4 * GB, room, large=True) == 512 * MB  # without its extension


def test_is_a_read_of_the_host_file_right(machine: CachedMachine) -> None:
    data = bytes(range(256)) * 3001
    (machine.folder / "a").write_bytes(data)
    file = machine.open("a", disposition=Disposition.OPEN)
    assert file.read(0, 1 << 20) == data
    assert file.read(262_000, 1000) == data[262_000:263_000]
    assert file.read(len(data), 10) == b""
    file.close()


def test_does_a_write_wait_in_ram_until_it_is_flushed(machine: CachedMachine) -> None:
    file = machine.open("a")
    file.write(0, b"x" * 10_000)
    assert machine.host("a") == bytes(10_000)  # there is room for it, and nothing else
    assert file.read(0, 20_000) == b"x" * 10_000
    file.flush()
    assert machine.host("a") == b"x" * 10_000
    file.close()


def test_is_a_write_through_file_on_the_disk_at_once(machine: CachedMachine) -> None:
    file = machine.open("a", options=FILE_WRITE_THROUGH)
    file.write(5000, b"now")
    assert machine.host("a") == bytes(5000) + b"now"
    file.close()


def test_is_the_page_in_the_cache_the_frame_that_a_view_shows(machine: CachedMachine) -> None:
    file, process = machine.open("a"), machine.new_process()
    file.write(0, b"from the cache".ljust(PAGE, b"."))
    base = machine.map(process, file)
    assert process.space.memory.read(base, 14) == b"from the cache"
    view = machine.mm.system_cache.views_of(machine.mm.data_of(file.block).area)[0]
    cached = machine.mm.table_memory.entries[view.index]
    assert machine.mm.table_memory.format.frame(cached) == machine.frame(process, base)
    assert machine.mm.pfn.share_count[machine.frame(process, base)] == 2
    process.space.memory.write(base, b"from the view ")
    assert file.read(0, 14) == b"from the view "
    machine.check()
    machine.end(process)
    file.close()


def test_does_the_next_open_find_the_file_in_ram(machine: CachedMachine) -> None:
    (machine.folder / "a").write_bytes(b"a" * 100_000)
    file = machine.open("a")
    file.read(0, 100_000)
    block = file.block
    file.close()
    reads = machine.mm.in_page.reads
    assert machine.mm.pfn.standby.count >= 25
    again = machine.open("a")
    assert again.block is block
    assert again.read(0, 100_000) == b"a" * 100_000
    assert machine.mm.in_page.reads == reads
    again.close()


def test_is_a_new_page_written_without_being_read(machine: CachedMachine) -> None:
    (machine.folder / "a").write_bytes(b"a" * 3 * PAGE)
    file = machine.open("a")
    file.write(PAGE, b"b" * PAGE)
    file.write(3 * PAGE + 100, b"c")
    reads = [machine.mm.in_page.reads]
    file.write(10, b"d")
    reads.append(machine.mm.in_page.reads)
    assert reads == [0, 1]
    assert file.read(3 * PAGE, 200) == bytes(100) + b"c"
    file.close()


def test_are_two_reads_in_order_followed_by_one_ahead(machine: CachedMachine) -> None:
    (machine.folder / "a").write_bytes(bytes(MB))
    file = machine.open("a")
    file.read(0, 4 * KB)
    assert not machine.mm.system_cache.counts.read_ahead
    file.read(4 * KB, 4 * KB)
    ahead = machine.mm.system_cache.counts.read_ahead
    assert ahead * PAGE >= 60 * KB
    machine.scheduler.pass_time_until(lambda: machine.mm.pfn.in_transition == 0)
    reads = machine.mm.in_page.reads
    file.read(8 * KB, 4 * KB)
    assert machine.mm.in_page.reads == reads
    file.close()


def test_does_a_sequential_file_give_its_views_back(machine: CachedMachine) -> None:
    (machine.folder / "a").write_bytes(bytes(2 * MB))
    file = machine.open("a", options=FILE_SEQUENTIAL_ONLY)
    for offset in range(0, 2 * MB, 64 * KB):
        file.read(offset, 64 * KB)
    assert machine.mm.statistics().cache.views <= 1
    file.close()


def test_may_the_cache_be_trimmed(machine: CachedMachine) -> None:
    file = machine.open("a")
    data = bytes(range(256)) * 1024
    file.write(0, data)
    machine.forget_everything()
    machine.check()
    assert machine.resident(file) == 0
    assert file.read(0, len(data)) == data
    file.close()


def test_is_the_oldest_view_reclaimed_where_the_region_is_full(machine: CachedMachine) -> None:
    machine.mm.system_cache.size = 4 * 256 * KB
    (machine.folder / "a").write_bytes(bytes(2 * MB))
    file = machine.open("a")
    for offset in range(0, 2 * MB, 256 * KB):
        file.read(offset, 1)
    assert machine.mm.statistics().cache.views == 4
    assert machine.cc.vacbs.reclaimed == 4
    machine.check()
    file.close()


def test_is_a_full_disk_told_before_anything_is_written(machine: CachedMachine) -> None:
    file = machine.open("a")
    machine.volume.quota.free = 10_000
    with pytest.raises(IoFailure) as raised:
        file.write(0, bytes(10_001))
    assert raised.value.status is Status.DISK_FULL
    assert file.size == 0
    file.write(0, bytes(10_000))
    file.close()


def test_is_a_failing_disk_told_by_the_flush_and_nothing_lost(
    machine: CachedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other = machine.open("a"), machine.open("b")
    file.write(0, b"a" * PAGE)
    other.write(0, b"b" * PAGE)

    def refuse(offset: int, data: bytes) -> None:
        raise IoFailure(Status.IO_DEVICE_ERROR)

    with monkeypatch.context() as patch:
        patch.setattr(file.block, "write_pages", refuse)
        with pytest.raises(IoFailure) as raised:
            file.flush()
        assert raised.value.status is Status.IO_DEVICE_ERROR
        other.flush()
        assert file.read(0, PAGE) == b"a" * PAGE
        machine.check()
    file.flush()
    assert machine.host("a") == b"a" * PAGE
    assert machine.host("b") == b"b" * PAGE
    file.close()
    other.close()


def test_does_a_deleted_file_leave_nothing_behind(machine: CachedMachine) -> None:
    file = machine.open("a", access=0x1F01FF)
    file.write(0, bytes(100_000))
    file.set_delete_pending(True)
    file.close()
    assert not (machine.folder / "a").exists()
    assert machine.mm.statistics().cache.dirty == 0
    assert not [area for area in machine.mm.sections.areas() if area.name.endswith("a")]


def test_is_the_time_of_a_file_kept_when_its_pages_are_written_later(machine: CachedMachine) -> None:
    file = machine.open("a", access=0x1F01FF)
    file.write(0, b"abc")
    moment = 126_000_000_000_000_000
    file.block.set_times(TimeChange(None, None, moment))
    machine.clock.advance(50_000_000)
    file.flush()
    assert file.information().write_time == moment
    file.close()
    machine.close()
    assert (machine.folder / "a").stat().st_mtime_ns == (moment - 116_444_736_000_000_000) * 100


def test_do_pinned_pages_stay(machine: CachedMachine) -> None:
    file = machine.open("a")
    file.write(0, b"a" * 3 * PAGE)
    pinned = machine.cc.mdl_read(file, 100, 2 * PAGE)
    machine.forget_everything()
    states = machine.states(pinned.frames)
    assert states == [PageState.TRANSITION] * 3
    assert b"".join(bytes(part) for part in machine.cc.parts(pinned)) == b"a" * 2 * PAGE
    machine.cc.unpin(pinned)
    machine.check()
    file.close()


def test_is_zeroing_seen_by_readers(machine: CachedMachine) -> None:
    file = machine.open("a")
    file.write(0, b"a" * 2 * PAGE)
    machine.cc.zero(file, 100, PAGE + 100)
    assert file.read(0, 2 * PAGE) == b"a" * 100 + bytes(PAGE) + b"a" * (PAGE - 100)
    file.close()


def test_do_two_runs_do_the_same(machine: CachedMachine) -> None:
    file = machine.open("a")
    for number in range(200):
        file.write(number * 700, bytes([number % 256]) * 700)
    before = machine.mm.statistics()
    assert before.cache.dirty == 35
    file.flush()
    assert machine.mm.statistics().cache.dirty == 0
    file.close()
