"""From a program's file to a process that can run: what CreateProcess and the session manager have in common."""

from dataclasses import dataclass
from typing import Final

from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.image import ImageBacking
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.mm.layout import user_range
from ntmm.kernel.ps import Process, Thread
from ntmm.kernel.se import Token
from ntmm.loader.errors import LoaderError
from ntmm.loader.parameters import ProcessParameters
from ntmm.loader.process import finish_thread, initialize_thread, load_program, thread_start_block
from ntmm.loader.search import OpenImage
from ntmm.loader.teb import ThreadPlace
from ntmm.loader.wow64 import write_native_teb
from ntmm.nt.dep import MEM_EXECUTE_OPTION_ENABLE, execute_options
from ntmm.nt.status import Status
from ntmm.pe.headers import PeHeaders
from ntmm.pe.malformed import MalformedImage
from ntmm.trace import ImageMapped, ProcessCreated

_X64_HOME_SPACE: Final = 0x28


@dataclass(frozen=True, slots=True)
class NewProgram:
    """A program to start: its image with verified headers, what it is told, and where its DLLs are found."""

    image: ImageBacking
    headers: PeHeaders
    parameters: ProcessParameters
    open_image: OpenImage


def new_process(
    kernel: Kernel,
    name: str,
    headers: PeHeaders,
    parent: Process | None = None,
    inherit_handles: bool = False,
    token: Token | None = None,
) -> Process:
    """A process that nobody else finds until its program is loaded; raises LoaderError where there is no memory.

    The image's headers say how far its user space goes, and with the policy of DEP whether it may execute data.
    """
    user = user_range(kernel.mm.layout, headers.is_64, headers.is_large_address_aware)
    process = kernel.ps.create_process(name, parent, inherit_handles, token, user)
    if process is None:
        raise LoaderError("there is not enough memory for a process: run with more RAM (--ram)", Status.NO_MEMORY)
    process.is_being_loaded = True
    dep = kernel.profile.dep
    layer = kernel.profile.registry.dep_layer(name)
    process.execute_options = execute_options(dep, headers.is_64, headers.is_nx_compatible, layer)
    executes = bool(process.execute_options & MEM_EXECUTE_OPTION_ENABLE)
    process.space.executes_data = executes or not dep.in_hardware
    return process


def load_new_process(kernel: Kernel, process: Process, program: NewProgram) -> Thread:
    """Loads a program into a new process; its first thread waits for `ps.start`.

    May wait for paging. Raises LoaderError, MalformedImage and GuestFault, and then nothing stays of the process.
    """
    try:
        thread = _load(kernel, process, program)
    except (LoaderError, MalformedImage, GuestFault):
        kernel.ps.abandon_process(process)
        raise
    process.is_being_loaded = False
    _trace_images(kernel, process)
    kernel.ps.process_started(process)
    return thread


def _load(kernel: Kernel, process: Process, program: NewProgram) -> Thread:
    headers, parameters = program.headers, program.parameters
    if kernel.trace.enabled:
        uptime = kernel.clock.uptime_100ns()
        kernel.trace.emit(ProcessCreated(uptime, process.id, process.parent_id, parameters.image_path))
    start = load_program(kernel, process, headers, program.image, parameters, program.open_image)
    process.exception_dispatcher = start.exception_dispatcher
    created = kernel.ps.create_thread(process, headers.stack_reserve, headers.stack_commit, start.start_routine)
    if created is None:
        raise LoaderError("there is not enough memory for the stack the program asks for", Status.NO_MEMORY)
    thread, stack = created
    place = ThreadPlace(thread.teb, process.id, thread.id, stack.base, stack.limit, stack.allocation)
    initialize_thread(start.linker, place, process.peb)
    if process.is_wow64:
        write_native_teb(thread)
    push_start_arguments(thread, stack.base, start.start_block)
    return thread


def create_user_thread(
    kernel: Kernel, process: Process, start: int, parameter: int, reserve: int, commit: int
) -> Thread | None:
    """A thread of a loaded process that will run start(parameter), for `ps.start`; None where there is no memory.

    `reserve` and `commit` are the stack's sizes in bytes. May wait for paging; raises LoaderError and GuestFault.
    """
    linker = process.modules
    routine, block = thread_start_block(linker, start, parameter)
    created = kernel.ps.create_thread(process, reserve, commit, routine)
    if created is None:
        linker.arena.release(block)
        return None
    thread, stack = created
    thread.start_block = block
    place = ThreadPlace(thread.teb, process.id, thread.id, stack.base, stack.limit, stack.allocation)
    initialize_thread(linker, place, process.peb)
    if process.is_wow64:
        write_native_teb(thread)
    push_start_arguments(thread, stack.base, block)
    return thread


def release_thread(thread: Thread) -> None:
    """Frees what user mode needed for a thread that has ended; fills the process manager's slot."""
    if thread.process.modules is not None:
        finish_thread(thread.process.modules, thread.teb, thread.start_block)


def push_start_arguments(thread: Thread, stack_base: int, block: int) -> None:
    """The start routine's argument and a null return address: on the stack on x86, in RCX on x64."""
    memory, context = thread.process.memory, thread.context
    if memory.pointer_size == 8:
        context.sp = stack_base - _X64_HOME_SPACE
        memory.write_u64(context.sp, 0)
        context.set("rcx", block)
    else:
        context.sp = stack_base - 8
        memory.write_u32(context.sp, 0)
        memory.write_u32(context.sp + 4, block)


def _trace_images(kernel: Kernel, process: Process) -> None:
    if not kernel.trace.enabled:
        return
    for module in process.modules.modules:
        relocated = module.base != module.headers.image_base
        uptime = kernel.clock.uptime_100ns()
        kernel.trace.emit(ImageMapped(uptime, process.id, module.name, module.base, module.size, relocated))
