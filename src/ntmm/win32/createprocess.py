"""CreateProcess: a program of the drive C: becomes a process of the machine.

Its memory is made by the calling thread, which may wait for paging meanwhile.
"""

import struct
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.io.constants import FILE_EXECUTE, FILE_GENERIC_READ, FILE_GENERIC_WRITE, SYNCHRONIZE
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import NullFile
from ntmm.kernel.io.paths import full_path
from ntmm.kernel.io.volume import OpenRequest
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ob import InvalidHandle
from ntmm.kernel.ps import Process, Thread
from ntmm.kernel.ps.job import ACTIVE_PROCESS_LIMIT, LIMIT_BREAKAWAY_OK, LIMIT_SILENT_BREAKAWAY_OK, Job
from ntmm.loader.errors import LoaderError
from ntmm.loader.parameters import ProcessParameters
from ntmm.loader.search import read_headers
from ntmm.loader.services import linker_of
from ntmm.loader.start import NewProgram, load_new_process, new_process
from ntmm.native.call import Call
from ntmm.native.file import open_file
from ntmm.native.handles import PROCESS_ALL_ACCESS, THREAD_ALL_ACCESS
from ntmm.native.job import join_job
from ntmm.native.service_table import service
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.pe.headers import PeHeaders, require_program
from ntmm.pe.malformed import MalformedImage
from ntmm.win32.environment import read_strings, split_string
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.fileapi.naming import nt_path_of
from ntmm.win32.process_parameters import ProcessParameters as CallerParameters
from ntmm.win32.process_parameters import current_directory
from ntmm.win32.program_search import FoundProgram, find_application, find_in_command_line
from ntmm.win32.security_attributes import inherits, new_descriptor
from ntmm.win32.startup_info import StartupInfo, read_startup_info
from ntmm.win32.text import ANSI, WIDE, StringKind
from ntmm.win32.thread_priority import PRIORITY_CLASS_FLAGS, first_base_priority

DEBUG_PROCESS: Final = 0x1
DEBUG_ONLY_THIS_PROCESS: Final = 0x2
CREATE_SUSPENDED: Final = 0x4
DETACHED_PROCESS: Final = 0x8
CREATE_NEW_CONSOLE: Final = 0x10
CREATE_NEW_PROCESS_GROUP: Final = 0x200
CREATE_UNICODE_ENVIRONMENT: Final = 0x400
CREATE_BREAKAWAY_FROM_JOB: Final = 0x1000000
CREATE_DEFAULT_ERROR_MODE: Final = 0x4000000
CREATE_NO_WINDOW: Final = 0x8000000

_SUPPORTED: Final = (
    CREATE_SUSPENDED
    | DETACHED_PROCESS
    | CREATE_NEW_CONSOLE
    | PRIORITY_CLASS_FLAGS
    | CREATE_NEW_PROCESS_GROUP
    | CREATE_UNICODE_ENVIRONMENT
    | CREATE_BREAKAWAY_FROM_JOB
    | CREATE_DEFAULT_ERROR_MODE
    | CREATE_NO_WINDOW
)
_BATCH_FILES: Final = (".bat", ".cmd")


@dataclass(frozen=True, slots=True)
class _Request:
    """What CreateProcess was asked for."""

    program: FoundProgram
    command_line: str
    inherit_handles: bool
    flags: int
    environment: dict[str, str]
    current_directory: str
    startup: StartupInfo


def _check_flags(flags: int) -> None:
    if flags & DETACHED_PROCESS and flags & CREATE_NEW_CONSOLE:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    if flags & ~_SUPPORTED:  # debugging
        raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)


def _find(call: Call, kind: StringKind, application: int, command_line: int) -> tuple[FoundProgram, str]:
    """The program and its command line: one of the two may be null."""
    line = kind.read(call, command_line) if command_line else ""
    if application:
        name = kind.read(call, application)
        if name.lower().endswith(_BATCH_FILES):
            raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)
        return find_application(call, name), line if command_line else f'"{name}"'
    if not line.strip(" \t"):
        raise Win32Failure(Win32Error.PATH_NOT_FOUND if command_line else Win32Error.INVALID_PARAMETER)
    return find_in_command_line(call, line), line


