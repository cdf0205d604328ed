"""Editions of each Windows: how much RAM and how many processors they use, and what they can boot with.

RAM limits are those of the lecture's table where it has a row. Its columns are 32-bit Windows on an x86 processor,
32-bit Windows on an x64 processor, 64-bit Windows on x64, and IA-64. The later service packs' limits differ
(`docs/machines.md`).
"""

from dataclasses import dataclass
from typing import Final

_GB: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class MemoryLimits:
    """RAM in GB by what the system runs on; 0 where the edition does not exist."""

    x86: int
    x86_on_x64: int
    x64: int
    ia64: int

    def in_bytes(self, architecture: str, on_x64: bool) -> int:
        """The limit for an architecture's name; `on_x64`: a 32-bit system on an x64 processor."""
        if architecture == "x64":
            return self.x64 * _GB
        if architecture == "ia64":
            return self.ia64 * _GB
        return (self.x86_on_x64 if on_x64 else self.x86) * _GB


@dataclass(frozen=True, slots=True)
class Edition:
    """One package of a Windows. `sockets` is what its licence allows; nothing here counts them."""

    title: str
    memory: MemoryLimits
    sockets: int
    three_gb: bool = False
    """Whether /3GB gives programs more than 2 GB."""
    is_server: bool = True
    product_type: int = 3
    """VER_NT_WORKSTATION 1, VER_NT_SERVER 3."""
    suite_mask: int = 0
    """VER_SUITE_* bits as GetVersionEx tells them."""


_SUITE_ENTERPRISE: Final = 0x2
_SUITE_DATACENTER: Final = 0x80
_SUITE_PERSONAL: Final = 0x200
_SUITE_BLADE: Final = 0x400

_WORKSTATION: Final = 1

_XP_PROFESSIONAL: Final = Edition(
    "Professional", MemoryLimits(4, 4, 16, 0), 2, three_gb=True, is_server=False, product_type=_WORKSTATION
)
_XP: Final = {
    "professional": _XP_PROFESSIONAL,
    "home": Edition(
        "Home",
        MemoryLimits(4, 4, 0, 0),
        1,
        is_server=False,
        product_type=_WORKSTATION,
        suite_mask=_SUITE_PERSONAL,
    ),
    "x64": Edition("x64 Edition", MemoryLimits(0, 0, 16, 0), 2, is_server=False, product_type=_WORKSTATION),
}
_2003: Final = {
    "standard": Edition("Standard", MemoryLimits(4, 4, 16, 0), 4, three_gb=True),
    "enterprise": Edition("Enterprise", MemoryLimits(32, 32, 64, 64), 8, three_gb=True, suite_mask=_SUITE_ENTERPRISE),
    "datacenter": Edition(
        "Datacenter",
        MemoryLimits(64, 128, 1024, 1024),
        64,
        three_gb=True,
        suite_mask=_SUITE_DATACENTER | _SUITE_ENTERPRISE,
    ),
    "web": Edition("Web", MemoryLimits(2, 2, 0, 0), 2, suite_mask=_SUITE_BLADE),
}
_2000: Final = {
    "professional": Edition("Professional", MemoryLimits(4, 4, 0, 0), 2, is_server=False, product_type=_WORKSTATION),
    "server": Edition("Server", MemoryLimits(4, 4, 0, 0), 4),
    "advanced-server": Edition(
        "Advanced Server", MemoryLimits(8, 8, 0, 0), 8, three_gb=True, suite_mask=_SUITE_ENTERPRISE
    ),
    "datacenter": Edition(
        "Datacenter Server",
        MemoryLimits(32, 32, 0, 0),
        32,
        three_gb=True,
        suite_mask=_SUITE_DATACENTER | _SUITE_ENTERPRISE,
    ),
}
_NT4: Final = {
    "workstation": Edition("Workstation", MemoryLimits(4, 4, 0, 0), 2, is_server=False, product_type=_WORKSTATION),
    "server": Edition("Server", MemoryLimits(4, 4, 0, 0), 4),
    "enterprise": Edition(
        "Server, Enterprise Edition", MemoryLimits(4, 4, 0, 0), 8, three_gb=True, suite_mask=_SUITE_ENTERPRISE
    ),
}

EDITIONS: Final = {"nt4": _NT4, "2000": _2000, "xp": _XP, "2003": _2003}
"""By family of releases, then by name; the first that fits is what "auto" takes, the plainest first."""

EDITION_NAMES: Final = tuple(dict.fromkeys(name for family in EDITIONS.values() for name in family))

ONLY_64_BIT: Final = tuple(
    name for name in EDITION_NAMES if not any(family[name].memory.x86 for family in EDITIONS.values() if name in family)
)
"""Editions that there are no 32-bit systems of."""

NT4_ALPHA_LIMIT: Final = 8 * _GB
"""NT 4 on Alpha AXP: the frame number of its page-table entries. No Alpha machine is simulated."""

THREE_GB_RAM_LIMIT: Final = 16 * _GB
"""With /3GB the PFN database of more RAM does not fit into one gigabyte of system space."""
