"""GetWriteWatch and ResetWriteWatch: which pages of a region with MEM_WRITE_WATCH were written."""

from typing import Final

from ntmm.native.call import Call
from ntmm.native.handles import CURRENT_PROCESS
from ntmm.native.service_table import service
from ntmm.native.write_watch import NtGetWriteWatch, NtResetWriteWatch
from ntmm.nt.status import is_success
from ntmm.win32.failing import probing

_FAILED: Final = 0xFFFFFFFF


@service("kernel32", "GetWriteWatch", "u32 p p p p p")
@probing(_FAILED)
def GetWriteWatch(call: Call, flags: int, base: int, size: int, addresses: int, count: int, granularity: int) -> int:
    """0, or all ones with INVALID_PARAMETER; addresses, their number and the size of a page as NtGetWriteWatch."""
    return _answer(call, NtGetWriteWatch(call, CURRENT_PROCESS, flags, base, size, addresses, count, granularity))


@service("kernel32", "ResetWriteWatch", "p p")
def ResetWriteWatch(call: Call, base: int, size: int) -> int:
    """0, or all ones with INVALID_PARAMETER."""
    return _answer(call, NtResetWriteWatch(call, CURRENT_PROCESS, base, size))


def _answer(call: Call, status: int) -> int:
    if is_success(status):
        return 0
    call.fail(status)
    return _FAILED
