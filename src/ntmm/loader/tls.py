"""Thread-local storage of images: the index of each image, and each thread's copies of the templates.

IMAGE_TLS_DIRECTORY holds six fields, four of them addresses (not RVAs): start and end of the template, where the
index is to be stored, the list of callbacks; then u32 size of zero fill and u32 characteristics. As in XP, only images
loaded with the program get an index.
"""

from dataclasses import dataclass
from typing import Final

from ntmm.loader.arena import Arena
from ntmm.loader.errors import LoaderError
from ntmm.loader.modules import LoadedModule
from ntmm.loader.protection import writable
from ntmm.loader.space import AddressSpace, Memory
from ntmm.pe.headers import DIRECTORY_TLS

LARGEST_TEMPLATE: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class TlsDirectory:
    """A verified TLS directory. Addresses are guest addresses; `size` and `zero_fill` are in bytes."""

    template: int
    size: int
    index_address: int
    callbacks: int
    zero_fill: int


def read_tls_directory(memory: Memory, module: LoadedModule) -> TlsDirectory | None:
    """The TLS directory of a mapped and relocated image, or None. Raises LoaderError if it leads outside the image."""
    start, size = module.directory(DIRECTORY_TLS)
    width = memory.pointer_size
    if start == 0 or size == 0:
        return None
    if start + 4 * width + 8 > module.size:
        raise LoaderError(f"the TLS directory of {module.name} is outside the image")
    raw = memory.read(module.base + start, 4 * width + 4)
    first, end, index, callbacks = (int.from_bytes(raw[at : at + width], "little") for at in range(0, 4 * width, width))
    directory = TlsDirectory(first, end - first, index, callbacks, int.from_bytes(raw[4 * width :], "little"))
    _verify(module, directory)
    return directory


def _verify(module: LoadedModule, directory: TlsDirectory) -> None:
    if not 0 <= directory.size <= LARGEST_TEMPLATE or directory.zero_fill > LARGEST_TEMPLATE:
        raise LoaderError(f"the TLS template of {module.name} has an impossible size")
    outside = [
        directory.size and not _within(module, directory.template, directory.size),
        not _within(module, directory.index_address, 4),
        directory.callbacks and not _within(module, directory.callbacks, 4),
    ]
    if any(outside):
        raise LoaderError(f"the TLS directory of {module.name} points outside the image")


def _within(module: LoadedModule, address: int, size: int) -> bool:
    """True if a range lies in the sections of the image, not in its headers."""
    first = module.base + module.headers.sections[0].virtual_address
    return first <= address and address + size <= module.base + module.size


class TlsSlots:
    """The TLS indexes of a process, and the blocks of each of its threads (by TEB address)."""

    def __init__(self, space: AddressSpace, arena: Arena) -> None:
        self._space = space
        self._arena = arena
        self._directories: list[TlsDirectory] = []
        self._blocks: dict[int, list[int]] = {}

    def add(self, module: LoadedModule, directory: TlsDirectory) -> None:
        """Gives an image the next index and stores it where the image wants it."""
        module.tls_index = len(self._directories)
        self._directories.append(directory)
        with writable(self._space, module, directory.index_address - module.base, 4):
            self._space.memory.write_u32(directory.index_address, module.tls_index)

    def attach_thread(self, teb: int) -> int:
        """Makes a thread's copies of all templates; answers the address of its vector, 0 if no image has TLS."""
        if not self._directories:
            return 0
        memory, width = self._space.memory, self._space.memory.pointer_size
        blocks = [self._copy(directory) for directory in self._directories]
        vector = self._arena.store(b"".join(block.to_bytes(width, "little") for block in blocks))
        self._blocks[teb] = [vector, *blocks]
        memory.write_pointer(teb + (0x58 if width == 8 else 0x2C), vector)
        return vector

    def detach_thread(self, teb: int) -> None:
        """Frees a thread's copies."""
        for block in self._blocks.pop(teb, []):
            self._arena.release(block)

    def _copy(self, directory: TlsDirectory) -> int:
        memory = self._space.memory
        block = self._arena.allocate(directory.size + directory.zero_fill)
        memory.write(block, memory.read(directory.template, directory.size))
        return block
