"""What `ntmm imagecfg` tells of image files: whether they are large-address-aware, and what that gives them."""

import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ntmm.pe.headers import PeHeaders, parse_headers
from ntmm.pe.malformed import MalformedImage
from ntmm.runner.errors import UserError

_SIGNATURE: Final = b"MZ"
_LARGEST: Final = 1 << 32
"""Bytes: offsets in an image file have 32 bits."""


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One image file."""

    path: str
    bits: int
    is_dll: bool
    large_address_aware: bool
    nx_compatible: bool


def image_rows(paths: Sequence[Path]) -> Iterator[ImageRow | UserError]:
    """A row for each file, and for each image in a folder; what is no image is passed over there.

    A file that cannot be read, or was named and is no image, is an error in its place; the others follow all the same.
    """
    for path in paths:
        try:
            folder = sorted(path.iterdir()) if path.is_dir() else None
        except OSError as error:
            yield _unreadable(path, error)
            continue
        if folder is None:
            yield _row_of(path)
        else:
            yield from _rows_in(folder)


def _rows_in(files: Sequence[Path]) -> Iterator[ImageRow | UserError]:
    for file in files:
        try:
            if file.is_file() and _is_image(file):
                yield _row_of(file)
        except OSError as error:
            yield _unreadable(file, error)


def _is_image(path: Path) -> bool:
    try:
        parse_headers(_read(path))
    except MalformedImage:
        return False
    return True


def _row_of(path: Path) -> ImageRow | UserError:
    try:
        headers = _headers_of(path)
    except UserError as error:
        return error
    bits = 64 if headers.is_64 else 32
    return ImageRow(str(path), bits, headers.is_dll, headers.is_large_address_aware, headers.is_nx_compatible)


def write_copy(path: Path, copy: Path, changed: Callable[[bytes], bytes]) -> None:
    """Writes a copy of an image that `changed` has another flag in; never over the file itself, by any of its names.

    Raises UserError.
    """
    _headers_of(path)
    if copy.exists() and path.samefile(copy):
        raise UserError(f"the copy of {str(path)!r} must be another file: Windows checks signatures of the original")
    try:
        copy.write_bytes(changed(path.read_bytes()))
    except OSError as error:
        raise UserError(f"cannot write {str(copy)!r}: {(error.strerror or str(error)).lower()}") from error


def _headers_of(path: Path) -> PeHeaders:
    try:
        return parse_headers(_read(path))
    except OSError as error:
        raise _unreadable(path, error) from error
    except MalformedImage as error:
        raise UserError(f"{str(path)!r} is not an image: {error}") from error


def _read(path: Path) -> bytes:
    """The file, or its first two bytes if they cannot begin an image: folders hold files of any size.

    Raises OSError, and MalformedImage for what is no file: a device has no end.
    """
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        return path.read_bytes()  # the OSError that says so
    if not stat.S_ISREG(status.st_mode):
        raise MalformedImage("it is a device or a pipe")
    if status.st_size >= _LARGEST:
        raise MalformedImage("the file is too large")
    with path.open("rb") as file:
        data = file.read(len(_SIGNATURE))
        return data + file.read() if data == _SIGNATURE else data


def _unreadable(path: Path, error: OSError) -> UserError:
    return UserError(f"cannot read {str(path)!r}: {(error.strerror or str(error)).lower()}")
