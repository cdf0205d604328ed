"""32-bit programs on a 64-bit machine (wow64apiset.h): whether a process is one, and where their DLLs are."""

from ntmm.loader.search import WOW64_FOLDER
from ntmm.native.call import Call
from ntmm.native.handles import PROCESS_QUERY_INFORMATION, process_of
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.text import ANSI, WIDE, StringKind, answer_string


@service("kernel32", "IsWow64Process", "h p")
@failing(0)
def IsWow64Process(call: Call, process: int, answer: int) -> int:
    """Whether a process has 32 bits on a 64-bit machine."""
    target = process_of(call, process, PROCESS_QUERY_INFORMATION)
    call.memory.write_u32(answer, int(target.is_wow64))
    return 1


def _directory(call: Call, kind: StringKind, buffer: int, size: int) -> int:
    if call.kernel.architecture.pointer_size == 4:
        raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)
    return answer_string(call, kind, WOW64_FOLDER, buffer, size)


@service("kernel32", "GetSystemWow64DirectoryW", "p u32", lacks="32-bit systems, which have no such folder")
@failing(0)
def GetSystemWow64DirectoryW(call: Call, buffer: int, size: int) -> int:
    """The folder of the 32-bit system DLLs; a 32-bit system has none."""
    return _directory(call, WIDE, buffer, size)


@service("kernel32", "GetSystemWow64DirectoryA", "p u32", lacks="32-bit systems, which have no such folder")
@failing(0)
def GetSystemWow64DirectoryA(call: Call, buffer: int, size: int) -> int:
    """GetSystemWow64DirectoryW in ANSI."""
    return _directory(call, ANSI, buffer, size)
