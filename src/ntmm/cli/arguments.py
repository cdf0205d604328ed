"""How options are read, shared by the commands."""

import functools
import math
import operator
import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from ntmm.cli.programs import SEPARATOR, parse_session, refuse_leading_separator
from ntmm.nt.boot_ini import LARGEST, parse_boot_ini
from ntmm.nt.boot_options import BootOptions, parse_boot_options
from ntmm.nt.profile import PagingFileSize
from ntmm.nt.registry import parse_registry
from ntmm.runner.errors import UserError
from ntmm.runner.options import (
    ArchitectureChoice,
    ProcessorChoice,
    ReplacementChoice,
    SystemOptions,
    WindowsChoice,
)
from ntmm.runner.sizes import parse_size


class ReportFormat(StrEnum):
    """How the report of a run is written."""

    TEXT = "text"
    JSON = "json"
    NONE = "none"


def parse_seconds(text: str) -> float:
    """A finite number of seconds above zero; raises ValueError with a sentence."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ValueError(f"{text!r} is not a time: write seconds above zero")
    return seconds


def parse_paging_file(text: str) -> PagingFileSize:
    """A file of fixed size for "64M", one that may grow for "64M-128M"; raises ValueError with a sentence."""
    minimum, dash, maximum = text.partition("-")
    size = parse_size(minimum)
    return PagingFileSize(size, parse_size(maximum) if dash else size)


def paging_files_of(texts: Sequence[str] | None) -> tuple[PagingFileSize, ...] | None:
    """The paging files that the options ask for; None where there was no such option."""
    if not texts:
        return None
    if "none" in texts:
        if len(texts) > 1:
            raise typer.BadParameter("'none' cannot stand beside a size", param_hint="'--pagefile'")
        return ()
    try:
        return tuple(parse_paging_file(text) for text in texts)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="'--pagefile'") from error


def system_options(
    edition: str, cpu: str, boot: str, boot_ini: Path | None, registry: Sequence[str] | None, ram_disk: str = ""
) -> SystemOptions:
    """How the system is set up; --boot adds to what the boot.ini file says. Raises UserError."""
    try:
        switches = BootOptions() if boot_ini is None else _boot_ini(boot_ini)
        switches = switches.joined(parse_boot_options(boot))
        return SystemOptions(edition.lower(), switches, parse_registry(registry or ()), str(cpu), ram_disk)
    except ValueError as error:
        raise UserError(str(error)) from error


_MARKS: Final = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
"""How editors mark texts in Unicode, which NTLDR does not read."""


def _boot_ini(path: Path) -> BootOptions:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise UserError(f"cannot read {str(path)!r}: {(error.strerror or str(error)).lower()}") from error
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "cp1252")
    text = data.decode(encoding, "replace")
    if len(data) > LARGEST or "\0" in text:
        raise UserError(f"{str(path)!r} is not a boot.ini file: it must be a short text")
    return parse_boot_ini(text).options


_GLOBAL_FLAGS: Final = {"htc": 0x10, "hfc": 0x20, "hpc": 0x40, "hvc": 0x80, "dhc": 0x200000}
"""Bits of NtGlobalFlag that heaps obey, by their usual abbreviations."""


def parse_global_flag(text: str) -> int:
    """A number of 32 bits, or abbreviations joined by "+"; raises ValueError with a sentence."""
    words = text.lower().split("+")
    if all(word in _GLOBAL_FLAGS for word in words):
        return functools.reduce(operator.or_, (_GLOBAL_FLAGS[word] for word in words))
    try:
        value = int(text, 0)
    except ValueError:
        value = -1
    if not 0 <= value < 1 << 32:
        known = ", ".join(_GLOBAL_FLAGS)
        raise ValueError(f"{text!r} is no global flag: write a number of 32 bits, or some of {known} joined by +")
    return value


def _global_flag_option(text: str | int) -> int:
    if isinstance(text, int):
        return text
    try:
        return parse_global_flag(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _size_option(text: str | int) -> int:
    """Defaults come already parsed."""
    if isinstance(text, int):
        return text
    try:
        return parse_size(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _seconds_option(text: str | float) -> float:
    if isinstance(text, float):
        return text
    try:
        return parse_seconds(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def parse_drive(text: str) -> str:
    """A letter from D: to Z:, in upper case; raises ValueError with a sentence."""
    letter = text.upper().rstrip("\\")
    if not re.fullmatch("[D-Z]:", letter):
        raise ValueError(f"{text!r} is not a free drive: write a letter from D: to Z:")
    return letter


def _drive_option(text: str) -> str:
    """The default is no drive."""
    if not text:
        return text
    try:
        return parse_drive(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


Ram = Annotated[
    int, typer.Option("--ram", parser=_size_option, metavar="SIZE", show_default="64M", help="RAM of the machine.")
]
Arch = Annotated[
    ArchitectureChoice,
    typer.Option(
        "--arch",
        help="Page tables: auto is what Windows would take for 32-bit programs (pae for DEP or more than 4 GB of RAM, "
        "else x86), and x64 for 64-bit ones.",
    ),
]
Windows = Annotated[
    WindowsChoice,
    typer.Option("--os", "--windows", help="Release: auto is xp-sp2 for 32-bit programs and 2003-sp2 for 64-bit ones."),
]
Edition = Annotated[
    str,
    typer.Option(
        "--edition",
        metavar="NAME",
        help="Edition, which limits the RAM: home, professional, x64, web, standard, enterprise, datacenter, server, "
        "advanced-server, workstation; auto is the plainest that uses all of the RAM.",
    ),
]
ProcessorKind = Annotated[
    ProcessorChoice,
    typer.Option("--cpu", help="Kind of processor: x86 has no no-execute pages; x64 runs 32-bit systems too."),
]
Boot = Annotated[
    str,
    typer.Option("--boot", metavar="SWITCHES", help='Switches of boot.ini: "/3GB /USERVA=2800 /NOEXECUTE=OPTIN".'),
]
BootIni = Annotated[
    Path | None, typer.Option("--boot-ini", metavar="FILE", help="Boot the default entry of this boot.ini file.")
]
RegistryValues = Annotated[
    list[str] | None,
    typer.Option("--registry", metavar="KEY=VALUE", help="A memory-management value, as in LargeSystemCache=1."),
]
RamDisk = Annotated[
    str,
    typer.Option(
        "--ram-disk",
        parser=_drive_option,
        metavar="LETTER:",
        show_default="none",
        help="Make the RAM that the system does not use a volume with this letter, as in R:.",
    ),
]
Replacement = Annotated[
    ReplacementChoice,
    typer.Option(
        "--replacement",
        help="Which page leaves a full working set: auto is fifo on nt4, clock on 2000 (fifo with several "
        "processors), ageing on xp and 2003.",
    ),
]
Processors = Annotated[
    int,
    typer.Option(
        "--processors",
        "--cpus",
        metavar="N",
        help="Processors, 1 to 32, that programs are told of and that --replacement auto goes by; "
        "one is simulated, whatever N is.",
    ),
]
PagingFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--pagefile",
        metavar="SIZE[-MAX]",
        show_default="1.5 to 3 times the RAM",
        help="A paging file; up to 16, each with an option of its own. none: no paging file.",
    ),
]
GlobalFlag = Annotated[
    int,
    typer.Option(
        "--global-flag",
        parser=_global_flag_option,
        metavar="FLAGS",
        show_default=False,
        help="NtGlobalFlag: a number, or heap checks joined by +: htc (tails), hfc (free blocks), hpc (parameters), "
        "hvc (whole heap at each call), dhc (no coalescing).",
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option("--time-limit", parser=_seconds_option, metavar="SECONDS", help="Stop the program after this time."),
]
OutputLimit = Annotated[
    int | None,
    typer.Option("--output-limit", parser=_size_option, metavar="SIZE", help="Stop it after so much output."),
]
Disk = Annotated[
    int,
    typer.Option(
        "--disk",
        parser=_size_option,
        metavar="SIZE",
        show_default="8G",
        help="How much programs may add to the drive C: before the disk is full.",
    ),
]
Program = Annotated[Path, typer.Argument(metavar="PROGRAM", help="A Windows program, or a C source to compile first.")]
Arguments = Annotated[
    list[str] | None,
    typer.Argument(metavar="ARGS", help="Handed to the program untouched, options too. --and begins another program."),
]
User = Annotated[
    str,
    typer.Option(
        "--user",
        metavar="NAME",
        help="Who runs the program: an ordinary user of that name. Also after --and.",
        show_default="an administrator",
    ),
]
Session = Annotated[
    int,
    typer.Option("--session", parser=parse_session, metavar="N", help="The program's session. Also after --and."),
]
Events = Annotated[Path | None, typer.Option("--events", metavar="FILE", help="Record all events as lines of JSON.")]
LeadingSeparator = Annotated[
    bool, typer.Option(SEPARATOR, hidden=True, is_eager=True, callback=refuse_leading_separator)
]
Grant = Annotated[
    list[str] | None,
    typer.Option(
        "--grant",
        metavar="PRIVILEGE",
        help="Assign a privilege to the user, which programs may then enable: SeLockMemoryPrivilege for large pages.",
    ),
]
Overlay = Annotated[Path | None, typer.Option("--overlay", metavar="DIR", help="Keep changes to files in this folder.")]
