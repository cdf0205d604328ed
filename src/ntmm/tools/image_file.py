"""The bytes of an image's file as a debugger reads them: no page of the program is touched."""

from typing import Any, Final

from ntmm.kernel.boot import Kernel
from ntmm.kernel.ps import Process
from ntmm.loader.modules import LoadedModule

_LONGEST_NAME: Final = 512


class ImageFile:
    """The file behind a loaded module, by offset in the mapped image or in the file itself."""

    def __init__(self, kernel: Kernel, process: Process, module: LoadedModule) -> None:
        """Raises ValueError where the module is no view of an image."""
        self._page = kernel.architecture.page_size
        vad = process.space.vads.find(module.base // self._page)
        if vad is None or vad.control_area is None:
            raise ValueError("no view of an image")
        self._area: Any = vad.control_area
        self._pages: dict[int, bytes] = {}
        self._mapped_size = self._area.total_pages * self._page

    def read(self, offset: int, size: int) -> bytes:
        """`size` bytes of the image; raises ValueError where it has none. What the file does not hold is zero."""
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
        size = min(_LONGEST_NAME, max(0, self._mapped_size - offset))
        return self.read(offset, size).partition(b"\0")[0].decode("latin-1")

    def read_file(self, place: int, size: int) -> bytes:
        """Bytes at an offset of the file, fewer at its end."""
        content: bytes = self._area.backing.read(place, size)
        return content
