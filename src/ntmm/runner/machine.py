"""A machine and the programs loaded into it: the wiring between options, kernel, services and loader."""

from pathlib import Path
from typing import Final

import ntmm.crt
import ntmm.loader.image_services
import ntmm.loader.services
import ntmm.native.services
import ntmm.win32  # noqa: F401 - registers its services
from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.console import ConsoleFile
from ntmm.kernel.io.image import ImageBacking
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.ps import Process, Thread
from ntmm.loader.errors import LoaderError
from ntmm.loader.parameters import ProcessParameters
from ntmm.loader.process import initialize_thread, load_program
from ntmm.loader.teb import ThreadPlace
from ntmm.native.dispatch import ServiceDispatcher
from ntmm.nt.profile import SystemProfile
from ntmm.nt.status import Status
from ntmm.pe.headers import PeHeaders
from ntmm.runner.images import open_volume_image
from ntmm.trace import ImageMapped, ProcessCreated, Trace
from ntmm.win32.threads import push_start_arguments, release_thread

_ENVIRONMENT: Final = {
    "ALLUSERSPROFILE": "C:\\",
    "COMPUTERNAME": "NTMM",
    "ComSpec": "C:\\WINDOWS\\system32\\cmd.exe",
    "OS": "Windows_NT",
    "PATH": "C:\\WINDOWS\\system32;C:\\WINDOWS;C:\\",
    "SystemDrive": "C:",
    "SystemRoot": "C:\\WINDOWS",
    "TEMP": "C:\\WINDOWS\\Temp",
    "TMP": "C:\\WINDOWS\\Temp",
    "USERNAME": "user",
    "windir": "C:\\WINDOWS",
}
"""The same on every host, so that runs repeat."""


def environment(profile: SystemProfile) -> dict[str, str]:
    """The environment of every process, in the order of its names."""
    names = {**_ENVIRONMENT, "NUMBER_OF_PROCESSORS": str(profile.processors)}
    return dict(sorted(names.items(), key=lambda item: item[0].upper()))


def default_architecture(headers: PeHeaders) -> str:
    """PAE with no-execute pages for 32-bit programs, x64 for 64-bit ones."""
    return "x64" if headers.is_64 else "pae"


class Machine:
    """A booted machine. Close it when the run is over."""

    def __init__(
        self, profile: SystemProfile, root: Path, overlay: Path | None, trace: Trace, checking: bool = False
    ) -> None:
        """Raises OSError or ValueError where the folders cannot be used."""
        self.volume = Volume(root, overlay)
        self.kernel = Kernel(profile, self.volume, trace, checking)
        self.volume.use_clock(self.kernel.clock.now_100ns)
        self.dispatcher = ServiceDispatcher(self.kernel)
        self.kernel.traps.system_call = self.dispatcher
        self.kernel.ps.thread_ended = release_thread

    def close(self) -> None:
        """Frees host resources."""
        self.kernel.close()
        self.volume.close()

    def open_image(self, path: str) -> ImageBacking | None:
        """A file of the drive for the loader."""
        return open_volume_image(self.volume, path)

    def load(
        self,
        image: ImageBacking,
        headers: PeHeaders,
        parameters: ProcessParameters,
        streams: tuple[ConsoleFile, ConsoleFile, ConsoleFile],
    ) -> Process:
        """A process with the program loaded and its first thread ready; raises LoaderError, MalformedImage."""
        kernel = self.kernel
        process = kernel.ps.create_process(parameters.image_path.rpartition("\\")[2])
        if process is None:
            raise LoaderError("there is not enough memory for a process: run with more RAM (--ram)", Status.NO_MEMORY)
        handles = [process.handles.insert(stream) for stream in streams]
        parameters.standard_input, parameters.standard_output, parameters.standard_error = handles
        if kernel.trace.enabled:
            uptime = kernel.clock.uptime_100ns()
            kernel.trace.emit(ProcessCreated(uptime, process.id, process.parent_id, parameters.image_path))
        start = load_program(kernel, process, headers, image, parameters, self.open_image)
        process.exception_dispatcher = start.exception_dispatcher
        created = kernel.ps.create_thread(process, headers.stack_reserve, headers.stack_commit, start.start_routine)
        if created is None:
            raise LoaderError("there is not enough memory for the stack the program asks for", Status.NO_MEMORY)
        thread, stack = created
        place = ThreadPlace(thread.teb, process.id, thread.id, stack.base, stack.limit, stack.allocation)
        initialize_thread(start.linker, place, process.peb)
        self._trace_images(process)
        self._start(thread, stack.base, start.start_block)
        return process

    def _start(self, thread: Thread, stack_base: int, block: int) -> None:
        push_start_arguments(thread, stack_base, block)
        self.kernel.ps.start(thread)

    def _trace_images(self, process: Process) -> None:
        kernel = self.kernel
        if not kernel.trace.enabled:
            return
        for module in process.modules.modules:
            relocated = module.base != module.headers.image_base
            uptime = kernel.clock.uptime_100ns()
            kernel.trace.emit(ImageMapped(uptime, process.id, module.name, module.base, module.size, relocated))
