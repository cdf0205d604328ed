"""UNICODE_STRING and UTF-16 text in guest memory."""

from ntmm.loader.arena import Arena
from ntmm.loader.errors import LoaderError
from ntmm.loader.space import Memory
from ntmm.nt.status import Status


def utf16(text: str) -> bytes:
    """UTF-16 without a final zero; lone surrogates pass through."""
    return text.encode("utf-16-le", "surrogatepass")


def unicode_string(memory: Memory, buffer: int, length: int, capacity: int) -> bytes:
    """A UNICODE_STRING structure; length and capacity are in bytes, at most 65535."""
    if capacity > 0xFFFF:
        raise LoaderError("a path or command line is longer than 32766 characters", Status.INVALID_PARAMETER)
    padding = bytes(memory.pointer_size - 4)
    head = length.to_bytes(2, "little") + capacity.to_bytes(2, "little") + padding
    return head + buffer.to_bytes(memory.pointer_size, "little")


def write_unicode_string(memory: Memory, arena: Arena, address: int, text: str) -> int:
    """Writes a UNICODE_STRING at `address` with its text in a new block, whose address is answered."""
    content = utf16(text)
    buffer = arena.store(content + b"\0\0")
    memory.write(address, unicode_string(memory, buffer, len(content), len(content) + 2))
    return buffer