def _environment(call: Call, address: int, flags: int) -> dict[str, str]:
    """The block at an address, in the kind that the flags say; the caller's own for null."""
    kind = WIDE if flags & CREATE_UNICODE_ENVIRONMENT or not address else ANSI
    strings = read_strings(call, kind, address or CallerParameters(call).environment)
    return dict(split_string(text) for text in strings)


def _folder(call: Call, kind: StringKind, address: int) -> str:
    """The child's current folder: an existing one, the caller's for null."""
    if not address:
        return current_directory(call)
    path = full_path(kind.read(call, address), current_directory(call))
    try:
        is_folder = call.kernel.volume.query(nt_path_of(call, path)).is_directory
    except IoFailure:
        is_folder = False
    if not is_folder:
        raise Win32Failure(Win32Error.DIRECTORY)
    return path


def _check_may_execute(call: Call, path: str) -> None:
    """Raises LoaderError where the file's descriptor refuses; programs of the command line need not be on the drive."""
    try:
        open_file(call, nt_path_of(call, path), OpenRequest(FILE_EXECUTE | SYNCHRONIZE)).file.close()
    except IoFailure as failure:
        if failure.status == Status.ACCESS_DENIED:
            raise LoaderError(f"{path} may not be executed", failure.status) from failure


def _headers(program: FoundProgram, call: Call) -> PeHeaders:
    """The headers of a program that this machine and the caller can run; raises LoaderError and MalformedImage."""
    _check_may_execute(call, program.path)
    headers = read_headers(program.path.rpartition("\\")[2], program.image)
    require_program(headers)
    if headers.is_64 and call.kernel.architecture.pointer_size == 4:
        raise LoaderError(f"{program.path} does not fit this machine", Status.INVALID_IMAGE_FORMAT)
    return headers


def _give_streams(call: Call, child: Process, request: _Request) -> tuple[int, ...]:
    """Handle values of the child's standard streams.

    Without STARTF_USESTDHANDLES it has the caller's: under the same values if handles are inherited, else as
    duplicates. A process without the caller's console has none, one with its own writes to nowhere.
    """
    if request.startup.streams is not None:
        return request.startup.streams
    if request.flags & DETACHED_PROCESS:
        return (0, 0, 0)
    if request.flags & (CREATE_NEW_CONSOLE | CREATE_NO_WINDOW):
        accesses = (FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_WRITE)
        return tuple(child.handles.insert(NullFile("\\Device\\Null", access), access) for access in accesses)
    own = [CallerParameters(call).standard_handle(index) & 0xFFFFFFFF for index in range(3)]
    if request.inherit_handles:
        return tuple(own)
    return tuple(_duplicate(call, child, handle) for handle in own)


def _duplicate(call: Call, child: Process, handle: int) -> int:
    try:
        entry = call.process.handles.entry(handle)
    except InvalidHandle:
        return 0
    return child.handles.insert(entry.object, entry.access, entry.inherit)


def _parameters(request: _Request, streams: tuple[int, ...]) -> ProcessParameters:
    startup, image = request.startup, request.program.path
    parameters = ProcessParameters(image, request.command_line, request.current_directory, request.environment)
    parameters.standard_input, parameters.standard_output, parameters.standard_error = streams
    parameters.window, parameters.window_title = startup.window, startup.title
    if startup.desktop is not None:
        parameters.desktop = startup.desktop
    return parameters


