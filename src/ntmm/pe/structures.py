"""The raw header structures of a PE file, decoded by pefile.

Only pefile's structure definitions are used, not its `PE` class: that one repairs, guesses and warns where Windows
refuses, and its work grows with what hostile headers claim. A structure decodes a fixed number of bytes, whatever they
hold.
"""

from typing import Any, Final

import pefile

from ntmm.pe.malformed import INVALID_IMAGE_FORMAT, MalformedImage

DOS_HEADER: Final = pefile.PE.__IMAGE_DOS_HEADER_format__
FILE_HEADER: Final = pefile.PE.__IMAGE_FILE_HEADER_format__
OPTIONAL_HEADER: Final = pefile.PE.__IMAGE_OPTIONAL_HEADER_format__
OPTIONAL_HEADER_64: Final = pefile.PE.__IMAGE_OPTIONAL_HEADER64_format__
DATA_DIRECTORY: Final = pefile.PE.__IMAGE_DATA_DIRECTORY_format__
SECTION_HEADER: Final = pefile.PE.__IMAGE_SECTION_HEADER_format__


def size_of(layout: Any) -> int:
    """The size of a structure in bytes."""
    size: int = pefile.Structure(layout).sizeof()
    return size


def decode(layout: Any, data: bytes, offset: int, what: str, status: int = INVALID_IMAGE_FORMAT) -> Any:
    """The structure at a file offset; MalformedImage with the status if the file ends before it does."""
    structure = pefile.Structure(layout, file_offset=offset)
    size = structure.sizeof()
    if offset + size > len(data):
        raise MalformedImage(f"the file ends inside its {what}", status)
    structure.__unpack__(data[offset : offset + size])
    return structure
