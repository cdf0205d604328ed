"""File names: which are legal, how they compare, and how wildcards match."""

import re
from functools import lru_cache
from typing import Final

LONGEST_NAME: Final = 255
"""UTF-16 units in one name, as on NTFS."""

_FORBIDDEN: Final = re.compile('[\x00-\x1f"*/:<>?\\\\|\ud800-\udfff]')
_DEVICES: Final = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{port}{digit}" for port in ("COM", "LPT") for digit in "123456789\u00b9\u00b2\u00b3"]
)


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """The upper-case form under which names compare equal: one character for one (RtlUpcaseUnicodeString)."""
    if name.isascii():
        return name.upper()
    return "".join(upper if len(upper := character.upper()) == 1 else character for character in name)


def device_name(name: str) -> str | None:
    """The DOS device that a file name stands for ("nul.txt" is NUL), or None."""
    stem = re.split(r"[.:]", name, maxsplit=1)[0].rstrip(" ").upper()
    return stem if stem in _DEVICES else None


def is_legal_name(name: str) -> bool:
    """True if a file can have this name: no reserved character or device, no trailing dot or space."""
    if not name or name[-1] in ". " or _FORBIDDEN.search(name):
        return False
    return len(name.encode("utf-16-le")) <= 2 * LONGEST_NAME and device_name(name) is None


def has_wildcard(name: str) -> bool:
    """True if the name is a pattern."""
    return "*" in name or "?" in name


@lru_cache(maxsize=256)
def _pattern_expression(pattern: str) -> re.Pattern[str]:
    pieces = {"*": ".*", "?": "."}
    return re.compile("".join(pieces.get(character, re.escape(character)) for character in fold(pattern)), re.DOTALL)


def matches(pattern: str, name: str) -> bool:
    """True if a name matches a Win32 wildcard pattern, without regard to case.

    As FindFirstFile documents and does: "*.*" is every name, "*." and "x*." are names without an extension,
    trailing question marks also match nothing, and a "?" before a dot or the end may match nothing.
    """
    if pattern in ("*", "*.*"):
        return True
    folded = fold(name)
    if pattern.endswith(".") and "*" in pattern:
        return "." not in name.strip(".") and _pattern_expression(pattern[:-1]).fullmatch(folded) is not None
    if _pattern_expression(pattern).fullmatch(folded):
        return True
    return "?" in pattern and _lenient_expression(pattern).fullmatch(folded) is not None


_NT_PIECES: Final = {
    "*": ".*",
    "?": ".",
    "<": r"(?:(?!\.[^.]*\Z).)*",
    ">": r"(?:[^.]|(?=\.|\Z))",
    '"': r"(?:\.|\Z)",
}


@lru_cache(maxsize=256)
def _nt_expression(pattern: str) -> re.Pattern[str]:
    pieces = (_NT_PIECES.get(character, re.escape(character)) for character in fold(pattern))
    return re.compile("".join(pieces), re.DOTALL)


def matches_nt(pattern: str, name: str) -> bool:
    """True if a name matches a pattern of NtQueryDirectoryFile (FsRtlIsNameInExpression), without regard to case.

    "*.*" wants a dot here. DOS's wildcards: "<" is everything but the last dot, ">" one character or none before a dot
    or the end, a quotation mark a dot or the end.
    """
    return _nt_expression(pattern).fullmatch(fold(name)) is not None


@lru_cache(maxsize=256)
def _lenient_expression(pattern: str) -> re.Pattern[str]:
    """Question marks that stand before a dot or the end become optional (DOS_QM)."""
    dotted = re.sub(r"\?+(?=\.|$)", lambda run: "\x01" * len(run[0]), fold(pattern))
    pieces = {"*": ".*", "?": ".", "\x01": "[^.]?"}
    return re.compile("".join(pieces.get(character, re.escape(character)) for character in dotted), re.DOTALL)
