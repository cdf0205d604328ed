"""What a run is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

from ntmm.nt.profile import SystemProfile
from ntmm.runner.errors import UserError
from ntmm.runner.streams import standard_error, standard_input, standard_output

DEFAULT_RAM: Final = 64 << 20
"""64 MB: a generous machine when XP came out, and enough for every sample program."""


class ArchitectureChoice(StrEnum):
    """Page-table formats one may ask for; AUTO takes PAE for 32-bit programs and x64 for 64-bit ones."""

    AUTO = "auto"
    X86 = "x86"
    PAE = "pae"
    X64 = "x64"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """One run. `ram` and `output_limit` in bytes, `time_limit` in seconds of the host; None means no limit.

    `overlay` is a folder that takes all changes to files; without it they go to the current folder itself.
    `events` is the file for the event stream. `checking` fills freed pages with junk, and audits the memory manager's
    books when the program has ended and again when its memory has been returned.
    """

    program: Path
    arguments: Sequence[str] = ()
    ram: int = DEFAULT_RAM
    architecture: str = ArchitectureChoice.AUTO
    overlay: Path | None = None
    time_limit: float | None = None
    output_limit: int | None = None
    events: Path | None = None
    checking: bool = False
    standard_input: BinaryIO = field(default_factory=standard_input)
    standard_output: BinaryIO = field(default_factory=standard_output)
    standard_error: BinaryIO = field(default_factory=standard_error)


def profile_for(architecture: str, ram: int, default: str = "pae") -> SystemProfile:
    """The machine to boot; `default` stands for "auto". Raises UserError where RAM and architecture do not fit."""
    chosen = default if architecture == ArchitectureChoice.AUTO else architecture
    try:
        return SystemProfile(architecture=chosen, ram=ram)
    except ValueError as error:
        raise UserError(str(error)) from error
