"""The system profile: which Windows on which machine is simulated."""

from dataclasses import dataclass
from typing import Final

from ntmm.nt.limits import (
    MAXIMUM_PAGING_FILE,
    MAXIMUM_PAGING_FILES,
    MAXIMUM_PROCESSORS,
    MAXIMUM_RAM,
    MINIMUM_PAGING_FILE,
    MINIMUM_RAM,
)
from ntmm.nt.versions import RELEASES, WINDOWS_NAMES, WindowsVersion

AUTO: Final = "auto"

REPLACEMENT_POLICIES: Final = ("fifo", "clock", "ageing")
"""How a working set chooses the page that must go."""

_POLICY_OF: Final = {
    # Windows: (on one processor, on several)
    "nt4": ("fifo", "fifo"),
    "2000": ("clock", "fifo"),
    "xp": ("ageing", "ageing"),
    "2003": ("ageing", "ageing"),
}
"""NT 4 replaces first in, first out; 2000 gives pages a second chance by their accessed bit, but on several processors
clearing that bit would flush every processor's TLB; XP and 2003 keep an age for each page."""

_DEFAULT_PAGING_FILE_CAP: Final = 4095 << 20
"""The default of the machine asks for no more than a file without PAE can hold."""

_PAGE: Final = 4096


@dataclass(frozen=True, slots=True)
class PagingFileSize:
    """What a paging file has at boot and how far it may grow, in bytes."""

    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class SystemProfile:
    """The machine to boot: architecture ("x86", "pae" or "x64"), RAM in bytes, processors, Windows.

    `windows` is "auto", "nt4", "2000", "xp" or "2003"; `replacement` is "auto", "fifo", "clock" or "ageing".
    `paging_files` None is the default of the machine, () none at all. `global_flag` is NtGlobalFlag. Only one processor
    is ever simulated: more change what is reported and which policy "auto" takes. Raises ValueError with a sentence
    when the parts do not fit together.
    """

    architecture: str = "pae"
    ram: int = 64 << 20
    processors: int = 1
    windows: str = AUTO
    replacement: str = AUTO
    paging_files: tuple[PagingFileSize, ...] | None = None
    global_flag: int = 0

    def __post_init__(self) -> None:
        _check_choice("architecture", self.architecture, tuple(MAXIMUM_RAM))
        _check_choice("Windows", self.windows, (AUTO, *WINDOWS_NAMES))
        _check_choice("replacement policy", self.replacement, (AUTO, *REPLACEMENT_POLICIES))
        self._check_release()
        self._check_ram()
        if not 1 <= self.processors <= MAXIMUM_PROCESSORS:
            raise ValueError(f"a machine has 1 to {MAXIMUM_PROCESSORS} processors")
        self._check_paging_files()

    def _check_release(self) -> None:
        if self.windows == AUTO or (self.windows, self.architecture) in RELEASES:
            return
        name = WINDOWS_NAMES[self.windows]
        if self.architecture == "x64":
            raise ValueError(f"{name} has no x64 edition: choose xp or 2003")
        raise ValueError(f"{name} has no PAE kernel: choose architecture x86, or 2000 or later")

    def _check_ram(self) -> None:
        if self.ram % _PAGE:
            raise ValueError("RAM must be a multiple of 4096 bytes")
        if not MINIMUM_RAM <= self.ram <= MAXIMUM_RAM[self.architecture]:
            low, high = MINIMUM_RAM >> 20, MAXIMUM_RAM[self.architecture] >> 20
            raise ValueError(f"RAM of a machine of architecture {self.architecture} must be {low} MB to {high} MB")

    def _check_paging_files(self) -> None:
        files = self.paging_files or ()
        if len(files) > MAXIMUM_PAGING_FILES:
            raise ValueError(f"a machine has at most {MAXIMUM_PAGING_FILES} paging files")
        largest = MAXIMUM_PAGING_FILE[self.architecture]
        for file in files:
            if file.minimum % _PAGE or file.maximum % _PAGE:
                raise ValueError("the sizes of a paging file must be multiples of 4096 bytes")
            if file.minimum < MINIMUM_PAGING_FILE:
                raise ValueError(f"a paging file must have at least {MINIMUM_PAGING_FILE >> 20} MB")
            if file.maximum < file.minimum:
                raise ValueError("the maximum of a paging file must not be below its minimum")
            if file.maximum > largest:
                limit = f"{largest >> 20} MB"
                raise ValueError(f"a paging file of architecture {self.architecture} can have at most {limit}")

    @property
    def release(self) -> str:
        """Which Windows it is: `windows`, or what "auto" means: XP on 32 bit, Server 2003 on x64."""
        if self.windows != AUTO:
            return self.windows
        return "2003" if self.architecture == "x64" else "xp"

    @property
    def version(self) -> WindowsVersion:
        """The release as GetVersionEx tells it; "auto" takes those that memory-image readers know best."""
        return RELEASES[self.release, self.architecture]

    @property
    def replacement_policy(self) -> str:
        """How working sets choose the page that must go: "fifo", "clock" or "ageing"."""
        if self.replacement != AUTO:
            return self.replacement
        return _POLICY_OF[self.release][self.processors > 1]

    @property
    def paging_file_sizes(self) -> tuple[PagingFileSize, ...]:
        """The paging files to create at boot; by default one of 1.5 to 3 times the RAM, as setup makes it."""
        if self.paging_files is not None:
            return self.paging_files
        minimum = _whole_pages(self.ram * 3 // 2)
        return (PagingFileSize(min(minimum, _DEFAULT_PAGING_FILE_CAP), min(self.ram * 3, _DEFAULT_PAGING_FILE_CAP)),)


def _check_choice(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"unknown {what} {value!r}: choose one of {', '.join(known)}")


def _whole_pages(size: int) -> int:
    return -(-size // _PAGE) * _PAGE
