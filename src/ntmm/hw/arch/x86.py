"""x86 with 2-level tables: 10 / 10 / 12."""

from ntmm.hw.arch.architecture import Architecture

X86 = Architecture(
    name="x86",
    bits=32,
    virtual_bits=32,
    pointer_size=4,
    page_shift=12,
    pte_size=4,
    index_bits=(10, 10),
    shifts=(22, 12),
    table_bases=(0xC0300000, 0xC0000000),
    self_map_index=0x300,
    frame_mask=0xFFFFF000,
    large_frame_mask=0xFFC00000,
    no_execute=0,
    directory_entry_bits=0xFFF,
    maximum_frames=1 << 20,
    top_table_pages=1,
)
