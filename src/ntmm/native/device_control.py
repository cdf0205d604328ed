"""NtDeviceIoControlFile and NtFsControlFile: what a program asks of a device itself. No device here knows a code."""

from ntmm.native.call import Call
from ntmm.native.file import answers_status, lookup_file
from ntmm.native.service_table import service
from ntmm.nt.status import Status


def _control(call: Call, handle: int) -> int:
    """INVALID_DEVICE_REQUEST before anything is queued: no event is set and no APC comes."""
    lookup_file(call, handle)
    return Status.INVALID_DEVICE_REQUEST


@service("ntdll", "NtDeviceIoControlFile", "h h p p p u32 p u32 p u32")
@answers_status
def NtDeviceIoControlFile(call: Call, handle: int, *request: int) -> int:
    """Event, APC routine, its context, status block, code, input and its size, output and its size."""
    return _control(call, handle)


@service("ntdll", "NtFsControlFile", "h h p p p u32 p u32 p u32")
@answers_status
def NtFsControlFile(call: Call, handle: int, *request: int) -> int:
    """As NtDeviceIoControlFile, of the file system."""
    return _control(call, handle)
