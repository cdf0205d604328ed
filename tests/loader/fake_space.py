"""An address space made of plain bytes: pages with protections, images mapped by their headers."""

import struct

from ntmm.kernel.io.image import ImageBacking
from ntmm.kernel.ke.access import GuestFault
from ntmm.nt.memory import PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE, PAGE_READONLY, PAGE_READWRITE
from ntmm.nt.status import Status
from ntmm.pe.headers import PeHeaders
from ntmm.pe.sections import round_up

PAGE = 0x1000
WRITABLE = (PAGE_READWRITE, PAGE_EXECUTE_READWRITE)


class FakeMemory:
    """Guest memory as a dictionary of pages."""

    def __init__(self, pointer_size: int) -> None:
        self.pointer_size = pointer_size
        self.pages: dict[int, tuple[bytearray, int]] = {}

    def _page(self, address: int, write: bool) -> bytearray:
        content, protection = self.pages.get(address // PAGE, (bytearray(), 0))
        if not protection or (write and protection not in WRITABLE):
            raise GuestFault(Status.ACCESS_VIOLATION, address, int(write))
        return content

    def read(self, address: int, size: int) -> bytes:
        result = b""
        while len(result) < size:
            at = address + len(result)
            start = at % PAGE
            result += self._page(at, write=False)[start : start + size - len(result)]
        return result

    def write(self, address: int, data: bytes) -> None:
        for position, value in enumerate(data):
            at = address + position
            self._page(at, write=True)[at % PAGE] = value

    def _integer(self, address: int, size: int) -> int:
        return int.from_bytes(self.read(address, size), "little")

    def read_u8(self, address: int) -> int:
        return self._integer(address, 1)

    def read_u16(self, address: int) -> int:
        return self._integer(address, 2)

    def read_u32(self, address: int) -> int:
        return self._integer(address, 4)

    def read_u64(self, address: int) -> int:
        return self._integer(address, 8)

    def read_pointer(self, address: int) -> int:
        return self._integer(address, self.pointer_size)

    def write_u8(self, address: int, value: int) -> None:
        self.write(address, struct.pack("<B", value))

    def write_u16(self, address: int, value: int) -> None:
        self.write(address, struct.pack("<H", value))

    def write_u32(self, address: int, value: int) -> None:
        self.write(address, struct.pack("<I", value))

    def write_u64(self, address: int, value: int) -> None:
        self.write(address, struct.pack("<Q", value))

    def write_pointer(self, address: int, value: int) -> None:
        self.write(address, value.to_bytes(self.pointer_size, "little"))

    def read_cstring(self, address: int) -> bytes:
        return self.read(address, 256).split(b"\0", 1)[0]

    def read_wstring(self, address: int) -> str:
        return self.read(address, 512).decode("utf-16-le").split("\0", 1)[0]

    def unicode_string(self, address: int) -> str:
        """The text of a UNICODE_STRING."""
        size = self.read_u16(address)
        return self.read(self.read_pointer(address + self.pointer_size), size).decode("utf-16-le")


class FakeSpace:
    """Implements what the loader asks of an address space."""

    def __init__(self, pointer_size: int, highest: int = 0x7FFE0000) -> None:
        self.memory = FakeMemory(pointer_size)
        self.protect_calls: list[tuple[int, int, int]] = []
        self._highest = highest
        self._next = 0x100000
        self._sizes: dict[int, int] = {}

    def _commit(self, base: int, size: int, protection: int) -> None:
        for page in range(base // PAGE, (base + size + PAGE - 1) // PAGE):
            self.memory.pages[page] = (bytearray(PAGE), protection)
        self._sizes[base] = round_up(size, PAGE)

    def _is_free(self, base: int, size: int) -> bool:
        if base < 0x10000 or (base + size > self._highest and self.memory.pointer_size == 4):
            return False
        return all(page not in self.memory.pages for page in range(base // PAGE, (base + size) // PAGE + 1))

    def _find_room(self, size: int) -> int:
        while not self._is_free(self._next, size):
            self._next += 0x10000
        base = self._next
        self._next += round_up(size, 0x10000)
        return base

    def map_image(self, path: str, backing: ImageBacking, headers: PeHeaders) -> int:
        size = round_up(headers.size_of_image, PAGE)
        base = headers.image_base if self._is_free(headers.image_base, size) else self._find_room(size)
        self._sizes[base] = size
        header_bytes = backing.read(0, headers.size_of_headers)
        self._fill(base, round_up(headers.size_of_headers, PAGE), header_bytes, PAGE_READONLY)
        for section in headers.sections:
            protection = {
                (False, False): PAGE_READONLY,
                (False, True): PAGE_READWRITE,
                (True, False): PAGE_EXECUTE_READ,
                (True, True): PAGE_EXECUTE_READWRITE,
            }[section.is_executable, section.is_writable]
            content = backing.read(section.raw_offset, section.file_bytes)
            self._fill(base + section.virtual_address, round_up(section.virtual_size, PAGE), content, protection)
        return base

    def _fill(self, address: int, size: int, content: bytes, protection: int) -> None:
        padded = content.ljust(size, b"\0")
        for at in range(0, size, PAGE):
            self.memory.pages[(address + at) // PAGE] = (bytearray(padded[at : at + PAGE]), protection)

    def unmap(self, base: int) -> None:
        for page in range(base // PAGE, (base + self._sizes.pop(base)) // PAGE):
            self.memory.pages.pop(page, None)

    def allocate(self, size: int, protection: int, address: int = 0) -> int:
        base = address or self._find_room(size)
        self._commit(base, size, protection)
        return base

    def free(self, address: int) -> None:
        self.unmap(address)

    def protect(self, address: int, size: int, protection: int) -> int:
        self.protect_calls.append((address, size, protection))
        old = self.memory.pages[address // PAGE][1]
        for page in range(address // PAGE, (address + size + PAGE - 1) // PAGE):
            self.memory.pages[page] = (self.memory.pages[page][0], protection)
        return old
