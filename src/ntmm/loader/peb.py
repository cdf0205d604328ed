"""The process environment block, as a program of XP (32 bit) or Server 2003 (64 bit) finds it."""

from typing import Final, NamedTuple

from ntmm.loader.arena import Arena
from ntmm.loader.space import Memory
from ntmm.nt.profile import SystemProfile
from ntmm.pe.headers import PeHeaders

_PLATFORM_WIN32_NT: Final = 2
_CRITICAL_SECTION_TIMEOUT: Final = -30 * 24 * 3600 * 10_000_000
"""Thirty days in 100 ns units, negative for a relative time: the default of NT."""


class PebLayout(NamedTuple):
    """Offsets of PEB fields."""

    mutant: int
    image_base: int
    ldr: int
    parameters: int
    process_heap: int
    fast_peb_lock: int
    tls_bitmap: int
    tls_bitmap_bits: int
    processors: int
    critical_section_timeout: int
    heap_segment_reserve: int
    heap_count: int
    process_heaps: int
    loader_lock: int
    version: int
    subsystem: int
    affinity: int
    tls_expansion_bitmap: int
    tls_expansion_bits: int
    service_pack_text: int
    size: int


PEB_LAYOUTS: Final = {
    4: PebLayout(
        mutant=0x04, image_base=0x08, ldr=0x0C, parameters=0x10, process_heap=0x18, fast_peb_lock=0x1C,
        tls_bitmap=0x40, tls_bitmap_bits=0x44, processors=0x64, critical_section_timeout=0x70,
        heap_segment_reserve=0x78, heap_count=0x88, process_heaps=0x90, loader_lock=0xA0, version=0xA4,
        subsystem=0xB4, affinity=0xC0, tls_expansion_bitmap=0x150, tls_expansion_bits=0x154,
        service_pack_text=0x1F0, size=0x230,
    ),
    8: PebLayout(
        mutant=0x08, image_base=0x10, ldr=0x18, parameters=0x20, process_heap=0x30, fast_peb_lock=0x38,
        tls_bitmap=0x78, tls_bitmap_bits=0x80, processors=0xB8, critical_section_timeout=0xC0,
        heap_segment_reserve=0xC8, heap_count=0xE8, process_heaps=0xF0, loader_lock=0x110, version=0x118,
        subsystem=0x128, affinity=0x138, tls_expansion_bitmap=0x238, tls_expansion_bits=0x240,
        service_pack_text=0x2E8, size=0x358,
    ),
}  # fmt: skip


def write_peb(memory: Memory, arena: Arena, peb: int, headers: PeHeaders, profile: SystemProfile) -> None:
    """Fills a zeroed PEB with everything that does not depend on the loader's lists.

    The process heap stays 0: whoever makes the first heap stores it, at PEB_LAYOUTS[pointer size].process_heap.
    """
    layout = PEB_LAYOUTS[memory.pointer_size]
    width = memory.pointer_size
    memory.write_pointer(peb + layout.mutant, (1 << 8 * width) - 1)
    memory.write_u32(peb + layout.processors, profile.reported_processors)
    memory.write_u32(peb + layout.processors + 4, profile.global_flag)
    memory.write_u64(peb + layout.critical_section_timeout, _CRITICAL_SECTION_TIMEOUT & ((1 << 64) - 1))
    for index, value in enumerate((0x100000, 0x2000, 0x10000, 0x1000)):
        memory.write_pointer(peb + layout.heap_segment_reserve + index * width, value)
    _write_locks_and_bitmaps(memory, arena, peb, layout)
    _write_versions(memory, peb, layout, headers, profile)
    memory.write_pointer(peb + layout.affinity, (1 << profile.reported_processors) - 1)
    text = f"Service Pack {profile.version.service_pack}".encode("utf-16-le")
    buffer = arena.store(text + b"\0\0")
    memory.write_u16(peb + layout.service_pack_text, len(text))
    memory.write_u16(peb + layout.service_pack_text + 2, len(text) + 2)
    memory.write_pointer(peb + layout.service_pack_text + width, buffer)


def write_peb_pointers(memory: Memory, peb: int, image_base: int, ldr: int, parameters: int) -> None:
    """Stores the addresses of the program's image, the loader data and the process parameters."""
    layout = PEB_LAYOUTS[memory.pointer_size]
    memory.write_pointer(peb + layout.image_base, image_base)
    memory.write_pointer(peb + layout.ldr, ldr)
    memory.write_pointer(peb + layout.parameters, parameters)


def _write_locks_and_bitmaps(memory: Memory, arena: Arena, peb: int, layout: PebLayout) -> None:
    memory.write_pointer(peb + layout.loader_lock, _critical_section(memory, arena))
    memory.write_pointer(peb + layout.fast_peb_lock, _critical_section(memory, arena))
    memory.write_pointer(peb + layout.tls_bitmap, _bitmap(memory, arena, 64, peb + layout.tls_bitmap_bits))
    memory.write_pointer(
        peb + layout.tls_expansion_bitmap, _bitmap(memory, arena, 1024, peb + layout.tls_expansion_bits)
    )


def _critical_section(memory: Memory, arena: Arena) -> int:
    """A free RTL_CRITICAL_SECTION without debug information."""
    width = memory.pointer_size
    address = arena.allocate(4 * width + 8)
    memory.write_u32(address + width, 0xFFFFFFFF)
    return address


def _bitmap(memory: Memory, arena: Arena, bits: int, buffer: int) -> int:
    """An RTL_BITMAP over bits that lie elsewhere."""
    address = arena.allocate(2 * memory.pointer_size)
    memory.write_u32(address, bits)
    memory.write_pointer(address + memory.pointer_size, buffer)
    return address


def _write_versions(memory: Memory, peb: int, layout: PebLayout, headers: PeHeaders, profile: SystemProfile) -> None:
    version = profile.version
    memory.write_u32(peb + layout.version, version.major)
    memory.write_u32(peb + layout.version + 4, version.minor)
    memory.write_u16(peb + layout.version + 8, version.build)
    memory.write_u16(peb + layout.version + 10, version.service_pack << 8)
    memory.write_u32(peb + layout.version + 12, _PLATFORM_WIN32_NT)
    memory.write_u32(peb + layout.subsystem, headers.subsystem)
    memory.write_u32(peb + layout.subsystem + 4, headers.subsystem_version[0])
    memory.write_u32(peb + layout.subsystem + 8, headers.subsystem_version[1])
