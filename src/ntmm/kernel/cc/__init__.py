"""The cache manager: reads and writes of files go through 256 KB views of the system cache.

cache_manager   the façade, which io reaches through a slot: CcCopyRead, CcCopyWrite, CcFlushCache, CcPurgeCacheSection
held_pages      its part for file systems and servers: CcPinRead and others, logs, limits
cached_files    its part that knows which files are cached
shared_map      what all opens of a file share (SHARED_CACHE_MAP) and what one open has (PRIVATE_CACHE_MAP)
vacbs           views in use and idle ones, of which the one unused longest is reclaimed
copy            bytes between a caller and the frames behind views
read_ahead      which reads are sequential, and what is read before it is asked for
lazy_writer     the thread that writes dirty pages behind their writers, and the throttle of writers
deferred        writers that do not wait for the throttle: CcCanIWrite, CcDeferWrite
logged          pages that wait for a file system's log
uncached        FILE_NO_INTERMEDIATE_BUFFERING
pinned          CcMapData, CcPinRead and CcMdlRead: pages that stay where they are for code of the kernel

May use `mm` and lower.
"""

from ntmm.kernel.cc.cache_manager import CacheManager

__all__ = ["CacheManager"]
