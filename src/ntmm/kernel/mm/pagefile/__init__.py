"""Paging files: up to 16 files of slots, their growth, and the time that the disk takes. May use `pfn` and lower.

paging_file    one file: slots, minimum and maximum, reads and writes
paging_files   all of them: creation, growth, choice of slots
disk           the modelled disk: when a transfer that starts now will end
"""

from ntmm.kernel.mm.pagefile.disk import Disk
from ntmm.kernel.mm.pagefile.paging_file import PagingFile, PagingStore
from ntmm.kernel.mm.pagefile.paging_files import PagingFiles

__all__ = ["Disk", "PagingFile", "PagingFiles", "PagingStore"]
