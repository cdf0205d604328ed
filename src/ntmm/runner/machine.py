"""A machine and the programs loaded into it: the wiring between options, kernel, services and loader."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import ntmm.crt
import ntmm.loader.image_services
import ntmm.loader.native_process
import ntmm.loader.services
import ntmm.native.services
import ntmm.win32  # noqa: F401 - registers its services
from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.console import ConsoleFile
from ntmm.kernel.io.image import ImageBacking
from ntmm.kernel.io.quota import DEFAULT_DISK, DiskQuota
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.ps import Process
from ntmm.kernel.se import PRIVILEGES, Token
from ntmm.kernel.se.accounts import DEFAULT_USER_NAME
from ntmm.loader.parameters import ProcessParameters
from ntmm.loader.start import NewProgram, load_new_process, new_process, release_thread
from ntmm.native.dispatch import ServiceDispatcher
from ntmm.nt.profile import SystemProfile
from ntmm.pe.headers import PeHeaders
from ntmm.runner.images import open_volume_image
from ntmm.trace import Trace

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
    "windir": "C:\\WINDOWS",
}
"""The same on every host, so that runs repeat."""


def environment(profile: SystemProfile, user: str = DEFAULT_USER_NAME) -> dict[str, str]:
    """The environment of a user's process, in the order of its names."""
    names = {**_ENVIRONMENT, "NUMBER_OF_PROCESSORS": str(profile.reported_processors), "USERNAME": user}
    return dict(sorted(names.items(), key=lambda item: item[0].upper()))


def default_architecture(headers: Sequence[PeHeaders]) -> str:
    """PAE with no-execute pages for 32-bit programs, x64 where one has 64 bits; 32-bit ones run there too."""
    return "x64" if any(each.is_64 for each in headers) else "pae"


class Machine:
    """A booted machine. Close it when the run is over."""

    def __init__(
        self,
        profile: SystemProfile,
        root: Path,
        overlay: Path | None,
        trace: Trace,
        checking: bool = False,
        granted: Sequence[str] = (),
        disk: int = DEFAULT_DISK,
        ram_disk: str = "",
    ) -> None:
        """`disk` bytes may be added to C:; `ram_disk` is the letter of a RAM disk, as in "R:".

        Raises OSError or ValueError where the folders cannot be used.
        """
        self.volume = Volume(root, overlay, disk=DiskQuota(disk))
        self.kernel = Kernel(profile, self.volume, trace, checking)
        if ram_disk:
            self.kernel.mount_ram_disk(ram_disk)
        self.volume.use_clock(self.kernel.clock.now_100ns)
        self.dispatcher = ServiceDispatcher(self.kernel)
        self.kernel.traps.system_call = self.dispatcher
        self.kernel.ps.thread_ended = release_thread
        self._granted = [PRIVILEGES[name] for name in granted]
        self._programs: dict[str, ImageBacking] = {}
        """By guest path: they may lie outside the drive's folder."""

    def close(self) -> None:
        """Frees host resources."""
        self.kernel.close()
        self.volume.close()

    def open_image(self, path: str) -> ImageBacking | None:
        """A file of the drive for the loader; programs of the command line are where they seem to lie."""
        return self._programs.get(path.lower()) or open_volume_image(self.volume, path)

    def load(
        self,
        image: ImageBacking,
        headers: PeHeaders,
        parameters: ProcessParameters,
        streams: tuple[ConsoleFile, ConsoleFile, ConsoleFile],
        user: str = "",
        session: int = 0,
    ) -> Process:
        """A process with the program loaded and its first thread ready; raises LoaderError, MalformedImage.

        It runs for `user`, "" the machine's own. Raises ValueError for a name that no user can have.
        """
        kernel = self.kernel
        self._programs.setdefault(parameters.image_path.lower(), image)
        token = Token(kernel.accounts.user(user or DEFAULT_USER_NAME), session)
        for privilege in self._granted:
            token.grant(privilege)
        process = new_process(kernel, parameters.image_path.rpartition("\\")[2], headers, token=token)
        handles = [process.handles.insert(stream, stream.access, inherit=True) for stream in streams]
        parameters.standard_input, parameters.standard_output, parameters.standard_error = handles
        kernel.ps.start(load_new_process(kernel, process, NewProgram(image, headers, parameters, self.open_image)))
        return process
