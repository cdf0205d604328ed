"""NtOpenProcess and NtOpenThread: handles by id."""

import struct

from ntmm.kernel.ob import OBJ_INHERIT, InvalidHandle, KernelObject, ObjectAttributes
from ntmm.kernel.ob.manager import open_for_debugging
from ntmm.native.call import Call
from ntmm.native.probe import probe_pointers
from ntmm.native.service_table import service
from ntmm.nt.status import Status


def open_process(call: Call, process_id: int, access: int, inherit: bool = False) -> int:
    """A handle to the process of an id, whose two low bits are ignored.

    Raises InvalidHandle: INVALID_CID, or ACCESS_DENIED where its descriptor refuses and the caller may not debug.
    """
    process = call.kernel.ps.find(process_id & ~3)
    if process is None:
        raise InvalidHandle(Status.INVALID_CID)
    return _open(call, process, access, inherit)


def open_thread(call: Call, thread_id: int, access: int, inherit: bool = False) -> int:
    """A handle to the thread of an id; raises InvalidHandle as `open_process`."""
    thread = call.kernel.ps.find_thread(thread_id & ~3)
    if thread is None:
        raise InvalidHandle(Status.INVALID_CID)
    return _open(call, thread, access, inherit)


def _open(call: Call, target: KernelObject, access: int, inherit: bool) -> int:
    asked = ObjectAttributes(flags=OBJ_INHERIT if inherit else 0)
    status, handle = open_for_debugging(call.requester, target, access, asked)
    if status != Status.SUCCESS:
        raise InvalidHandle(status)
    return handle


def _client_id(call: Call, address: int) -> tuple[int, int]:
    """Process and thread id of a CLIENT_ID."""
    pointer = call.memory.pointer_size
    process_id, thread_id = struct.unpack("<QQ" if pointer == 8 else "<II", call.memory.read(address, 2 * pointer))
    return process_id, thread_id


def _attributes(call: Call, address: int) -> tuple[bool, bool]:
    """(has a name, is inheritable) of an OBJECT_ATTRIBUTES."""
    pointer = call.memory.pointer_size
    name = call.memory.read_pointer(address + 2 * pointer)
    return bool(name), bool(call.memory.read_u32(address + 3 * pointer) & OBJ_INHERIT)


@service("ntdll", "NtOpenProcess", "p u32 p p")
def NtOpenProcess(call: Call, handle: int, access: int, attributes: int, client_id: int) -> int:
    """A handle to the process of a CLIENT_ID; processes have no names."""
    probe_pointers(call, handle)
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
    probe_pointers(call, handle)
    named, inherit = _attributes(call, attributes)
    if named or not client_id:
        return Status.OBJECT_NAME_NOT_FOUND if named else Status.INVALID_PARAMETER_MIX
    process_id, thread_id = _client_id(call, client_id)
    thread = call.kernel.ps.find_thread(thread_id & ~3)
    if thread is None or (process_id and thread.process.id != process_id & ~3):
        return Status.INVALID_CID
    call.memory.write_pointer(handle, open_thread(call, thread_id, access, inherit))
    return Status.SUCCESS
