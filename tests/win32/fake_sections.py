"""A memory manager that makes sections without memory: it remembers what it was asked and answers what a test wants."""

from types import SimpleNamespace
from typing import Any

from ntmm.kernel.mm.section import Section
from ntmm.kernel.mm.space.allocate import Range
from ntmm.kernel.mm.space.map import View
from ntmm.nt.memory import SEC_FILE, SEC_IMAGE
from ntmm.nt.status import Status
from tests.win32.fake_memory import FakeMemory

VIEW = 0x230000


class FakeSections(FakeMemory):
    """The façade's methods for sections; `status` is what the changing ones answer."""

    def __init__(self, pointer_size: int) -> None:
        super().__init__()
        self.machine = SimpleNamespace(
            layout=SimpleNamespace(highest_vad_address=0x7FFDFFFF if pointer_size == 4 else 0x7FFFFFDFFFF),
            architecture=SimpleNamespace(pointer_size=pointer_size, page_size=4096),
        )
        self.name = "\\Device\\HarddiskVolume1\\folder\\data.bin"

    def _section(self, size: int, protection: int, attributes: int, backing: Any = None) -> Section:
        area: Any = SimpleNamespace(total_pages=-(-size // 4096), page_size=4096, section_references=0, backing=backing)
        section = Section(area, size, protection, attributes)
        section.released = lambda gone: self.calls.append(("released",))
        return section

    def create_section(
        self, file: Any, maximum_size: int, page_protection: int, attributes: int
    ) -> tuple[Status, Section | None]:
        self.calls.append(("section", file, maximum_size, page_protection, attributes))
        if self.status is not Status.SUCCESS:
            return self.status, None
        flags = attributes | (SEC_FILE if file else 0)
        return Status.SUCCESS, self._section(maximum_size or file.size, page_protection, flags)

    def create_image_section(self, backing: Any, headers: Any) -> Section:
        self.calls.append(("image", backing.name, headers.size_of_image))
        return self._section(headers.size_of_image, 0x10, SEC_IMAGE, backing)

    def map_view(self, process: object, section: Section, *request: int) -> View:
        self.calls.append(("map", section, *request))
        return View(self.status, VIEW, request[3], request[4] or section.size)

    def unmap_view(self, process: object, address: int) -> Status:
        self.calls.append(("unmap", address))
        return self.status

    def flush_view(self, process: object, base: int, size: int) -> Range:
        self.calls.append(("flush", base, size))
        return Range(self.status, base & ~0xFFF, 0x3000)

    def extend_section(self, section: Section, size: int) -> tuple[Status, int]:
        self.calls.append(("extend", size))
        return self.status, max(size, section.size)

    def mapped_file_name(self, process: object, address: int) -> tuple[Status, str]:
        return self.status, self.name if self.status is Status.SUCCESS else ""

    def are_mapped_files_the_same(self, process: object, one: int, other: int) -> Status:
        self.calls.append(("same", one, other))
        return self.status
