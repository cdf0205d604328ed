"""Address maps: where everything lies, by architecture, release, boot switches and registry. To be read as a picture.

x86 and PAE, 2 GB of user space             x64, 8 TB of user space
  00000000  64 KB no access                   00000000'00000000  64 KB no access
  00010000  images, heaps, stacks, views      00000000'00010000  images, heaps, stacks, views
  7FFDE000  TEB of the first thread           00000000'7FFE0000  shared user data (60 KB no access above)
  7FFDF000  PEB                               000007FF'FFFDx000  PEB and TEBs, below the top
  7FFE0000  shared user data                  000007FF'FFFF0000  64 KB no access
  7FFE1000  60 KB no access                   FFFFF680'00000000  page tables (self-map)
  7FFF0000  64 KB no access                   FFFFF700'00000000  hyperspace, working-set list
  80000000  kernel image                      FFFFF780'00000000  shared user data, kernel's view
  80400000  PFN database, initial pool        FFFFF800'00000000  kernel image, at its physical address
  C0000000  page tables (self-map)            FFFFF8A0'00000000  paged pool
  C0400000  hyperspace (PAE: C0800000)        FFFFF980'00000000  system cache
  C1000000  system cache                      FFFFFA80'00000000  PFN database
  E1000000  paged pool                        FFFFFADF'00000000  nonpaged pool
  F8000000  nonpaged pool expansion
  FFDF0000  shared user data, kernel's view

With /3GB user space reaches to BFFEFFFF for images that are large-address-aware; the kernel image lies at E0000000, and
what is left for the system cache ends at DD000000, and the PFN database lies behind paged pool. IA-64 has regions by
the top three address bits (`ia64`).

`address_layout`  the type: one number for each border
`x86`, `x64`, `ia64`  the numbers
`user_range`      what of user space a process may use
`regions`         the map as rows, with the parts that this kernel leaves empty
`sizes`           how large pools are, computed from RAM as Windows does
`choose`          the layout of a profile

Sources: the lecture's user address-space table and Windows Internals 4th ed. ch. 7. On x64 only page tables,
hyperspace and the shared page are documented values for 5.2; the places of pools and cache are our choice.
"""

from ntmm.kernel.mm.layout.address_layout import (
    GB,
    KB,
    MB,
    SHARED_USER_DATA,
    SHARED_USER_DATA_END,
    TB,
    AddressLayout,
)
from ntmm.kernel.mm.layout.choose import layout_for, layout_of_profile, pool_sizes_of_profile
from ntmm.kernel.mm.layout.regions import Region, system_regions
from ntmm.kernel.mm.layout.sizes import PoolSizes
from ntmm.kernel.mm.layout.user_range import UserRange, user_range

__all__ = [
    "GB",
    "KB",
    "MB",
    "SHARED_USER_DATA",
    "SHARED_USER_DATA_END",
    "TB",
    "AddressLayout",
    "PoolSizes",
    "Region",
    "UserRange",
    "layout_for",
    "layout_of_profile",
    "pool_sizes_of_profile",
    "system_regions",
    "user_range",
]
