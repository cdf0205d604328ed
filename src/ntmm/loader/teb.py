"""The thread environment block: its NT_TIB, ids and stack, as a new thread finds it."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from ntmm.loader.space import Memory

_FIBER_VERSION: Final = 0x1E00
_STATIC_TEXT_CAPACITY: Final = 522
_LOCALE_ENGLISH_US: Final = 0x409


class TebLayout(NamedTuple):
    """Offsets of TEB fields."""

    exception_list: int
    stack_base: int
    stack_limit: int
    fiber_data: int
    self: int
    client_id: int
    tls_vector: int
    peb: int
    last_error: int
    locale: int
    static_text: int
    static_buffer: int
    stack_allocation: int
    tls_slots: int
    tls_links: int


TEB_LAYOUTS: Final = {
    4: TebLayout(0x00, 0x04, 0x08, 0x10, 0x18, 0x20, 0x2C, 0x30, 0x34, 0xC4, 0xBF8, 0xC00, 0xE0C, 0xE10, 0xF10),
    8: TebLayout(0x00, 0x08, 0x10, 0x20, 0x30, 0x40, 0x58, 0x60, 0x68, 0x108, 0x1258, 0x1268, 0x1478, 0x1480, 0x1680),
}


@dataclass(frozen=True, slots=True)
class ThreadPlace:
    """Where a thread lives: its TEB, ids, and stack. The stack runs down from `stack_base` (the first byte above it).

    `stack_limit` is its lowest committed byte, `stack_allocation` the base of its reservation.
    """

    teb: int
    process_id: int
    thread_id: int
    stack_base: int
    stack_limit: int
    stack_allocation: int


def write_teb(memory: Memory, place: ThreadPlace, peb: int) -> None:
    """Fills a zeroed TEB."""
    layout = TEB_LAYOUTS[memory.pointer_size]
    width = memory.pointer_size
    teb = place.teb
    if width == 4:
        memory.write_pointer(teb + layout.exception_list, 0xFFFFFFFF)
    memory.write_pointer(teb + layout.stack_base, place.stack_base)
    memory.write_pointer(teb + layout.stack_limit, place.stack_limit)
    memory.write_pointer(teb + layout.fiber_data, _FIBER_VERSION)
    memory.write_pointer(teb + layout.self, teb)
    memory.write_pointer(teb + layout.client_id, place.process_id)
    memory.write_pointer(teb + layout.client_id + width, place.thread_id)
    memory.write_pointer(teb + layout.peb, peb)
    memory.write_u32(teb + layout.locale, _LOCALE_ENGLISH_US)
    memory.write_u16(teb + layout.static_text + 2, _STATIC_TEXT_CAPACITY)
    memory.write_pointer(teb + layout.static_text + width, teb + layout.static_buffer)
    memory.write_pointer(teb + layout.stack_allocation, place.stack_allocation)
    for offset in (0, width):
        memory.write_pointer(teb + layout.tls_links + offset, teb + layout.tls_links)
