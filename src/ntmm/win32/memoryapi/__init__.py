"""memoryapi.h: the memory of processes.

virtual       VirtualAlloc and its family, ReadProcessMemory and WriteProcessMemory
locking       VirtualLock and VirtualUnlock
working_set   the limits of working sets
file_cache    the limits of the file cache
mapping       file mappings and their views
physical      address windowing, large pages
write_watch   pages that were written
notification  objects that tell of memory running low or being plentiful
"""

from ntmm.win32.memoryapi import file_cache, locking, mapping, notification, physical, virtual, working_set, write_watch

__all__ = ["file_cache", "locking", "mapping", "notification", "physical", "virtual", "working_set", "write_watch"]
