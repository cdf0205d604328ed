"""The 64-bit halves of a 32-bit process on a 64-bit machine: each PEB and TEB has a native one beside it.

32-bit code never looks at them; debuggers and memory-image readers do. They know of each other: the native TEB's
exception list names the 32-bit TEB, whose last words name the native one.
"""

from typing import Any, Final

_IMAGE_BASE: Final = 0x10
_SELF, _CLIENT_ID, _PEB = 0x30, 0x40, 0x60
_GDI_BATCH_COUNT: Final = 0xF70
"""Of the 32-bit TEB: where the native one is, as WOW64 keeps it."""


def write_native_peb(process: Any) -> None:
    """Fills the native PEB of a process that is loaded."""
    process.memory.write_u64(process.native_peb + _IMAGE_BASE, process.image_base)


def write_native_teb(thread: Any) -> None:
    """Fills the native TEB of a thread, and links the pair."""
    process, memory, native = thread.process, thread.process.memory, thread.native_teb
    memory.write_u64(native, thread.teb)
    memory.write_u64(native + _SELF, native)
    memory.write_u64(native + _CLIENT_ID, process.id)
    memory.write_u64(native + _CLIENT_ID + 8, thread.id)
    memory.write_u64(native + _PEB, process.native_peb)
    memory.write_u32(thread.teb + _GDI_BATCH_COUNT, native)
