"""NtOpenProcess and NtOpenThread: handles by id."""

import struct
from typing import Final

from ntmm.kernel.ob import InvalidHandle, KernelObject
from ntmm.native.call import Call
from ntmm.native.handles import PROCESS_ALL_ACCESS, THREAD_ALL_ACCESS
from ntmm.native.service_table import service
from ntmm.nt.status import Status

_MAXIMUM_ALLOWED: Final = 0x02000000
_GENERIC_ALL: Final = 0x10000000
_GENERIC_EXECUTE: Final = 0x20000000
_GENERIC_WRITE: Final = 0x40000000
_GENERIC_READ: Final = 0x80000000
_INHERIT: Final = 2

_PROCESS_GENERIC: Final = ((_GENERIC_READ, 0x20410), (_GENERIC_WRITE, 0x20BEB), (_GENERIC_EXECUTE, 0x120000))
_THREAD_GENERIC: Final = ((_GENERIC_READ, 0x20048), (_GENERIC_WRITE, 0x20037), (_GENERIC_EXECUTE, 0x120000))
"""What the generic rights stand for (GENERIC_MAPPING of the object types)."""


def _granted(access: int, generic: tuple[tuple[int, int], ...], everything: int) -> int:
    granted = access & everything
    for bit, rights in generic:
        if access & bit:
            granted |= rights
    return everything if access & (_GENERIC_ALL | _MAXIMUM_ALLOWED) else granted


def open_process(call: Call, process_id: int, access: int, inherit: bool = False) -> int:
    """A handle to the process of an id, whose two low bits are ignored; raises InvalidHandle(INVALID_CID)."""
    process = call.kernel.ps.find(process_id & ~3)
    if process is None:
        raise InvalidHandle(Status.INVALID_CID)
    return _insert(call, process, _granted(access, _PROCESS_GENERIC, PROCESS_ALL_ACCESS), inherit)


def open_thread(call: Call, thread_id: int, access: int, inherit: bool = False) -> int:
    """A handle to the thread of an id; raises InvalidHandle(INVALID_CID)."""
    thread = call.kernel.ps.find_thread(thread_id & ~3)
    if thread is None:
        raise InvalidHandle(Status.INVALID_CID)
    return _insert(call, thread, _granted(access, _THREAD_GENERIC, THREAD_ALL_ACCESS), inherit)


def _insert(call: Call, target: KernelObject, access: int, inherit: bool) -> int:
    return call.process.handles.insert(target, access, inherit)


def _client_id(call: Call, address: int) -> tuple[int, int]:
    """Process and thread id of a CLIENT_ID."""
    pointer = call.memory.pointer_size
    process_id, thread_id = struct.unpack("<QQ" if pointer == 8 else "<II", call.memory.read(address, 2 * pointer))
    return process_id, thread_id


def _attributes(call: Call, address: int) -> tuple[bool, bool]:
    """(has a name, is inheritable) of an OBJECT_ATTRIBUTES."""
    pointer = call.memory.pointer_size
    name = call.memory.read_pointer(address + 2 * pointer)
    return bool(name), bool(call.memory.read_u32(address + 3 * pointer) & _INHERIT)


@service("ntdll", "NtOpenProcess", "p u32 p p")
def NtOpenProcess(call: Call, handle: int, access: int, attributes: int, client_id: int) -> int:
    """A handle to the process of a CLIENT_ID; processes have no names."""
    named, inherit = _attributes(call, attributes)
    if named or not client_id:
        return Status.OBJECT_NAME_NOT_FOUND if named else Status.INVALID_PARAMETER_MIX
    process_id, thread_id = _client_id(call, client_id)
    if thread_id:
        thread = call.kernel.ps.find_thread(thread_id & ~3)
        if thread is None or thread.process.id != process_id & ~3:
            return Status.INVALID_CID
    call.memory.write_pointer(handle, open_process(call, process_id, access, inherit))
    return Status.SUCCESS


@service("ntdll", "NtOpenThread", "p u32 p p")
def NtOpenThread(call: Call, handle: int, access: int, attributes: int, client_id: int) -> int:
    """A handle to the thread of a CLIENT_ID; its process is compared where it is given."""
    named, inherit = _attributes(call, attributes)
    if named or not client_id:
        return Status.OBJECT_NAME_NOT_FOUND if named else Status.INVALID_PARAMETER_MIX
    process_id, thread_id = _client_id(call, client_id)
    thread = call.kernel.ps.find_thread(thread_id & ~3)
    if thread is None or (process_id and thread.process.id != process_id & ~3):
        return Status.INVALID_CID
    call.memory.write_pointer(handle, open_thread(call, thread_id, access, inherit))
    return Status.SUCCESS
