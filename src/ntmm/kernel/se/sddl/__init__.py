"""SDDL, the text form of security descriptors: O:owner G:group D:flags(ace)(ace) S:flags(ace).

`aliases` and `rights` hold the two-letter words, `parse` reads, `write` writes. Conditional and object ACEs belong to
directory services and later Windows; they are refused.
"""

from ntmm.kernel.se.sddl.aliases import sid_from_text, sid_text
from ntmm.kernel.se.sddl.parse import SddlError, parse_sddl
from ntmm.kernel.se.sddl.write import format_sddl

__all__ = ["SddlError", "format_sddl", "parse_sddl", "sid_from_text", "sid_text"]
