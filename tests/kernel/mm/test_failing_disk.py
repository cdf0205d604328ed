"""Is nothing lost but what the disk refuses, where mapped files lie on a disk that is full or fails?"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntmm.kernel.io import stored
from ntmm.kernel.io.constants import Disposition
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import FileObject
from ntmm.kernel.io.quota import DiskQuota
from ntmm.kernel.io.stored import write_fully
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.mm.section import Section
from ntmm.nt.memory import PAGE_READWRITE, SEC_COMMIT
from ntmm.nt.status import Status
from tests.kernel.io.opening import EVERYTHING, opened
from tests.kernel.mm.machine import ARCHITECTURES, MB, PAGE, FakeProcess, MemoryMachine

PAGES = 40


@dataclass
class BadDisk:
    """Refuses writes that touch one of these pages of a file with `error`."""

    pages: set[int] = field(default_factory=set)
    error: int = errno.EIO

    def write(self, descriptor: int, data: bytes, offset: int) -> int:
        if any(offset < (page + 1) * PAGE and page * PAGE < offset + len(data) for page in self.pages):
            raise OSError(self.error, "injected")
        return self._real(descriptor, data, offset)

    _real = staticmethod(write_fully)


class Mapped:
    """A file of the host, mapped for writing, and what the program must see in it."""

    def __init__(self, name: str, folder: Path, limit: int = 1 << 30, size: int = PAGES * PAGE) -> None:
        self.machine = MemoryMachine(name, 2 * MB)
        self.process: FakeProcess = self.machine.new_process()
        self.volume = Volume(folder, disk=DiskQuota(limit))
        self.path = folder / "f"
        self.path.write_bytes(bytes(size))
        self.file: FileObject = opened(self.volume, "C:\\f", EVERYTHING, disposition=Disposition.OPEN)
        self.section = self.create(size)
        self.base = self.map()
        self.seen = bytearray(size)

    def create(self, size: int) -> Section:
        status, section = self.machine.mm.create_section(self.file, size, PAGE_READWRITE, SEC_COMMIT)
        assert (status, section is not None) == (Status.SUCCESS, True)
        assert section is not None
        section.reference()
        return section

    def map(self) -> int:
        view = self.machine.mm.map_view(self.process, self.section)
        assert view.status is Status.SUCCESS
        return view.base

    def write(self, page: int, byte: int) -> None:
        place, data = page * PAGE + byte, bytes([byte]) * 16
        self.process.space.memory.write(self.base + place, data)
        self.seen[place : place + 16] = data

    def flush(self, page: int, count: int) -> Status:
        return self.machine.mm.flush_view(self.process, self.base + page * PAGE, count * PAGE).status

    def press(self) -> None:
        """RAM is needed: what can be written is, and clean pages go."""
        self.machine.empty(self.process)
        self.machine.mm.mapped_writer.write_queued()
        self.machine.drop_standby()

    def remap(self) -> None:
        assert self.machine.mm.unmap_view(self.process, self.base) is Status.SUCCESS
        self.base = self.map()

    def view(self) -> bytes:
        return self.process.space.memory.read(self.base, len(self.seen))

    def end(self) -> bool:
        """Closes everything; False if some of it could not be written."""
        self.machine.end(self.process)
        self.section.dereference()
        self.file.close()
        complete = self.machine.mm.shut_down()
        self.machine.check()
        self.volume.close()
        return complete


@contextmanager
def bad_disk(disk: BadDisk) -> Iterator[BadDisk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored, "write_fully", disk.write)
        yield disk


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize(("error", "status"), [(errno.ENOSPC, Status.DISK_FULL), (errno.EIO, Status.IO_DEVICE_ERROR)])
def test_does_a_flush_tell_what_the_disk_said_and_keep_the_data(
    name: str, error: int, status: Status, tmp_path: Path
) -> None:
    mapped = Mapped(name, tmp_path)
    with bad_disk(BadDisk({20}, error)) as disk:
        for page in (2, 20, 38):
            mapped.write(page, page)
        assert mapped.flush(0, 10) is Status.SUCCESS
        assert mapped.flush(0, PAGES) is status
        mapped.press()
        assert mapped.view() == mapped.seen
        mapped.machine.check()
        data = mapped.path.read_bytes()
        assert [data[page * PAGE + page] for page in (2, 20, 38)] == [2, 0, 38]
        disk.pages.clear()
        assert mapped.flush(0, PAGES) is Status.SUCCESS
    assert mapped.path.read_bytes() == mapped.seen
    assert mapped.end()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_does_a_section_that_would_fill_the_disk_fail_and_leave_all_as_it_was(name: str, tmp_path: Path) -> None:
    mapped = Mapped(name, tmp_path, limit=8 * PAGE)
    available = mapped.machine.mm.pfn.available
    status, section = mapped.machine.mm.create_section(mapped.file, (PAGES + 9) * PAGE, PAGE_READWRITE, SEC_COMMIT)
    assert (status, section) == (Status.DISK_FULL, None)
    assert mapped.machine.mm.extend_section(mapped.section, (PAGES + 9) * PAGE) == (Status.DISK_FULL, 0)
    assert (mapped.path.stat().st_size, mapped.section.size) == (PAGES * PAGE, PAGES * PAGE)
    assert mapped.machine.mm.pfn.available == available
    assert mapped.machine.mm.extend_section(mapped.section, (PAGES + 8) * PAGE)[0] is Status.SUCCESS
    mapped.write(3, 3)
    assert mapped.flush(0, 0) is Status.SUCCESS
    assert mapped.path.read_bytes() == mapped.seen + bytes(8 * PAGE)
    assert mapped.end()


def test_does_the_end_of_a_run_tell_that_data_could_not_be_written(tmp_path: Path) -> None:
    mapped = Mapped("pae", tmp_path)
    with bad_disk(BadDisk({7})):
        mapped.write(7, 7)
        mapped.write(30, 30)
        assert not mapped.end()
    data = mapped.path.read_bytes()
    assert (data[7 * PAGE + 7], data[30 * PAGE + 30]) == (0, 30)


def test_does_a_refused_write_of_a_program_leave_the_mapped_bytes(tmp_path: Path) -> None:
    mapped = Mapped("x64", tmp_path, limit=0)
    mapped.write(5, 5)
    with pytest.raises(IoFailure, match="DISK_FULL"):
        mapped.file.write(PAGES * PAGE - 8, bytes(16))
    with bad_disk(BadDisk({5})), pytest.raises(IoFailure):
        mapped.file.write(5 * PAGE, b"x" * PAGE)
    assert mapped.view() == mapped.seen
    assert mapped.end()
    assert mapped.path.read_bytes() == mapped.seen


STEPS = st.one_of(
    st.tuples(st.just("write"), st.integers(0, PAGES - 1), st.integers(1, 255)),
    st.tuples(st.just("flush"), st.integers(0, PAGES - 1), st.integers(1, PAGES)),
    st.tuples(st.just("fail"), st.integers(0, PAGES - 1), st.integers(0, 1)),
    st.tuples(st.just("heal"), st.just(0), st.just(0)),
    st.tuples(st.just("press"), st.just(0), st.just(0)),
    st.tuples(st.just("remap"), st.just(0), st.just(0)),
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ARCHITECTURES), st.lists(STEPS, max_size=40))
def test_does_a_disk_that_fails_now_and_then_lose_nothing(name: str, steps: list[tuple[str, int, int]]) -> None:
    with TemporaryDirectory() as folder, bad_disk(BadDisk()) as disk:
        mapped = Mapped(name, Path(folder))
        for kind, page, number in steps:
            if kind == "write":
                mapped.write(page, number)
            elif kind == "flush":
                check_flush(mapped, disk, page, min(number, PAGES - page))
            elif kind == "fail":
                disk.pages.add(page)
                disk.error = (errno.EIO, errno.ENOSPC)[number]
            elif kind == "heal":
                disk.pages.clear()
            elif kind == "press":
                mapped.press()
            else:
                mapped.remap()
            assert mapped.view() == mapped.seen
        mapped.machine.check()
        disk.pages.clear()
        assert mapped.end()
        assert mapped.path.read_bytes() == mapped.seen


def check_flush(mapped: Mapped, disk: BadDisk, page: int, count: int) -> None:
    """A flush succeeds only if all of its pages are in the file, and fails only if one is on a bad place."""
    status = mapped.flush(page, count)
    start, end = page * PAGE, (page + count) * PAGE
    if status is Status.SUCCESS:
        assert mapped.path.read_bytes()[start:end] == mapped.seen[start:end]
    else:
        assert disk.pages & set(range(page, page + count))
        assert status is (Status.DISK_FULL if disk.error == errno.ENOSPC else Status.IO_DEVICE_ERROR)


def test_does_a_refused_write_take_no_room_on_the_disk(tmp_path: Path) -> None:
    mapped = Mapped("pae", tmp_path, limit=8 * PAGE)
    with bad_disk(BadDisk({PAGES + 2}, errno.ENOSPC)), pytest.raises(IoFailure, match="DISK_FULL"):
        mapped.file.write(PAGES * PAGE, bytes(8 * PAGE))
    assert mapped.volume.quota.free == 8 * PAGE
    mapped.file.write(PAGES * PAGE, bytes(8 * PAGE))
    assert mapped.volume.quota.free == 0
    assert mapped.end()
