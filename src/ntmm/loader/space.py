"""What the loader asks of an address space, and the adapter to the kernel's memory manager."""

from typing import Any, Protocol

from ntmm.kernel.io.image import ImageBacking
from ntmm.kernel.mm.pool import PoolExhausted
from ntmm.loader.errors import LoaderError
from ntmm.nt.memory import MEM_COMMIT, MEM_RELEASE, MEM_RESERVE
from ntmm.nt.status import Status, is_error
from ntmm.pe.headers import PeHeaders


class Memory(Protocol):
    """The door to guest memory, as far as the loader uses it."""

    pointer_size: int

    def read(self, address: int, size: int) -> bytes:
        """`size` bytes."""

    def write(self, address: int, data: bytes) -> None:
        """Writes bytes."""

    def read_u16(self, address: int) -> int:
        """Two bytes."""

    def read_u32(self, address: int) -> int:
        """Four bytes."""

    def read_pointer(self, address: int) -> int:
        """One pointer."""

    def write_u8(self, address: int, value: int) -> None:
        """One byte."""

    def write_u16(self, address: int, value: int) -> None:
        """Two bytes."""

    def write_u32(self, address: int, value: int) -> None:
        """Four bytes."""

    def write_u64(self, address: int, value: int) -> None:
        """Eight bytes."""

    def write_pointer(self, address: int, value: int) -> None:
        """One pointer."""


class AddressSpace(Protocol):
    """The address space of one process; failures are raised as LoaderError."""

    @property
    def memory(self) -> Memory:
        """The door to its memory."""

    def map_image(self, path: str, backing: ImageBacking, headers: PeHeaders) -> int:
        """Maps an image as a section view; answers its base, which need not be the preferred one.

        Images of one guest path share their pages.
        """

    def unmap(self, base: int) -> None:
        """Removes the view that begins at `base`."""

    def allocate(self, size: int, protection: int, address: int = 0) -> int:
        """Commits private memory; `address` 0 leaves the place to the memory manager."""

    def free(self, address: int) -> None:
        """Releases an allocation made by `allocate`."""

    def protect(self, address: int, size: int, protection: int) -> int:
        """Changes the protection of pages; answers the old protection of the first."""


class _SectionFile:
    """An image file as the memory manager wants it: known by its guest path."""

    def __init__(self, path: str, backing: ImageBacking) -> None:
        self.name = path.lower()
        self.size = backing.size
        self.read = backing.read
        self.close = backing.let_go


class KernelSpace:
    """The address space of a process of the kernel (NtMapViewOfSection, NtAllocateVirtualMemory, ...)."""

    def __init__(self, kernel: Any, process: Any) -> None:
        self.memory: Memory = process.memory
        self._mm = kernel.mm
        self._process = process

    def map_image(self, path: str, backing: ImageBacking, headers: PeHeaders) -> int:
        """The view's base. The section lives on through the view."""
        try:
            file = _SectionFile(path, backing)
            section = self._mm.create_image_section(file, headers)
            if section.control_area.backing is not file:
                file.close()
        except PoolExhausted:
            raise LoaderError(f"the kernel's pools are too small for {path}", Status.INSUFFICIENT_RESOURCES) from None
        section.reference()
        base, status = self._mm.map_image(self._process, section)
        section.dereference()
        _require_success(status, "there is no room in the address space for the image")
        return int(base)

    def unmap(self, base: int) -> None:
        """Removes a view."""
        self._mm.unmap_view(self._process, base)

    def allocate(self, size: int, protection: int, address: int = 0) -> int:
        """Reserves and commits in one step."""
        status, base, _ = self._mm.allocate(self._process, address, size, MEM_RESERVE | MEM_COMMIT, protection)
        _require_success(status, f"the process has no memory left for {size} bytes of loader data")
        return int(base)

    def free(self, address: int) -> None:
        """Releases a whole allocation."""
        self._mm.free(self._process, address, 0, MEM_RELEASE)

    def protect(self, address: int, size: int, protection: int) -> int:
        """Changes protection; the old one of the first page."""
        status, old, _, _ = self._mm.protect(self._process, address, size, protection)
        _require_success(status, f"the pages at {address:#x} cannot be made accessible to the loader")
        return int(old)


def _require_success(status: int, sentence: str) -> None:
    if is_error(status):
        name = Status(status).name if status in Status._value2member_map_ else f"{status:#010x}"
        raise LoaderError(f"{sentence} ({name})", status)
