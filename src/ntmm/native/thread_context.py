"""NtGetContextThread and NtSetContextThread: the registers of a thread, as they are when it is in user mode.

ContextFlags name the parts of a CONTEXT: 1 control, 2 integer, 4 segments, 8 floating point (x86: FSAVE layout),
0x20 the extended registers of x86. Debug registers read as zero.
"""

from typing import Final

from ntmm.kernel.ke.exceptions import CONTEXT_32_SIZE, CONTEXT_64_SIZE, capture_context, restore_context
from ntmm.kernel.ps import Thread
from ntmm.native.call import Call
from ntmm.native.handles import THREAD_GET_CONTEXT, THREAD_SET_CONTEXT, thread_of
from ntmm.native.service_table import service
from ntmm.nt.status import Status

_SMALLEST_32: Final = 0xCC
"""Bytes of a CONTEXT of x86 without its extended registers."""

_CONTROL, _INTEGER, _SEGMENTS, _FLOATING, _DEBUG, _EXTENDED = 1, 2, 4, 8, 0x10, 0x20

_PARTS_32: Final = (
    (_DEBUG, 0x04, 0x1C),
    (_FLOATING, 0x1C, 0x8C),
    (_SEGMENTS, 0x8C, 0x9C),
    (_INTEGER, 0x9C, 0xB4),
    (_CONTROL, 0xB4, 0xCC),
    (_EXTENDED, 0xCC, CONTEXT_32_SIZE),
)
"""(flag, start, end) in bytes: ContextFlags come first and are the caller's."""

_PARTS_64: Final = (
    (_FLOATING, 0x34, 0x38),
    (_CONTROL, 0x38, 0x3A),
    (_SEGMENTS, 0x3A, 0x42),
    (_CONTROL, 0x42, 0x48),
    (_DEBUG, 0x48, 0x78),
    (_INTEGER, 0x78, 0x98),
    (_CONTROL, 0x98, 0xA0),
    (_INTEGER, 0xA0, 0xF8),
    (_CONTROL, 0xF8, 0x100),
    (_FLOATING, 0x100, 0x300),
)


def get_context(call: Call, thread: Thread, address: int) -> Status:
    """Writes the parts of a CONTEXT that its flags ask for; THREAD_IS_TERMINATING once it has ended."""
    if thread.ended:
        return Status.THREAD_IS_TERMINATING
    is_64 = call.memory.pointer_size == 8
    flags = call.memory.read_u32(address + (0x30 if is_64 else 0))
    call.kernel.swapper.bring_stack_in(thread)
    data = capture_context(call.kernel.cpu, thread.context)
    for part, start, end in _PARTS_64 if is_64 else _PARTS_32:
        if flags & part:
            call.memory.write(address + start, data[start:end])
    return Status.SUCCESS


def set_context(call: Call, thread: Thread, address: int) -> Status:
    """Loads the parts of a CONTEXT that its flags name into a thread."""
    if thread.ended:
        return Status.THREAD_IS_TERMINATING
    call.memory.read(address, CONTEXT_64_SIZE if call.memory.pointer_size == 8 else _SMALLEST_32)  # may wait
    call.kernel.swapper.bring_stack_in(thread)
    restore_context(call.kernel.cpu, thread.context, call.memory, address)
    return Status.SUCCESS


@service("ntdll", "NtGetContextThread", "h p")
def NtGetContextThread(call: Call, thread: int, context: int) -> int:
    """The registers of a thread; meaningful while it is suspended."""
    return get_context(call, thread_of(call, thread, THREAD_GET_CONTEXT), context)


@service("ntdll", "NtSetContextThread", "h p")
def NtSetContextThread(call: Call, thread: int, context: int) -> int:
    """Changes the registers of a thread; for a waiting one they count when it is back in user mode."""
    return set_context(call, thread_of(call, thread, THREAD_SET_CONTEXT), context)
