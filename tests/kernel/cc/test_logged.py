"""Write-ahead logging: is the log on the disk before the pages that it describes, whoever writes them?"""

from dataclasses import dataclass, field

import pytest

from ntmm.kernel.cc.logged import LoggedRange
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import FileObject
from ntmm.nt.status import Status
from tests.kernel.cc.machine import CachedMachine
from tests.kernel.mm.machine import PAGE


@dataclass
class FakeLog:
    """Remembers what it was asked for, and what the file held then."""

    machine: CachedMachine
    path: str
    asked: list[int] = field(default_factory=list)
    seen: list[bytes] = field(default_factory=list)
    is_failing: bool = False

    def flush_to(self, number: int) -> None:
        if self.is_failing:
            raise OSError("the log's disk is gone")
        self.asked.append(number)
        self.seen.append(self.machine.host(self.path))


def logged_file(machine: CachedMachine, pages: int = 8, path: str = "a") -> tuple[FileObject, FakeLog]:
    (machine.folder / path).write_bytes(bytes(pages * PAGE))
    file, log = machine.open(path), FakeLog(machine, path)
    machine.cc.set_log(file, log)
    return file, log


def change(machine: CachedMachine, file: FileObject, page: int, number: int | None, byte: bytes = b"x") -> None:
    pinned = machine.cc.pin_read(file, page * PAGE, PAGE)
    machine.cc.parts(pinned)[0][:] = byte * PAGE
    machine.cc.set_dirty(pinned, number)
    machine.cc.unpin(pinned)


def test_is_the_log_written_before_a_flush_of_the_file(machine: CachedMachine) -> None:
    file, log = logged_file(machine)
    change(machine, file, 1, 100)
    change(machine, file, 2, 90)
    file.flush()
    assert log.asked == [100]
    assert log.seen == [bytes(8 * PAGE)]
    assert machine.host("a")[PAGE : 3 * PAGE] == b"x" * 2 * PAGE
    assert machine.cc.dirty_pages(log) == []
    file.flush()
    assert log.asked == [100]
    file.close()


def test_is_the_log_written_before_the_lazy_writer_writes(machine: CachedMachine) -> None:
    file, log = logged_file(machine)
    change(machine, file, 0, 7)
    machine.cc.lazy_writer.scan()
    assert log.asked == [7]
    assert log.seen == [bytes(8 * PAGE)]
    assert machine.host("a")[:PAGE] == b"x" * PAGE
    file.close()


def test_which_pages_are_dirty_and_since_when(machine: CachedMachine) -> None:
    file, log = logged_file(machine)
    for page, number in ((1, 30), (2, 20), (1, 40), (6, 35)):
        change(machine, file, page, number)
    name = "C:" + file.block.name
    assert machine.cc.dirty_pages(log) == [
        LoggedRange(name, PAGE, 2 * PAGE, oldest=20, newest=40),
        LoggedRange(name, 6 * PAGE, PAGE, oldest=35, newest=35),
    ]
    assert machine.cc.dirty_pages(FakeLog(machine, "other")) == []
    file.flush()
    file.close()


def test_does_the_mapped_page_writer_leave_logged_pages_alone(machine: CachedMachine) -> None:
    file, log = logged_file(machine)
    change(machine, file, 1, 5)
    change(machine, file, 2, None, b"y")
    machine.mm.pageout.working_sets.empty(machine.mm._system_owner)
    assert machine.mm.statistics().modified_no_write == 1
    machine.mm.mapped_writer.write_queued()
    machine.check()
    assert machine.host("a")[PAGE : 3 * PAGE] == bytes(PAGE) + b"y" * PAGE
    assert not log.asked
    file.flush()
    assert machine.host("a")[PAGE : 2 * PAGE] == b"x" * PAGE
    assert machine.mm.statistics().modified_no_write == 0
    assert log.asked == [5]
    file.close()


def test_are_pages_kept_while_the_log_cannot_be_written(machine: CachedMachine) -> None:
    file, log = logged_file(machine)
    change(machine, file, 3, 50)
    log.is_failing = True
    with pytest.raises(IoFailure) as caught:
        file.flush()
    assert caught.value.status is Status.IO_DEVICE_ERROR
    machine.cc.lazy_writer.scan()
    machine.forget_everything()
    assert machine.host("a") == bytes(8 * PAGE)
    assert machine.mm.statistics().modified_no_write == 1
    assert file.read(3 * PAGE, 4) == b"xxxx"
    log.is_failing = False
    file.flush()
    assert machine.host("a")[3 * PAGE : 4 * PAGE] == b"x" * PAGE
    machine.check()
    file.close()


def test_is_a_page_that_changes_while_the_log_is_written_kept(machine: CachedMachine) -> None:
    file, log = logged_file(machine)
    change(machine, file, 1, 10)
    first_flush, log_flush = [True], log.flush_to

    def change_meanwhile(number: int) -> None:
        log_flush(number)
        if first_flush.pop():
            first_flush.append(False)
            change(machine, file, 1, 11, b"z")

    log.flush_to = change_meanwhile  # type: ignore[method-assign]
    file.flush()
    assert log.asked == [10]
    assert machine.host("a")[PAGE : 2 * PAGE] == bytes(PAGE)
    assert machine.cc.dirty_pages(log)[0].newest == 11
    file.flush()
    assert log.asked == [10, 11]
    assert machine.host("a")[PAGE : 2 * PAGE] == b"z" * PAGE
    file.close()


def test_does_a_last_close_wait_for_the_log(machine: CachedMachine) -> None:
    file, log = logged_file(machine)
    change(machine, file, 1, 5)
    file.close()
    assert machine.mm.shut_down()
    assert log.asked == [5]
    assert machine.host("a")[PAGE : 2 * PAGE] == b"x" * PAGE


def test_is_a_file_without_write_behind_left_to_flushes(machine: CachedMachine) -> None:
    (machine.folder / "a").write_bytes(bytes(4 * PAGE))
    file = machine.open("a")
    machine.cc.set_attributes(file, reads_ahead=False, is_written_behind=False)
    file.write(0, b"x" * 2 * PAGE)
    machine.mm.pageout.working_sets.empty(machine.mm._system_owner)
    machine.mm.mapped_writer.write_queued()
    machine.check()
    assert machine.mm.statistics().modified_no_write == 2
    assert machine.host("a") == bytes(4 * PAGE)
    assert file.read(0, 4 * PAGE) == b"x" * 2 * PAGE + bytes(2 * PAGE)
    file.flush()
    assert machine.host("a") == b"x" * 2 * PAGE + bytes(2 * PAGE)
    assert machine.mm.statistics().modified_no_write == 0
    file.close()


def test_does_a_number_mean_nothing_without_a_log(machine: CachedMachine) -> None:
    file = machine.open("a")
    file.write(0, bytes(PAGE))
    change(machine, file, 0, 9)
    file.close()
    assert machine.mm.shut_down()
    assert machine.host("a") == b"x" * PAGE


def test_is_nothing_read_ahead_where_the_file_system_says_so(machine: CachedMachine) -> None:
    (machine.folder / "a").write_bytes(bytes(64 * PAGE))
    file = machine.open("a")
    machine.cc.set_attributes(file, reads_ahead=False)
    for page in range(4):
        file.read(page * PAGE, PAGE)
    assert machine.mm.statistics().cache.read_ahead_pages == 0
    file.close()
