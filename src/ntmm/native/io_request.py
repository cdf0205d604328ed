"""A request's parameters that say how its end is told: event, APC routine, completion port, status block.

Requests have completed when their service returns (IopSynchronousServiceTail, IopCompleteRequest), but for those of
pipes (`pipe_request`).
"""

from dataclasses import dataclass
from typing import Final

from ntmm.kernel.io.completion import Packet
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import File
from ntmm.kernel.ke.access import GuestMemory
from ntmm.kernel.ke.apc import UserApc
from ntmm.kernel.ob import Event
from ntmm.native.call import Call
from ntmm.nt.status import Status, is_error

EVENT_MODIFY_STATE: Final = 2


def store_io_status(memory: GuestMemory, address: int, status: int, information: int) -> None:
    """Fills an IO_STATUS_BLOCK in the memory of some process."""
    memory.write_u32(address, status)
    memory.write_pointer(address + memory.pointer_size, information)


def write_io_status(call: Call, address: int, status: int, information: int) -> None:
    """Fills an IO_STATUS_BLOCK."""
    store_io_status(call.memory, address, status, information)


@dataclass(frozen=True, slots=True)
class IoRequest:
    """The second to fifth parameter of NtReadFile and its like: an event's handle, a routine, what names the request
    to the routine or the completion port, and the address of the status block.
    """

    event: int
    apc_routine: int
    apc_context: int
    io_status: int

    def begin(self, call: Call, file: File) -> None:
        """Clears the event; raises IoFailure and InvalidHandle where the parameters do not go together."""
        if self.apc_routine and file.completion is not None:
            raise IoFailure(Status.INVALID_PARAMETER)
        if self.event:
            call.process.handles.lookup(self.event, Event, EVENT_MODIFY_STATE).reset()

    def complete(self, call: Call, file: File, status: int, information: int) -> int:
        """Tells of the end and answers the status. An error goes to no routine and no port: the caller has it."""
        write_io_status(call, self.io_status, status, information)
        if self.event:
            call.process.handles.lookup(self.event, Event, EVENT_MODIFY_STATE).set()
        if is_error(status):
            return status
        if self.apc_routine:
            apc = UserApc(self.apc_routine, self.apc_context, self.io_status, 0)
            call.kernel.scheduler.queue_user_apc(call.thread, apc)
        elif file.completion is not None and self.apc_context:
            port, key = file.completion
            port.post(Packet(key, self.apc_context, status, information))
        return status
