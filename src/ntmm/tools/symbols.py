"""Exported functions by name and by address, read from the image files: no page of the program is touched."""

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ntmm.kernel.boot import Kernel
from ntmm.kernel.ps import Process
from ntmm.loader.modules import LoadedModule
from ntmm.pe.headers import DIRECTORY_EXPORT
from ntmm.tools.rows import CommandError

_MAXIMUM_EXPORTS: Final = 0x10000
_LONGEST_NAME: Final = 512
_LONGEST_CHAIN: Final = 8
"""Forwarders that are followed one after another."""


@dataclass(frozen=True, slots=True)
class Export:
    """An exported function: its offset in the image, or what it is forwarded to ("ntmmrt.malloc")."""

    name: str
    offset: int
    forwarded_to: str | None


def modules_of(process: Process) -> list[LoadedModule]:
    """The modules of a process in load order; none before its program is loaded."""
    return list(process.modules.modules) if process.modules is not None else []


def short_name(module: LoadedModule) -> str:
    """A module's name as WinDbg writes it: without extension."""
    return module.name.rpartition(".")[0] or module.name


class Symbols:
    """The exports of all modules of a machine, read once for each image."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._exports: dict[tuple[int, int, str], dict[str, Export]] = {}

    def names(self, process: Process) -> list[str]:
        """Every exported function, as module!function."""
        return [f"{short_name(module)}!{name}" for module in modules_of(process) for name in self._of(process, module)]

    def address(self, process: Process, name: str) -> int:
        """Where a function "module!function" or "function" lies, in load order; raises CommandError."""
        module_name, mark, function = name.rpartition("!")
        modules = [module for module in modules_of(process) if not mark or _is_named(module, module_name)]
        if mark and not modules:
            raise CommandError(f"no module named {module_name!r} is loaded")
        for module in modules:
            address = self._find(process, module, function, _LONGEST_CHAIN)
            if address is not None:
                return address
        raise CommandError(f"no loaded module exports a function {function!r}")

    def _find(self, process: Process, module: LoadedModule, function: str, chain: int) -> int | None:
        export = self._of(process, module).get(function)
        if export is None or not chain:
            return None
        if export.forwarded_to is None:
            return module.base + export.offset
        target, _, name = export.forwarded_to.rpartition(".")
        following = next((other for other in modules_of(process) if _is_named(other, target)), None)
        return None if following is None else self._find(process, following, name, chain - 1)

    def nearest(self, process: Process, address: int) -> str:
        """The function an address lies in or behind, as module!function+offset; the module alone if it has none."""
        module = next((module for module in modules_of(process) if module.contains(address)), None)
        if module is None:
            return ""
        offset = address - module.base
        exports = self._of(process, module).values()
        own = sorted((export.offset, export.name) for export in exports if export.forwarded_to is None)
        position = bisect_right(own, (offset, chr(0x10FFFF))) - 1
        if position < 0:
            return f"{short_name(module)}+{offset:#x}"
        start, name = own[position]
        return f"{short_name(module)}!{name}" + (f"+{offset - start:#x}" if offset > start else "")

    def _of(self, process: Process, module: LoadedModule) -> dict[str, Export]:
        key = (process.id, module.base, module.name)
        if key not in self._exports:
            try:
                image = _Image(self._kernel, process, module)
                self._exports[key] = {export.name: export for export in _exports(image, module)}
            except (OSError, ValueError, struct.error):
                self._exports[key] = {}  # an export directory that cannot be read names nothing
        return self._exports[key]


def _is_named(module: LoadedModule, name: str) -> bool:
    return name.lower() in (module.name.lower(), short_name(module).lower())


class _Image:
    """The bytes of an image file, by offset in the mapped image."""

    def __init__(self, kernel: Kernel, process: Process, module: LoadedModule) -> None:
        self._page = kernel.architecture.page_size
        vad = process.space.vads.find(module.base // self._page)
        if vad is None or vad.control_area is None:
            raise ValueError("no view of an image")
        self._area: Any = vad.control_area
        self._pages: dict[int, bytes] = {}
        self._size = self._area.total_pages * self._page

    def read(self, offset: int, size: int) -> bytes:
        """`size` bytes; raises ValueError where the image has none. What the file does not hold reads as zeroes."""
        data = b""
        while len(data) < size:
            page, start = divmod(offset + len(data), self._page)
            data += self._content(page)[start:]
        return data[:size]

    def _content(self, page: int) -> bytes:
        if page not in self._pages:
            subsection = self._area.subsection_of(page)
            if subsection is None:
                raise ValueError(f"the image has no page {page:#x}")
            place, count = subsection.bytes_of_page(page)
            content: bytes = self._area.backing.read(place, count) if count else b""
            self._pages[page] = content.ljust(self._page, b"\0")
        return self._pages[page]

    def text(self, offset: int) -> str:
        """The characters before the next zero byte."""
        size = min(_LONGEST_NAME, max(0, self._size - offset))
        return self.read(offset, size).partition(b"\0")[0].decode("latin-1")


def _exports(image: _Image, module: LoadedModule) -> Iterator[Export]:
    start, size = module.directory(DIRECTORY_EXPORT)
    if not size:
        return
    _, functions, names, functions_at, names_at, ordinals_at = struct.unpack("<6I", image.read(start + 16, 24))
    if max(functions, names) > _MAXIMUM_EXPORTS:
        return
    offsets = struct.unpack(f"<{functions}I", image.read(functions_at, 4 * functions))
    ordinals = struct.unpack(f"<{names}H", image.read(ordinals_at, 2 * names))
    name_offsets = struct.unpack(f"<{names}I", image.read(names_at, 4 * names))
    for name_offset, ordinal in zip(name_offsets, ordinals, strict=True):
        if ordinal < functions and offsets[ordinal]:
            offset = offsets[ordinal]
            forwarded = image.text(offset) if start <= offset < start + size else None
            yield Export(image.text(name_offset), offset, forwarded)
