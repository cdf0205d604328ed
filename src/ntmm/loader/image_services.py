"""What guest code traps into to load and unload images; it then calls the entry points itself.

    NtmmLoadImage(name, flags, &block)   block->start_address is the module; its initializers get DLL_PROCESS_ATTACH
    NtmmUnloadImage(base, &block)        block is 0 while references remain; else its images get DLL_PROCESS_DETACH
    NtmmListImages(reason, &block)       the images to tell of a process's end (0), a thread's start (2) or its end (3)
    NtmmReleaseBlock(block)              afterwards: frees the block; what NtmmUnloadImage listed is unmapped now

All answer an NTSTATUS. Guest code holds the loader lock (PEB.LoaderLock) around them.
"""

from typing import Final

from ntmm.loader.errors import LoaderError
from ntmm.loader.linker import Linker
from ntmm.loader.modules import LoadedModule
from ntmm.loader.search import SEARCH_DLL_LOAD_DIR, SEARCH_FLAGS
from ntmm.loader.services import linker_of
from ntmm.loader.start_block import Initializer, initializers_of, store_start_block
from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.status import Status

PROCESS_DETACH, THREAD_ATTACH, THREAD_DETACH = 0, 2, 3
_ALTERED_SEARCH_PATH: Final = 8


def _store_block(call: Call, linker: Linker, start: int, initializers: list[Initializer], result: int) -> int:
    block = store_start_block(linker.arena, call.memory.pointer_size, start, 0, initializers)
    call.memory.write_pointer(result, block)
    return block


@service("ntdll", "NtmmLoadImage", "p u32 p", lacks="loading as a data file or without imports")
def NtmmLoadImage(call: Call, name: int, flags: int, result: int) -> int:
    """Loads a DLL; loading as a data file or without its imports is not implemented.

    LOAD_LIBRARY_SEARCH_* is for the DLL itself; what it imports is searched for as always.
    """
    search = flags & SEARCH_FLAGS
    if flags & ~(_ALTERED_SEARCH_PATH | SEARCH_FLAGS):
        return Status.NOT_IMPLEMENTED
    if search and flags & _ALTERED_SEARCH_PATH:
        return Status.INVALID_PARAMETER
    linker, path = linker_of(call), call.memory.read_wstring(name)
    if search & SEARCH_DLL_LOAD_DIR and path[1:2] != ":":
        return Status.INVALID_PARAMETER
    try:
        loaded = linker.load(path, search)
        _store_block(call, linker, loaded.module.base, initializers_of(loaded.added), result)
    except LoaderError as failure:
        return failure.status
    return Status.SUCCESS


@service("ntdll", "NtmmUnloadImage", "p p")
def NtmmUnloadImage(call: Call, base: int, result: int) -> int:
    """Drops a reference to a DLL."""
    linker = linker_of(call)
    module = linker.modules.by_base(base)
    if module is None or module in _unloading(linker):
        return Status.DLL_NOT_FOUND
    call.memory.write_pointer(result, 0)
    unused = linker.release(module)
    if unused:
        block = _store_block(call, linker, base, initializers_of(unused), result)
        linker.unloading[block] = unused
    return Status.SUCCESS


@service("ntdll", "NtmmListImages", "u32 p")
def NtmmListImages(call: Call, reason: int, result: int) -> int:
    """Lists the images to tell of an event: in order of initialization for a start, in reverse for an end."""
    linker = linker_of(call)
    modules = [module for module in linker.initialization_order if module not in _unloading(linker)]
    if reason in (THREAD_ATTACH, THREAD_DETACH):
        modules = [module for module in modules if not module.thread_calls_disabled]
    elif reason != PROCESS_DETACH:
        return Status.INVALID_PARAMETER_1
    modules.append(linker.modules.program)
    in_order = modules if reason == THREAD_ATTACH else list(reversed(modules))
    _store_block(call, linker, 0, initializers_of(in_order), result)
    return Status.SUCCESS


@service("ntdll", "NtmmReleaseBlock", "p")
def NtmmReleaseBlock(call: Call, block: int) -> int:
    """Frees a block of one of the functions above, and unmaps the images that a block of NtmmUnloadImage lists."""
    linker = linker_of(call)
    if not linker.arena.holds(block):
        return Status.INVALID_PARAMETER_1
    linker.unmap(linker.unloading.pop(block, []))
    linker.arena.release(block)
    return Status.SUCCESS


def _unloading(linker: Linker) -> list[LoadedModule]:
    return [module for modules in linker.unloading.values() for module in modules]
