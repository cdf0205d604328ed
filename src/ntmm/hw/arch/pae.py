"""x86 with physical address extension: 2 / 9 / 9 / 12.

The four page directories of a process lie side by side in the self map (C0600000 to C0603FFF); the last one's first
four entries map them. The 32-byte directory-pointer table that CR3 names is not part of the self map: entry 0 of
`table_bases` shows those four directory entries.
"""

from ntmm.hw.arch.architecture import Architecture

PAE = Architecture(
    name="pae",
    bits=32,
    virtual_bits=32,
    pointer_size=4,
    page_shift=12,
    pte_size=8,
    index_bits=(2, 9, 9),
    shifts=(30, 21, 12),
    table_bases=(0xC0603000, 0xC0600000, 0xC0000000),
    self_map_index=0x600,
    frame_mask=0x0000_003F_FFFF_F000,
    large_frame_mask=0x0000_003F_FFE0_0000,
    no_execute=1 << 63,
    directory_entry_bits=0x19,
    maximum_frames=1 << 24,
    top_table_pages=5,
)
