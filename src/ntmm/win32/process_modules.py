"""psapi.h, the other half: which processes there are, and what images each has loaded.

Sizes of buffers in bytes for arrays, in characters for strings, as the header has them. The names that begin with K32
are those under which kernel32 exports the functions on later systems.
"""

import struct
from typing import Final

from ntmm.kernel.io.drives import device_path
from ntmm.kernel.ps import Process
from ntmm.loader.modules import LoadedModule
from ntmm.native.call import Call
from ntmm.native.handles import PROCESS_QUERY_INFORMATION, PROCESS_VM_READ, TargetProcess, process_of
from ntmm.native.service_table import service
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.text import ANSI, WIDE, StringKind

_LOOK: Final = PROCESS_QUERY_INFORMATION | PROCESS_VM_READ
_NATIVE_NAME: Final = 1


@service("kernel32", "K32EnumProcesses", "p u32 p")
@service("psapi", "EnumProcesses", "p u32 p")
@failing(0)
def EnumProcesses(call: Call, buffer: int, size: int, needed: int) -> int:
    """The ids of all processes, as many as fit; `needed` gets the bytes that were written."""
    running = [process.id for process in call.kernel.ps.started_processes if not process.ended]
    fitting = running[: size // 4]
    call.memory.write(buffer, struct.pack(f"<{len(fitting)}I", *fitting))
    call.memory.write_u32(needed, 4 * len(fitting))
    return 1


def _modules(process: Process) -> list[LoadedModule]:
    return list(process.modules.modules)


def _module(process: Process, base: int) -> LoadedModule:
    modules = process.modules.modules
    found: LoadedModule | None = modules.by_base(base) if base else modules.program
    if found is None:
        raise Win32Failure(Win32Error.INVALID_HANDLE)
    return found


@service("kernel32", "K32EnumProcessModules", "h p u32 p")
@service("psapi", "EnumProcessModules", "h p u32 p")
@failing(0)
def EnumProcessModules(call: Call, process: int, buffer: int, size: int, needed: int) -> int:
    """The bases of a process's images in load order, as many as fit; `needed` gets the bytes for all of them."""
    with TargetProcess(call, process, _LOOK) as target:
        bases = [module.base for module in _modules(target)]
    width = call.memory.pointer_size
    data = b"".join(base.to_bytes(width, "little") for base in bases)
    call.memory.write(buffer, data[: size // width * width])
    call.memory.write_u32(needed, len(data))
    return 1


@service("kernel32", "K32GetModuleInformation", "h p p u32")
@service("psapi", "GetModuleInformation", "h p p u32")
@failing(0)
def GetModuleInformation(call: Call, process: int, base: int, buffer: int, size: int) -> int:
    """MODULEINFO: base, size and entry point; 12 or 24 bytes."""
    with TargetProcess(call, process, _LOOK) as target:
        module = _module(target, base)
    form = struct.Struct("<QI4xQ" if call.memory.pointer_size == 8 else "<III")
    if size < form.size:
        raise Win32Failure(Win32Error.INSUFFICIENT_BUFFER)
    call.memory.write(buffer, form.pack(module.base, module.size, module.entry_point))
    return 1


def _cut_string(call: Call, kind: StringKind, text: str, buffer: int, size: int) -> int:
    """Writes what fits with its zero and answers characters without it; 0 where there is no room at all."""
    if not size:
        raise Win32Failure(Win32Error.INSUFFICIENT_BUFFER)
    units = len(kind.encode(text)) // kind.unit
    call.memory.write(buffer, kind.fixed(text, min(units + 1, size)))
    return min(units, size - 1)


def _whole_string(call: Call, kind: StringKind, text: str, buffer: int, size: int) -> int:
    data = kind.terminated(text)
    if len(data) // kind.unit > size:
        raise Win32Failure(Win32Error.INSUFFICIENT_BUFFER)
    call.memory.write(buffer, data)
    return len(data) // kind.unit - 1


def _program_path(process: Process) -> str:
    path: str = process.parameters.image_path
    return path


def _register(suffix: str, kind: StringKind) -> None:
    @service("kernel32", f"K32GetModuleFileNameEx{suffix}", "h p p u32")
    @service("psapi", f"GetModuleFileNameEx{suffix}", "h p p u32")
    @failing(0)
    def file_name(call: Call, process: int, base: int, buffer: int, size: int) -> int:
        """The path of an image of a process; a null base means the program."""
        with TargetProcess(call, process, _LOOK) as target:
            return _cut_string(call, kind, _module(target, base).path, buffer, size)

    @service("kernel32", f"K32GetModuleBaseName{suffix}", "h p p u32")
    @service("psapi", f"GetModuleBaseName{suffix}", "h p p u32")
    @failing(0)
    def base_name(call: Call, process: int, base: int, buffer: int, size: int) -> int:
        """The file name of an image of a process."""
        with TargetProcess(call, process, _LOOK) as target:
            return _cut_string(call, kind, _module(target, base).name, buffer, size)

    @service("kernel32", f"K32GetProcessImageFileName{suffix}", "h p u32")
    @service("psapi", f"GetProcessImageFileName{suffix}", "h p u32")
    @failing(0)
    def image_file_name(call: Call, process: int, buffer: int, size: int) -> int:
        """The program's path as the kernel spells it; also of a process that has ended."""
        path = _program_path(process_of(call, process, PROCESS_QUERY_INFORMATION))
        return _whole_string(call, kind, device_path(path), buffer, size)

    @service("kernel32", f"QueryFullProcessImageName{suffix}", "h u32 p p")
    @failing(0)
    def full_image_name(call: Call, process: int, flags: int, buffer: int, size_address: int) -> int:
        """The program's path, with PROCESS_NAME_NATIVE as the kernel spells it; the size is in memory."""
        if flags & ~_NATIVE_NAME:
            return call.fail(Status.INVALID_PARAMETER)
        path = _program_path(process_of(call, process, PROCESS_QUERY_INFORMATION))
        text = device_path(path) if flags else path
        length = _whole_string(call, kind, text, buffer, call.memory.read_u32(size_address))
        call.memory.write_u32(size_address, length)
        return 1


_register("W", WIDE)
_register("A", ANSI)
