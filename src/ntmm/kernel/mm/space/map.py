"""NtMapViewOfSection for sections of data: checks in the order of Windows, place, charge, VAD. Sizes in bytes."""

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from ntmm.kernel.mm.pool import PoolExhausted
from ntmm.kernel.mm.section import AreaKind, ControlArea, Section
from ntmm.kernel.mm.space.account import refusal
from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.allocate import MAXIMUM_ZERO_BITS, find_free
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.space.protect import is_compatible
from ntmm.kernel.mm.space.view import map_image
from ntmm.kernel.mm.vad import Vad, VadKind
from ntmm.nt.memory import (
    ALLOCATION_GRANULARITY,
    MEM_LARGE_PAGES,
    MEM_RESERVE,
    MEM_TOP_DOWN,
    MM_ACCESS_MASK,
    MM_EXECUTE_WRITECOPY,
    MM_MODIFIER_MASK,
    MM_NOCACHE,
    MM_WRITECOMBINE,
    MM_WRITECOPY,
    PAGE_READWRITE,
    SEC_BASED,
    SEC_IMAGE,
    SEC_NO_CHANGE,
    SEC_NOCACHE,
    VIEW_SHARE,
    VIEW_UNMAP,
    make_protection_mask,
)
from ntmm.nt.status import Status

MEM_DOS_LIM: Final = 0x40000000
_KNOWN_TYPES: Final = MEM_TOP_DOWN | MEM_LARGE_PAGES | MEM_RESERVE | SEC_NO_CHANGE | MEM_DOS_LIM
_COPY_CODES: Final = (MM_WRITECOPY, MM_EXECUTE_WRITECOPY)


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """The parameters of NtMapViewOfSection; `protection` is a PAGE_* value, sizes and offset in bytes."""

    base: int = 0
    zero_bits: int = 0
    commit_size: int = 0
    offset: int = 0
    view_size: int = 0
    inherit: int = VIEW_UNMAP
    allocation_type: int = 0
    protection: int = PAGE_READWRITE


class View(NamedTuple):
    """An NTSTATUS with the view's address, its offset in the section and its size, in bytes."""

    status: Status
    base: int = 0
    offset: int = 0
    size: int = 0


def map_section(machine: SpaceMachine, space: AddressSpace, section: Section, request: ViewRequest) -> View:
    """Maps a view; for an image offset and size are those of the whole."""
    protection = make_protection_mask(request.protection)
    status = check_request(machine, request, protection)
    if status is not None:
        return View(status)
    assert protection is not None
    if section.attributes & SEC_IMAGE:
        result = map_image(machine, space, section.control_area, request.base)
        return View(result.status, result.base, 0, result.size)
    request, protection = _placed(section, request), _cached_as(section, protection)
    status = _check_section(machine, section, request, protection)
    if status is not None:
        return View(status)
    return _map_data(machine, space, section, request, protection)


def check_request(machine: SpaceMachine, request: ViewRequest, protection: int | None) -> Status | None:
    """The refusal of parameters that no view can have, before any handle is looked at; `protection` an MM_* code."""
    highest = machine.layout.highest_vad_address
    if request.zero_bits > MAXIMUM_ZERO_BITS[machine.architecture.pointer_size]:
        return Status.INVALID_PARAMETER_4
    if request.inherit not in (VIEW_SHARE, VIEW_UNMAP):
        return Status.INVALID_PARAMETER_8
    if request.allocation_type & ~_KNOWN_TYPES:
        return Status.INVALID_PARAMETER_9
    if protection is None:
        return Status.INVALID_PAGE_PROTECTION
    if request.base > highest or request.view_size > highest + 1 - request.base:
        return Status.INVALID_PARAMETER_3
    if request.base % ALLOCATION_GRANULARITY or request.offset % ALLOCATION_GRANULARITY:
        return Status.MAPPED_ALIGNMENT
    return None


def _placed(section: Section, request: ViewRequest) -> ViewRequest:
    """A based section lies at the same address in every process."""
    if section.attributes & SEC_BASED and not request.base:
        return replace(request, base=section.based_address + request.offset)
    return request


def _cached_as(section: Section, protection: int) -> int:
    """Views of a section made with SEC_NOCACHE bypass the CPU's caches; a file's pages are the system cache's too."""
    plain = protection & MM_ACCESS_MASK and not protection & MM_MODIFIER_MASK
    is_uncached = section.attributes & SEC_NOCACHE and section.control_area.kind is AreaKind.PAGING_FILE
    return protection | MM_NOCACHE if plain and is_uncached else protection


