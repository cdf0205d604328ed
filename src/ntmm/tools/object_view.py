"""What commands ask about control areas, handles and names, beside `kernel_view`."""

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from itertools import chain

from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.file import File
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.section import ControlArea, Section
from ntmm.kernel.ob import KernelObject
from ntmm.kernel.ob.directory import Directory, SymbolicLink, path_of
from ntmm.kernel.ob.handles import HandleEntry
from ntmm.kernel.ps import Process
from ntmm.kernel.se.sddl import format_sddl
from ntmm.tools.kernel_view import control_areas, frame, used_frames, vad_of


@dataclass(frozen=True, slots=True)
class ControlAreaFacts:
    """A control area and how many frames hold its pages now."""

    area: ControlArea
    frames: int


def control_areas_with_frames(kernel: Kernel) -> list[ControlAreaFacts]:
    """All control areas in the order of their numbers."""
    arrays = sorted(control_areas(kernel), key=lambda array: array.prototypes.start)
    starts, counts = [array.prototypes.start for array in arrays], Counter[int]()
    for number in used_frames(kernel):
        page = frame(kernel, number)
        at = bisect_right(starts, page.pte_address) - 1
        is_used = page.is_prototype and page.use is not PageUse.UNUSED and at >= 0
        if is_used and page.pte_address in arrays[at].prototypes:
            counts[arrays[at].index] += 1
    areas = sorted(kernel.mm.sections.areas(), key=lambda area: area.index)
    return [ControlAreaFacts(area, counts[area.index]) for area in areas]


def control_area_at(kernel: Kernel, process: Process, address: int) -> int | None:
    """The number of the control area that is mapped at an address, or that has its prototype PTEs or subsection there.

    None if there is none.
    """
    vad = vad_of(kernel, process, address)
    if vad is not None and vad.is_view:
        return int(vad.control_area.index)
    arrays = (array.index for array in control_areas(kernel) if address in array.prototypes)
    subsections = (
        area.index
        for area in kernel.mm.sections.areas()
        if any(address == subsection.address for subsection in area.subsections)
    )
    return next(chain(arrays, subsections), None)


def handles(process: Process) -> list[tuple[int, HandleEntry]]:
    """The open handles of a process in ascending order."""
    return process.handles.items()


def name_of(target: KernelObject) -> str:
    """What a file, a process or a named object (its path) is called; empty for an object without a name."""
    if isinstance(target, Process | File):
        return target.name
    if isinstance(target, Section) and target.file is not None and not target.object_name:
        return name_of(target.file)
    return path_of(target)


def named_objects(kernel: Kernel) -> list[tuple[str, KernelObject]]:
    """All objects with names, by path, in the order of the paths."""
    return sorted(kernel.names.items(), key=lambda item: item[0])


def object_named(kernel: Kernel, name: str) -> KernelObject | None:
    """The object of a path, or of a name in \\BaseNamedObjects; a symbolic link at the end is shown itself."""
    names = kernel.names
    return names.find(name, None if name.startswith("\\") else names.base_directory(0), open_link=True).target


def entries_of(target: KernelObject) -> list[tuple[str, KernelObject]]:
    """What is in a directory, by path; nothing for other objects."""
    return [(path_of(one), one) for _, one in target.entries()] if isinstance(target, Directory) else []


def link_target(target: KernelObject) -> str:
    """What a symbolic link stands for; empty for other objects."""
    return target.target if isinstance(target, SymbolicLink) else ""


def security_of(kernel: Kernel, target: KernelObject) -> tuple[str, str] | None:
    """The owner of an object by name, and its descriptor in SDDL; None for an object without one."""
    descriptor = target.descriptor()
    if descriptor is None:
        return None
    account = kernel.accounts.by_sid(descriptor.owner) if descriptor.owner is not None else None
    owner = str(descriptor.owner or "") if account is None else account.name
    try:
        return owner, format_sddl(descriptor)
    except ValueError:  # a program has put in entries that have no text
        return owner, ""
