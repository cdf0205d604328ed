"""The borders of one address map."""

from dataclasses import dataclass
from typing import Final

KB: Final = 1 << 10
MB: Final = 1 << 20
GB: Final = 1 << 30
TB: Final = 1 << 40

SHARED_USER_DATA: Final = 0x7FFE0000
SHARED_USER_DATA_END: Final = 0x7FFF0000
"""The shared page and the no-access pages that fill its 64 KB."""


@dataclass(frozen=True, slots=True)
class AddressLayout:
    """Byte addresses; ends are exclusive unless the name says `highest`.

    `highest_user_address` is what no process exceeds; how far one may go, its `UserRange` says.
    """

    architecture: str
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
    cache_extension: int
    cache_extension_end: int
    """More room for the system cache, if the system gives it that much; empty where both are equal."""
    session_space: int
    session_space_end: int
    session_pool: int
    session_views: int
    session_structure: int
    session_images: int
    """Where the parts of session space begin: pool, mapped views, the session's own structure, and images."""
    pfn_database: int
    pfn_database_end: int
    """What the PFN database has room for; of a machine's layout, what it takes."""
    large_pages_end: int
    """How far large pages reach that begin with the kernel image."""
    hal: int
    hal_end: int
    is_three_gb: bool = False
    has_4gb_for_32_bit: bool = True
    """On 64 bits: 32-bit programs that are large-address-aware have 4 GB, else 2 GB."""

    @property
    def has_database_behind_kernel(self) -> bool:
        """The PFN database lies between the kernel image and what else large pages map: on 32 bits without /3GB."""
        return self.kernel_image < self.pfn_database < self.large_pages_end

    @property
    def user_probe_address(self) -> int:
        """First byte that a user buffer may not reach (MmUserProbeAddress)."""
        return self.highest_user_address + 1

    @property
    def shared_user_data(self) -> int:
        """The read-only page with time and version that programs read without a system call."""
        return SHARED_USER_DATA
