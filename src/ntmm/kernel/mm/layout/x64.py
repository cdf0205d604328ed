"""The map of x64 systems: 8 TB for programs, and terabytes for everything else."""

from typing import Final

from ntmm.kernel.mm.layout.address_layout import GB, MB, AddressLayout
from ntmm.nt.memory import ALLOCATION_GRANULARITY

_SESSION: Final = 0xFFFFF900_00000000

LAYOUT_X64: Final = AddressLayout(
    architecture="x64",
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
    cache_extension=0xFFFFF980_00000000 + 1024 * GB,
    cache_extension_end=0xFFFFF980_00000000 + 1024 * GB,
    session_space=_SESSION,
    session_space_end=_SESSION + 512 * GB,
    session_pool=_SESSION,
    session_views=_SESSION + 512 * GB - 8 * MB - 4 * MB - 104 * MB,
    session_structure=_SESSION + 512 * GB - 8 * MB - 4 * MB,
    session_images=_SESSION + 512 * GB - 8 * MB,
    pfn_database=0xFFFFFA80_00000000,
    pfn_database_end=0xFFFFFA80_00000000 + 64 * GB,
    large_pages_end=0xFFFFF800_00000000 + 512 * MB,
    hal=0xFFFFFFFF_FFC00000,
    hal_end=1 << 64,
)
