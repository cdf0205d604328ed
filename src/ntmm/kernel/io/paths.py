"""Paths: a program's DOS path to a full path and an NT path, an NT path to a device and components."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.names import device_name, has_wildcard, is_legal_name
from ntmm.nt.status import Status

LONGEST_PATH: Final = 260
"""MAX_PATH: UTF-16 units of a path without the \\\\?\\ prefix, with the final zero."""

NT_PREFIX: Final = "\\??\\"
_LITERAL_PREFIXES: Final = ("\\\\?\\", "\\\\.\\")


class Device(Enum):
    """The devices a program can reach."""

    DRIVE = "a drive"
    NUL = "NUL"


@dataclass(frozen=True, slots=True)
class Target:
    """Where an NT path leads: a device and the names below it; `directory_only` if it ended with a backslash."""

    device: Device
    components: tuple[str, ...] = ()
    directory_only: bool = False
    drive: str = "C:"


def _normalize(names: list[str]) -> list[str]:
    """Removes ".", resolves ".." without going above the root, and drops the dots that DOS ignores."""
    result: list[str] = []
    for name in names:
        if name in ("", "."):
            continue
        if name == "..":
            del result[-1:]
        else:
            result.append(name[:-1] if re.search(r"[^.]\.$", name) else name)
    return result


def full_path(path: str, current: str) -> str:
    """The full form of a DOS path (RtlGetFullPathName_U): `C:\\...`, `\\\\.\\NUL`, or a path of a foreign kind.

    `current` is the current folder, such as `C:\\` or `C:\\work`. An empty or blank path gives "".
    """
    if path.startswith(_LITERAL_PREFIXES[0]):
        return path
    if not path.strip(" "):
        return ""
    slashed = path.replace("/", "\\")
    if slashed.startswith((_LITERAL_PREFIXES[1], "\\\\")):
        return slashed
    last = re.split(r"[\\/:]", path)[-1]
    device = device_name(last)
    if device is not None and not re.match(r"[^\\:]{2,}:", slashed):
        return _LITERAL_PREFIXES[1] + device
    drive, rest = current[:2], slashed
    if len(slashed) >= 2 and slashed[1] == ":":
        drive, rest = slashed[:2], slashed[2:]
    base = [] if rest.startswith("\\") or drive.upper() != current[:2].upper() else current[3:].split("\\")
    return _join(drive, base, rest)


def _join(drive: str, base: list[str], rest: str) -> str:
    trailing = rest.endswith("\\")
    names = rest.split("\\")
    if not trailing and names[-1] not in (".", ".."):
        names[-1] = names[-1].rstrip(". ")
    normal = _normalize(base + names)
    text = drive + "\\" + "\\".join(normal)
    return text + "\\" if trailing and normal else text


def nt_path(path: str, current: str) -> str:
    """The NT path of a DOS path (RtlDosPathNameToNtPathName_U).

    Fails with OBJECT_NAME_NOT_FOUND for an empty path, BAD_NETWORK_PATH for \\\\server\\share and
    NAME_TOO_LONG for a path of MAX_PATH units without the \\\\?\\ prefix.
    """
    full = full_path(path, current)
    if not full:
        raise IoFailure(Status.OBJECT_PATH_NOT_FOUND)
    if full.startswith(_LITERAL_PREFIXES):
        return NT_PREFIX + full[4:]
    if full.startswith("\\\\"):
        raise IoFailure(Status.BAD_NETWORK_PATH)
    if len(full.encode("utf-16-le", "surrogatepass")) // 2 >= LONGEST_PATH:
        raise IoFailure(Status.NAME_TOO_LONG)
    return NT_PREFIX + full


def parse_nt_path(path: str, drives: Collection[str] = ("C:",)) -> Target:
    """The target of an NT path such as `\\??\\C:\\folder\\file`; refuses every device but `drives` and NUL.

    Names are checked one by one here, so what follows never sees a separator, a stream or a dot name.
    """
    for prefix in (NT_PREFIX, "\\DosDevices\\", "\\GLOBAL??\\"):
        if path.upper().startswith(prefix.upper()):
            return _parse_dos_device(path[len(prefix) :], drives)
    if path.upper() == "\\DEVICE\\NULL":
        return Target(Device.NUL)
    raise IoFailure(Status.OBJECT_PATH_NOT_FOUND if path.startswith("\\") else Status.OBJECT_PATH_SYNTAX_BAD)


def _parse_dos_device(text: str, drives: Collection[str]) -> Target:
    device_text, separator, rest = text.partition("\\")
    if device_text.upper() == "NUL":
        return Target(Device.NUL)
    if device_text.upper() not in drives or not separator:
        missing = Status.OBJECT_PATH_NOT_FOUND if separator else Status.OBJECT_NAME_NOT_FOUND
        raise IoFailure(missing)
    names = rest.split("\\")
    directory_only = names[-1] == ""
    if directory_only:
        names.pop()
    for name in names:
        if not is_legal_name(name):
            raise IoFailure(Status.OBJECT_NAME_INVALID)
    return Target(Device.DRIVE, tuple(names), directory_only, device_text.upper())


def split_pattern(path: str) -> tuple[str, str]:
    """Splits the full path of a FindFirstFile pattern into its folder (with backslash) and the last name."""
    folder, separator, pattern = path.rpartition("\\")
    return folder + separator, pattern


def is_pattern(path: str) -> bool:
    """True if the last name of a path holds wildcards."""
    return has_wildcard(re.split(r"[\\/]", path)[-1])
