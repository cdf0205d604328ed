"""Opening image files: the program itself on the host, DLLs on the guest's drive."""

from pathlib import Path
from typing import Final

from ntmm.kernel.io.constants import (
    FILE_GENERIC_READ,
    FILE_NON_DIRECTORY_FILE,
    FILE_SHARE_DELETE,
    FILE_SHARE_READ,
)
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import FileObject
from ntmm.kernel.io.image import HostImage, ImageBacking, VolumeImage
from ntmm.kernel.io.volume import OpenRequest, Volume
from ntmm.pe.headers import PeHeaders, parse_headers
from ntmm.pe.malformed import MalformedImage
from ntmm.runner.errors import UserError

HEADER_BYTES: Final = 0x10000
"""How much of a program is read to find its headers."""


def open_volume_image(volume: Volume, path: str) -> ImageBacking | None:
    """A file of the drive C:, or None if there is none that can be read, or somebody may write to it meanwhile."""
    share = FILE_SHARE_READ | FILE_SHARE_DELETE
    try:
        opened = volume.open("\\??\\" + path, OpenRequest(FILE_GENERIC_READ, share, options=FILE_NON_DIRECTORY_FILE))
    except IoFailure:
        return None
    return VolumeImage(opened.file) if isinstance(opened.file, FileObject) else None


def open_program(path: Path) -> tuple[HostImage, PeHeaders]:
    """The program that the user named, with its headers; raises UserError with a sentence."""
    try:
        image = HostImage(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        return image, parse_headers(image.read(0, image.size))
    except OSError as error:
        image.close()
        raise _unreadable(path, error) from error
    except MalformedImage as error:
        image.close()
        raise UserError(f"{str(path)!r} cannot be run: {error}") from error


def _unreadable(path: Path, error: OSError) -> UserError:
    return UserError(f"cannot read program {str(path)!r}: {error.strerror or error}")


def guest_path(program: Path, root: Path) -> str:
    """Where the program seems to lie on C:; one from outside the drive's folder appears in C:\\ itself."""
    try:
        parts = program.resolve().relative_to(root.resolve()).parts
    except ValueError:
        parts = (program.name,)
    return "C:\\" + "\\".join(parts)
