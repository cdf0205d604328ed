"""Import directories: which DLLs and functions an image needs, and where their addresses are to be written.

Descriptors of 20 bytes, ended by one whose name or address table is zero:

    u32 name table | u32 time stamp | u32 forwarder chain | u32 DLL name | u32 address table (IAT)

Bound imports are ignored: every function is looked up.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ntmm.loader.errors import LoaderError
from ntmm.loader.image_text import read_text
from ntmm.loader.modules import LoadedModule
from ntmm.loader.protection import writable
from ntmm.loader.space import AddressSpace, Memory
from ntmm.pe.headers import DIRECTORY_IMPORT

MAXIMUM_IMPORTS: Final = 65535
MAXIMUM_DLLS: Final = 1024
_LONGEST_DLL_NAME: Final = 260
_LONGEST_FUNCTION_NAME: Final = 4096
_DESCRIPTOR_SIZE: Final = 20


@dataclass(frozen=True, slots=True)
class ImportDescriptor:
    """What an image imports from one DLL: RVAs of the table of names and of the table of addresses."""

    dll: str
    names: int
    addresses: int


Resolve = Callable[[ImportDescriptor, str | int, int | None], int]
"""(descriptor, name or ordinal, hint) -> address to write."""


def read_descriptors(memory: Memory, module: LoadedModule) -> list[ImportDescriptor]:
    """The import descriptors of a mapped image. Raises LoaderError if they lead outside the image."""
    start, size = module.directory(DIRECTORY_IMPORT)
    if start == 0 or size == 0:
        return []
    descriptors: list[ImportDescriptor] = []
    for index in range(MAXIMUM_DLLS + 1):
        address = start + index * _DESCRIPTOR_SIZE
        names, _, _, name, addresses = struct.unpack("<5I", _read(memory, module, address, _DESCRIPTOR_SIZE))
        if name == 0 or addresses == 0:
            return descriptors
        dll = _text(memory, module, name, _LONGEST_DLL_NAME).decode("latin-1")
        if not dll:
            raise LoaderError(f"{module.name} imports from a DLL without a name")
        descriptors.append(ImportDescriptor(dll, names or addresses, addresses))
    raise LoaderError(f"{module.name} imports from more than {MAXIMUM_DLLS} DLLs")


def bind(space: AddressSpace, module: LoadedModule, descriptor: ImportDescriptor, resolve: Resolve) -> int:
    """Looks up all functions of one descriptor and writes their addresses into the IAT; answers how many there are."""
    memory = space.memory
    resolved = [resolve(descriptor, symbol, hint) for symbol, hint in _symbols(memory, module, descriptor)]
    size = len(resolved) * memory.pointer_size
    if not size:
        return 0
    if descriptor.addresses < module.headers.sections[0].virtual_address or descriptor.addresses + size > module.size:
        raise LoaderError(f"the import addresses of {module.name} for {descriptor.dll} are outside its sections")
    with writable(space, module, descriptor.addresses, size):
        layout = f"<{len(resolved)}{'Q' if memory.pointer_size == 8 else 'I'}"
        memory.write(module.base + descriptor.addresses, struct.pack(layout, *resolved))
    return len(resolved)


def _symbols(
    memory: Memory, module: LoadedModule, descriptor: ImportDescriptor
) -> Iterator[tuple[str | int, int | None]]:
    """Each imported function as (name, hint) or (ordinal, None), up to the zero that ends the table."""
    for value in _thunks(memory, module, descriptor):
        if value >> (8 * memory.pointer_size - 1):
            yield value & 0xFFFF, None
        else:
            hint = int.from_bytes(_read(memory, module, value, 2), "little")
            yield _text(memory, module, value + 2, _LONGEST_FUNCTION_NAME).decode("latin-1"), hint


def _thunks(memory: Memory, module: LoadedModule, descriptor: ImportDescriptor) -> list[int]:
    size = memory.pointer_size
    values: list[int] = []
    for index in range(MAXIMUM_IMPORTS + 1):
        value = int.from_bytes(_read(memory, module, descriptor.names + index * size, size), "little")
        if value == 0:
            return values
        values.append(value)
    raise LoaderError(f"{module.name} imports more than {MAXIMUM_IMPORTS} functions from {descriptor.dll}")


def _read(memory: Memory, module: LoadedModule, address: int, size: int) -> bytes:
    if address + size > module.size:
        raise LoaderError(f"the import directory of {module.name} points outside the image, at {address:#x}")
    return memory.read(module.base + address, size)


def _text(memory: Memory, module: LoadedModule, address: int, limit: int) -> bytes:
    text = read_text(memory, module, address, limit)
    if text is None:
        raise LoaderError(f"the import directory of {module.name} points outside the image, at {address:#x}")
    if len(text) == limit:
        raise LoaderError(f"{module.name} imports a name of more than {limit - 1} characters")
    return text
