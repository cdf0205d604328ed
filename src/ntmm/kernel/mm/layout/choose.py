"""The layout of a machine: the map of its architecture, changed by release, boot switches and registry."""

from dataclasses import replace
from typing import Final

from ntmm.hw.arch import architecture_named
from ntmm.kernel.mm.layout.address_layout import MB, AddressLayout
from ntmm.kernel.mm.layout.ia64 import LAYOUT_IA64
from ntmm.kernel.mm.layout.sizes import PAGED_CAP, PoolSizes, computed_pools, initial_nonpaged_pool, pfn_database
from ntmm.kernel.mm.layout.x64 import LAYOUT_X64
from ntmm.kernel.mm.layout.x86 import (
    SESSION_POOL,
    SESSION_VIEWS,
    layout_32,
    with_database_3gb,
    with_huge_database,
    with_session,
    with_user_space,
    without_sessions,
)
from ntmm.nt.profile import SystemProfile
from ntmm.nt.registry import MAXIMUM

_LAYOUTS: Final = {
    "x86": layout_32("x86"),
    "pae": layout_32("pae"),
    "x64": LAYOUT_X64,
    "ia64": LAYOUT_IA64,
}
_TABLE_SPAN: Final = 4 * MB
"""Pools end where a page table of two-level paging does."""
_LARGEST_NONPAGED_3GB: Final = 128 * MB
_SMALLEST_POOL: Final = 8 * MB
_MANY_PTES_RAM: Final = 256 * MB
"""Beyond it the system PTEs that Windows computes do not fit between the pools."""


def layout_for(architecture: str) -> AddressLayout:
    """The map of an architecture by name ("x86", "pae", "x64", "ia64"), with 2 GB of user space on 32 bits."""
    return _LAYOUTS[architecture]


def layout_of_profile(profile: SystemProfile) -> AddressLayout:
    """The map of a machine. Raises ValueError with a sentence where the registry asks for more than fits."""
    layout = layout_for(profile.architecture)
    if not _is_small(profile):
        layout = replace(layout, has_4gb_for_32_bit=profile.release != "2003")
        return _with_pfn_database(layout, profile)
    if profile.boot.three_gb:
        layout = with_user_space(layout, profile.boot.user_space_mb)
    layout = _with_pfn_database(_with_sessions(layout, profile), profile)
    return _with_registry(_with_more_room(layout, profile), profile)


def _with_pfn_database(layout: AddressLayout, profile: SystemProfile) -> AddressLayout:
    """The database has the room that it takes: see `x86` for what it takes that from on 32 bits."""
    span = max(_TABLE_SPAN, architecture_named(profile.architecture).large_page_size)
    size = -(-pfn_database(profile.usable_ram, profile.architecture) // span) * span
    if layout.is_three_gb:
        return with_database_3gb(layout, size)
    if layout.pfn_database + size > layout.pfn_database_end:
        return with_huge_database(layout, size)
    return replace(layout, pfn_database_end=layout.pfn_database + size)


def _with_sessions(layout: AddressLayout, profile: SystemProfile) -> AddressLayout:
    if profile.release in ("nt4", "2000"):
        return without_sessions(layout)
    views = profile.registry.get("SessionViewSize") * MB or SESSION_VIEWS
    pool = profile.registry.get("SessionPoolSize") * MB or SESSION_POOL
    layout = with_session(layout, views, pool)
    lowest = layout.system_cache if layout.is_three_gb else layout.cache_extension
    if layout.session_space < lowest + 64 * MB:
        raise ValueError("session space does not fit: give SessionViewSize and SessionPoolSize fewer megabytes")
    if layout.is_three_gb:
        return replace(layout, system_cache_end=layout.session_space)
    return replace(layout, cache_extension_end=min(layout.cache_extension_end, layout.session_space))


def _with_more_room(layout: AddressLayout, profile: SystemProfile) -> AddressLayout:
    """The place that only LargeSystemCache fills holds the system PTEs of large machines, so that the pools have more.

    With two levels of tables nonpaged pool stays where it is: PTEs reach subsections within 128 MB of its end.
    """
    is_cache = profile.registry.get("LargeSystemCache")
    has_place = layout.cache_extension < layout.cache_extension_end
    if not has_place or is_cache or profile.usable_ram <= _MANY_PTES_RAM:
        return layout
    layout = replace(layout, system_ptes=layout.cache_extension, system_ptes_end=layout.cache_extension_end)
    layout = replace(layout, cache_extension=layout.cache_extension_end)
    if layout.architecture == "x86":
        return layout
    size = computed_pools(profile).nonpaged
    if profile.has_large_system_pages:
        size -= min(initial_nonpaged_pool(profile.usable_ram), layout.large_pages_end - layout.pfn_database_end)
    return replace(layout, nonpaged_pool=min(layout.nonpaged_pool, layout.nonpaged_pool_end - size & -_TABLE_SPAN))


def pool_sizes_of_profile(profile: SystemProfile, layout: AddressLayout) -> PoolSizes:
    """The most that the pools of a machine may have: what the registry says, else what Windows computes from RAM.

    `layout` is that of `layout_of_profile`; what its ranges have no room for is cut. Nonpaged pool that large pages map
    beside its range comes to that range.
    """
    computed = computed_pools(profile)
    paged, nonpaged = computed.paged, computed.nonpaged
    if _is_small(profile):
        if profile.registry.get("PagedPoolSize"):
            paged = layout.paged_pool_end - layout.paged_pool
        if profile.registry.get("NonPagedPoolSize"):
            nonpaged = layout.nonpaged_pool_end - layout.nonpaged_pool
    return PoolSizes(paged, nonpaged)


def _is_small(profile: SystemProfile) -> bool:
    return profile.architecture in ("x86", "pae")


def _with_registry(layout: AddressLayout, profile: SystemProfile) -> AddressLayout:
    """PagedPoolSize and NonPagedPoolSize move the borders between the pools and the system PTEs."""
    nonpaged = profile.registry.get("NonPagedPoolSize")
    if nonpaged:
        largest = _LARGEST_NONPAGED_3GB if layout.is_three_gb else layout.nonpaged_pool_end - layout.nonpaged_pool
        size = max(_SMALLEST_POOL, min(nonpaged, largest))
        start = layout.nonpaged_pool_end - size & -_TABLE_SPAN
        layout = replace(layout, nonpaged_pool=max(start, layout.nonpaged_pool))
    return replace(layout, paged_pool_end=layout.paged_pool + _paged_pool_bytes(layout, profile))


def _paged_pool_bytes(layout: AddressLayout, profile: SystemProfile) -> int:
    """The range of paged pool: 192 MB, or more where the formula or the registry asks for it and there is room."""
    behind = min(
        start for start in (layout.system_ptes, layout.pfn_database, layout.nonpaged_pool) if start > layout.paged_pool
    )
    room = min(behind - layout.paged_pool, PAGED_CAP[profile.family] & -_TABLE_SPAN)
    asked = profile.registry.get("PagedPoolSize")
    if asked == MAXIMUM:
        return room
    if not asked:
        return min(room, max(layout.paged_pool_end - layout.paged_pool, computed_pools(profile).paged))
    return -(-max(_SMALLEST_POOL, min(asked, room)) // _TABLE_SPAN) * _TABLE_SPAN
