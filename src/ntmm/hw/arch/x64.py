"""x64 long mode: 9 / 9 / 9 / 9 / 12, 48-bit virtual and 40-bit physical addresses."""

from ntmm.hw.arch.architecture import Architecture

X64 = Architecture(
    name="x64",
    bits=64,
    virtual_bits=48,
    pointer_size=8,
    page_shift=12,
    pte_size=8,
    index_bits=(9, 9, 9, 9),
    shifts=(39, 30, 21, 12),
    table_bases=(0xFFFFF6FB7DBED000, 0xFFFFF6FB7DA00000, 0xFFFFF6FB40000000, 0xFFFFF68000000000),
    self_map_index=0x1ED,
    frame_mask=0x0000_00FF_FFFF_F000,
    large_frame_mask=0x0000_00FF_FFE0_0000,
    no_execute=1 << 63,
    directory_entry_bits=0xFFF | 1 << 63,
    maximum_frames=1 << 28,
    top_table_pages=1,
)
