"""jobapi.h: jobs, the groups of processes that have limits in common."""

from ntmm.kernel.ps.job import Job
from ntmm.native.call import Call
from ntmm.native.job import (
    JOB_LACKS,
    JOB_OBJECT_QUERY,
    JOB_OBJECT_SET_ATTRIBUTES,
    JOB_OBJECT_TERMINATE,
    assign,
    is_in_job,
    job_of,
    query_job,
    set_job,
)
from ntmm.native.service_table import service
from ntmm.nt.status import Status, is_error
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.synchapi import create_named, open_named


@service("kernel32", "CreateJobObjectW", "p p")
def CreateJobObjectW(call: Call, attributes: int, name: int) -> int:
    """A job without processes and limits, or the one that has the name already (last error 183)."""
    return create_named(call, attributes, name, True, call.kernel.ps.create_job())


@service("kernel32", "CreateJobObjectA", "p p")
def CreateJobObjectA(call: Call, attributes: int, name: int) -> int:
    """CreateJobObjectW with an ANSI name."""
    return create_named(call, attributes, name, False, call.kernel.ps.create_job())


@service("kernel32", "OpenJobObjectW", "u32 u32 p")
def OpenJobObjectW(call: Call, access: int, inherit: int, name: int) -> int:
    """A handle to a named job."""
    return open_named(call, name, True, Job, access, inherit)


@service("kernel32", "OpenJobObjectA", "u32 u32 p")
def OpenJobObjectA(call: Call, access: int, inherit: int, name: int) -> int:
    """OpenJobObjectW with an ANSI name."""
    return open_named(call, name, False, Job, access, inherit)


@service("kernel32", "AssignProcessToJobObject", "h h")
@failing(0)
def AssignProcessToJobObject(call: Call, job: int, process: int) -> int:
    """Puts a process into a job for good; ACCESS_DENIED (5) if it is in one already."""
    status = assign(call, job, process)
    return call.fail(status) if is_error(status) else 1


@service("kernel32", "TerminateJobObject", "h u32")
@failing(0)
def TerminateJobObject(call: Call, job: int, exit_code: int) -> int:
    """Ends all processes of a job."""
    job_of(call, job, JOB_OBJECT_TERMINATE).terminate(exit_code)
    return 1


@service("kernel32", "IsProcessInJob", "h h p")
@failing(0)
def IsProcessInJob(call: Call, process: int, job: int, result: int) -> int:
    """Whether a process is in a job, or for null in any."""
    call.memory.write_u32(result, int(is_in_job(call, process, job_of(call, job, JOB_OBJECT_QUERY) if job else None)))
    return 1


@service("kernel32", "QueryInformationJobObject", "h u32 p u32 p")
@failing(0)
def QueryInformationJobObject(call: Call, job: int, kind: int, buffer: int, length: int, return_length: int) -> int:
    """Accounting, limits or ids of a job, for null the caller's own."""
    target = job_of(call, job, JOB_OBJECT_QUERY) if job else call.process.job
    if target is None:
        raise Win32Failure(Win32Error.ACCESS_DENIED)
    status = query_job(call, target, kind, buffer, length, return_length)
    return 1 if status is Status.SUCCESS else call.fail(status)


@service("kernel32", "SetInformationJobObject", "h u32 p u32", lacks=JOB_LACKS)
@failing(0)
def SetInformationJobObject(call: Call, job: int, kind: int, buffer: int, length: int) -> int:
    """Limits of memory, working set and processes, or a completion port; other limits are 120."""
    status = set_job(call, job_of(call, job, JOB_OBJECT_SET_ATTRIBUTES), kind, buffer, length)
    if status is Status.NOT_IMPLEMENTED:
        raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)
    return call.fail(status) if is_error(status) else 1
