"""Address maps: where everything lies, by architecture. One page, to be read as a picture.

x86 and PAE, 2 GB of user space             x64, 8 TB of user space
  00000000  64 KB no access                   00000000'00000000  64 KB no access
  00010000  images, heaps, stacks, views      00000000'00010000  images, heaps, stacks, views
  7FFDE000  TEB of the first thread           00000000'7FFE0000  shared user data (60 KB no access above)
  7FFDF000  PEB                               000007FF'FFFDx000  PEB and TEBs, below the top
  7FFE0000  shared user data                  000007FF'FFFF0000  64 KB no access
  7FFE1000  60 KB no access                   FFFFF680'00000000  page tables (self-map)
  7FFF0000  64 KB no access                   FFFFF700'00000000  hyperspace, working-set list
  80000000  kernel image                      FFFFF780'00000000  shared user data, kernel's view
  C0000000  page tables (self-map)            FFFFF800'00000000  kernel image, at its physical address
  C0400000  hyperspace (PAE: C0800000)        FFFFF8A0'00000000  paged pool
  C1000000  system cache                      FFFFF980'00000000  system cache
  E1000000  paged pool                        FFFFFADF'00000000  nonpaged pool
  F8000000  nonpaged pool expansion
  FFDF0000  shared user data, kernel's view

Sources: the lecture's user address-space table and Windows Internals 4th ed. ch. 7. On x64 only page tables,
hyperspace and the shared page are documented values for 5.2; the places of pools and cache are our choice.
"""

from dataclasses import dataclass
from typing import Final

from ntmm.nt.memory import ALLOCATION_GRANULARITY

KB: Final = 1 << 10
MB: Final = 1 << 20
GB: Final = 1 << 30

SHARED_USER_DATA: Final = 0x7FFE0000
SHARED_USER_DATA_END: Final = 0x7FFF0000
"""The shared page and the no-access pages that fill its 64 KB."""


@dataclass(frozen=True, slots=True)
class AddressLayout:
    """Byte addresses; ends are exclusive unless the name says `highest`."""

    lowest_user_address: int
    highest_user_address: int
    highest_vad_address: int
    peb: int
    first_teb: int
    system_range_start: int
    system_shared_user_data: int
    kernel_image: int
    hyperspace: int
    working_set_list: int
    system_working_set_list: int
    system_ptes: int
    system_ptes_end: int
    system_cache: int
    system_cache_end: int
    paged_pool: int
    paged_pool_end: int
    nonpaged_pool: int
    nonpaged_pool_end: int

    @property
    def user_probe_address(self) -> int:
        """First byte that a user buffer may not reach (MmUserProbeAddress)."""
        return self.highest_user_address + 1

    @property
    def shared_user_data(self) -> int:
        """The read-only page with time and version that programs read without a system call."""
        return SHARED_USER_DATA


def _layout_32(hyperspace: int) -> AddressLayout:
    return AddressLayout(
        lowest_user_address=ALLOCATION_GRANULARITY,
        highest_user_address=0x7FFEFFFF,
        highest_vad_address=0x7FFDFFFF,
        peb=0x7FFDF000,
        first_teb=0x7FFDE000,
        system_range_start=0x80000000,
        system_shared_user_data=0xFFDF0000,
        kernel_image=0x80000000,
        hyperspace=hyperspace,
        working_set_list=hyperspace + 0x100000,
        system_working_set_list=0xC0C00000,
        system_ptes=0xF0000000,
        system_ptes_end=0xF8000000,
        system_cache=0xC1000000,
        system_cache_end=0xE1000000,
        paged_pool=0xE1000000,
        paged_pool_end=0xED000000,
        nonpaged_pool=0xF8000000,
        nonpaged_pool_end=0xFFBE0000,
    )


_LAYOUTS: Final = {
    "x86": _layout_32(hyperspace=0xC0400000),
    "pae": _layout_32(hyperspace=0xC0800000),
    "x64": AddressLayout(
        lowest_user_address=ALLOCATION_GRANULARITY,
        highest_user_address=0x7FF_FFFEFFFF,
        highest_vad_address=0x7FF_FFFDFFFF,
        peb=0x7FF_FFFDF000,
        first_teb=0x7FF_FFFDD000,
        system_range_start=0xFFFF0800_00000000,
        system_shared_user_data=0xFFFFF780_00000000,
        kernel_image=0xFFFFF800_00000000,
        hyperspace=0xFFFFF700_00000000,
        working_set_list=0xFFFFF700_00100000,
        system_working_set_list=0xFFFFF780_00001000,
        system_ptes=0xFFFFF880_00000000,
        system_ptes_end=0xFFFFF880_00000000 + 128 * MB,
        system_cache=0xFFFFF980_00000000,
        system_cache_end=0xFFFFF980_00000000 + 1024 * GB,
        paged_pool=0xFFFFF8A0_00000000,
        paged_pool_end=0xFFFFF8A0_00000000 + 128 * GB,
        nonpaged_pool=0xFFFFFADF_00000000,
        nonpaged_pool_end=0xFFFFFADF_00000000 + 128 * GB,
    ),
}


def layout_for(architecture: str) -> AddressLayout:
    """The map of an architecture by name ("x86", "pae", "x64")."""
    return _LAYOUTS[architecture]
