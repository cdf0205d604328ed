"""NtQueryInformationThread: THREAD_BASIC_INFORMATION; NtSetInformationThread: the token to impersonate with."""

import struct
from typing import Final

from ntmm.kernel.ob import TokenObject
from ntmm.kernel.ps import Thread
from ntmm.kernel.ps.impersonate import impersonate, revert_to_self
from ntmm.native.call import Call
from ntmm.native.handles import THREAD_QUERY_INFORMATION, THREAD_SET_THREAD_TOKEN, thread_of
from ntmm.native.service_table import service
from ntmm.native.token_access import TOKEN_IMPERSONATE
from ntmm.nt.status import Status

THREAD_BASIC_INFORMATION: Final = 0
THREAD_IMPERSONATION_TOKEN: Final = 5
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


def set_thread_token(call: Call, thread: Thread, token: int) -> Status:
    """Lets a thread impersonate with the token of a handle; 0 ends that. Raises InvalidHandle."""
    if not token:
        revert_to_self(thread)
        return Status.SUCCESS
    return impersonate(thread, call.process.handles.lookup(token, TokenObject, TOKEN_IMPERSONATE))


@service("ntdll", "NtSetInformationThread", "h u32 p u32", lacks="all classes but ThreadImpersonationToken")
def NtSetInformationThread(call: Call, thread: int, information_class: int, buffer: int, length: int) -> int:
    """THREAD_IMPERSONATION_TOKEN, a handle of pointer size; other classes are NOT_IMPLEMENTED."""
    if information_class != THREAD_IMPERSONATION_TOKEN:
        return Status.NOT_IMPLEMENTED
    if length != call.memory.pointer_size:
        return Status.INFO_LENGTH_MISMATCH
    target = thread_of(call, thread, THREAD_SET_THREAD_TOKEN)
    return set_thread_token(call, target, call.memory.read_pointer(buffer) & 0xFFFFFFFF)
