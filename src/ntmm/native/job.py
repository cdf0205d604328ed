"""Jobs: NtCreateJobObject, NtAssignProcessToJobObject, NtTerminateJobObject, NtIsProcessInJob and their information."""

import struct
from collections.abc import Callable
from typing import Final

from ntmm.kernel.io.completion import CompletionPlace, IoCompletion
from ntmm.kernel.ps import Process
from ntmm.kernel.ps.job import (
    LIMIT_ACTIVE_PROCESS,
    LIMIT_BREAKAWAY_OK,
    LIMIT_DIE_ON_UNHANDLED_EXCEPTION,
    LIMIT_JOB_MEMORY,
    LIMIT_KILL_ON_JOB_CLOSE,
    LIMIT_PROCESS_MEMORY,
    LIMIT_SILENT_BREAKAWAY_OK,
    LIMIT_WORKINGSET,
    Job,
    JobLimits,
)
from ntmm.native.call import Call
from ntmm.native.handles import PROCESS_QUERY_INFORMATION, PROCESS_SET_QUOTA, PROCESS_TERMINATE, process_of
from ntmm.native.object_attributes import create_from_attributes, open_from_attributes
from ntmm.native.service_table import service
from ntmm.nt.status import Status

JOB_LACKS: Final = "limits of time, affinity, priority, scheduling, user interface and security"
JOB_OBJECT_ASSIGN_PROCESS: Final = 0x1
JOB_OBJECT_SET_ATTRIBUTES: Final = 0x2
JOB_OBJECT_QUERY: Final = 0x4
JOB_OBJECT_TERMINATE: Final = 0x8

BASIC_ACCOUNTING: Final = 1
BASIC_LIMIT: Final = 2
BASIC_PROCESS_ID_LIST: Final = 3
BASIC_UI_RESTRICTIONS: Final = 4
ASSOCIATE_COMPLETION_PORT: Final = 7
BASIC_AND_IO_ACCOUNTING: Final = 8
EXTENDED_LIMIT: Final = 9
_LAST_CLASS: Final = 9

_BASIC_FLAGS: Final = LIMIT_WORKINGSET | LIMIT_ACTIVE_PROCESS
_EXTENDED_FLAGS: Final = (
    _BASIC_FLAGS
    | LIMIT_PROCESS_MEMORY
    | LIMIT_JOB_MEMORY
    | LIMIT_DIE_ON_UNHANDLED_EXCEPTION
    | LIMIT_BREAKAWAY_OK
    | LIMIT_SILENT_BREAKAWAY_OK
    | LIMIT_KILL_ON_JOB_CLOSE
)
_KNOWN_FLAGS: Final = 0x3FFF
"""The rest: limits of time, affinity, priority and scheduling, which are not implemented."""
_IO_COUNTERS: Final = bytes(48)


def _basic_form(call: Call) -> struct.Struct:
    """Two times, the flags, two working-set sizes, the number of processes, affinity, two priorities."""
    return struct.Struct("<qqI4xQQI4xQII" if call.memory.pointer_size == 8 else "<qqIIIIIII4x")


def _memory_form(call: Call) -> struct.Struct:
    """The four sizes behind the I/O counters."""
    return struct.Struct("<4Q" if call.memory.pointer_size == 8 else "<4I")


def _accounting(call: Call, job: Job) -> bytes:
    times = job.past_time_100ns + sum(call.kernel.ps.run_time_of(process) for process in job.active)
    faults = job.past_faults + sum(process.space.page_fault_count for process in job.active)
    counts = (faults & 0xFFFFFFFF, job.total, len(job.active), job.terminated)
    return struct.pack("<4q4I", times, 0, times, 0, *counts)


def _basic_limit(call: Call, job: Job) -> bytes:
    limits = job.limits
    sizes = (limits.minimum_working_set, limits.maximum_working_set)
    return _basic_form(call).pack(0, 0, limits.flags, *sizes, limits.active_processes, 0, 0, 5)


def _extended_limit(call: Call, job: Job) -> bytes:
    page, limits, commit = call.kernel.architecture.page_size, job.limits, job.commit
    sizes = (limits.process_memory, limits.job_memory, commit.process_peak * page, commit.peak * page)
    return _basic_limit(call, job) + _IO_COUNTERS + _memory_form(call).pack(*sizes)


