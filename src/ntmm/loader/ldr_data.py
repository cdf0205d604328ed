"""PEB_LDR_DATA and LDR_DATA_TABLE_ENTRY in guest memory: the lists of modules that programs walk.

Three doubly linked lists run through every entry: load order, memory order and initialization order; their heads are in
PEB_LDR_DATA. Layouts of XP and Server 2003 (as public symbols show them).
"""

from dataclasses import dataclass
from typing import Final

from ntmm.loader.arena import Arena
from ntmm.loader.modules import LoadedModule
from ntmm.loader.space import Memory
from ntmm.loader.text import write_unicode_string

LOAD_ORDER, MEMORY_ORDER, INITIALIZATION_ORDER = range(3)

_IMAGE_DLL: Final = 0x4
_ENTRY_PROCESSED: Final = 0x4000
_PROCESS_ATTACH_CALLED: Final = 0x80000
_STATIC_LINK: Final = 0x2


@dataclass(frozen=True, slots=True)
class _Layout:
    """Offsets in PEB_LDR_DATA (size, heads) and in LDR_DATA_TABLE_ENTRY (the rest)."""

    data_size: int
    heads: int
    entry_size: int
    base: int
    entry_point: int
    image_size: int
    full_name: int
    base_name: int
    flags: int
    load_count: int
    tls_index: int
    hash_links: int
    time_stamp: int


_LAYOUTS: Final = {
    4: _Layout(0x28, 0x0C, 0x50, 0x18, 0x1C, 0x20, 0x24, 0x2C, 0x34, 0x38, 0x3A, 0x3C, 0x44),
    8: _Layout(0x48, 0x10, 0x98, 0x30, 0x38, 0x40, 0x48, 0x58, 0x68, 0x6C, 0x6E, 0x70, 0x80),
}


class LdrData:
    """The loader data of one process. `address` is the PEB_LDR_DATA that PEB.Ldr points to."""

    def __init__(self, memory: Memory, arena: Arena) -> None:
        self._memory = memory
        self._arena = arena
        self._layout = _LAYOUTS[memory.pointer_size]
        self._names: dict[int, tuple[int, int]] = {}
        self.address = arena.allocate(self._layout.data_size)
        memory.write_u32(self.address, self._layout.data_size)
        memory.write_u8(self.address + 4, 1)
        for order in (LOAD_ORDER, MEMORY_ORDER, INITIALIZATION_ORDER):
            self._make_empty(self._head(order))

    def add(self, module: LoadedModule) -> None:
        """Writes the module's entry and puts it at the end of the load-order and memory-order lists."""
        memory, layout = self._memory, self._layout
        entry = self._arena.allocate(layout.entry_size)
        memory.write_pointer(entry + layout.base, module.base)
        memory.write_pointer(entry + layout.entry_point, module.entry_point)
        memory.write_u32(entry + layout.image_size, module.size)
        full_name = write_unicode_string(memory, self._arena, entry + layout.full_name, module.path)
        base_name = write_unicode_string(memory, self._arena, entry + layout.base_name, module.name)
        self._names[entry] = (full_name, base_name)
        module.entry_address = entry
        flags = _ENTRY_PROCESSED | _STATIC_LINK | (_IMAGE_DLL if module.headers.is_dll else 0)
        memory.write_u32(entry + layout.flags, flags)
        self.update_counts(module)
        memory.write_u32(entry + layout.time_stamp, module.headers.time_stamp)
        self._make_empty(entry + layout.hash_links)
        self._make_empty(self._link(module, INITIALIZATION_ORDER))
        self._append(self._head(LOAD_ORDER), self._link(module, LOAD_ORDER))
        self._append(self._head(MEMORY_ORDER), self._link(module, MEMORY_ORDER))

    def add_to_initialization_order(self, module: LoadedModule) -> None:
        """Puts the module at the end of the initialization-order list; the program itself is never in it."""
        self._append(self._head(INITIALIZATION_ORDER), self._link(module, INITIALIZATION_ORDER))
        flags = self._memory.read_u32(module.entry_address + self._layout.flags)
        self._memory.write_u32(module.entry_address + self._layout.flags, flags | _PROCESS_ATTACH_CALLED)

    def update_counts(self, module: LoadedModule) -> None:
        """Writes the reference count (0xFFFF for pinned modules) and whether the module has a TLS slot (0xFFFF)."""
        count = 0xFFFF if module.is_pinned else module.reference_count
        self._memory.write_u16(module.entry_address + self._layout.load_count, count)
        tls = 0 if module.tls_index is None else 0xFFFF
        self._memory.write_u16(module.entry_address + self._layout.tls_index, tls)

    def remove(self, module: LoadedModule) -> None:
        """Takes the module's entry out of all lists and frees it with its names."""
        for order in (LOAD_ORDER, MEMORY_ORDER, INITIALIZATION_ORDER):
            self._unlink(self._link(module, order))
        for name in self._names.pop(module.entry_address):
            self._arena.release(name)
        self._arena.release(module.entry_address)
        module.entry_address = 0

    def _head(self, order: int) -> int:
        return self.address + self._layout.heads + order * 2 * self._memory.pointer_size

    def _link(self, module: LoadedModule, order: int) -> int:
        return module.entry_address + order * 2 * self._memory.pointer_size

    def _make_empty(self, link: int) -> None:
        self._memory.write_pointer(link, link)
        self._memory.write_pointer(link + self._memory.pointer_size, link)

    def _append(self, head: int, link: int) -> None:
        size = self._memory.pointer_size
        last = self._memory.read_pointer(head + size)
        self._memory.write_pointer(link, head)
        self._memory.write_pointer(link + size, last)
        self._memory.write_pointer(last, link)
        self._memory.write_pointer(head + size, link)

    def _unlink(self, link: int) -> None:
        size = self._memory.pointer_size
        following, previous = self._memory.read_pointer(link), self._memory.read_pointer(link + size)
        self._memory.write_pointer(previous, following)
        self._memory.write_pointer(following + size, previous)
