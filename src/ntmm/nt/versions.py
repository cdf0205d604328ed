"""The Windows releases that can be simulated."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class WindowsVersion:
    """A Windows release as GetVersionEx tells it."""

    name: str
    major: int
    minor: int
    build: int
    service_pack: int


NT4_SP6 = WindowsVersion("Windows NT 4.0 SP6", 4, 0, 1381, 6)
WINDOWS_2000_SP4 = WindowsVersion("Windows 2000 SP4", 5, 0, 2195, 4)
XP_SP1 = WindowsVersion("Windows XP SP1", 5, 1, 2600, 1)
XP_SP2 = WindowsVersion("Windows XP SP2", 5, 1, 2600, 2)
XP_X64_SP1 = WindowsVersion("Windows XP x64 Edition SP1", 5, 2, 3790, 1)
XP_X64_SP2 = WindowsVersion("Windows XP x64 Edition SP2", 5, 2, 3790, 2)
SERVER_2003 = WindowsVersion("Windows Server 2003", 5, 2, 3790, 0)
SERVER_2003_SP1 = WindowsVersion("Windows Server 2003 SP1", 5, 2, 3790, 1)
SERVER_2003_SP2 = WindowsVersion("Windows Server 2003 SP2", 5, 2, 3790, 2)


@dataclass(frozen=True, slots=True)
class Release:
    """What the choice of a Windows means beside its version.

    `replacement`: how working sets choose the page that goes, on one processor and on several.
    """

    title: str
    family: str
    replacement: tuple[str, str]
    knows_dep: bool
    knows_user_va: bool
    temporary_paging_file: int = 0
    """Bytes of the paging file that is made where none is configured."""


_MB: Final = 1 << 20

WINDOWS: Final = {
    "nt4": Release("Windows NT 4.0", "nt4", ("fifo", "fifo"), knows_dep=False, knows_user_va=False),
    # Clearing an accessed bit would flush every processor's TLB, so 2000 does it on one processor only.
    "2000": Release(
        "Windows 2000",
        "2000",
        ("clock", "fifo"),
        knows_dep=False,
        knows_user_va=False,
        temporary_paging_file=20 * _MB,
    ),
    "xp": Release("Windows XP", "xp", ("ageing", "ageing"), knows_dep=False, knows_user_va=True),
    "xp-sp2": Release("Windows XP SP2", "xp", ("ageing", "ageing"), knows_dep=True, knows_user_va=True),
    "2003": Release("Windows Server 2003", "2003", ("ageing", "ageing"), knows_dep=False, knows_user_va=True),
    "2003-sp1": Release(
        "Windows Server 2003 SP1",
        "2003",
        ("ageing", "ageing"),
        knows_dep=True,
        knows_user_va=True,
    ),
    "2003-sp2": Release(
        "Windows Server 2003 SP2",
        "2003",
        ("ageing", "ageing"),
        knows_dep=True,
        knows_user_va=True,
    ),
}
"""What each choice means; oldest first. "xp" is the release before SP2, which brought DEP."""

RELEASES: Final = {
    ("nt4", "x86"): NT4_SP6,
    ("2000", "x86"): WINDOWS_2000_SP4,
    ("2000", "pae"): WINDOWS_2000_SP4,
    ("xp", "x86"): XP_SP1,
    ("xp", "pae"): XP_SP1,
    ("xp", "x64"): XP_X64_SP1,
    ("xp-sp2", "x86"): XP_SP2,
    ("xp-sp2", "pae"): XP_SP2,
    ("xp-sp2", "x64"): XP_X64_SP2,
    ("2003", "x86"): SERVER_2003,
    ("2003", "pae"): SERVER_2003,
    ("2003", "ia64"): SERVER_2003,
    ("2003-sp1", "x86"): SERVER_2003_SP1,
    ("2003-sp1", "pae"): SERVER_2003_SP1,
    ("2003-sp1", "x64"): SERVER_2003_SP1,
    ("2003-sp1", "ia64"): SERVER_2003_SP1,
    ("2003-sp2", "x86"): SERVER_2003_SP2,
    ("2003-sp2", "pae"): SERVER_2003_SP2,
    ("2003-sp2", "x64"): SERVER_2003_SP2,
    ("2003-sp2", "ia64"): SERVER_2003_SP2,
}
"""(choice, architecture) -> release. PAE kernels came with 2000, x64 with Server 2003's SP1."""

AUTO_RELEASE: Final = {"x86": "xp-sp2", "pae": "xp-sp2", "x64": "2003-sp2", "ia64": "2003-sp2"}
"""What "auto" means on each architecture: those that memory-image readers know best."""

ARCHITECTURE_TITLES: Final = {"x86": "x86", "pae": "PAE", "x64": "x64", "ia64": "IA-64"}
"""How the architectures are called."""


def missing_release(windows: str, architecture: str) -> str:
    """The sentence that refuses a Windows on an architecture it never had."""
    kind = "kernel" if architecture == "pae" else "edition"
    others = " or ".join(name for name in WINDOWS if (name, architecture) in RELEASES)
    instead = "architecture x86, or 2000 or later" if architecture == "pae" else others
    return f"{WINDOWS[windows].title} has no {ARCHITECTURE_TITLES[architecture]} {kind}: choose {instead}"
