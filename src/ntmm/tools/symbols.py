"""Functions and variables by name and by address: exports, and COFF symbols of programs that were not stripped."""

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ntmm.kernel.boot import Kernel
from ntmm.kernel.ps import Process
from ntmm.loader.modules import LoadedModule
from ntmm.pe.headers import DIRECTORY_EXPORT
from ntmm.tools.coff import coff_symbols
from ntmm.tools.image_file import ImageFile
from ntmm.tools.rows import CommandError

_MAXIMUM_EXPORTS: Final = 0x10000
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


@dataclass(slots=True)
class _Names:
    """What one image names: `offsets` and `forwarders` by name, `places` the functions in order of their offsets."""

    offsets: dict[str, int] = field(default_factory=dict)
    forwarders: dict[str, str] = field(default_factory=dict)
    places: list[tuple[int, str]] = field(default_factory=list)

    def add(self, name: str, offset: int, is_function: bool) -> None:
        if self.offsets.setdefault(name, offset) == offset and is_function:
            self.places.append((offset, name))

    def nearest(self, offset: int) -> tuple[int, str] | None:
        """The function that begins at or before an offset."""
        position = bisect_right(self.places, (offset, chr(0x10FFFF))) - 1
        return self.places[position] if position >= 0 else None


class Symbols:
    """The names of all modules of a machine, read once for each image."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._names: dict[tuple[int, int, str], _Names] = {}

    def names(self, process: Process) -> list[str]:
        """Everything that has a name, as module!name."""
        return [
            f"{short_name(module)}!{name}"
            for module in modules_of(process)
            for names in [self._of(process, module)]
            for name in (*names.offsets, *names.forwarders)
        ]

    def address(self, process: Process, name: str) -> int:
        """Where "module!name" or "name" lies, in load order; raises CommandError."""
        module_name, mark, function = name.rpartition("!")
        modules = [module for module in modules_of(process) if not mark or _is_named(module, module_name)]
        if mark and not modules:
            raise CommandError(f"no module named {module_name!r} is loaded")
        for module in modules:
            address = self._find(process, module, function, _LONGEST_CHAIN)
            if address is not None:
                return address
        raise CommandError(f"no loaded module has a function {function!r}")

    def _find(self, process: Process, module: LoadedModule, function: str, chain: int) -> int | None:
        names = self._of(process, module)
        if function in names.offsets:
            return module.base + names.offsets[function]
        if function not in names.forwarders or not chain:
            return None
        target, _, name = names.forwarders[function].rpartition(".")
        following = next((other for other in modules_of(process) if _is_named(other, target)), None)
        return None if following is None else self._find(process, following, name, chain - 1)

    def nearest(self, process: Process, address: int) -> str:
        """The function an address lies in or behind, as module!function+offset; the module alone if it has none."""
        module = next((module for module in modules_of(process) if module.contains(address)), None)
        if module is None:
            return ""
        offset = address - module.base
        found = self._of(process, module).nearest(offset)
        if found is None:
            return f"{short_name(module)}+{offset:#x}"
        start, name = found
        return f"{short_name(module)}!{name}" + (f"+{offset - start:#x}" if offset > start else "")

    def _of(self, process: Process, module: LoadedModule) -> _Names:
        key = (process.id, module.base, module.name)
        if key not in self._names:
            self._names[key] = self._read(process, module)
        return self._names[key]

    def _read(self, process: Process, module: LoadedModule) -> _Names:
        """Exports before symbols; a table that cannot be read names nothing."""
        names = _Names()
        try:
            image = ImageFile(self._kernel, process, module)
            for export in _exports(image, module):
                if export.forwarded_to is None:
                    names.add(export.name, export.offset, is_function=True)
                else:
                    names.forwarders[export.name] = export.forwarded_to
            for name, offset, is_function in coff_symbols(image, module.headers):
                names.add(name, offset, is_function)
        except (OSError, ValueError, struct.error):
            pass
        names.places.sort()
        return names


def _is_named(module: LoadedModule, name: str) -> bool:
    return name.lower() in (module.name.lower(), short_name(module).lower())


def _exports(image: ImageFile, module: LoadedModule) -> Iterator[Export]:
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
