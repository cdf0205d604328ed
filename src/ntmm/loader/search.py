"""Which file a DLL name means: a system DLL, or a file in the program's or the current folder."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.io.image import ImageBacking
from ntmm.loader.apiset import base_name
from ntmm.loader.errors import LoaderError
from ntmm.loader.synthesis import SystemDlls
from ntmm.pe.headers import MalformedImage, PeHeaders, parse_headers

SYSTEM_FOLDER: Final = "C:\\Windows\\System32"
WOW64_FOLDER: Final = "C:\\Windows\\SysWOW64"
"""Where a 64-bit system keeps its 32-bit DLLs; 32-bit programs find them under either name."""
_HEADER_BYTES: Final = 1 << 20
"""How much of a file is read to find its headers; images whose headers lie further back are refused."""

_REDISTRIBUTED: Final = ("vcruntime140.dll",)
"""Not part of Windows: programs bring them, or their installation does; the system's stand in where none is found."""
SEARCH_DLL_LOAD_DIR: Final = 0x100
SEARCH_APPLICATION_DIR: Final = 0x200
SEARCH_USER_DIRS: Final = 0x400
SEARCH_SYSTEM32: Final = 0x800
SEARCH_DEFAULT_DIRS: Final = 0x1000
SEARCH_FLAGS: Final = 0x1F00
"""LOAD_LIBRARY_SEARCH_*: only the folders that they name are searched, of which user folders are none here."""

OpenImage = Callable[[str], ImageBacking | None]
"""Full guest path -> the file's bytes, or None if there is no such file."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A file found for a DLL name: base name, full guest path, bytes, verified headers."""

    name: str
    path: str
    backing: ImageBacking
    headers: PeHeaders


class ImageSearch:
    """The search order of one process.

    System DLL names always mean the system's DLLs (as KnownDlls do), but for those that are not part of Windows.
    """

    def __init__(
        self,
        system: SystemDlls,
        open_image: OpenImage,
        program_folder: str,
        current_folder: Callable[[], str],
        system_folder: str = SYSTEM_FOLDER,
    ) -> None:
        self._system = system
        self._system_folder = system_folder
        self.open_image = open_image
        self._program_folder = program_folder
        self._current_folder = current_folder

    def find(self, name: str, flags: int = 0) -> ImageFile | None:
        """The file that a name or path given to LoadLibrary or an import directory means, or None.

        `flags` are those of SEARCH_FLAGS; none means the usual folders. Raises LoaderError if the file is there
        and no image.
        """
        base = base_name(name)
        folder, separator, _ = name.replace("/", "\\").rpartition("\\")
        system = self._system.find(base)
        folders = (SYSTEM_FOLDER.lower(), self._system_folder.lower())
        own = None
        if system is not None and (not separator or folder.lower() in folders):
            own = ImageFile(system.name, f"{self._system_folder}\\{system.name}", system.backing, system.headers)
        if own is not None and own.name not in _REDISTRIBUTED:
            return own
        for place in [self._absolute(folder + separator)] if separator else self._folders(flags):
            path = _join(place, base)
            backing = self.open_image(path)
            if backing is not None:
                return ImageFile(base, path, backing, read_headers(base, backing))
        return own

    def base_name_of(self, name: str) -> str:
        """The base name under which a DLL name's module is listed, API sets resolved."""
        base = base_name(name)
        system = self._system.find(base)
        return base if system is None else system.name

    def _folders(self, flags: int) -> list[str]:
        if not flags:
            return [self._program_folder, self._current_folder()]
        own = [self._program_folder] if flags & (SEARCH_APPLICATION_DIR | SEARCH_DEFAULT_DIRS) else []
        system = [self._system_folder] if flags & (SEARCH_SYSTEM32 | SEARCH_DEFAULT_DIRS) else []
        return own + system

    def _absolute(self, folder: str) -> str:
        if folder[1:2] == ":":
            return folder
        if folder.startswith("\\"):
            return self._current_folder()[:2] + folder
        return _join(self._current_folder(), folder)


def read_headers(name: str, backing: ImageBacking) -> PeHeaders:
    """The headers of an image file; LoaderError with the name in its sentence if it is malformed."""
    try:
        return parse_headers(backing.read(0, min(backing.size, _HEADER_BYTES)), backing.size)
    except MalformedImage as refusal:
        raise LoaderError(f"{name} cannot be loaded: {refusal.sentence}", refusal.status) from None


def _join(folder: str, name: str) -> str:
    return folder + name if folder.endswith("\\") else f"{folder}\\{name}"