def _job(call: Call, flags: int) -> Job | None:
    """The job that the child will be in: the caller's, unless it may break away and does. Raises Win32Failure."""
    job = call.process.job
    if job is None or job.limits.flags & LIMIT_SILENT_BREAKAWAY_OK:
        return None
    if flags & CREATE_BREAKAWAY_FROM_JOB:
        if not job.limits.flags & LIMIT_BREAKAWAY_OK:
            raise Win32Failure(Win32Error.ACCESS_DENIED)
        return None
    if job.is_full:
        job.tell(ACTIVE_PROCESS_LIMIT, call.process.id)
        raise Win32Failure(Win32Error.NOT_ENOUGH_QUOTA)
    return job


def _create(call: Call, request: _Request) -> Thread:
    """The child's first thread, not started. Raises LoaderError, MalformedImage, GuestFault."""
    try:
        headers = _headers(request.program, call)
        job = _job(call, request.flags)
    except (LoaderError, MalformedImage, Win32Failure):
        request.program.image.let_go()
        raise
    name = request.program.path.rpartition("\\")[2]
    base_priority = first_base_priority(call, request.flags)
    child = new_process(call.kernel, name, headers, call.process, request.inherit_handles)
    child.base_priority = base_priority
    if job is not None and join_job(call, job, child) is not Status.SUCCESS:
        call.kernel.ps.abandon_process(child)
        raise Win32Failure(Win32Error.NOT_ENOUGH_QUOTA)
    parameters = _parameters(request, _give_streams(call, child, request))
    if child.memory.pointer_size == call.memory.pointer_size:  # handles in it are as wide as pointers
        parameters.runtime_data = request.startup.runtime_data
    open_image = linker_of(call).search.open_image
    return load_new_process(call.kernel, child, NewProgram(request.program.image, headers, parameters, open_image))


def _create_process(
    call: Call,
    kind: StringKind,
    application: int,
    command_line: int,
    attributes: tuple[int, int],
    inherit_handles: int,
    flags: int,
    environment: int,
    folder: int,
    startup: int,
    information: int,
) -> int:
    _check_flags(flags)
    call.memory.probe_for_write(information, 2 * call.memory.pointer_size + 8)
    secured = [
        new_descriptor(call, address, type_) for address, type_ in zip(attributes, (Process, Thread), strict=True)
    ]
    program, line = _find(call, kind, application, command_line)
    request = _Request(
        program,
        line,
        bool(inherit_handles),
        flags,
        _environment(call, environment, flags),
        _folder(call, kind, folder),
        read_startup_info(call, kind, startup),
    )
    try:
        thread = _create(call, request)
    except (LoaderError, MalformedImage) as failure:
        return call.fail(failure.status)
    except GuestFault as fault:
        return call.fail(fault.status)
    child = thread.process
    child.security, thread.security = secured
    handles = call.process.handles
    process_handle = handles.insert(child, PROCESS_ALL_ACCESS, inherits(call, attributes[0]))
    thread_handle = handles.insert(thread, THREAD_ALL_ACCESS, inherits(call, attributes[1]))
    form = "<QQII" if call.memory.pointer_size == 8 else "<IIII"
    call.memory.write(information, struct.pack(form, process_handle, thread_handle, child.id, thread.id))
    thread.suspend_count = int(bool(flags & CREATE_SUSPENDED))
    call.kernel.ps.start(thread)
    return 1


def _register(name: str, kind: StringKind) -> None:
    @service("kernel32", name, "p p p p u32 u32 p p p p", lacks="debugging, batch files")
    @failing(0)
    def create_process(
        call: Call,
        application: int,
        command_line: int,
        process_attributes: int,
        thread_attributes: int,
        inherit_handles: int,
        flags: int,
        environment: int,
        folder: int,
        startup: int,
        information: int,
    ) -> int:
        """Starts a program; PROCESS_INFORMATION has handles and ids of the process and its first thread."""
        attributes = (process_attributes, thread_attributes)
        return _create_process(
            call,
            kind,
            application,
            command_line,
            attributes,
            inherit_handles,
            flags,
            environment,
            folder,
            startup,
            information,
        )


_register("CreateProcessW", WIDE)
_register("CreateProcessA", ANSI)
