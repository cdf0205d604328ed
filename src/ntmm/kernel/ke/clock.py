"""The virtual clock: time passes by what the machine did, never by the host's time, so that runs repeat exactly."""

from collections.abc import Callable, Sequence
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

    __slots__ = ("_ticked", "alarm_100ns", "alarm_entries", "code_bytes", "entries", "next_tick_100ns", "skipped_100ns")

    performance_frequency: Final = 10_000_000
    """Counts per second of the performance counter."""

    def __init__(self) -> None:
        self.entries = 0
        self.skipped_100ns = 0
        self.code_bytes: Sequence[int] = (0,)
        self.alarm_100ns = NEVER
        """Uptime at which the next timer is due."""
        self.alarm_entries = NEVER
        """The value of `entries` from which that timer or the next tick is due, if no further code is counted."""
        self.next_tick_100ns = NEVER
        """Uptime at which the next clock interrupt is due; NEVER while nobody is told of them."""
        self._ticked: Callable[[int], None] = lambda uptime_100ns: None

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

    def start_ticks(self, ticked: Callable[[int], None]) -> None:
        """From now on `ticked` is told the uptime of the latest clock interrupt, once for all that came together."""
        self._ticked = ticked
        self.next_tick_100ns = 0
        self.tick()
        self._set_alarm_entries()

    def tick(self) -> None:
        """Tells of the latest clock interrupt if one came since the last call (KeUpdateSystemTime)."""
        now = self.uptime_100ns()
        if now >= self.next_tick_100ns:
            latest = now - now % TICK_100NS
            self.next_tick_100ns = latest + TICK_100NS
            self._ticked(latest)

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
        due = min(self.alarm_100ns, self.next_tick_100ns)
        if due == NEVER:
            self.alarm_entries = NEVER
        else:
            left = due - self.uptime_100ns()
            self.alarm_entries = self.entries - (-left // KERNEL_ENTRY_100NS)
