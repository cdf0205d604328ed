"""The system profile: which Windows on which machine is simulated."""

from dataclasses import dataclass

from ntmm.nt.limits import MAXIMUM_RAM, MINIMUM_RAM


@dataclass(frozen=True, slots=True)
class WindowsVersion:
    """A Windows release as GetVersionEx tells it."""

    name: str
    major: int
    minor: int
    build: int
    service_pack: int


XP_SP2 = WindowsVersion("Windows XP SP2", 5, 1, 2600, 2)
SERVER_2003_SP2 = WindowsVersion("Windows Server 2003 SP2", 5, 2, 3790, 2)


@dataclass(frozen=True, slots=True)
class SystemProfile:
    """The machine to boot: architecture ("x86", "pae" or "x64"), RAM in bytes, Windows version, processors.

    Raises ValueError with a sentence when the parts do not fit together.
    """

    architecture: str = "pae"
    ram: int = 64 << 20
    processors: int = 1

    def __post_init__(self) -> None:
        if self.architecture not in MAXIMUM_RAM:
            known = ", ".join(MAXIMUM_RAM)
            raise ValueError(f"unknown architecture {self.architecture!r}: choose one of {known}")
        if self.ram % 4096:
            raise ValueError("RAM must be a multiple of 4096 bytes")
        if not MINIMUM_RAM <= self.ram <= MAXIMUM_RAM[self.architecture]:
            low, high = MINIMUM_RAM >> 20, MAXIMUM_RAM[self.architecture] >> 20
            raise ValueError(f"RAM of a machine of architecture {self.architecture} must be {low} MB to {high} MB")

    @property
    def version(self) -> WindowsVersion:
        """XP SP2 on 32 bit, Server 2003 SP2 on x64: the releases that memory-image readers know best."""
        return SERVER_2003_SP2 if self.architecture == "x64" else XP_SP2
