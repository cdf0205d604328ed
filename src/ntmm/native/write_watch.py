"""NtGetWriteWatch and NtResetWriteWatch."""

from typing import Final

from ntmm.native.call import Call
from ntmm.native.handles import PROCESS_VM_OPERATION, TargetProcess
from ntmm.native.service_table import service
from ntmm.nt.status import Status

WRITE_WATCH_FLAG_RESET: Final = 1


@service("ntdll", "NtGetWriteWatch", "h u32 p p p p p")
def NtGetWriteWatch(
    call: Call, process: int, flags: int, base: int, size: int, addresses: int, count_address: int, granularity: int
) -> int:
    """Addresses of the pages that were written, in ascending order, their number and the size of a page.

    INVALID_PARAMETER_2 for unknown flags, _5 for an array without entries; of the range as MmGetWriteWatch.
    """
    if flags & ~WRITE_WATCH_FLAG_RESET:
        return Status.INVALID_PARAMETER_2
    memory = call.memory
    room = memory.read_pointer(count_address)
    memory.write_pointer(count_address, room)
    if not room or room > (1 << 8 * memory.pointer_size) // memory.pointer_size:
        return Status.INVALID_PARAMETER_5
    with TargetProcess(call, process, PROCESS_VM_OPERATION) as target:
        result = call.kernel.mm.get_write_watch(target, base, size, room, bool(flags & WRITE_WATCH_FLAG_RESET))
    if result.status is Status.SUCCESS:
        width = memory.pointer_size
        memory.write(addresses, b"".join(address.to_bytes(width, "little") for address in result.addresses))
        memory.write_pointer(count_address, len(result.addresses))
        memory.write_u32(granularity, memory.page_size)
    return result.status


@service("ntdll", "NtResetWriteWatch", "h p p")
def NtResetWriteWatch(call: Call, process: int, base: int, size: int) -> int:
    """No page of the range counts as written from now on."""
    with TargetProcess(call, process, PROCESS_VM_OPERATION) as target:
        return call.kernel.mm.reset_write_watch(target, base, size)
