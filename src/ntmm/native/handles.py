"""What handle arguments stand for: pseudo-handles and the objects of the caller's table."""

from typing import Final

from ntmm.kernel.ob import InvalidHandle
from ntmm.kernel.ps import Process, Thread
from ntmm.native.call import Call
from ntmm.nt.status import Status

CURRENT_PROCESS: Final = -1
CURRENT_THREAD: Final = -2

PROCESS_TERMINATE: Final = 0x1
PROCESS_CREATE_THREAD: Final = 0x2
PROCESS_VM_OPERATION: Final = 0x8
PROCESS_VM_READ: Final = 0x10
PROCESS_VM_WRITE: Final = 0x20
PROCESS_DUP_HANDLE: Final = 0x40
PROCESS_CREATE_PROCESS: Final = 0x80
PROCESS_SET_QUOTA: Final = 0x100
PROCESS_SET_INFORMATION: Final = 0x200
PROCESS_QUERY_INFORMATION: Final = 0x400
PROCESS_ALL_ACCESS: Final = 0x1F0FFF

THREAD_TERMINATE: Final = 0x1
THREAD_SUSPEND_RESUME: Final = 0x2
THREAD_GET_CONTEXT: Final = 0x8
THREAD_SET_CONTEXT: Final = 0x10
THREAD_SET_INFORMATION: Final = 0x20
THREAD_QUERY_INFORMATION: Final = 0x40
THREAD_SET_THREAD_TOKEN: Final = 0x80
THREAD_ALL_ACCESS: Final = 0x1F03FF


def process_of(call: Call, handle: int, access: int = 0) -> Process:
    """The process of a handle; -1 is the caller's own. Raises InvalidHandle, also where rights of `access` lack."""
    if handle == CURRENT_PROCESS:
        return call.process
    return call.process.handles.lookup(handle, Process, access)


def thread_of(call: Call, handle: int, access: int = 0) -> Thread:
    """The thread of a handle; -2 is the caller. Raises InvalidHandle, also where rights of `access` lack."""
    if handle == CURRENT_THREAD:
        return call.thread
    return call.process.handles.lookup(handle, Thread, access)


class TargetProcess:
    """The process of a handle while a service works in its memory, which stays until then.

    Raises InvalidHandle: for a bad handle, where rights of `access` lack, and PROCESS_IS_TERMINATING once it has ended
    (ExAcquireRundownProtection of EPROCESS.RundownProtect).
    """

    __slots__ = ("_is_other", "_process")

    def __init__(self, call: Call, handle: int, access: int = 0) -> None:
        self._process = process_of(call, handle, access)
        self._is_other = self._process is not call.process

    def __enter__(self) -> Process:
        if self._process.ended:
            raise InvalidHandle(Status.PROCESS_IS_TERMINATING)
        if self._is_other:
            self._process.reference()
        return self._process

    def __exit__(self, *error: object) -> None:
        if self._is_other:
            self._process.dereference()
