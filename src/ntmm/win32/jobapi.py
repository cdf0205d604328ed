"""jobapi.h: jobs, the groups of processes that have limits in common."""

from ntmm.kernel.ps.job import Job
from ntmm.native.call import Call
from ntmm.native.job import JOB_OBJECT_ALL_ACCESS, assign, is_in_job, job_of, query_job, set_job
from ntmm.native.service_table import service
from ntmm.nt.status import Status, is_error
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.security_attributes import inherits
from ntmm.win32.text import ANSI, WIDE, StringKind


def _create_job(call: Call, kind: StringKind, attributes: int, name_address: int) -> int:
    call.set_last_error(Win32Error.SUCCESS)
    name = kind.read(call, name_address) if name_address else ""
    known = call.kernel.names.get(name) if name else None
    if known is not None and not isinstance(known, Job):
        raise Win32Failure(Win32Error.INVALID_HANDLE)
    if known is not None:
        call.set_last_error(Win32Error.ALREADY_EXISTS)
    job = known or call.kernel.ps.create_job()
    if name and known is None:
        call.kernel.names.insert(name, job)
    return call.process.handles.insert(job, JOB_OBJECT_ALL_ACCESS, inherits(call, attributes))


@service("kernel32", "CreateJobObjectW", "p p")
@failing(0)
def CreateJobObjectW(call: Call, attributes: int, name: int) -> int:
    """A job without processes and limits, or the one that has the name already (last error 183)."""
    return _create_job(call, WIDE, attributes, name)


@service("kernel32", "CreateJobObjectA", "p p")
@failing(0)
def CreateJobObjectA(call: Call, attributes: int, name: int) -> int:
    """CreateJobObjectW with an ANSI name."""
    return _create_job(call, ANSI, attributes, name)


def _open_job(call: Call, kind: StringKind, access: int, inherit: int, name: int) -> int:
    job = call.kernel.names.get(kind.read(call, name))
    if job is None:
        raise Win32Failure(Win32Error.FILE_NOT_FOUND)
    if not isinstance(job, Job):
        raise Win32Failure(Win32Error.INVALID_HANDLE)
    return call.process.handles.insert(job, access, bool(inherit))


@service("kernel32", "OpenJobObjectW", "u32 u32 p")
@failing(0)
def OpenJobObjectW(call: Call, access: int, inherit: int, name: int) -> int:
    """A handle to a named job."""
    return _open_job(call, WIDE, access, inherit, name)


@service("kernel32", "OpenJobObjectA", "u32 u32 p")
@failing(0)
def OpenJobObjectA(call: Call, access: int, inherit: int, name: int) -> int:
    """OpenJobObjectW with an ANSI name."""
    return _open_job(call, ANSI, access, inherit, name)


def _answer(call: Call, status: Status) -> int:
    """TRUE, or FALSE with the error: 120 for what is not implemented."""
    if status is Status.NOT_IMPLEMENTED:
        raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)
    return call.fail(status) if is_error(status) else 1


@service("kernel32", "AssignProcessToJobObject", "h h")
@failing(0)
def AssignProcessToJobObject(call: Call, job: int, process: int) -> int:
    """Puts a process into a job for good; ACCESS_DENIED (5) if it is in one already."""
    return _answer(call, assign(call, job, process))


@service("kernel32", "TerminateJobObject", "h u32")
@failing(0)
def TerminateJobObject(call: Call, job: int, exit_code: int) -> int:
    """Ends all processes of a job."""
    job_of(call, job).terminate(exit_code)
    return 1


@service("kernel32", "IsProcessInJob", "h h p")
@failing(0)
def IsProcessInJob(call: Call, process: int, job: int, result: int) -> int:
    """Whether a process is in a job, or for null in any."""
    call.memory.write_u32(result, int(is_in_job(call, process, job_of(call, job) if job else None)))
    return 1


@service("kernel32", "QueryInformationJobObject", "h u32 p u32 p")
@failing(0)
def QueryInformationJobObject(call: Call, job: int, kind: int, buffer: int, length: int, return_length: int) -> int:
    """Accounting, limits or ids of a job, for null the caller's own."""
    target = job_of(call, job) if job else call.process.job
    if target is None:
        raise Win32Failure(Win32Error.ACCESS_DENIED)
    status = query_job(call, target, kind, buffer, length, return_length)
    return 1 if status is Status.SUCCESS else call.fail(status)


@service("kernel32", "SetInformationJobObject", "h u32 p u32")
@failing(0)
def SetInformationJobObject(call: Call, job: int, kind: int, buffer: int, length: int) -> int:
    """Limits of memory, working set and processes, or a completion port; other limits are 120."""
    return _answer(call, set_job(call, job_of(call, job), kind, buffer, length))
