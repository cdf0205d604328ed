"""OVERLAPPED, the request block of a read, a write or a lock. Every request has completed when its call returns."""

from ntmm.kernel.ob import Event
from ntmm.native.call import Call
from ntmm.native.synchronization import MODIFY_STATE


class Overlapped:
    """An OVERLAPPED: Internal, InternalHigh, Offset, OffsetHigh, hEvent."""

    def __init__(self, call: Call, address: int) -> None:
        self._call = call
        self._address = address
        self._pointer_size: int = call.memory.pointer_size

    @property
    def offset(self) -> int:
        """Where in the file to start."""
        return self._call.memory.read_u64(self._address + 2 * self._pointer_size)

    def complete(self, status: int, count: int) -> None:
        """Stores the outcome and signals the event."""
        memory = self._call.memory
        memory.write_pointer(self._address, status)
        memory.write_pointer(self._address + self._pointer_size, count)
        event = memory.read_pointer(self._address + 2 * self._pointer_size + 8)
        if event:
            self._call.process.handles.lookup(event & 0xFFFFFFFE, Event, MODIFY_STATE).set()