def _check_section(machine: SpaceMachine, section: Section, request: ViewRequest, protection: int) -> Status | None:
    area, page = section.control_area, machine.architecture.page_size
    if not is_compatible(section.page_protection, request.protection):
        return Status.SECTION_PROTECTION
    if request.allocation_type & MEM_RESERVE and area.kind is AreaKind.PAGING_FILE:
        return Status.INVALID_PARAMETER_9
    combined = protection & MM_ACCESS_MASK and protection & MM_MODIFIER_MASK == MM_WRITECOMBINE
    if combined and area.kind is AreaKind.PAGING_FILE:
        return Status.INVALID_PARAMETER_10
    if request.allocation_type & (MEM_LARGE_PAGES | MEM_RESERVE):
        return Status.NOT_IMPLEMENTED
    rounded = -(-section.size // page) * page
    if request.offset >= rounded or request.view_size > rounded - request.offset:
        return Status.INVALID_VIEW_SIZE
    if request.commit_size and area.kind is AreaKind.FILE:  # only a view that grows with its file would have a use
        return Status.INVALID_PARAMETER_5
    if request.commit_size > (request.view_size or rounded - request.offset):
        return Status.INVALID_PARAMETER_5
    return None


def _map_data(
    machine: SpaceMachine, space: AddressSpace, section: Section, request: ViewRequest, protection: int
) -> View:
    area, page = section.control_area, machine.architecture.page_size
    pages = -(-(request.view_size or section.size - request.offset) // page)
    start = _find_place(machine, space, request, pages * page)
    if isinstance(start, Status):
        return View(start)
    copies = pages if protection & MM_ACCESS_MASK in _COPY_CODES else 0
    if not space.account.charge(copies):
        return View(refusal(space, copies))
    first = request.offset // page
    status = _prepare(machine, section, first, pages, request.commit_size)
    if status is not None:
        space.account.give_back(copies)
        return View(status)
    vad = Vad(start // page, start // page + pages - 1, VadKind.MAPPED, protection, commit_charge=copies)
    vad.control_area, vad.first_page, vad.section_protection = area, first, section.page_protection
    vad.inherit = request.inherit == VIEW_SHARE
    vad.no_change = bool(request.allocation_type & SEC_NO_CHANGE or section.attributes & SEC_NO_CHANGE)
    space.vads.insert(vad)
    space.grow(pages * page)
    area.mapped_views += 1
    machine.sections.reuse(area)
    return View(Status.SUCCESS, start, request.offset, pages * page)


def _find_place(machine: SpaceMachine, space: AddressSpace, request: ViewRequest, size: int) -> int | Status:
    page = machine.architecture.page_size
    if request.base:
        if request.base < machine.layout.lowest_user_address:
            return Status.CONFLICTING_ADDRESSES
        if request.base + size - 1 > space.user.highest_vad:
            return Status.CONFLICTING_ADDRESSES
        taken = space.vads.overlapping(request.base // page, (request.base + size) // page - 1)
        return Status.CONFLICTING_ADDRESSES if taken else request.base
    top_down = bool(request.allocation_type & MEM_TOP_DOWN)
    found = find_free(machine, space, size, top_down, request.zero_bits)
    return Status.NO_MEMORY if found is None else found


def _prepare(machine: SpaceMachine, section: Section, first: int, pages: int, commit_size: int) -> Status | None:
    """Prototype PTEs for the view, and what of a reserved section it commits."""
    area = section.control_area
    area.mapped_views += 1  # it must not go while this waits
    try:
        if area.kind is AreaKind.FILE:
            machine.sections.ensure_prototypes(area, first, pages)
            return None
        wanted = min(pages, -(-commit_size // machine.architecture.page_size))
        return None if commit_view_pages(machine, section.control_area, first, wanted) else Status.COMMITMENT_LIMIT
    except PoolExhausted:
        return Status.INSUFFICIENT_RESOURCES
    finally:
        area.mapped_views -= 1


def commit_view_pages(machine: SpaceMachine, area: ControlArea, first: int, pages: int) -> bool:
    """Commits reserved pages of a section of the paging file; False over the limit."""
    assert area.account is not None
    charged = machine.sections.count_uncommitted(area, first, pages)
    if not area.account.charge(charged):
        return False
    committed = machine.sections.commit_prototypes(area, first, pages)
    area.account.give_back(charged - committed)  # another process was quicker with some of them
    return True
