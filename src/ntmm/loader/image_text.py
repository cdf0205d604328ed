"""Reading names inside mapped images."""

from typing import Final

from ntmm.loader.modules import LoadedModule
from ntmm.loader.space import Memory

_PART: Final = 256


def read_text(memory: Memory, module: LoadedModule, address: int, limit: int) -> bytes | None:
    """The bytes at an RVA up to a zero byte, or the first `limit` of them; None if they lead outside the image.

    No page is touched behind the one that holds the zero.
    """
    text = b""
    while len(text) < limit:
        at = address + len(text)
        if at >= module.size:
            return None
        size = min(_PART, limit - len(text), 0x1000 - at % 0x1000, module.size - at)
        before, zero, _ = memory.read(module.base + at, size).partition(b"\0")
        text += before
        if zero:
            break
    return text
