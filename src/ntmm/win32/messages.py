"""Texts of system errors, in this project's own words, and the expansion of message inserts."""

import re
from collections.abc import Callable
from typing import Final

MESSAGES: Final = {
    0: "The operation succeeded",
    1: "The function is not valid here",
    2: "The file was not found",
    3: "The path was not found",
    4: "Too many files are open",
    5: "Access was denied",
    6: "The handle is not valid",
    8: "There is not enough memory for this request",
    11: "The format is not valid",
    13: "The data is not valid",
    14: "There is not enough memory to finish this operation",
    15: "The drive was not found",
    16: "The current folder cannot be removed",
    17: "The file cannot be moved to another drive",
    18: "There are no more files",
    19: "The medium is write protected",
    24: "The length is wrong for this request",
    29: "The device could not be written",
    31: "The device failed",
    32: "The file is in use by another open",
    33: "Part of the file is locked by another open",
    38: "The end of the file was reached",
    50: "The request is not supported",
    53: "The network path was not found",
    80: "The file exists already",
    87: "A parameter is not valid",
    109: "The pipe has been closed",
    111: "The file name is too long for the buffer",
    112: "The disk is full",
    120: "The function is not implemented on this system",
    122: "The buffer is too small",
    123: "The file, folder or volume name is not valid",
    126: "The module was not found",
    127: "The procedure was not found",
    131: "The file pointer cannot be moved before the start of the file",
    145: "The folder is not empty",
    158: "The segment is not locked",
    160: "One or more arguments are not valid",
    161: "The path is not valid",
    183: "The file exists already and cannot be created",
    193: "The file is not a valid program",
    203: "The environment variable was not found",
    206: "The file name or its extension is too long",
    234: "There is more data",
    258: "The wait timed out",
    259: "There is no more data",
    267: "The folder name is not valid",
    288: "The mutex is not owned by the caller",
    298: "The semaphore was released too often",
    487: "The address is not valid",
    998: "The memory location cannot be accessed",
    1004: "The flags are not valid",
    1005: "The volume holds no file system that is known",
    1008: "There is no token",
    1113: "A character has no counterpart in the code page",
    1117: "The device reported an I/O error",
    1168: "The element was not found",
    1300: "Not all privileges are held by the caller",
    1313: "There is no such privilege",
    1314: "The caller does not hold a needed privilege",
    1450: "The system is short of resources",
    1453: "The minimum working set has no room for this request",
    1454: "The quota of the paging file is used up",
    1455: "The paging file is too small for this operation",
}

ArgumentReader = Callable[[int, str], str | int]
"""(index from 0, conversion "s", "S", "c" or "d") -> the insert's string or number."""

_ESCAPES: Final = {"n": "\r\n", "r": "\r", "t": "\t", "b": " ", ".": ".", "!": "!", "%": "%", " ": " "}
_INSERT: Final = re.compile(r"%([1-9][0-9]?)(?:!([^!]*)!)?|%(0)|%(.)", re.DOTALL)
_FORMAT: Final = re.compile(r"([-+ #0]*)([0-9]*)(\.[0-9]+)?(?:h|l|w|I64|I32|I)?([a-zA-Z])")


def expand_inserts(text: str, read: ArgumentReader) -> str:
    """Replaces %1, %2!d!, %n and so on as FormatMessage does; %0 ends the text. Raises ValueError for a bad format."""
    pieces: list[str] = []
    position = 0
    for match in _INSERT.finditer(text):
        pieces.append(text[position : match.start()])
        position = match.end()
        number, form, end, escape = match.groups()
        if end:
            return "".join(pieces)
        pieces.append(_ESCAPES.get(escape, escape) if escape else _insert(int(number) - 1, form, read))
    return "".join(pieces) + text[position:]


def _insert(index: int, form: str | None, read: ArgumentReader) -> str:
    match = _FORMAT.fullmatch("s" if form is None else form)
    if match is None:
        raise ValueError(f"unknown insert format {form!r}")
    flags, width, precision, conversion = match.groups()
    python = {"i": "d", "u": "d", "p": "X", "S": "s", "C": "c"}.get(conversion, conversion)
    if python not in "sdxXoc":
        raise ValueError(f"unknown insert format {form!r}")
    kind = conversion if conversion in "sSc" else ("u" if conversion in "uxXop" else "d")
    return f"%{flags}{width}{precision or ''}{python}" % read(index, kind)
