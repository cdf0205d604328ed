"""Short ways to open, read and change files of a volume by DOS path."""

from typing import Any

from ntmm.kernel.io.constants import (
    DELETE,
    FILE_DIRECTORY_FILE,
    FILE_GENERIC_READ,
    FILE_GENERIC_WRITE,
    Disposition,
)
from ntmm.kernel.io.file import File, FileObject
from ntmm.kernel.io.paths import nt_path
from ntmm.kernel.io.volume import OpenRequest, Volume

EVERYTHING = FILE_GENERIC_READ | FILE_GENERIC_WRITE | DELETE


def opened(volume: Volume, path: str, access: int = FILE_GENERIC_READ, share: int = 7, **more: Any) -> FileObject:
    """A file or folder of the drive."""
    disposition = Disposition(more.pop("disposition", Disposition.OPEN))
    file = volume.open(nt_path(path, "C:\\"), OpenRequest(access, share, disposition, **more)).file
    assert isinstance(file, FileObject)
    return file


def content(volume: Volume, path: str) -> bytes:
    """All bytes of a file."""
    file = opened(volume, path)
    try:
        return file.read(0, 1 << 20)
    finally:
        file.close()


def write(volume: Volume, path: str, data: bytes) -> None:
    """Creates or replaces a file."""
    file = opened(volume, path, FILE_GENERIC_WRITE, disposition=Disposition.OVERWRITE_IF)
    file.write(0, data)
    file.close()


def make_folder(volume: Volume, path: str) -> None:
    opened(volume, path, disposition=Disposition.CREATE, options=FILE_DIRECTORY_FILE).close()


def delete(volume: Volume, path: str) -> None:
    file = opened(volume, path, DELETE)
    try:
        file.set_delete_pending(True)
    finally:
        file.close()


def rename(volume: Volume, source: str, target: str, replace: bool = False) -> None:
    file = opened(volume, source, DELETE)
    try:
        volume.rename(file, nt_path(target, "C:\\"), replace)
    finally:
        file.close()


def names(volume: Volume, path: str = "C:\\") -> list[str]:
    folder = opened(volume, path, 1, options=FILE_DIRECTORY_FILE)
    try:
        return [entry.name for entry in volume.entries(folder)]
    finally:
        folder.close()


def open_any(volume: Volume, path: str) -> File:
    return volume.open(nt_path(path, "C:\\"), OpenRequest(FILE_GENERIC_READ)).file
