"""May the pages of a view be given more than the mapping gave? A handle that only reads must not come to write."""

import pytest

from ntmm.kernel.mm.section import Section
from ntmm.nt.memory import (
    MEM_COMMIT,
    PAGE_EXECUTE_READ,
    PAGE_EXECUTE_READWRITE,
    PAGE_EXECUTE_WRITECOPY,
    PAGE_NOACCESS,
    PAGE_READONLY,
    PAGE_READWRITE,
    PAGE_WRITECOPY,
    SEC_COMMIT,
    SEC_RESERVE,
)
from ntmm.nt.status import Status
from tests.kernel.mm.machine import PAGE, FakeProcess, MemoryMachine

PAGES = 4


def make_section(machine: MemoryMachine, attributes: int = SEC_COMMIT) -> Section:
    status, section = machine.mm.create_section(None, PAGES * PAGE, PAGE_EXECUTE_READWRITE, attributes)
    assert status is Status.SUCCESS and isinstance(section, Section)
    section.reference()
    return section


def map_with(machine: MemoryMachine, process: FakeProcess, section: Section, protection: int) -> int:
    view = machine.mm.map_view(process, section, page_protection=protection)
    assert view.status is Status.SUCCESS
    return view.base


@pytest.mark.parametrize(
    ("mapped", "allowed"),
    [
        (PAGE_NOACCESS, {PAGE_NOACCESS}),
        (PAGE_READONLY, {PAGE_NOACCESS, PAGE_READONLY, PAGE_WRITECOPY}),
        (PAGE_WRITECOPY, {PAGE_NOACCESS, PAGE_READONLY, PAGE_WRITECOPY}),
        (PAGE_READWRITE, {PAGE_NOACCESS, PAGE_READONLY, PAGE_WRITECOPY, PAGE_READWRITE}),
        (PAGE_EXECUTE_READ, {PAGE_NOACCESS, PAGE_READONLY, PAGE_WRITECOPY, PAGE_EXECUTE_READ}),
        (
            PAGE_EXECUTE_WRITECOPY,
            {PAGE_NOACCESS, PAGE_READONLY, PAGE_WRITECOPY, PAGE_EXECUTE_READ, PAGE_EXECUTE_WRITECOPY},
        ),
    ],
)
def test_which_protections_may_a_view_be_given(machine: MemoryMachine, mapped: int, allowed: set[int]) -> None:
    process, section = machine.new_process(), make_section(machine)
    base, asked = map_with(machine, process, section, mapped), PAGE_NOACCESS
    while asked <= PAGE_EXECUTE_WRITECOPY:
        if asked != 0x10:  # PAGE_EXECUTE is EXECUTE_READ by another name
            expected = Status.SUCCESS if asked in allowed else Status.SECTION_PROTECTION
            assert machine.mm.protect(process, base, PAGE, asked).status is expected, hex(asked)
        asked <<= 1
    section.dereference()
    machine.check()


def test_do_the_pages_of_a_copy_stay_private(machine: MemoryMachine) -> None:
    process, section = machine.new_process(), make_section(machine)
    copy, shared = (
        map_with(machine, process, section, PAGE_WRITECOPY),
        map_with(machine, process, section, PAGE_READWRITE),
    )
    assert machine.mm.protect(process, copy, PAGE, PAGE_READWRITE).status is Status.SECTION_PROTECTION
    process.space.memory.write(copy, b"mine")
    assert process.space.memory.read(shared, 4) == bytes(4)
    section.dereference()
    machine.check()


def test_is_a_view_to_read_committed_to_read(machine: MemoryMachine) -> None:
    process, section = machine.new_process(), make_section(machine, SEC_RESERVE)
    base = map_with(machine, process, section, PAGE_READONLY)
    refused = machine.mm.allocate(process, base, PAGE, MEM_COMMIT, PAGE_READWRITE)
    assert refused.status is Status.SECTION_PROTECTION
    assert machine.mm.allocate(process, base, PAGE, MEM_COMMIT, PAGE_READONLY).status is Status.SUCCESS
    assert process.space.memory.read(base, 4) == bytes(4)
    section.dereference()
    machine.check()
