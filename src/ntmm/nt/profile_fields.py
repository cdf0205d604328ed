"""What kind of value each field of a system profile takes."""

from collections.abc import Mapping
from typing import Any, Final

from ntmm.nt.boot_options import BootOptions
from ntmm.nt.registry import Registry

_FIELDS: Final[dict[str, tuple[Any, str]]] = {
    "ram": (int, "RAM is a number of bytes, such as 64 << 20"),
    "processors": (int, "processors are a number, such as 2"),
    "global_flag": (int, "a global flag is a number, such as 0x70"),
    "boot": (BootOptions, "boot switches are made with ntmm.boot_options('/3GB')"),
    "registry": (Registry, "registry values are made with ntmm.registry(['LargeSystemCache=1'])"),
}
_FILES: Final = "paging files are a tuple of ntmm.nt.profile.PagingFileSize(64 << 20, 128 << 20), or None"


def check_fields(values: Mapping[str, object], file_type: type) -> None:
    """Raises TypeError with a sentence for a value of the wrong kind; `file_type` describes a paging file."""
    for name, (kind, sentence) in _FIELDS.items():
        if not isinstance(values[name], kind):
            raise TypeError(sentence)
    files = values["paging_files"]
    if files is not None and not (isinstance(files, tuple) and all(isinstance(file, file_type) for file in files)):
        raise TypeError(_FILES)


def check_choice(what: str, value: str, known: tuple[str, ...]) -> None:
    """Raises ValueError with a sentence for a value that is not among `known`."""
    if value not in known:
        raise ValueError(f"unknown {what} {value!r}: choose one of {', '.join(known)}")
