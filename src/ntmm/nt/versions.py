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
XP_SP2 = WindowsVersion("Windows XP SP2", 5, 1, 2600, 2)
XP_X64_SP2 = WindowsVersion("Windows XP x64 Edition SP2", 5, 2, 3790, 2)
SERVER_2003_SP2 = WindowsVersion("Windows Server 2003 SP2", 5, 2, 3790, 2)

WINDOWS_NAMES: Final = {
    "nt4": "Windows NT 4.0",
    "2000": "Windows 2000",
    "xp": "Windows XP",
    "2003": "Windows Server 2003",
}
"""What each choice is called; oldest first."""

RELEASES: Final = {
    ("nt4", "x86"): NT4_SP6,
    ("2000", "x86"): WINDOWS_2000_SP4,
    ("2000", "pae"): WINDOWS_2000_SP4,
    ("xp", "x86"): XP_SP2,
    ("xp", "pae"): XP_SP2,
    ("xp", "x64"): XP_X64_SP2,
    ("2003", "x86"): SERVER_2003_SP2,
    ("2003", "pae"): SERVER_2003_SP2,
    ("2003", "x64"): SERVER_2003_SP2,
}
"""(choice, architecture) -> release. PAE kernels came with 2000, x64 with Server 2003's code."""
