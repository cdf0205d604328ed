"""Writers that must not wait: may they write now, and are they called when they may?"""

import pytest

from tests.kernel.cc.machine import CachedMachine
from tests.kernel.mm.machine import PAGE

THRESHOLD = 64


@pytest.fixture
def full(machine: CachedMachine) -> CachedMachine:
    """A machine with 60 dirty pages, of which it bears 64."""
    machine.cc.lazy_writer.threshold = THRESHOLD
    machine.open("full").write(0, bytes(60 * PAGE))
    return machine


def test_may_a_few_more_pages_become_dirty(full: CachedMachine) -> None:
    file = full.open("a")
    assert full.cc.may_write(file, 3 * PAGE)
    assert not full.cc.may_write(file, 5 * PAGE)
    full.cc.lazy_writer.scan()
    assert full.cc.may_write(file, 5 * PAGE)
    file.close()


def test_does_a_file_have_a_limit_of_its_own(machine: CachedMachine) -> None:
    file, other = machine.open("a"), machine.open("b")
    machine.cc.set_dirty_limit(file, 8)
    file.write(0, bytes(6 * PAGE))
    assert not machine.cc.may_write(file, 4 * PAGE)
    assert machine.cc.may_write(other, 4 * PAGE)
    machine.cc.set_dirty_limit(file, None)
    assert machine.cc.may_write(file, 4 * PAGE)
    file.close()
    other.close()


def test_does_a_write_wait_at_the_limit_of_its_file(machine: CachedMachine) -> None:
    file = machine.open("a")
    machine.cc.set_dirty_limit(file, 8)
    for page in range(0, 40, 4):
        file.write(page * PAGE, bytes([page + 1]) * 4 * PAGE)
        assert machine.mm.statistics().cache.dirty <= 8
    file.close()


def test_are_deferred_writers_called_in_turn(full: CachedMachine) -> None:
    file, called = full.open("a"), list[str]()
    full.cc.defer_write(file, 20 * PAGE, lambda: called.append("first"))
    full.cc.defer_write(file, PAGE, lambda: called.append("second"))
    assert full.cc.deferred.count == 2
    assert not full.cc.may_write(file, PAGE)  # others came before
    assert full.cc.may_write(file, PAGE, is_retry=True)
    full.scheduler.expire_timers()
    assert not called
    full.cc.lazy_writer.scan()
    full.scheduler.expire_timers()
    assert called == ["first", "second"]
    assert full.cc.deferred.count == 0
    file.close()


def test_is_a_deferred_writer_called_at_once_where_there_is_room(machine: CachedMachine) -> None:
    file, called = machine.open("a"), list[int]()
    machine.cc.defer_write(file, PAGE, lambda: called.append(1))
    machine.scheduler.expire_timers()
    assert called == [1]
    file.close()


def test_does_the_lazy_writer_serve_deferred_writers(full: CachedMachine) -> None:
    full.start_system_threads()
    file, moments = full.open("a"), list[int]()

    def program() -> None:
        full.cc.defer_write(file, 32 * PAGE, lambda: moments.append(full.clock.uptime_100ns()))
        thread = full.scheduler.current
        assert thread is not None
        full.scheduler.wait(thread, (), timeout_100ns=50_000_000)

    full.run(program)
    assert len(moments) == 1
    file.close()
    full.scheduler.drop_all()


def test_may_one_wait_for_room(full: CachedMachine) -> None:
    file = full.open("a")
    assert full.cc.may_write(file, 20 * PAGE, wait=True)
    assert full.mm.statistics().cache.dirty + 20 <= THRESHOLD
    file.close()
