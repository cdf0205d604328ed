"""Control areas that nobody uses: do they make room for others, and does only one stand for a file?"""

from typing import Any

import pytest

from ntmm.kernel.mm.pool import PoolExhausted
from ntmm.kernel.mm.section import ControlArea
from ntmm.kernel.mm.section.image import create_image_control_area
from ntmm.kernel.mm.section.registry import SUBSECTION_PAGES
from ntmm.nt.memory import PAGE_READWRITE, SEC_COMMIT
from ntmm.nt.status import Status
from ntmm.pe.headers import parse_headers
from tests.kernel.cc.conftest import machine
from tests.kernel.cc.machine import CachedMachine
from tests.kernel.mm.images import COPY_ON_WRITE, SHARED, image
from tests.kernel.mm.machine import PAGE, BytesBacking

__all__ = ["machine"]

FILES = 6
CREATE_IMAGE = "ntmm.kernel.mm.section.registry.create_image_control_area"


@pytest.fixture
def full(machine: CachedMachine) -> CachedMachine:
    """A machine whose paged pool holds the prototype PTEs of unused files, and nothing more fits in."""
    for number in range(FILES):
        file = machine.open(f"file{number}")
        file.write(0, bytes([number]) * PAGE)
        file.flush()
        file.close()
    assert machine.mm.sections.unused == FILES
    fill_pool(machine)
    return machine


def fill_pool(machine: CachedMachine) -> None:
    pool, size = machine.mm.system.paged_pool, SUBSECTION_PAGES * machine.architecture.pte_size
    pool._end = pool._grown
    while size >= 64:
        try:
            pool.allocate(size, "Test")
        except PoolExhausted:
            size //= 2


def test_does_the_oldest_unused_file_make_room(full: CachedMachine) -> None:
    file = full.open("new")
    file.write(0, b"new")
    assert full.mm.sections.unused == FILES - 1
    assert not any(area.name.endswith("file0") for area in full.mm.sections.areas())
    full.check()
    again = full.open("file0")
    assert again.read(0, PAGE) == bytes(PAGE)
    assert full.mm.sections.unused == FILES - 2
    file.close()
    again.close()


def test_is_what_it_had_not_written_written_first(full: CachedMachine) -> None:
    first = full.open("file0")
    first.write(0, b"dirty")
    process = full.new_process()
    base = full.map(process, first)
    process.space.memory.write(base, b"DIRTY")
    assert full.mm.unmap_view(process, base) is Status.SUCCESS
    first.flush()
    first.close()
    file = full.open("new")
    for number in range(FILES):
        assert full.open(f"file{number}").size
        full.cc.zero(file, number * SUBSECTION_PAGES * PAGE, number * SUBSECTION_PAGES * PAGE + 1)
    assert full.host("file0")[:5] == b"DIRTY"
    full.check()


def test_do_sections_of_the_paging_file_get_room(full: CachedMachine) -> None:
    size = SUBSECTION_PAGES * PAGE // 2
    status, section = full.mm.create_section(None, size, PAGE_READWRITE, SEC_COMMIT)
    assert status is Status.SUCCESS and section is not None
    assert full.mm.sections.unused == FILES - 1
    section.reference()
    section.dereference()
    full.check()


def test_is_it_refused_when_nothing_is_unused(full: CachedMachine) -> None:
    full.mm.sections.trim_unused(0)
    fill_pool(full)
    status, section = full.mm.create_section(None, SUBSECTION_PAGES * PAGE, PAGE_READWRITE, SEC_COMMIT)
    assert (status, section) == (Status.INSUFFICIENT_RESOURCES, None)
    full.check()


def test_is_there_one_subsection_though_two_threads_make_it(
    machine: CachedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second comes in while the first waits for a page of pool."""
    file, sections = machine.open("a"), machine.mm.sections
    file.write(0, b"a")
    area = machine.mm.data_of(file.block).area
    fill = sections._fill
    blocks = len(machine.mm.system.paged_pool.usage())

    def fill_after_another(prototypes: int, pages: int, pte: int) -> None:
        monkeypatch.setattr(sections, "_fill", fill)
        sections.ensure_prototypes(area, SUBSECTION_PAGES, 1)
        fill(prototypes, pages, pte)

    monkeypatch.setattr(sections, "_fill", fill_after_another)
    sections.ensure_prototypes(area, SUBSECTION_PAGES, 1)
    assert [subsection.first_page for subsection in area.subsections] == [0, SUBSECTION_PAGES]
    assert len(machine.mm.system.paged_pool.usage()) == blocks
    machine.check()
    file.close()


def test_is_there_one_image_though_two_threads_make_it(machine: CachedMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    content = image("a.dll", machine.architecture.bits == 64, COPY_ON_WRITE, SHARED).data
    backing, headers = BytesBacking("C:\\a.dll", content), parse_headers(content)
    sections, create = machine.mm.sections, create_image_control_area
    blocks: list[int] = []

    def create_after_another(*arguments: Any) -> ControlArea:
        monkeypatch.setattr(CREATE_IMAGE, create)
        sections.image(backing, headers)
        blocks.append(len(machine.mm.system.paged_pool.ranges()))
        return create(*arguments)

    monkeypatch.setattr(CREATE_IMAGE, create_after_another)
    area = sections.image(BytesBacking("C:\\A.DLL", content), headers)
    assert area.backing is backing
    assert [area.index for area in sections.areas()] == [0]
    assert len(machine.mm.system.paged_pool.ranges()) == blocks[0]
    machine.check()
