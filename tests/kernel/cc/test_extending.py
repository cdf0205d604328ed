"""What NtExtendSection does to a file, and who may ask for it."""

import pytest

from ntmm.kernel.io.constants import FILE_GENERIC_READ, Disposition
from ntmm.nt.memory import (
    PAGE_EXECUTE_READ,
    PAGE_EXECUTE_READWRITE,
    PAGE_EXECUTE_WRITECOPY,
    PAGE_READONLY,
    PAGE_READWRITE,
    PAGE_WRITECOPY,
)
from ntmm.nt.status import Status
from tests.kernel.cc.machine import READ_WRITE, CachedMachine
from tests.kernel.mm.machine import PAGE

EXECUTE = 0x20


@pytest.mark.parametrize("protection", [PAGE_READONLY, PAGE_WRITECOPY, PAGE_EXECUTE_READ, PAGE_EXECUTE_WRITECOPY])
def test_does_a_file_that_is_open_for_reading_never_grow(machine: CachedMachine, protection: int) -> None:
    (machine.folder / "a").write_bytes(b"old")
    file = machine.open("a", FILE_GENERIC_READ | EXECUTE, Disposition.OPEN)
    section = machine.section(file, protection)
    for size in (1, 3, 5 * PAGE):
        assert machine.mm.extend_section(section, size) == (Status.SECTION_PROTECTION, 0)
    assert (file.size, section.size) == (3, 3)
    section.dereference()
    file.close()
    assert machine.host("a") == b"old"


def test_does_a_view_of_a_file_commit_nothing(machine: CachedMachine) -> None:
    (machine.folder / "a").write_bytes(bytes(5 * PAGE))
    file, process = machine.open("a"), machine.new_process()
    section = machine.section(file)
    for size in (1, PAGE, 9 * PAGE):
        assert machine.mm.map_view(process, section, commit_size=size).status is Status.INVALID_PARAMETER_5
    view = machine.mm.map_view(process, section)
    assert view.status is Status.SUCCESS
    assert machine.mm.unmap_view(process, view.base) is Status.SUCCESS
    section.dereference()
    machine.end(process)
    file.close()


@pytest.mark.parametrize("protection", [PAGE_READWRITE, PAGE_EXECUTE_READWRITE])
def test_does_a_writable_section_grow_its_file(machine: CachedMachine, protection: int) -> None:
    (machine.folder / "a").write_bytes(b"old")
    file = machine.open("a", READ_WRITE | EXECUTE, Disposition.OPEN)
    section = machine.section(file, protection)
    assert machine.mm.extend_section(section, 2) == (Status.SUCCESS, 3)
    assert machine.mm.extend_section(section, 5 * PAGE) == (Status.SUCCESS, 5 * PAGE)
    assert file.size == 5 * PAGE
    section.dereference()
    file.close()
    assert machine.host("a") == b"old".ljust(5 * PAGE, b"\0")
