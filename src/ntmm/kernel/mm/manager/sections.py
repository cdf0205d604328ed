"""Sections and views: create, extend, map, flush, unmap, and what is asked about them."""

from typing import Final

from ntmm.kernel.io.control_block import FileControlBlock
from ntmm.kernel.io.data_file import DataFile
from ntmm.kernel.io.drives import device_path
from ntmm.kernel.io.failure import FileRefused, IoFailure
from ntmm.kernel.io.file import FileObject
from ntmm.kernel.mm.manager.parts import HasSpace, Parts
from ntmm.kernel.mm.pool import PoolExhausted
from ntmm.kernel.mm.section import AreaKind, Backing, ControlArea, Section
from ntmm.kernel.mm.section.create import NEEDED_ACCESS, check_creation, may_write
from ntmm.kernel.mm.section.file_data import DataPages
from ntmm.kernel.mm.space.allocate import Range
from ntmm.kernel.mm.space.flush import copy_views, dirty_range, take_dirty_bits
from ntmm.kernel.mm.space.map import View, ViewRequest, map_section
from ntmm.kernel.mm.space.view import map_image, unmap_view
from ntmm.kernel.mm.vad import VadKind
from ntmm.nt.memory import (
    ALLOCATION_GRANULARITY,
    MM_EXECUTE_READWRITE,
    MM_EXECUTE_WRITECOPY,
    MM_READWRITE,
    MM_WRITECOPY,
    PAGE_EXECUTE,
    PAGE_READWRITE,
    SEC_BASED,
    SEC_FILE,
    SEC_IMAGE,
    SEC_RESERVE,
    VIEW_UNMAP,
    make_protection_mask,
)
from ntmm.nt.status import Status
from ntmm.pe.headers import PeHeaders

_MOST_PROTOTYPES: Final = 1 << 24
"""Pages of a section of the paging file: 64 GB."""

_PLAIN: Final = {MM_WRITECOPY: MM_READWRITE, MM_EXECUTE_WRITECOPY: MM_EXECUTE_READWRITE}
"""Memory that only the paging file backs is plainly writable behind a section that copies."""


