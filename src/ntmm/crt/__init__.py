"""C run-time services: what the guest's C code cannot do well itself, exact conversion of doubles and mathematics.

double_text      NtmmFormatDouble, for the printf family
double_parsing   NtmmParseDouble, for strtod and the scanf family
mathematics      NtmmMath, for the functions of math.h that take more than a few instructions

Importing this package registers them. The run-time itself (strings, heap, streams, printf) is guest code in ntmm.guest.
"""

from ntmm.crt import double_parsing, double_text, mathematics

__all__ = ["double_parsing", "double_text", "mathematics"]
