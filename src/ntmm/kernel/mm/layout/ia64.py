"""The map of IA-64 systems. The top three bits of an address name its region:

  0  user space, 7152 GB                      5  physical memory one to one, not cached
  1  session space                            7  system space
  4  physical memory one to one, cached

Each of the regions 0, 1 and 7 ends with a map of its own page tables. Sources: Windows Internals 6th ed. part 2 ch. 10
for regions and sizes; the places within system space are our choice.
"""

from typing import Final

from ntmm.kernel.mm.layout.address_layout import GB, MB, TB, AddressLayout
from ntmm.nt.memory import ALLOCATION_GRANULARITY

USER_SPACE: Final = 7152 * GB
SESSION_REGION: Final = 1 << 61
PHYSICAL_CACHED_REGION: Final = 4 << 61
PHYSICAL_UNCACHED_REGION: Final = 5 << 61
SYSTEM_REGION: Final = 7 << 61

_PAGE: Final = 8192
_HYPERSPACE: Final = 3 << 61
"""Each process's own: this manager gives it a region that Windows leaves empty, as it does for the page tables (6)."""
_LISTS: Final = SYSTEM_REGION + 3 * TB

LAYOUT_IA64: Final = AddressLayout(
    architecture="ia64",
    lowest_user_address=ALLOCATION_GRANULARITY,
    highest_user_address=USER_SPACE - ALLOCATION_GRANULARITY - 1,
    highest_vad_address=USER_SPACE - 2 * ALLOCATION_GRANULARITY - 1,
    peb=USER_SPACE - 2 * ALLOCATION_GRANULARITY - _PAGE,
    first_teb=USER_SPACE - 2 * ALLOCATION_GRANULARITY - 2 * _PAGE,
    system_range_start=SESSION_REGION,
    system_shared_user_data=SYSTEM_REGION + 0xFFFE0000,
    kernel_image=SYSTEM_REGION + 0x80000000,
    hyperspace=_HYPERSPACE,
    working_set_list=_HYPERSPACE + 0x100000,
    system_working_set_list=_LISTS,
    system_ptes=SYSTEM_REGION + 2 * GB + 512 * MB,
    system_ptes_end=SYSTEM_REGION + 2 * GB + 512 * MB + 128 * MB,
    system_cache=SYSTEM_REGION + 1 * TB,
    system_cache_end=SYSTEM_REGION + 2 * TB,
    paged_pool=SYSTEM_REGION + 128 * GB,
    paged_pool_end=SYSTEM_REGION + 256 * GB,
    nonpaged_pool=SYSTEM_REGION + 256 * GB,
    nonpaged_pool_end=SYSTEM_REGION + 384 * GB,
    cache_extension=SYSTEM_REGION + 2 * TB,
    cache_extension_end=SYSTEM_REGION + 2 * TB,
    session_space=SESSION_REGION,
    session_space_end=SESSION_REGION + 512 * GB,
    session_pool=SESSION_REGION,
    session_views=SESSION_REGION + 512 * GB - 8 * MB - 4 * MB - 104 * MB,
    session_structure=SESSION_REGION + 512 * GB - 8 * MB - 4 * MB,
    session_images=SESSION_REGION + 512 * GB - 8 * MB,
    pfn_database=SYSTEM_REGION + 512 * GB,
    pfn_database_end=SYSTEM_REGION + 576 * GB,
    large_pages_end=SYSTEM_REGION + 2 * GB + 512 * MB,
    hal=SYSTEM_REGION + 0xFFC00000,
    hal_end=SYSTEM_REGION + (1 << 32),
)