class SectionServices(Parts):
    """Sizes and offsets in bytes."""

    def create_image_section(self, backing: Backing, headers: PeHeaders) -> Section:
        """A section over an image file; the same file has one control area. Raises PoolExhausted."""
        section = Section(self.sections.image(backing, headers), 0, PAGE_EXECUTE, SEC_IMAGE)
        section.released = self._section_released
        return section

    def _section_released(self, section: Section) -> None:
        self.sections.release(section.control_area)

    def create_section(
        self, file: FileObject | None, maximum_size: int, page_protection: int, attributes: int
    ) -> tuple[Status, Section | None]:
        """NtCreateSection: over a data file, or over the paging file if `file` is None; size in bytes.

        Images are `create_image_section`'s. The status is that of the first check that refuses.
        """
        status = check_creation(attributes, page_protection, maximum_size, file is not None)
        if status is not None:
            return status, None
        try:
            if file is None:
                return self._section_of_paging_file(maximum_size, page_protection, attributes)
            return self._section_of_file(file, maximum_size, page_protection, attributes)
        except PoolExhausted:
            return Status.INSUFFICIENT_RESOURCES, None
        except (FileRefused, IoFailure) as refused:
            return refused.status, None

    def _section_of_paging_file(
        self, size: int, page_protection: int, attributes: int
    ) -> tuple[Status, Section | None]:
        page, pages = self.architecture.page_size, -(-size // self.architecture.page_size)
        account = self.ledger.open_account("section")
        committed = not attributes & SEC_RESERVE
        if committed and not account.charge(pages):
            return Status.COMMITMENT_LIMIT, None
        if pages > _MOST_PROTOTYPES:
            account.close()
            return Status.SECTION_TOO_BIG, None
        protection = make_protection_mask(page_protection)
        assert protection is not None
        try:
            area = self.sections.paging_file(size, _PLAIN.get(protection, protection), account, committed)
        except PoolExhausted:
            account.close()
            raise
        return Status.SUCCESS, self._new_section(area, pages * page, page_protection, attributes)

    def _section_of_file(
        self, file: FileObject, maximum_size: int, page_protection: int, attributes: int
    ) -> tuple[Status, Section | None]:
        needed = NEEDED_ACCESS[page_protection & 0xFF]
        if file.is_directory:
            return Status.INVALID_FILE_FOR_SECTION, None
        if file.access & needed != needed:
            return Status.ACCESS_DENIED, None
        size = file.size
        if not size and not maximum_size:
            return Status.MAPPED_FILE_SIZE_ZERO, None
        if maximum_size > size and not may_write(page_protection):
            return Status.SECTION_TOO_BIG, None
        if maximum_size > size:
            file.block.set_size(maximum_size)
        pages = self.data_of(file.block)
        section = self._new_section(pages.area, maximum_size or size, page_protection, attributes | SEC_FILE)
        section.file = file
        return Status.SUCCESS, section

    def _new_section(self, area: ControlArea, size: int, page_protection: int, attributes: int) -> Section:
        based = self._based_address(size) if attributes & SEC_BASED else 0
        section = Section(area, size, page_protection, attributes, based)
        section.released = self._section_released
        self.sections.reuse(area)
        return section

    def _based_address(self, size: int) -> int:
        """The address of a based section in every process: below those before, downwards from the top."""
        self._lowest_based -= -(-size // ALLOCATION_GRANULARITY) * ALLOCATION_GRANULARITY
        return self._lowest_based

    def data_of(self, block: FileControlBlock) -> DataPages:
        """The pages of a data file; the file has one control area however many sections there are over it."""
        if block.data is None:
            area = self.sections.data_file(DataFile(block), block.full_name)
            forget = self.system_cache.forget_pages
            block.data = DataPages(area, self.sections, self.system.tables, self.ram, forget)
        assert isinstance(block.data, DataPages)
        return block.data

    def extend_section(self, section: Section, size: int) -> tuple[Status, int]:
        """NtExtendSection: (status, size in bytes); the file of a data section grows with it, views do not.

        SECTION_PROTECTION where the section's pages may not change the file: it may have been opened for reading only.
        """
        area = section.control_area
        if area.kind is not AreaKind.FILE:
            return Status.SECTION_NOT_EXTENDED, 0
        if not may_write(section.page_protection):
            return Status.SECTION_PROTECTION, 0
        if size <= section.size:
            return Status.SUCCESS, section.size
        try:
            if size > area.size:
                area.backing.set_size(size)
        except FileRefused as refused:
            return refused.status, 0
        section.size = size
        return Status.SUCCESS, size

    def map_view(
        self,
        process: HasSpace,
        section: Section,
        base: int = 0,
        zero_bits: int = 0,
        commit_size: int = 0,
        offset: int = 0,
        view_size: int = 0,
        inherit: int = VIEW_UNMAP,
        allocation_type: int = 0,
        page_protection: int = PAGE_READWRITE,
    ) -> View:
        """NtMapViewOfSection: (status, base, offset, size), all in bytes."""
        request = ViewRequest(
            base, zero_bits, commit_size, offset, view_size, inherit, allocation_type, page_protection
        )
        with self._changing(process) as space:
            view = map_section(self.machine, space, section, request)
        self._tell(process, "map", view.status, view.base, view.size, page_protection)
        return view

    def flush_view(self, process: HasSpace, base: int, size: int) -> Range:
        """NtFlushVirtualMemory: what was changed through the view is in the file when it answers."""
        with self._changing(process) as space:
            found = dirty_range(self.machine, space, base, size)
        if isinstance(found, Status):
            return Range(found)
        area, first, end, start, length = found
        refused = self.mapped_writer.flush(area, first, end)
        if refused is not None:
            return Range(refused.status if isinstance(refused, FileRefused) else Status.UNEXPECTED_IO_ERROR)
        return Range(Status.SUCCESS, start, length)

    def mapped_file_name(self, process: HasSpace, address: int) -> tuple[Status, str]:
        """The NT path of the file that is mapped at an address (MemorySectionName)."""
        vad = process.space.vads.find(address >> self.architecture.page_shift)
        if vad is None or not vad.is_view:
            return Status.INVALID_ADDRESS, ""
        if vad.control_area.kind is AreaKind.PAGING_FILE:
            return Status.FILE_INVALID, ""
        return Status.SUCCESS, device_path(vad.control_area.name)

    def are_mapped_files_the_same(self, process: HasSpace, one: int, other: int) -> Status:
        """NtAreMappedFilesTheSame."""
        shift = self.architecture.page_shift
        vads = [process.space.vads.find(address >> shift) for address in (one, other)]
        if any(vad is None for vad in vads):
            return Status.INVALID_ADDRESS
        if any(not vad.is_view for vad in vads if vad is not None):
            return Status.CONFLICTING_ADDRESSES
        first, second = (vad.control_area for vad in vads if vad is not None)
        same = first is second and first.kind is AreaKind.IMAGE
        return Status.SUCCESS if same else Status.NOT_SAME_DEVICE

    def copy_inherited_views(self, parent: HasSpace, child: HasSpace) -> Status:
        """A new process gets the views that were mapped with ViewShare, at the same addresses."""
        with self._changing(parent) as source, self._changing(child) as target:
            return copy_views(self.machine, source, target)

    def shut_down(self) -> bool:
        """Writes every dirty page of data files; False if a disk refuses some (MmShutdownSystem). No thread runs."""
        page = self.architecture.page_size
        for space in self.spaces:
            for vad in space.vads:
                if vad.kind is VadKind.MAPPED and not space.is_swapped_out:
                    take_dirty_bits(self.machine, space, vad.start_vpn * page, (vad.end_vpn + 1) * page)
        written = [self.sections.write_back(area) for area in self.sections.areas()]
        return all(written)

    def map_image(self, process: HasSpace, section: Section) -> tuple[int, Status]:
        """Maps an image: (base, SUCCESS or IMAGE_NOT_AT_BASE), or (0, error)."""
        with self._changing(process) as space:
            result = map_image(self.machine, space, section.control_area)
        return result.base, result.status

    def unmap_view(self, process: HasSpace, address: int) -> Status:
        """NtUnmapViewOfSection."""
        with self._changing(process) as space:
            return unmap_view(self.machine, space, address)
