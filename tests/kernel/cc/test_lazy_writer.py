"""Does the lazy writer write behind programs, and do several threads see one file?"""

from random import Random

import pytest

from ntmm.kernel.cc.lazy_writer import dirty_threshold
from ntmm.kernel.io.constants import FILE_ATTRIBUTE_TEMPORARY
from tests.kernel.cc.machine import CachedMachine
from tests.kernel.mm.machine import MB, PAGE

SECOND = 10_000_000


def sleep(machine: CachedMachine, seconds: float) -> None:
    thread = machine.scheduler.current
    assert thread is not None
    machine.scheduler.wait(thread, (), timeout_100ns=int(seconds * SECOND))


@pytest.mark.parametrize(("megabytes", "pages"), [(16, 512), (24, 1536), (64, 6144)])
def test_how_many_pages_may_be_dirty(megabytes: int, pages: int) -> None:
    assert dirty_threshold(megabytes * 256) == pages


def test_does_the_first_scan_come_after_three_seconds(machine: CachedMachine) -> None:
    machine.start_system_threads()
    file = machine.open("a")
    seen: list[int] = []

    def program() -> None:
        file.write(0, b"a" * PAGE)
        sleep(machine, 2.9)
        seen.append(machine.host("a").count(b"a"))
        sleep(machine, 0.5)
        seen.append(machine.host("a").count(b"a"))

    machine.run(program)
    assert seen == [0, PAGE]
    assert machine.mm.statistics().cache.lazy_write_pages == 1
    file.close()
    machine.scheduler.drop_all()


def test_does_each_scan_write_a_share(machine: CachedMachine) -> None:
    machine.start_system_threads()
    machine.cc.lazy_writer.threshold = 1 << 20
    file = machine.open("a")
    dirty: list[int] = []

    def program() -> None:
        file.write(0, bytes(800 * PAGE))
        for _ in range(3):
            sleep(machine, 3.2 if not dirty else 1)
            dirty.append(machine.mm.statistics().cache.dirty)

    machine.run(program)
    assert dirty[0] == 700
    assert dirty[0] > dirty[1] > dirty[2]
    file.close()
    machine.scheduler.drop_all()


def test_are_temporary_files_left_alone(machine: CachedMachine) -> None:
    machine.start_system_threads()
    file = machine.open("a", attributes=FILE_ATTRIBUTE_TEMPORARY)

    def program() -> None:
        file.write(0, b"a" * PAGE)
        sleep(machine, 10)

    machine.run(program)
    assert machine.host("a") == bytes(PAGE)
    file.close()
    machine.scheduler.drop_all()


def test_must_a_writer_wait_for_the_lazy_writer(machine: CachedMachine) -> None:
    machine.start_system_threads()
    file = machine.open("a")
    most: list[int] = []

    def program() -> None:
        for number in range(40):
            file.write(number * 64 * PAGE, bytes([number + 1]) * 64 * PAGE)
            most.append(machine.mm.statistics().cache.dirty)

    machine.run(program)
    assert max(most) <= machine.cc.lazy_writer.threshold
    assert file.read(0, 40 * 64 * PAGE) == b"".join(bytes([number + 1]) * 64 * PAGE for number in range(40))
    file.close()
    machine.scheduler.drop_all()


@pytest.mark.parametrize("seed", range(4))
def test_do_threads_find_what_they_wrote(machine: CachedMachine, seed: int) -> None:
    """Three threads with a slice of one file each, cached or through a view, while memory is short."""
    machine.add_paging_file(MB, 3 * MB)
    machine.start_system_threads()
    size = 40 * PAGE + 1234
    slices = [bytearray(size) for _ in range(3)]
    file = machine.open("a")
    file.set_size(3 * size)
    process = machine.new_process()
    base = machine.map(process, file)

    def program(number: int) -> None:
        random, mine = Random(seed * 3 + number), slices[number]
        for step in range(60):
            start = random.randrange(size)
            count = min(size - start, random.choice((10, 5000, 50_000)))
            place = number * size + start
            action = random.randrange(6)
            if action < 2:
                mine[start : start + count] = bytes([step + 1]) * count
                if action:
                    file.write(place, bytes([step + 1]) * count)
                else:
                    process.space.memory.write(base + place, bytes([step + 1]) * count)
            elif action == 2:
                assert file.read(place, count) == mine[start : start + count]
            elif action == 3:
                assert process.space.memory.read(base + place, count) == mine[start : start + count]
            elif action == 4:
                machine.mm.pageout.working_sets.trim(random.randrange(100))
                machine.drop_standby()
            else:
                sleep(machine, random.choice((0.01, 1)))
                if random.random() < 0.3:
                    file.flush()

    machine.run(*(lambda number=number: program(number) for number in range(3)))
    machine.check()
    assert machine.mm.unmap_view(process, base).name == "SUCCESS"
    file.close()
    assert machine.mm.shut_down()
    assert machine.host("a") == b"".join(slices)
    machine.scheduler.drop_all()