_QUERIES: Final[dict[int, Callable[[Call, Job], bytes]]] = {
    BASIC_ACCOUNTING: _accounting,
    BASIC_LIMIT: _basic_limit,
    BASIC_UI_RESTRICTIONS: lambda call, job: bytes(4),
    BASIC_AND_IO_ACCOUNTING: lambda call, job: _accounting(call, job) + _IO_COUNTERS,
    EXTENDED_LIMIT: _extended_limit,
}


def _id_list(call: Call, job: Job, length: int) -> tuple[Status, bytes]:
    """JOBOBJECT_BASIC_PROCESS_ID_LIST; BUFFER_OVERFLOW with as many ids as fit."""
    size = call.memory.pointer_size
    if length < 8 + size:
        return Status.INFO_LENGTH_MISMATCH, b""
    ids = [process.id for process in job.active][: (length - 8) // size]
    data = struct.pack("<II", len(job.active), len(ids)) + b"".join(number.to_bytes(size, "little") for number in ids)
    return Status.SUCCESS if len(ids) == len(job.active) else Status.BUFFER_OVERFLOW, data


def query_job(call: Call, job: Job, kind: int, buffer: int, length: int, return_length: int) -> Status:
    """Writes one class of information; its length must be exact, but for the list of ids."""
    status = Status.SUCCESS
    if kind == BASIC_PROCESS_ID_LIST:
        status, data = _id_list(call, job, length)
    elif kind in _QUERIES:
        data = _QUERIES[kind](call, job)
        status = Status.SUCCESS if len(data) == length else Status.INFO_LENGTH_MISMATCH
    else:
        return Status.INVALID_INFO_CLASS
    if status is Status.INFO_LENGTH_MISMATCH:
        return status
    call.memory.write(buffer, data)
    if return_length:
        call.memory.write_u32(return_length, len(data))
    return status


def _read_limits(call: Call, buffer: int, extended: bool) -> tuple[Status, JobLimits]:
    form = _basic_form(call)
    _, _, flags, minimum, maximum, active, *_ = form.unpack(call.memory.read(buffer, form.size))
    if flags & ~_KNOWN_FLAGS or (flags & _EXTENDED_FLAGS & ~_BASIC_FLAGS and not extended):
        return Status.INVALID_PARAMETER, JobLimits()
    if flags & ~_EXTENDED_FLAGS:
        return Status.NOT_IMPLEMENTED, JobLimits()
    if flags & LIMIT_WORKINGSET and not 0 < minimum <= maximum:
        return Status.INVALID_PARAMETER, JobLimits()
    sizes = (0, 0)
    if extended:
        memory = _memory_form(call)
        sizes = memory.unpack(call.memory.read(buffer + form.size + len(_IO_COUNTERS), memory.size))[:2]
    return Status.SUCCESS, JobLimits(flags, minimum, maximum, active, *sizes)


def _set_limits(call: Call, job: Job, buffer: int, length: int, extended: bool) -> Status:
    expected = _basic_form(call).size + (len(_IO_COUNTERS) + _memory_form(call).size if extended else 0)
    if length != expected:
        return Status.INFO_LENGTH_MISMATCH
    status, limits = _read_limits(call, buffer, extended)
    if status is not Status.SUCCESS:
        return status
    job.set_limits(limits)
    for process in list(job.active):
        _limit_working_set(call, process, job)
    return Status.SUCCESS


def _limit_working_set(call: Call, process: Process, job: Job) -> None:
    """Gives a process the working set that its job prescribes; what RAM cannot promise stays as it is."""
    limits = job.limits
    if limits.flags & LIMIT_WORKINGSET:
        call.kernel.mm.set_working_set_limits(
            process,
            limits.minimum_working_set,
            limits.maximum_working_set,
            hard_minimum=None,
            hard_maximum=True,
            privileged=True,
        )


def _set_port(call: Call, job: Job, buffer: int, length: int) -> Status:
    """JOBOBJECT_ASSOCIATE_COMPLETION_PORT: key and port, once."""
    size = call.memory.pointer_size
    if length != 2 * size:
        return Status.INFO_LENGTH_MISMATCH
    if job.port is not None:
        return Status.INVALID_PARAMETER
    key, handle = call.memory.read_pointer(buffer), call.memory.read_pointer(buffer + size)
    port = call.process.handles.lookup((handle & 0x7FFFFFFF) - (handle & 0x80000000), IoCompletion, 2)
    port.reference()
    job.port = CompletionPlace(port, key)
    return Status.SUCCESS


def set_job(call: Call, job: Job, kind: int, buffer: int, length: int) -> Status:
    """Limits and the completion port; limits of time and of the user interface are NOT_IMPLEMENTED."""
    if kind in (BASIC_LIMIT, EXTENDED_LIMIT):
        return _set_limits(call, job, buffer, length, kind == EXTENDED_LIMIT)
    if kind == ASSOCIATE_COMPLETION_PORT:
        return _set_port(call, job, buffer, length)
    return Status.NOT_IMPLEMENTED if 0 < kind <= _LAST_CLASS else Status.INVALID_INFO_CLASS


def join_job(call: Call, job: Job, process: Process) -> Status:
    """Puts a process into a job, with its working set; ACCESS_DENIED if it is in one, QUOTA_EXCEEDED ends it."""
    if process.ended:
        return Status.PROCESS_IS_TERMINATING
    if process.job is not None:
        return Status.ACCESS_DENIED
    status = job.add(process)
    if status is Status.SUCCESS:
        _limit_working_set(call, process, job)
    elif not process.is_being_loaded:
        call.kernel.ps.exit_process(process, status)
    return status


def job_of(call: Call, handle: int, access: int) -> Job:
    """The job of a handle; raises InvalidHandle, also where rights of `access` lack."""
    return call.process.handles.lookup(handle, Job, access)


def assign(call: Call, job: int, process: int) -> Status:
    """Puts the process of a handle into the job of a handle. Raises InvalidHandle."""
    target = job_of(call, job, JOB_OBJECT_ASSIGN_PROCESS)
    return join_job(call, target, process_of(call, process, PROCESS_SET_QUOTA | PROCESS_TERMINATE))


@service("ntdll", "NtCreateJobObject", "p u32 p")
def NtCreateJobObject(call: Call, handle: int, access: int, attributes: int) -> int:
    """An empty job."""
    return create_from_attributes(call, handle, access, attributes, call.kernel.ps.create_job())


@service("ntdll", "NtOpenJobObject", "p u32 p")
def NtOpenJobObject(call: Call, handle: int, access: int, attributes: int) -> int:
    """A handle to a named job."""
    return open_from_attributes(call, handle, access, attributes, Job)


@service("ntdll", "NtAssignProcessToJobObject", "h h")
def NtAssignProcessToJobObject(call: Call, job: int, process: int) -> int:
    """Puts a process into a job for good."""
    return assign(call, job, process)


@service("ntdll", "NtTerminateJobObject", "h u32")
def NtTerminateJobObject(call: Call, job: int, status: int) -> int:
    """Ends all processes of a job."""
    job_of(call, job, JOB_OBJECT_TERMINATE).terminate(status)
    return Status.SUCCESS


@service("ntdll", "NtIsProcessInJob", "h h")
def NtIsProcessInJob(call: Call, process: int, job: int) -> int:
    """PROCESS_IN_JOB or PROCESS_NOT_IN_JOB; a null job asks about any."""
    wanted = job_of(call, job, JOB_OBJECT_QUERY) if job else None
    return Status.PROCESS_IN_JOB if is_in_job(call, process, wanted) else Status.PROCESS_NOT_IN_JOB


def is_in_job(call: Call, process: int, wanted: Job | None) -> bool:
    """True if the process of a handle is in a job, or in that one. Raises InvalidHandle."""
    job = process_of(call, process, PROCESS_QUERY_INFORMATION).job
    return job is not None and wanted in (None, job)


@service("ntdll", "NtQueryInformationJobObject", "h u32 p u32 p")
def NtQueryInformationJobObject(call: Call, job: int, kind: int, buffer: int, length: int, return_length: int) -> int:
    """Accounting, limits or ids; a null handle means the caller's own job."""
    target = job_of(call, job, JOB_OBJECT_QUERY) if job else call.process.job
    if target is None:
        return Status.ACCESS_DENIED
    return query_job(call, target, kind, buffer, length, return_length)


@service("ntdll", "NtSetInformationJobObject", "h u32 p u32", lacks=JOB_LACKS)
def NtSetInformationJobObject(call: Call, job: int, kind: int, buffer: int, length: int) -> int:
    """Limits or a completion port."""
    return set_job(call, job_of(call, job, JOB_OBJECT_SET_ATTRIBUTES), kind, buffer, length)
