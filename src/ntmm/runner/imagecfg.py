"""What `ntmm imagecfg` tells of image files: whether they are large-address-aware, and what that gives them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ntmm.pe.flags import with_large_address_aware
from ntmm.pe.headers import PeHeaders, parse_headers
from ntmm.pe.malformed import MalformedImage
from ntmm.runner.errors import UserError


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One image file."""

    path: str
    bits: int
    is_dll: bool
    large_address_aware: bool
    nx_compatible: bool


def image_rows(paths: Sequence[Path]) -> Iterator[ImageRow]:
    """A row for each file, and for each image in a folder; what is no image is passed over there.

    Raises UserError for a file that cannot be read or is no image.
    """
    for path in paths:
        if path.is_dir():
            for file in sorted(each for each in path.iterdir() if each.is_file()):
                headers = _headers_of(file, required=False)
                if headers is not None:
                    yield _row(file, headers)
        else:
            headers = _headers_of(path, required=True)
            assert headers is not None
            yield _row(path, headers)


def write_copy(path: Path, copy: Path, large: bool) -> None:
    """Writes a copy of an image with the large-address-aware flag set or cleared; never over the file itself."""
    _headers_of(path, required=True)
    if copy.exists() and path.resolve() == copy.resolve():
        raise UserError(f"the copy of {str(path)!r} must be another file: Windows checks signatures of the original")
    try:
        copy.write_bytes(with_large_address_aware(path.read_bytes(), large))
    except OSError as error:
        raise UserError(f"cannot write {str(copy)!r}: {(error.strerror or str(error)).lower()}") from error


def _headers_of(path: Path, required: bool) -> PeHeaders | None:
    try:
        return parse_headers(path.read_bytes())
    except OSError as error:
        raise UserError(f"cannot read {str(path)!r}: {(error.strerror or str(error)).lower()}") from error
    except MalformedImage as error:
        if required:
            raise UserError(f"{str(path)!r} is not an image: {error}") from error
        return None


def _row(path: Path, headers: PeHeaders) -> ImageRow:
    bits = 64 if headers.is_64 else 32
    return ImageRow(str(path), bits, headers.is_dll, headers.is_large_address_aware, headers.is_nx_compatible)
