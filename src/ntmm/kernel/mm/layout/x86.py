"""The map of 32-bit systems, with two or three levels of page tables, and what /3GB and /USERVA make of it.

Session space lies below the page tables, downward from C0000000: images, the session's structure, views, pool. With
/3GB that place belongs to programs: session space then lies below the kernel image, and what remains for the system
cache is the 448 MB that the documentation of 4-gigabyte tuning gives as its maximum.

The PFN database lies behind the kernel image, then comes what large pages map. With /3GB there is no room: it takes the
end of paged pool, or of the system cache, if it is larger than what pool can give.
"""

from dataclasses import replace
from typing import Final

from ntmm.kernel.mm.layout.address_layout import MB, AddressLayout
from ntmm.nt.memory import ALLOCATION_GRANULARITY

HYPERSPACE: Final = {"x86": 0xC0400000, "pae": 0xC0800000}
"""Behind the page tables, which take twice the room where entries have eight bytes."""

SESSION_IMAGES: Final = 8 * MB
SESSION_STRUCTURE: Final = 4 * MB
SESSION_VIEWS: Final = 20 * MB
SESSION_POOL: Final = 16 * MB

_SESSION_END: Final = 0xC0000000
_SESSION_END_3GB: Final = 0xE0000000
_NO_ACCESS: Final = ALLOCATION_GRANULARITY


def layout_32(architecture: str) -> AddressLayout:
    """2 GB for programs."""
    hyperspace = HYPERSPACE[architecture]
    return with_session(
        AddressLayout(
            architecture=architecture,
            lowest_user_address=_NO_ACCESS,
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
            cache_extension=0xA4000000,
            cache_extension_end=0xB9C00000,
            session_space=0,
            session_space_end=_SESSION_END,
            session_pool=0,
            session_views=0,
            session_structure=0,
            session_images=0,
            pfn_database=0x80400000,
            pfn_database_end=0x9C400000,
            large_pages_end=0xA0000000,
            hal=0xFFC00000,
            hal_end=1 << 32,
        ),
        SESSION_VIEWS,
        SESSION_POOL,
    )


def with_session(layout: AddressLayout, views: int, pool: int) -> AddressLayout:
    """The layout with session views and session pool of these sizes in bytes, laid downward from the end."""
    images = layout.session_space_end - SESSION_IMAGES
    structure = images - SESSION_STRUCTURE
    start = structure - views - pool
    return replace(
        layout,
        session_space=start,
        session_pool=start,
        session_views=start + pool,
        session_structure=structure,
        session_images=images,
    )


def without_sessions(layout: AddressLayout) -> AddressLayout:
    """NT 4 and 2000 without Terminal Services: all of that place is for the system cache."""
    end = layout.session_space_end
    layout = replace(layout, session_space=end, session_pool=end, session_views=end)
    return replace(layout, session_structure=end, session_images=end, cache_extension_end=end)


def with_user_space(layout: AddressLayout, megabytes: int) -> AddressLayout:
    """The map of /3GB, and of /USERVA: programs have `megabytes`, 2048 to 3072.

    What /USERVA takes back from the 3 GB is for system PTEs.
    """
    end = megabytes * MB
    layout = replace(
        layout,
        highest_user_address=end - _NO_ACCESS - 1,
        highest_vad_address=end - 2 * _NO_ACCESS - 1,
        system_range_start=end,
        kernel_image=0xE0000000,
        system_cache_end=0xDD000000,
        cache_extension=_SESSION_END,
        cache_extension_end=_SESSION_END,
        session_space_end=_SESSION_END_3GB,
        large_pages_end=layout.paged_pool,
        is_three_gb=True,
    )
    gap = _SESSION_END - end
    if gap > layout.system_ptes_end - layout.system_ptes:
        layout = replace(layout, system_ptes=end, system_ptes_end=_SESSION_END)
    return layout


def with_database_3gb(layout: AddressLayout, size: int) -> AddressLayout:
    """The map of /3GB with a PFN database of so many bytes."""
    end = layout.nonpaged_pool if layout.system_ptes < layout.paged_pool else layout.system_ptes
    if size <= end - layout.paged_pool_end:
        return replace(layout, pfn_database=end - size, pfn_database_end=end)
    end = layout.system_cache_end
    return replace(layout, pfn_database=end - size, pfn_database_end=end, system_cache_end=end - size)


def with_huge_database(layout: AddressLayout, size: int) -> AddressLayout:
    """For more than 64 GB of RAM: everything up to session space is for the database and large pages."""
    return replace(
        layout,
        pfn_database_end=layout.pfn_database + size,
        large_pages_end=layout.session_space,
        cache_extension=layout.session_space,
        cache_extension_end=layout.session_space,
    )
