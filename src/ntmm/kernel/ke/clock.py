"""The virtual clock: time passes by what the machine did, never by the host's time, so that runs repeat exactly."""

from collections.abc import Sequence
from typing import Final

BOOT_TIME_100NS: Final = 127_489_248_000_000_000
"""2005-01-01 00:00:00 UTC as a FILETIME (100 ns units since 1601): every machine boots at this moment."""

KERNEL_ENTRY_100NS: Final = 10
"""Modelled cost of one entry into the kernel: 1 microsecond."""

CODE_BYTES_PER_100NS: Final = 400
"""Modelled speed of guest code where it is counted: 0.25 ns a byte, about 1 ns an instruction."""

TICK_100NS: Final = 156_250
"""The clock interrupt's period: 15.625 ms, as on PCs of the time."""

NEVER: Final = 1 << 62
"""An uptime and a number of kernel entries that no run reaches."""


class Clock:
    """Counts virtual time in 100 ns units: kernel entries, waits and I/O, and guest code where it is counted.

    `entries` is raised by the trap loop; `advance` adds waits and I/O; `code_bytes`, a slot that boot fills, holds the
    bytes of guest code that the CPU has counted.
    """

    __slots__ = ("alarm_100ns", "alarm_entries", "code_bytes", "entries", "skipped_100ns")

    performance_frequency: Final = 10_000_000
    """Counts per second of the performance counter."""

    def __init__(self) -> None:
        self.entries = 0
        self.skipped_100ns = 0
        self.code_bytes: Sequence[int] = (0,)
        self.alarm_100ns = NEVER
        """Uptime at which the next timer is due."""
        self.alarm_entries = NEVER
        """The value of `entries` from which that timer is due, if no further code is counted."""

    def uptime_100ns(self) -> int:
        """Time since boot in 100 ns units."""
        counted = self.code_bytes[0] // CODE_BYTES_PER_100NS
        return self.entries * KERNEL_ENTRY_100NS + self.skipped_100ns + counted

    def now_100ns(self) -> int:
        """Current time as a FILETIME."""
        return BOOT_TIME_100NS + self.uptime_100ns()

    def tick_count(self) -> int:
        """Milliseconds since boot at the resolution of the clock interrupt (GetTickCount), not wrapped."""
        return self.uptime_100ns() // TICK_100NS * TICK_100NS // 10_000

    def performance_counter(self) -> int:
        """Counts of `performance_frequency` since boot."""
        return self.uptime_100ns()

    def time_stamp_counter(self) -> int:
        """The processor's cycle counter at a modelled 2 GHz, for emulated rdtsc."""
        return self.uptime_100ns() * 200

    def advance(self, amount_100ns: int) -> None:
        """Lets time pass without work: an idle wait, or an I/O's latency."""
        assert amount_100ns >= 0
        self.skipped_100ns += amount_100ns
        self._set_alarm_entries()

    def advance_to(self, uptime_100ns: int) -> None:
        """Lets time pass up to an uptime, if it is not past already."""
        left = uptime_100ns - self.uptime_100ns()
        if left > 0:
            self.skipped_100ns += left
            self._set_alarm_entries()

    def set_alarm(self, due_100ns: int | None) -> None:
        """The uptime at which the trap loop must look at the timers; None for no timers."""
        self.alarm_100ns = NEVER if due_100ns is None else due_100ns
        self._set_alarm_entries()

    def _set_alarm_entries(self) -> None:
        if self.alarm_100ns == NEVER:
            self.alarm_entries = NEVER
        else:
            left = self.alarm_100ns - self.uptime_100ns()
            self.alarm_entries = self.entries - (-left // KERNEL_ENTRY_100NS)
