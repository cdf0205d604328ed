"""processenv.h: standard handles, current folder, environment, command line."""

from typing import Final

from ntmm.kernel.io.constants import FILE_DIRECTORY_FILE
from ntmm.kernel.io.file import FileObject
from ntmm.kernel.io.paths import full_path
from ntmm.kernel.io.volume import OpenRequest
from ntmm.loader.services import linker_of
from ntmm.native.call import Call
from ntmm.native.file import open_file
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.environment import expand, read_variable, write_variable
from ntmm.win32.failing import INVALID_HANDLE_VALUE, Win32Failure, failing
from ntmm.win32.fileapi.naming import nt_path_of
from ntmm.win32.process_parameters import ProcessParameters, current_directory
from ntmm.win32.process_state import state_of
from ntmm.win32.text import ANSI, WIDE, StringKind, answer_string

_STANDARD: Final = {0xFFFFFFF6: 0, 0xFFFFFFF5: 1, 0xFFFFFFF4: 2}
_LONGEST_CURRENT_DIRECTORY: Final = 258


def _standard_index(number: int) -> int:
    index = _STANDARD.get(number)
    if index is None:
        raise Win32Failure(Win32Error.INVALID_HANDLE)
    return index


@service("kernel32", "GetStdHandle", "u32")
@failing(INVALID_HANDLE_VALUE)
def GetStdHandle(call: Call, number: int) -> int:
    """The handle of standard input (-10), output (-11) or error (-12)."""
    return ProcessParameters(call).standard_handle(_standard_index(number))


@service("kernel32", "SetStdHandle", "u32 h")
@failing(0)
def SetStdHandle(call: Call, number: int, handle: int) -> int:
    """Replaces a standard handle; the handle is not checked."""
    ProcessParameters(call).set_standard_handle(_standard_index(number), handle)
    return 1


@service("kernel32", "GetCommandLineW")
def GetCommandLineW(call: Call) -> int:
    """Address of the command line in the process parameters."""
    parameters = ProcessParameters(call)
    return parameters.buffer(parameters.layout.command_line)


@service("kernel32", "GetCommandLineA")
def GetCommandLineA(call: Call) -> int:
    """Address of the command line in ANSI: a copy that is made once."""
    state = state_of(call)
    if not state.ansi_command_line:
        parameters = ProcessParameters(call)
        text = ANSI.terminated(parameters.string(parameters.layout.command_line))
        state.ansi_command_line = linker_of(call).arena.store(text)
    return state.ansi_command_line


@service("kernel32", "GetCurrentDirectoryW", "u32 p")
def GetCurrentDirectoryW(call: Call, size: int, buffer: int) -> int:
    """The current folder."""
    return answer_string(call, WIDE, current_directory(call), buffer, size)


@service("kernel32", "GetCurrentDirectoryA", "u32 p")
def GetCurrentDirectoryA(call: Call, size: int, buffer: int) -> int:
    """GetCurrentDirectoryW in ANSI."""
    return answer_string(call, ANSI, current_directory(call), buffer, size)


def _set_current_directory(call: Call, kind: StringKind, name: int) -> int:
    path = full_path(kind.read(call, name), current_directory(call))
    request = OpenRequest(0, 7, options=FILE_DIRECTORY_FILE)
    file = open_file(call, nt_path_of(call, path), request).file
    file.close()
    if not isinstance(file, FileObject) or path.startswith("\\\\") or len(path) > _LONGEST_CURRENT_DIRECTORY:
        raise Win32Failure(Win32Error.INVALID_NAME)
    parameters = ProcessParameters(call)
    if not parameters.set_string(parameters.layout.current_directory, path.rstrip("\\") + "\\"):
        raise Win32Failure(Win32Error.FILENAME_EXCED_RANGE)
    return 1


@service("kernel32", "SetCurrentDirectoryW", "p")
@failing(0)
def SetCurrentDirectoryW(call: Call, name: int) -> int:
    """Makes an existing folder the current one."""
    return _set_current_directory(call, WIDE, name)


@service("kernel32", "SetCurrentDirectoryA", "p")
@failing(0)
def SetCurrentDirectoryA(call: Call, name: int) -> int:
    """SetCurrentDirectoryW in ANSI."""
    return _set_current_directory(call, ANSI, name)


def _get_variable(call: Call, kind: StringKind, name: int, buffer: int, size: int) -> int:
    value = read_variable(call, kind.read(call, name))
    if value is None:
        raise Win32Failure(Win32Error.ENVVAR_NOT_FOUND)
    call.set_last_error(0)
    return answer_string(call, kind, value, buffer, size)


@service("kernel32", "GetEnvironmentVariableW", "p p u32")
@failing(0)
def GetEnvironmentVariableW(call: Call, name: int, buffer: int, size: int) -> int:
    """The value of a variable; 0 and ENVVAR_NOT_FOUND if it is not set."""
    return _get_variable(call, WIDE, name, buffer, size)


@service("kernel32", "GetEnvironmentVariableA", "p p u32")
@failing(0)
def GetEnvironmentVariableA(call: Call, name: int, buffer: int, size: int) -> int:
    """GetEnvironmentVariableW in ANSI."""
    return _get_variable(call, ANSI, name, buffer, size)


def _set_variable(call: Call, kind: StringKind, name: int, value: int) -> int:
    write_variable(call, kind.read(call, name), kind.read(call, value) if value else None)
    return 1


@service("kernel32", "SetEnvironmentVariableW", "p p")
@failing(0)
def SetEnvironmentVariableW(call: Call, name: int, value: int) -> int:
    """Sets a variable, or removes it if `value` is null."""
    return _set_variable(call, WIDE, name, value)


@service("kernel32", "SetEnvironmentVariableA", "p p")
@failing(0)
def SetEnvironmentVariableA(call: Call, name: int, value: int) -> int:
    """SetEnvironmentVariableW in ANSI."""
    return _set_variable(call, ANSI, name, value)


@service("kernel32", "GetEnvironmentStringsW")
def GetEnvironmentStringsW(call: Call) -> int:
    """Address of the process's environment block itself, as before Windows Vista."""
    return ProcessParameters(call).environment


@service("kernel32", "FreeEnvironmentStringsW", "p")
def FreeEnvironmentStringsW(call: Call, address: int) -> int:
    """Nothing to free: GetEnvironmentStringsW makes no copy."""
    return 1


def _expand(call: Call, kind: StringKind, source: int, buffer: int, size: int) -> int:
    """Answers the size with the zero, also when nothing was stored."""
    data = kind.terminated(expand(call, kind.read(call, source)))
    units = len(data) // kind.unit
    if units <= size:
        call.memory.write(buffer, data)
    return units


@service("kernel32", "ExpandEnvironmentStringsW", "p p u32")
def ExpandEnvironmentStringsW(call: Call, source: int, buffer: int, size: int) -> int:
    """Replaces %NAME% by its value."""
    return _expand(call, WIDE, source, buffer, size)


@service("kernel32", "ExpandEnvironmentStringsA", "p p u32")
def ExpandEnvironmentStringsA(call: Call, source: int, buffer: int, size: int) -> int:
    """ExpandEnvironmentStringsW in ANSI."""
    return _expand(call, ANSI, source, buffer, size)
