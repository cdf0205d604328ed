"""Mapped files and DLLs of a process, and views of memory that only the paging file backs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.boot import Kernel
from ntmm.kernel.mm.section import AreaKind
from ntmm.kernel.mm.vad import Vad
from ntmm.kernel.ps import Process
from ntmm.tools.protections import protection_name
from ntmm.tools.rows import Form, Row, column
from ntmm.tools.symbols import modules_of
from ntmm.tools.views.regions import RegionRow

_IMAGE: Final = "Image"
_DATA: Final = "Data"
_NO_FILE: Final = "<Pagefile Backed>"


@dataclass(frozen=True, slots=True)
class MappedRow(Row):
    """One view of a section."""

    name: str = column("Name", Form.TEXT, "the file without its folder")
    base: int = column("Base", Form.ADDRESS, "where the view begins")
    size: int = column("Size", Form.SIZE, "bytes of the view")
    type: str = column("Type", Form.TEXT, "Image for programs and DLLs, Data for the rest")
    shared: bool = column("Shared", Form.TEXT, "whether another process maps the same section now")
    views: int = column("Views", Form.COUNT, "views of the section in all processes")
    image_base: int | None = column("Image Base", Form.ADDRESS, "where an image wants to be")
    offset: int = column("Offset", Form.HEX, "bytes of the section in front of the view")
    protection: str = column("Protection", Form.TEXT, "what it was mapped with")
    total_ws: int = column("WS", Form.SIZE, "how much of the view is in the working set")
    private_ws: int = column("WS Private", Form.SIZE, "of that, copies of this process alone")
    shareable_ws: int = column("WS Shareable", Form.SIZE, "of that, pages of the section")
    shared_ws: int = column("WS Shared", Form.SIZE, "of that, pages of the section mapped more than once now")
    path: str | None = column("Path", Form.TEXT, "the file, as programs see it; none for memory without a file")


def mapped_files(kernel: Kernel, process: Process, regions: list[RegionRow]) -> Iterator[MappedRow]:
    """All views in address order; `regions` are the process's own."""
    paths = {module.base: module.path for module in modules_of(process)}
    parts = {region.address: region for region in regions}
    page = kernel.architecture.page_size
    for vad in process.space.vads:
        if vad.is_view:
            yield _row(kernel, process, vad, parts[vad.start_vpn * page], paths.get(vad.start_vpn * page))


def _row(kernel: Kernel, process: Process, vad: Vad, part: RegionRow, module_path: str | None) -> MappedRow:
    area, page = vad.control_area, kernel.architecture.page_size
    path = None if area.kind is AreaKind.PAGING_FILE else module_path or area.name
    is_image = area.kind is AreaKind.IMAGE
    return MappedRow(
        path.rpartition("\\")[2] if path is not None else _NO_FILE,
        part.address,
        part.size,
        _IMAGE if is_image else _DATA,
        _others_map(process, vad),
        area.mapped_views,
        area.preferred_base if is_image else None,
        vad.first_page * page,
        protection_name(vad.protection),
        part.total_ws,
        part.private_ws,
        part.shareable_ws,
        part.shared_ws,
        path,
    )


def _others_map(process: Process, vad: Vad) -> bool:
    area = vad.control_area
    own = sum(1 for other in process.space.vads if other.is_view and other.control_area is area)
    return bool(area.mapped_views > own)
