"""Reading a boot.ini file as the loader of Windows (NTLDR) does: the default entry and its switches."""

import re
from dataclasses import dataclass, replace
from typing import Final

from ntmm.nt.boot_options import BootOptions, parse_boot_options

_LOADER: Final = "boot loader"
_SYSTEMS: Final = "operating systems"
_UNTITLED: Final = "Windows (default)"
LARGEST: Final = 64 << 10
"""Bytes; NTLDR itself reads far less."""


@dataclass(frozen=True, slots=True)
class BootEntry:
    """One line of [operating systems]."""

    path: str
    title: str
    options: BootOptions


def parse_boot_ini(text: str) -> BootEntry:
    """The entry that is started when nobody chooses another: the one that `default` names, or else the first.

    The timeout is ignored. Lines and switches that nobody knows are passed over, as NTLDR does, and what stands behind
    the sign with which DOS ended a text (Ctrl-Z). Raises ValueError with a sentence where there is no entry, or where a
    switch has a bad value.
    """
    default, entries = "", list[tuple[str, str]]()
    section = ""
    lines = re.split("\r\n|\r|\n", text.partition("\x1a")[0])
    for number, line in enumerate((each.strip() for each in lines), start=1):
        if not line or line.startswith(";"):
            continue
        if line.startswith("["):
            section = _section(line, number)
            continue
        name, equals, value = line.partition("=")
        if equals and section == _SYSTEMS:
            entries.append((name.strip(), value.strip()))
        elif section == _LOADER and name.strip().lower() == "default":
            default = value.strip()
    return _entry(default, entries)


def _section(line: str, number: int) -> str:
    if not line.endswith("]"):
        raise ValueError(
            f"line {number} of the boot.ini file begins a section without an end: write [operating systems]"
        )
    return line[1:-1].strip().lower()


def _entry(default: str, entries: list[tuple[str, str]]) -> BootEntry:
    """A default that no entry has is started by its path alone, without switches."""
    if not entries and not default:
        raise ValueError("the boot.ini file names no system: it needs a line in [operating systems]")
    for path, rest in entries:
        if not default or path.lower() == default.lower():
            title, switches = _title(rest)
            options = parse_boot_options(switches, strict=False)
            return BootEntry(path, title, replace(options, entry=title))
    return BootEntry(default, _UNTITLED, BootOptions(entry=_UNTITLED))


def _title(rest: str) -> tuple[str, str]:
    """("title", switches) of the value; a title without an end quote ends with the line."""
    if rest.startswith('"'):
        title, _, switches = rest[1:].partition('"')
        return title, switches
    title, slash, switches = rest.partition(" /")
    return title, slash + switches
