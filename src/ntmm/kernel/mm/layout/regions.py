"""System space as rows, in order of address: what `ntmm info` prints and tests compare with the lecture."""

from dataclasses import dataclass

from ntmm.hw.arch import architecture_named
from ntmm.kernel.mm.layout.address_layout import MB, AddressLayout


@dataclass(frozen=True, slots=True)
class Region:
    """[start, end) in bytes."""

    name: str
    start: int
    end: int
    note: str = ""

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.start


def system_regions(layout: AddressLayout) -> list[Region]:
    """The regions of system space that have a size, in order of address."""
    rows = [*_common(layout), *(_small(layout) if layout.architecture in ("x86", "pae") else ())]
    return sorted((row for row in rows if row.size), key=lambda row: row.start)


def _common(layout: AddressLayout) -> list[Region]:
    architecture = architecture_named(layout.architecture)
    page = architecture.page_size
    shared = layout.system_shared_user_data
    rows = [
        Region("page tables", architecture.pte_base, architecture.pte_top + 1, "self-map"),
        Region("paged pool", layout.paged_pool, layout.paged_pool_end),
        Region("nonpaged pool", layout.nonpaged_pool, layout.nonpaged_pool_end),
        Region("system cache", layout.system_cache, layout.system_cache_end),
        Region("system cache, extension", layout.cache_extension, layout.cache_extension_end, "LargeSystemCache"),
        Region("system PTEs", layout.system_ptes, layout.system_ptes_end),
        Region("PFN database", layout.pfn_database, layout.pfn_database_end, "an entry for each page of RAM"),
        Region("shared user data", shared, shared + page, "the kernel's writable view"),
        Region("HAL", layout.hal, layout.hal_end, "reserved"),
    ]
    return rows + _session(layout)


def _session(layout: AddressLayout) -> list[Region]:
    if layout.session_space == layout.session_space_end:
        return []
    note = "another one in each session"
    return [
        Region("session pool", layout.session_pool, layout.session_views, note),
        Region("session views", layout.session_views, layout.session_structure, note),
        Region("session structure", layout.session_structure, layout.session_images, note),
        Region("session images", layout.session_images, layout.session_space_end, "reserved"),
    ]


def _images(layout: AddressLayout) -> list[Region]:
    """What large pages may map from the kernel on; with /3GB the PFN database lies elsewhere."""
    if layout.is_three_gb:
        return [Region("kernel image", layout.kernel_image, layout.large_pages_end, "kernel, HAL, drivers, pool")]
    return [
        Region("kernel image", layout.kernel_image, layout.pfn_database, "kernel, HAL"),
        Region("initial nonpaged pool", layout.pfn_database_end, layout.large_pages_end, "in large pages; drivers"),
    ]


def _small(layout: AddressLayout) -> list[Region]:
    """The parts that only a 32-bit map counts in megabytes."""
    return [
        *_images(layout),
        Region("hyperspace", layout.hyperspace, layout.hyperspace + 4 * MB, "one for each process"),
        Region("system working-set list", layout.system_working_set_list, layout.system_cache),
        Region("crash dump area", layout.nonpaged_pool_end, layout.hal, "reserved"),
    ]
