"""Page tables: PTE formats, walks, self-map. The only writer of valid PTEs. May use `pfn` and lower.

`formats` packs and unpacks entries in Windows' own layouts; `page_tables` holds the tables of one address space.
"""

from ntmm.kernel.mm.tables.formats import PteFormat, format_for
from ntmm.kernel.mm.tables.page_tables import PageTables
from ntmm.kernel.mm.tables.root import (
    copy_system_half,
    create_root,
    own_slots,
    renew_root,
    root_frames,
    self_map_slots,
    self_mapped_roots,
    share_system_entry,
)
from ntmm.kernel.mm.tables.shares import drop_prototype_share
from ntmm.kernel.mm.tables.table_memory import TableMemory

__all__ = [
    "PageTables",
    "PteFormat",
    "TableMemory",
    "copy_system_half",
    "create_root",
    "drop_prototype_share",
    "format_for",
    "own_slots",
    "renew_root",
    "root_frames",
    "self_map_slots",
    "self_mapped_roots",
    "share_system_entry",
]
