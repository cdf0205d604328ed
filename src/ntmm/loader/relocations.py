"""Base relocations: correcting an image that was not mapped at its preferred base (LdrRelocateImage).

The directory is a sequence of blocks, each for one 4 KB page:

    u32 page RVA | u32 size of the block | u16 entries: kind in bits 15-12, offset in the page in bits 11-0
"""

import struct
from collections.abc import Iterator
from typing import Final

from ntmm.loader.errors import LoaderError
from ntmm.loader.modules import LoadedModule
from ntmm.loader.protection import writable
from ntmm.loader.space import AddressSpace, Memory
from ntmm.nt.status import Status
from ntmm.pe.headers import DIRECTORY_BASE_RELOCATION

_ABSOLUTE: Final = 0
_CORRECTIONS: Final = {1: ("<H", 16), 2: ("<H", 0), 3: ("<I", 0), 10: ("<Q", 0)}
"""Kind -> (field, shift of the delta): HIGH, LOW, HIGHLOW, DIR64. HIGHADJ and foreign processors' kinds are refused."""

LARGEST_BLOCK: Final = 0x10000
"""Far beyond the 4096 corrections that a page has room for."""

_SPARE_BLOCKS: Final = 16


def relocate(space: AddressSpace, module: LoadedModule) -> None:
    """Applies all relocations of an image mapped away from its preferred base. Raises LoaderError for bad ones."""
    delta = module.base - module.headers.image_base
    if delta == 0:
        return
    if not module.headers.is_relocatable:
        raise LoaderError(
            f"{module.name} must be at {module.headers.image_base:#x}, which is taken, and has no relocations",
            Status.CONFLICTING_ADDRESSES,
        )
    blocks = list(_blocks(space.memory, module))
    with writable(space, module, 0, module.size):
        for page, entries in blocks:
            _correct_page(space.memory, module, page, entries, delta)


def _blocks(memory: Memory, module: LoadedModule) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The page RVA and entries of each block, bounds checked."""
    start, size = module.directory(DIRECTORY_BASE_RELOCATION)
    if size == 0:
        return
    if start + size > module.size:
        raise LoaderError(f"the relocation directory of {module.name} is outside the image")
    position = start
    for _ in range(2 * module.size // 0x1000 + _SPARE_BLOCKS):
        if position + 8 > start + size:
            return
        page, block_size = struct.unpack("<II", memory.read(module.base + position, 8))
        if page == 0 and block_size == 0:
            return
        if not 8 <= block_size <= LARGEST_BLOCK or block_size % 2 or position + block_size > start + size:
            raise LoaderError(f"{module.name} has a relocation block of {block_size} bytes, which cannot be")
        entries = memory.read(module.base + position + 8, block_size - 8)
        yield page, struct.unpack(f"<{len(entries) // 2}H", entries)
        position += block_size
    raise LoaderError(f"{module.name} has more relocation blocks than its pages need")


def _correct_page(memory: Memory, module: LoadedModule, page: int, entries: tuple[int, ...], delta: int) -> None:
    active = [entry for entry in entries if entry >> 12 != _ABSOLUTE]
    if not active:
        return
    kinds = {entry >> 12 for entry in active}
    unknown = kinds - _CORRECTIONS.keys()
    if unknown:
        raise LoaderError(f"{module.name} has a relocation of unknown kind {min(unknown)}")
    reach = {kind: struct.calcsize(_CORRECTIONS[kind][0]) for kind in kinds}
    first = min(entry & 0xFFF for entry in active)
    end = max((entry & 0xFFF) + reach[entry >> 12] for entry in active)
    if page + first < module.headers.sections[0].virtual_address or page + end > module.size:
        raise LoaderError(f"{module.name} has a relocation at {page:#x}, outside its sections")
    content = bytearray(memory.read(module.base + page + first, end - first))
    for entry in active:
        layout, shift = _CORRECTIONS[entry >> 12]
        offset = (entry & 0xFFF) - first
        mask = (1 << 8 * reach[entry >> 12]) - 1
        value = struct.unpack_from(layout, content, offset)[0] + (delta >> shift)
        struct.pack_into(layout, content, offset, value & mask)
    memory.write(module.base + page + first, bytes(content))
