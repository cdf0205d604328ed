"""Drives: the letters under which volumes are mounted, and the devices behind them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Drive:
    """A mounted volume: its letter with a colon, its device, and what it tells about itself."""

    letter: str
    device: str
    label: str
    serial_number: int
    is_ram_disk: bool = False


DRIVE_C: Final = Drive("C:", "\\Device\\HarddiskVolume1", "NTMM", 0x4E544D4D)


def ram_drive(letter: str) -> Drive:
    """The RAM disk under a letter, such as "R:"."""
    return Drive(letter, "\\Device\\RamDisk", "RAMDISK", 0x52414D44, is_ram_disk=True)


def device_path(path: str) -> str:
    """The NT path of a file that is named with its drive; any other name is answered as it is."""
    if path[1:2] != ":":
        return path
    device = DRIVE_C.device if path[:1].upper() == "C" else ram_drive(path[:2]).device
    return device + path[2:]
