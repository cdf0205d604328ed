"""How much of user space a process may use: its image decides, within what the system leaves."""

from dataclasses import dataclass
from typing import Final

from ntmm.kernel.mm.layout.address_layout import AddressLayout

_HIGHEST_2GB: Final = 0x7FFEFFFF
_HIGHEST_4GB: Final = 0xFFFEFFFF
_GUARD: Final = 0x10000
_FIXED_2GB: Final = 0x7FFDFFFF
_FIXED_WOW64: Final = 0x7EFDFFFF


@dataclass(frozen=True, slots=True)
class UserRange:
    """Byte addresses that a process may use. `highest_fixed` is where PEB and TEBs are laid downward from.

    `pointer_size` is 4 or 8 bytes, of the programs that live there.
    """

    lowest: int
    highest: int
    highest_vad: int
    highest_fixed: int
    pointer_size: int

    @property
    def probe_address(self) -> int:
        """First byte that a user buffer may not reach."""
        return self.highest + 1


def user_range(layout: AddressLayout, is_64: bool | None = None, large_address_aware: bool | None = None) -> UserRange:
    """The range of a process whose image has these properties; without any, that of the system's own programs.

    =====================  ==============  ===============  ==========
    image                  32 bit, 2 GB    32 bit, /3GB     64 bit
    =====================  ==============  ===============  ==========
    32 bit                 2 GB            2 GB             2 GB
    32 bit, large aware    2 GB            up to 3 GB       4 GB
    64 bit                 -               -                2 GB
    64 bit, large aware    -               -                all
    =====================  ==============  ===============  ==========

    A 64-bit system without Service Pack 1, which only IA-64 had, gives 32-bit programs 2 GB in any case
    (memory-limits-for-windows-releases). PEB and TEBs lie below 2 GB wherever an image might take a pointer for a
    signed number.
    """
    native = layout.highest_user_address > 1 << 32
    is_64 = native if is_64 is None else is_64
    is_large = is_64 if large_address_aware is None else large_address_aware
    if is_64 and is_large:
        highest, fixed = layout.highest_user_address, layout.highest_vad_address
    elif native:
        has_4gb = is_large and not is_64 and layout.has_4gb_for_32_bit
        highest = _HIGHEST_4GB if has_4gb else _HIGHEST_2GB
        fixed = _FIXED_2GB if is_64 else _FIXED_WOW64
    else:
        highest, fixed = layout.highest_user_address if is_large else _HIGHEST_2GB, _FIXED_2GB
    return UserRange(layout.lowest_user_address, highest, highest - _GUARD, fixed, 8 if is_64 else 4)
