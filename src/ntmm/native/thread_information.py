"""NtQueryInformationThread: THREAD_BASIC_INFORMATION; other classes are unknown."""

import struct
from typing import Final

from ntmm.native.call import Call
from ntmm.native.handles import THREAD_QUERY_INFORMATION, thread_of
from ntmm.native.service_table import service
from ntmm.nt.status import Status

THREAD_BASIC_INFORMATION: Final = 0
_NORMAL_PRIORITY: Final = 8


@service("ntdll", "NtQueryInformationThread", "h u32 p u32 p")
def NtQueryInformationThread(
    call: Call, thread: int, information_class: int, buffer: int, length: int, return_length: int
) -> int:
    """Exit status, TEB, ids, affinity and priority of a thread: 28 or 48 bytes."""
    if information_class != THREAD_BASIC_INFORMATION:
        return Status.INVALID_INFO_CLASS
    target = thread_of(call, thread, THREAD_QUERY_INFORMATION)
    form = struct.Struct("<I4x4Qii" if call.memory.pointer_size == 8 else "<5Iii")
    if length != form.size:
        return Status.INFO_LENGTH_MISMATCH
    everyone = (1 << call.kernel.profile.reported_processors) - 1
    place = (target.teb, target.process.id, target.id, everyone)
    call.memory.write(buffer, form.pack(target.exit_status, *place, target.priority, _NORMAL_PRIORITY))
    if return_length:
        call.memory.write_u32(return_length, form.size)
    return Status.SUCCESS
