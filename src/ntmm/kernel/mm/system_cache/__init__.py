"""The system cache: a region of system space in which files are mapped by 256 KB, for the kernel alone.

Its PTEs are real PTEs in system page tables that name the shared frames of a file through the prototype PTEs of its
data control area; its pages stand in the system working set, and the working set manager trims them. `size` says how
large the region is, `view` is one mapping, `system_cache` maps, unmaps and brings pages in. The cache manager (`cc`)
decides what is mapped. May use `fault` and lower.
"""

from ntmm.kernel.mm.system_cache.size import system_cache_bytes
from ntmm.kernel.mm.system_cache.system_cache import CacheCounts, CacheFull, Fill, SystemCache
from ntmm.kernel.mm.system_cache.view import VIEW_BYTES, VIEW_SHIFT, CacheView

__all__ = [
    "VIEW_BYTES",
    "VIEW_SHIFT",
    "CacheCounts",
    "CacheFull",
    "CacheView",
    "Fill",
    "SystemCache",
    "system_cache_bytes",
]
