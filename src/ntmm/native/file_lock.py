"""NtLockFile and NtUnlockFile; what locks mean for reads and writes."""

from ntmm.kernel.io.constants import FILE_READ_DATA, FILE_WRITE_DATA
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import File, FileObject
from ntmm.kernel.io.locks import ByteRange
from ntmm.kernel.ob import Event
from ntmm.native.call import Call
from ntmm.native.file import READING, WRITING, answers_status, lookup_file
from ntmm.native.io_request import IoRequest, write_io_status
from ntmm.native.service_table import service
from ntmm.native.transfer_rules import lock_owner
from ntmm.nt.status import Status


def _lockable(file: File) -> FileObject:
    if not isinstance(file, FileObject) or file.is_directory:
        raise IoFailure(Status.INVALID_PARAMETER)
    file.require(FILE_READ_DATA | FILE_WRITE_DATA)
    return file


def lock_file(
    call: Call, file: File, where: ByteRange, exclusive: bool, fail_immediately: bool, key: int = 0
) -> Status:
    """Locks a range; waits until it is free, or answers LOCK_NOT_GRANTED. Raises IoFailure."""
    target = _lockable(file)
    locks = target.block.locks
    while not locks.take(where, target, lock_owner(call, key), exclusive):
        if fail_immediately:
            return Status.LOCK_NOT_GRANTED
        released = Event(call.kernel.scheduler, True, False)
        locks.when_released(released.set)
        call.kernel.scheduler.wait(call.thread, (released,), user_mode=True)
    return Status.SUCCESS


def unlock_file(call: Call, file: File, where: ByteRange, key: int = 0) -> None:
    """Gives up the lock of exactly this range. Raises IoFailure: RANGE_NOT_LOCKED."""
    target = _lockable(file)
    target.block.locks.release(where, target, lock_owner(call, key))


@service("ntdll", "NtLockFile", "h h p p p p p u32 u32 u32")
@answers_status
def NtLockFile(
    call: Call,
    handle: int,
    event: int,
    apc_routine: int,
    apc_context: int,
    io_status: int,
    byte_offset: int,
    length: int,
    key: int,
    fail_immediately: int,
    exclusive: int,
) -> int:
    """Locks a range of bytes for this open of the file."""
    file, request = lookup_file(call, handle, READING | WRITING), IoRequest(event, apc_routine, apc_context, io_status)
    request.begin(call, file)
    where = ByteRange(call.memory.read_u64(byte_offset), call.memory.read_u64(length))
    status = lock_file(call, file, where, bool(exclusive & 0xFF), bool(fail_immediately & 0xFF), key)
    return request.complete(call, file, status, 0)


@service("ntdll", "NtUnlockFile", "h p p p u32")
@answers_status
def NtUnlockFile(call: Call, handle: int, io_status: int, byte_offset: int, length: int, key: int) -> int:
    """Gives up a lock; the range must be one that was locked."""
    where = ByteRange(call.memory.read_u64(byte_offset), call.memory.read_u64(length))
    unlock_file(call, lookup_file(call, handle, READING | WRITING), where, key)
    write_io_status(call, io_status, Status.SUCCESS, 0)
    return Status.SUCCESS
