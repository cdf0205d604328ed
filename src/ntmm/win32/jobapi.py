"""jobapi.h: there are no jobs: no process is in one, and none can be made."""

from ntmm.native.call import Call
from ntmm.native.handles import PROCESS_QUERY_INFORMATION, process_of
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing


def _no_jobs(name: str, argument_kinds: str) -> None:
    @service("kernel32", name, argument_kinds, implemented=False)
    @failing(0)
    def refuse(call: Call, *arguments: int) -> int:
        """Jobs are not implemented: CALL_NOT_IMPLEMENTED."""
        raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)


_no_jobs("CreateJobObjectW", "p p")
_no_jobs("CreateJobObjectA", "p p")
_no_jobs("OpenJobObjectW", "u32 u32 p")
_no_jobs("OpenJobObjectA", "u32 u32 p")
_no_jobs("AssignProcessToJobObject", "h h")
_no_jobs("TerminateJobObject", "h u32")
_no_jobs("SetInformationJobObject", "h u32 p u32")
_no_jobs("QueryInformationJobObject", "h u32 p u32 p")


@service("kernel32", "IsProcessInJob", "h h p")
@failing(0)
def IsProcessInJob(call: Call, process: int, job: int, result: int) -> int:
    """FALSE is stored: no process is in a job."""
    process_of(call, process, PROCESS_QUERY_INFORMATION)
    call.memory.write_u32(result, 0)
    return 1
