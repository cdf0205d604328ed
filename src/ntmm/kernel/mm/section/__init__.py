"""Sections: control areas, segments of prototype PTEs in paged pool, subsections, images. May use `pool`, `vad`, lower.

One control area exists for a file's image, and one for its data, however many processes map it; its prototype PTEs
name the shared pages.
"""

from ntmm.kernel.mm.section.control_area import AreaKind, Backing, ControlArea, Section, Subsection, WritableBacking
from ntmm.kernel.mm.section.registry import Sections

__all__ = ["AreaKind", "Backing", "ControlArea", "Section", "Sections", "Subsection", "WritableBacking"]
