"""Limits of the simulated machines, in bytes."""

from typing import Final

MINIMUM_RAM: Final = 4 << 20
"""Below 4 MB the system pages of the first process do not fit beside a working set."""

MAXIMUM_RAM: Final = {"x86": 4 << 30, "pae": 64 << 30, "x64": 1 << 40}
"""By architecture: the 20-bit frame number, the 36-bit physical address, and Server 2003's 1 TB."""
