"""The loader's exports for programs: handles of modules, their functions and paths.

Loading and unloading themselves are guest code (LoadLibrary, FreeLibrary), because they call entry points; what
they trap into is in `image_services`.
"""

from collections.abc import Callable
from typing import Final

from ntmm.loader.errors import LoaderError
from ntmm.loader.linker import Linker
from ntmm.loader.modules import LoadedModule
from ntmm.loader.text import utf16
from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.status import Status

_PIN: Final = 1
_UNCHANGED_REFERENCE_COUNT: Final = 2
_FROM_ADDRESS: Final = 4
_LARGEST_ORDINAL: Final = 0xFFFF


def linker_of(call: Call) -> Linker:
    """The linker of the calling process."""
    linker = call.process.modules
    assert isinstance(linker, Linker), "a service was called before the process was loaded"
    return linker


def _find_by_name(linker: Linker, name: str) -> LoadedModule | None:
    """The loaded module of a name or path, as GetModuleHandle looks for it; a path must match as a whole."""
    module = linker.modules.by_name(linker.search.base_name_of(name))
    is_path = "\\" in name or "/" in name
    if module is not None and is_path and module.path.lower() != name.replace("/", "\\").lower():
        return None
    return module


def _module_handle(call: Call, name: str) -> int:
    module = _find_by_name(linker_of(call), name)
    return call.fail(Status.DLL_NOT_FOUND) if module is None else module.base


@service("kernel32", "GetModuleHandleW", "p")
def GetModuleHandleW(call: Call, name: int) -> int:
    """The base of a loaded module; of the program for a null name."""
    return _module_handle(call, call.memory.read_wstring(name)) if name else linker_of(call).modules.program.base


@service("kernel32", "GetModuleHandleA", "p")
def GetModuleHandleA(call: Call, name: int) -> int:
    """The base of a loaded module; of the program for a null name."""
    if not name:
        return linker_of(call).modules.program.base
    return _module_handle(call, call.memory.read_cstring(name).decode("cp1252", "replace"))


def _module_handle_ex(call: Call, flags: int, name: int, read: Callable[[int], str], result: int) -> int:
    both = _PIN | _UNCHANGED_REFERENCE_COUNT
    if flags & ~(both | _FROM_ADDRESS) or flags & both == both:
        return call.fail(Status.INVALID_PARAMETER)
    linker = linker_of(call)
    if flags & _FROM_ADDRESS:
        module = linker.modules.containing(name)
    else:
        module = _find_by_name(linker, read(name)) if name else linker.modules.program
    call.memory.write_pointer(result, module.base if module else 0)
    if module is None:
        return call.fail(Status.DLL_NOT_FOUND)
    if not flags & _UNCHANGED_REFERENCE_COUNT:
        module.is_pinned = module.is_pinned or bool(flags & _PIN)
        module.reference_count += 1
        linker.ldr_data.update_counts(module)
    return 1


@service("kernel32", "GetModuleHandleExW", "u32 p p")
def GetModuleHandleExW(call: Call, flags: int, name: int, result: int) -> int:
    """As GetModuleHandle; counts a reference or pins the module, unless told not to. `name` may be an address."""
    return _module_handle_ex(call, flags, name, call.memory.read_wstring, result)


@service("kernel32", "GetModuleHandleExA", "u32 p p")
def GetModuleHandleExA(call: Call, flags: int, name: int, result: int) -> int:
    """GetModuleHandleExW in ANSI."""
    return _module_handle_ex(
        call, flags, name, lambda address: call.memory.read_cstring(address).decode("cp1252", "replace"), result
    )


@service("kernel32", "GetProcAddress", "p p")
def GetProcAddress(call: Call, base: int, name: int) -> int:
    """The address of an export, by name or (below 64 KB) by ordinal."""
    linker = linker_of(call)
    module = linker.modules.by_base(base) if base else linker.modules.program
    if module is None:
        return call.fail(Status.DLL_NOT_FOUND)
    symbol: str | int = name
    if name > _LARGEST_ORDINAL:
        symbol = call.memory.read_cstring(name).decode("latin-1")
    try:
        address = linker.find_function(module, symbol)
    except LoaderError as failure:
        return call.fail(failure.status)
    return call.fail(Status.ENTRYPOINT_NOT_FOUND) if address is None else address


@service("ntdll", "LdrGetProcedureAddress", "p p u32 p")
def LdrGetProcedureAddress(call: Call, base: int, name: int, ordinal: int, result: int) -> int:
    """As GetProcAddress; the name is an ANSI_STRING, the ordinal counts if there is none."""
    linker = linker_of(call)
    module = linker.modules.by_base(base)
    if module is None:
        return Status.DLL_NOT_FOUND
    symbol: str | int = ordinal
    if name:
        text = call.memory.read_pointer(name + call.memory.pointer_size)
        symbol = call.memory.read(text, call.memory.read_u16(name)).decode("latin-1")
    try:
        address = linker.find_function(module, symbol)
    except LoaderError as failure:
        return failure.status
    if address is None:
        return Status.ENTRYPOINT_NOT_FOUND if name else Status.ORDINAL_NOT_FOUND
    call.memory.write_pointer(result, address)
    return Status.SUCCESS


def _path_of(call: Call, base: int) -> str | None:
    modules = linker_of(call).modules
    module = modules.by_base(base) if base else modules.program
    return None if module is None else module.path


@service("kernel32", "GetModuleFileNameW", "p p u32")
def GetModuleFileNameW(call: Call, base: int, buffer: int, size: int) -> int:
    """The path of a module: characters written, or `size` if it was cut (then without a zero, as up to XP)."""
    path = _path_of(call, base)
    if path is None:
        return call.fail(Status.DLL_NOT_FOUND)
    content = utf16(path) + b"\0\0"
    call.memory.write(buffer, content[: 2 * size])
    return min(len(content) // 2 - 1, size)


@service("kernel32", "GetModuleFileNameA", "p p u32")
def GetModuleFileNameA(call: Call, base: int, buffer: int, size: int) -> int:
    """The path of a module in the ANSI code page; see GetModuleFileNameW."""
    path = _path_of(call, base)
    if path is None:
        return call.fail(Status.DLL_NOT_FOUND)
    content = path.encode("cp1252", "replace") + b"\0"
    call.memory.write(buffer, content[:size])
    return min(len(content) - 1, size)


@service("kernel32", "DisableThreadLibraryCalls", "p")
def DisableThreadLibraryCalls(call: Call, base: int) -> int:
    """The DLL is no longer told of threads; refused for one that has TLS of its own."""
    module = linker_of(call).modules.by_base(base)
    if module is None or module.tls_index is not None:
        return call.fail(Status.DLL_NOT_FOUND)
    module.thread_calls_disabled = True
    return 1
