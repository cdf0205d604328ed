"""Everything a process or thread needs before its first instruction (LdrpInitializeProcess, LdrpInitializeThread)."""

from dataclasses import dataclass
from typing import Any, Final

from ntmm.kernel.io.image import ImageBacking
from ntmm.loader.linker import Linker
from ntmm.loader.parameters import ProcessParameters, current_folder, write_parameters
from ntmm.loader.peb import write_peb, write_peb_pointers
from ntmm.loader.search import SYSTEM_FOLDER, WOW64_FOLDER, ImageFile, ImageSearch, OpenImage
from ntmm.loader.space import AddressSpace, KernelSpace
from ntmm.loader.start_block import initializers_of, store_start_block
from ntmm.loader.synthesis import RUNTIME_DLL, SystemDlls, system_dlls
from ntmm.loader.teb import ThreadPlace, write_teb
from ntmm.loader.wow64 import write_native_peb
from ntmm.nt.profile import SystemProfile
from ntmm.pe.headers import PeHeaders, require_program

ALWAYS_LOADED: Final = ("ntdll.dll", "kernel32.dll", RUNTIME_DLL)
"""The DLLs every process has, in load order."""


@dataclass(frozen=True, slots=True)
class ProgramStart:
    """A process ready to run: guest addresses of its first routine, of that routine's NTMM_START block, and of the
    guest code that dispatches exceptions and that which calls user APCs.
    """

    start_routine: int
    start_block: int
    exception_dispatcher: int
    apc_dispatcher: int
    linker: Linker


def load_program(
    kernel: Any,
    process: Any,
    headers: PeHeaders,
    backing: ImageBacking,
    parameters: ProcessParameters,
    open_image: OpenImage,
) -> ProgramStart:
    """Maps a program with all it imports into a fresh process whose PEB page exists.

    Sets process.image_base, modules (the `Linker`), parameters, exception_dispatcher and missing_imports. Raises
    MalformedImage for an image that is no program, LoaderError for one that cannot be loaded. `open_image` opens files
    of the guest's drive for DLLs.
    """
    require_program(headers)
    space = KernelSpace(kernel, process)
    system = system_dlls(headers.is_64)
    folder = WOW64_FOLDER if process.is_wow64 else SYSTEM_FOLDER
    linker = make_linker(space, system, process.peb, parameters, open_image, folder)
    process.modules = linker
    process.parameters = parameters
    start = start_program(linker, process.peb, headers, backing, parameters, kernel.profile)
    process.image_base = linker.modules.program.base
    if process.is_wow64:
        write_native_peb(process)
    process.exception_dispatcher, process.apc_dispatcher = start.exception_dispatcher, start.apc_dispatcher
    process.missing_imports = linker.missing.imports
    return start


def make_linker(
    space: AddressSpace,
    system: SystemDlls,
    peb: int,
    parameters: ProcessParameters,
    open_image: OpenImage,
    system_folder: str = SYSTEM_FOLDER,
) -> Linker:
    """The linker of a new process."""
    program_folder = parameters.image_path.rpartition("\\")[0] + "\\"
    search = ImageSearch(system, open_image, program_folder, lambda: current_folder(space.memory, peb), system_folder)
    return Linker(space, search)


def start_program(
    linker: Linker,
    peb: int,
    headers: PeHeaders,
    backing: ImageBacking,
    parameters: ProcessParameters,
    profile: SystemProfile,
) -> ProgramStart:
    """Loads the program and writes the blocks of its process."""
    memory = linker.space.memory
    path = parameters.image_path
    program = linker.load_program(ImageFile(path.rpartition("\\")[2], path, backing, headers)).module
    write_peb(memory, linker.arena, peb, headers, profile)
    block = write_parameters(linker.space, parameters, f"{SYSTEM_FOLDER};C:\\Windows;.")
    write_peb_pointers(memory, peb, program.base, linker.ldr_data.address, block)
    for name in ALWAYS_LOADED:
        linker.load(name)
    linker.link_program()
    linker.is_process_started = True
    return _program_start(linker, peb)


def _program_start(linker: Linker, peb: int) -> ProgramStart:
    """The run-time is initialized first, the program's TLS callbacks come last."""
    program = linker.modules.program
    in_order = sorted(linker.initialization_order, key=lambda module: module.name != RUNTIME_DLL)
    initializers = initializers_of([*in_order, program])
    pointer_size = linker.space.memory.pointer_size
    return ProgramStart(
        start_routine=linker.runtime_address("NtmmProcessStart"),
        start_block=store_start_block(linker.arena, pointer_size, program.entry_point, peb, initializers),
        exception_dispatcher=linker.runtime_address("KiUserExceptionDispatcher"),
        apc_dispatcher=linker.runtime_address("KiUserApcDispatcher"),
        linker=linker,
    )


def initialize_thread(linker: Linker, place: ThreadPlace, peb: int) -> None:
    """Writes the TEB of a new thread, the first one included, and its copies of the images' TLS templates.

    Call it after the program is loaded and before the thread runs.
    """
    write_teb(linker.space.memory, place, peb)
    linker.tls.attach_thread(place.teb)


def thread_start_block(linker: Linker, start_address: int, parameter: int) -> tuple[int, int]:
    """(address of NtmmThreadStart, address of its NTMM_START block); the block lists the images to tell of the thread.

    Their entry points are called with DLL_THREAD_ATTACH, except where DisableThreadLibraryCalls was used.
    """
    told = [module for module in linker.initialization_order if not module.thread_calls_disabled]
    initializers = initializers_of([*told, linker.modules.program])
    pointer_size = linker.space.memory.pointer_size
    block = store_start_block(linker.arena, pointer_size, start_address, parameter, initializers)
    return linker.runtime_address("NtmmThreadStart"), block


def finish_thread(linker: Linker, teb: int, start_block: int = 0) -> None:
    """Frees what `initialize_thread` and `thread_start_block` made."""
    linker.tls.detach_thread(teb)
    if start_block:
        linker.arena.release(start_block)
