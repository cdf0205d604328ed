"""What a run is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

from ntmm.kernel.io.quota import DEFAULT_DISK
from ntmm.nt.boot_options import BootOptions
from ntmm.nt.editions import ONLY_64_BIT
from ntmm.nt.profile import PagingFileSize, SystemProfile, kernel_architecture
from ntmm.nt.registry import Registry
from ntmm.runner.errors import UserError
from ntmm.runner.streams import standard_error, standard_input, standard_output

DEFAULT_RAM: Final = 64 << 20
"""64 MB: a generous machine when XP came out, and enough for every sample program."""

DEFAULT_TIMELINE_INTERVAL: Final = 100
"""Milliseconds of virtual time: ten samples for each tick of the balance set manager."""


class ArchitectureChoice(StrEnum):
    """Page tables one may ask for; AUTO takes what Windows would for 32-bit programs, and x64 for 64-bit ones."""

    AUTO = "auto"
    X86 = "x86"
    PAE = "pae"
    X64 = "x64"
    IA64 = "ia64"


class WindowsChoice(StrEnum):
    """Releases one may ask for; AUTO takes XP SP2 on 32 bit and Server 2003 SP2 on 64 bit or with more than 4 GB."""

    AUTO = "auto"
    NT4 = "nt4"
    WINDOWS_2000 = "2000"
    XP = "xp"
    XP_SP2 = "xp-sp2"
    SERVER_2003 = "2003"
    SERVER_2003_SP1 = "2003-sp1"
    SERVER_2003_SP2 = "2003-sp2"


class ProcessorChoice(StrEnum):
    """Kinds of processors; AUTO takes one with no-execute pages."""

    AUTO = "auto"
    X86 = "x86"
    X86_NX = "x86-nx"
    X64 = "x64"
    IA64 = "ia64"


class ReplacementChoice(StrEnum):
    """How working sets choose the page that must go; AUTO takes what the Windows release does."""

    AUTO = "auto"
    FIFO = "fifo"
    CLOCK = "clock"
    AGEING = "ageing"


@dataclass(frozen=True, slots=True)
class ProgramLine:
    """A program file of the host, what it is called with, and whose session it runs in.

    `user` "" is the machine's user, an administrator; every other name is an ordinary user's.
    """

    program: Path
    arguments: Sequence[str] = ()
    user: str = ""
    session: int = 0


@dataclass(frozen=True, slots=True)
class SystemOptions:
    """How the system is set up: its edition, boot switches, registry, and the kind of processor.

    `ram_disk` is the letter, as in "R:", of a volume in the RAM that the system does not use; "" for none.
    """

    edition: str = "auto"
    boot: BootOptions = field(default_factory=BootOptions)
    registry: Registry = field(default_factory=Registry)
    processor_kind: str = "auto"
    ram_disk: str = ""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """One run: `program` with `arguments`, and the programs of `others` beside it on the same machine.

    `user` and `session` are those of `program`, see ProgramLine.

    `ram` and `output_limit` in bytes, `time_limit` in seconds of the host; None means no limit.

    `disk` is how many bytes the programs may add to the drive C: before the disk is full.

    `overlay` is a folder that takes all changes to files; without it they go to the current folder itself.
    `events` is the file for the event stream, `timeline` the one for the sizes of the page lists, sampled every
    `timeline_interval` milliseconds of virtual time. `paging_files` None is the default of the machine. `checking`
    fills freed pages with junk, and audits the memory manager's books when the programs have ended and again when
    their memory has been returned. `granted` names privileges that an administrator has assigned to the user, which
    programs may enable. `with_symbols` compiles C sources so that a debugger finds their functions. `global_flag` is
    NtGlobalFlag: heaps of programs check themselves by its bits.
    """

    program: Path
    arguments: Sequence[str] = ()
    ram: int = DEFAULT_RAM
    architecture: str = ArchitectureChoice.AUTO
    overlay: Path | None = None
    time_limit: float | None = None
    output_limit: int | None = None
    disk: int = DEFAULT_DISK
    events: Path | None = None
    checking: bool = False
    others: Sequence[ProgramLine] = ()
    windows: str = WindowsChoice.AUTO
    replacement: str = ReplacementChoice.AUTO
    processors: int = 1
    paging_files: tuple[PagingFileSize, ...] | None = None
    system: SystemOptions = field(default_factory=SystemOptions)
    timeline: Path | None = None
    timeline_interval: int = DEFAULT_TIMELINE_INTERVAL
    with_symbols: bool = False
    user: str = ""
    session: int = 0
    granted: Sequence[str] = ()
    global_flag: int = 0
    standard_input: BinaryIO = field(default_factory=standard_input)
    standard_output: BinaryIO = field(default_factory=standard_output)
    standard_error: BinaryIO = field(default_factory=standard_error)

    @property
    def programs(self) -> tuple[ProgramLine, ...]:
        """All programs in the order of the command line."""
        return (ProgramLine(self.program, self.arguments, self.user, self.session), *self.others)

    def profile(self, default: str) -> SystemProfile:
        """The machine to boot; `default` is the architecture that "auto" stands for. Raises UserError."""
        return profile_for(
            self.architecture,
            self.ram,
            default,
            windows=self.windows,
            replacement=self.replacement,
            processors=self.processors,
            paging_files=self.paging_files,
            system=self.system,
            global_flag=self.global_flag,
        )


def check_ram_disk(profile: SystemProfile) -> None:
    """Raises ValueError with a sentence where no RAM is left for a RAM disk."""
    if not profile.unused_ram:
        raise ValueError(
            f"a RAM disk needs RAM that the system does not use: this one uses up to {profile.ram_limit >> 20} MB, "
            "so give the machine more with --ram, or keep some back with /MAXMEM=MB in --boot"
        )


def profile_for(
    architecture: str,
    ram: int,
    default: str = ArchitectureChoice.PAE,
    *,
    windows: str = WindowsChoice.AUTO,
    replacement: str = ReplacementChoice.AUTO,
    processors: int = 1,
    paging_files: tuple[PagingFileSize, ...] | None = None,
    system: SystemOptions | None = None,
    global_flag: int = 0,
) -> SystemProfile:
    """The machine to boot; `default` stands for "auto", where PAE means the kernel that Windows would take.

    Raises UserError where the parts do not fit together.
    """
    chosen, system = str(architecture), system or SystemOptions()
    try:
        if chosen == ArchitectureChoice.AUTO:
            chosen = str(ArchitectureChoice.X64 if system.edition in ONLY_64_BIT else default)
            if chosen == ArchitectureChoice.PAE:
                chosen = kernel_architecture(
                    str(windows), ram, system.boot, system.registry, system.edition, system.processor_kind
                )
        profile = SystemProfile(
            chosen,
            ram,
            processors,
            str(windows),
            str(replacement),
            paging_files,
            global_flag,
            system.edition,
            system.boot,
            system.registry,
            system.processor_kind,
        )
        if system.ram_disk:
            check_ram_disk(profile)
    except ValueError as error:
        raise UserError(str(error)) from error
    return profile
