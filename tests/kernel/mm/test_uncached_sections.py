"""SEC_NOCACHE: do views of memory that bypasses the CPU's caches say so in their PTEs and to VirtualQuery?"""

import pytest

from ntmm.kernel.mm.section import Section
from ntmm.nt.memory import (
    PAGE_NOACCESS,
    PAGE_NOCACHE,
    PAGE_READONLY,
    PAGE_READWRITE,
    SEC_COMMIT,
    SEC_IMAGE,
    SEC_NOCACHE,
    SEC_RESERVE,
)
from ntmm.nt.status import Status
from tests.kernel.mm.machine import PAGE, FakeProcess, MemoryMachine

PAGES = 4


def map_uncached(machine: MemoryMachine, process: FakeProcess, attributes: int = SEC_COMMIT) -> int:
    status, section = machine.mm.create_section(None, PAGES * PAGE, PAGE_READWRITE, attributes | SEC_NOCACHE)
    assert status is Status.SUCCESS and isinstance(section, Section)
    section.reference()
    view = machine.mm.map_view(process, section, commit_size=PAGE)
    assert view.status is Status.SUCCESS
    section.dereference()
    return view.base


def bits(machine: MemoryMachine, process: FakeProcess, address: int) -> int:
    """The cache bits of a valid page."""
    architecture = machine.architecture
    pte = machine.mm.table_memory.entries[process.space.tables.find(address)]
    assert pte & 1
    return pte & (architecture.CACHE_DISABLE | architecture.WRITE_THROUGH)


@pytest.mark.parametrize("attributes", [SEC_COMMIT, SEC_RESERVE])
def test_is_the_cache_off_for_every_page(machine: MemoryMachine, attributes: int) -> None:
    process = machine.new_process()
    base, off = map_uncached(machine, process, attributes), machine.architecture.CACHE_DISABLE
    process.space.memory.write(base, b"uncached")
    assert bits(machine, process, base) & off
    information = machine.mm.query(process, base)
    assert information is not None
    assert information.allocation_protect == information.protect == PAGE_READWRITE | PAGE_NOCACHE
    machine.check()


def test_do_two_processes_see_the_same_memory(machine: MemoryMachine) -> None:
    one, other = machine.new_process(), machine.new_process()
    _, section = machine.mm.create_section(None, PAGES * PAGE, PAGE_READWRITE, SEC_COMMIT | SEC_NOCACHE)
    assert section is not None
    section.reference()
    bases = [machine.mm.map_view(process, section).base for process in (one, other)]
    one.space.memory.write(bases[0] + PAGE, b"shared")
    assert other.space.memory.read(bases[1] + PAGE, 6) == b"shared"
    assert bits(machine, other, bases[1] + PAGE) == bits(machine, one, bases[0] + PAGE) != 0
    section.dereference()
    machine.check()


def test_does_the_page_come_back_uncached(machine: MemoryMachine) -> None:
    process = machine.new_process()
    base = map_uncached(machine, process)
    process.space.memory.write(base, b"uncached")
    machine.empty(process)
    assert process.space.memory.read(base, 8) == b"uncached"
    assert bits(machine, process, base)
    machine.check()


def test_does_another_protection_stay_uncached(machine: MemoryMachine) -> None:
    process = machine.new_process()
    base = map_uncached(machine, process)
    process.space.memory.write(base, b"uncached")
    changed = machine.mm.protect(process, base, PAGE, PAGE_READONLY)
    assert (changed.status, changed.old) == (Status.SUCCESS, PAGE_READWRITE | PAGE_NOCACHE)
    assert process.space.memory.read(base, 8) == b"uncached"
    assert bits(machine, process, base)
    assert machine.mm.protect(process, base, PAGE, PAGE_NOACCESS).old == PAGE_READONLY | PAGE_NOCACHE
    assert machine.mm.protect(process, base, PAGE, PAGE_READWRITE).old == PAGE_NOACCESS
    assert process.space.memory.read(base, 8) == b"uncached"
    assert bits(machine, process, base)
    machine.check()


def test_is_it_refused_for_images_and_alone(machine: MemoryMachine) -> None:
    for attributes in (SEC_NOCACHE, SEC_IMAGE | SEC_NOCACHE):
        assert machine.mm.create_section(None, PAGE, PAGE_READWRITE, attributes)[0] is Status.INVALID_PARAMETER_6
