"""Image files that change: what is mapped is protected, and what was mapped is never shown again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ntmm.kernel.io.constants import DELETE, FILE_DELETE_ON_CLOSE, FILE_GENERIC_READ, Disposition
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.image import MappedImage
from ntmm.kernel.mm.section import Section
from ntmm.nt.status import Status
from ntmm.pe.headers import parse_headers
from tests.kernel.cc.machine import READ_WRITE, CachedMachine
from tests.kernel.mm.images import COPY_ON_WRITE, DATA, SHARED, image
from tests.kernel.mm.machine import FakeProcess

PATH = "A.DLL"


@pytest.fixture
def dll(machine: CachedMachine, tmp_path: Path) -> Iterator[bytes]:
    machine.volume.images = machine.mm.sections
    content = image("a.dll", machine.architecture.bits == 64, COPY_ON_WRITE, SHARED).data
    (tmp_path / PATH).write_bytes(content)
    yield content
    machine.check()


def map_it(machine: CachedMachine, process: FakeProcess, path: str = PATH) -> int:
    file = machine.open(path, FILE_GENERIC_READ, Disposition.OPEN)
    backing = MappedImage(file)
    section = machine.mm.create_image_section(backing, parse_headers(backing.read(0, 0x1000), backing.size))
    assert isinstance(section, Section)
    if section.control_area.backing is not backing:
        backing.close()
    section.reference()
    base, status = machine.mm.map_image(process, section)
    assert status in (Status.SUCCESS, Status.IMAGE_NOT_AT_BASE)
    section.dereference()
    file.close()
    return base


def refusal(machine: CachedMachine, access: int, options: int = 0, disposition: Disposition = Disposition.OPEN) -> int:
    with pytest.raises(IoFailure) as caught:
        machine.open(PATH, access, disposition, options)
    return caught.value.status


def test_is_a_mapped_image_neither_written_nor_deleted(machine: CachedMachine, dll: bytes) -> None:
    process = machine.new_process()
    base = map_it(machine, process)
    assert refusal(machine, READ_WRITE) == Status.SHARING_VIOLATION
    assert refusal(machine, FILE_GENERIC_READ, disposition=Disposition.OVERWRITE) == Status.SHARING_VIOLATION
    assert refusal(machine, DELETE, FILE_DELETE_ON_CLOSE) == Status.CANNOT_DELETE
    file = machine.open(PATH, DELETE, Disposition.OPEN)
    with pytest.raises(IoFailure) as caught:
        file.set_delete_pending(True)
    assert caught.value.status == Status.CANNOT_DELETE
    file.close()
    assert machine.mm.unmap_view(process, base) is Status.SUCCESS
    machine.open(PATH).close()


def test_is_a_new_image_of_the_same_size_shown(machine: CachedMachine, dll: bytes) -> None:
    process = machine.new_process()
    base = map_it(machine, process)
    assert machine.mm.unmap_view(process, base) is Status.SUCCESS
    file = machine.open(PATH)
    changed = bytes(byte ^ 0xFF for byte in dll[-0x200:])
    file.write(len(dll) - 0x200, changed)
    file.close()
    base = map_it(machine, process)
    sections = parse_headers(dll).sections
    last = max(sections, key=lambda section: section.raw_offset + section.raw_size)
    at = last.virtual_address + len(dll) - 0x200 - last.raw_offset
    assert process.space.memory.read(base + at, 4) == changed[:4]


def test_does_an_image_that_was_used_stay_in_ram(machine: CachedMachine, dll: bytes) -> None:
    process = machine.new_process()
    base = map_it(machine, process)
    process.space.memory.read_u8(base + DATA)
    assert machine.mm.unmap_view(process, base) is Status.SUCCESS
    assert machine.mm.sections.unused == 1
    reads = machine.mm.in_page.reads
    base = map_it(machine, process)
    process.space.memory.read_u8(base + DATA)
    assert machine.mm.in_page.reads == reads
    assert machine.mm.unmap_view(process, base) is Status.SUCCESS
    assert machine.mm.sections.trim_unused(0) == 1
    map_it(machine, process)


def test_does_a_renamed_image_go_with_its_name(machine: CachedMachine, dll: bytes, tmp_path: Path) -> None:
    process = machine.new_process()
    base = map_it(machine, process)
    file = machine.open(PATH, DELETE, Disposition.OPEN)
    machine.volume.rename(file, "\\??\\C:\\b.dll", replace=False)
    file.close()
    new = machine.open(PATH)
    new.write(0, b"another file")
    new.close()
    assert map_it(machine, process, "b.dll") != base
    assert len({vad.control_area for vad in process.space.vads if vad.is_view}) == 1
    with pytest.raises(IoFailure):
        machine.open("b.dll")
