"""Sections: control areas, segments of prototype PTEs in paged pool, subsections, images. May use `pool`, `vad`, lower.

One control area exists for a file's image however many processes map it; its prototype PTEs name the shared pages.
"""

from ntmm.kernel.mm.section.control_area import Backing, ControlArea, Section, Subsection
from ntmm.kernel.mm.section.image import create_image_control_area

__all__ = ["Backing", "ControlArea", "Section", "Subsection", "create_image_control_area"]
