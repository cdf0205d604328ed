"""When guest code is counted: while threads compete for the processor, so that one that never traps must share it.

Counting costs speed, so a program with one thread runs uncounted; its time passes by kernel entries alone.
"""

from typing import Final

from ntmm.hw.cpu import Cpu
from ntmm.kernel.ke.clock import CODE_BYTES_PER_100NS, Clock
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread

QUIET_ENTRIES: Final = 5_000
"""Kernel entries without competition after which code is counted no longer; switching drops all translated code."""


class QuantumCounter:
    """Switches the CPU's counting on and off, and gives each thread that is switched to its quantum of code."""

    def __init__(self, cpu: Cpu, clock: Clock, scheduler: Scheduler) -> None:
        self._cpu, self._clock, self._scheduler = cpu, clock, scheduler
        self._last_competition = 0
        self.counting = False
        scheduler.quantum_begins = self.begin

    def begin(self, thread: KernelThread, left_100ns: int) -> None:
        """A thread may run for `left_100ns` from now."""
        if self._scheduler.competitors and not thread.is_system:  # system threads run no guest code
            self._last_competition = self._clock.entries
            self._set_counting(True)
        if self.counting:
            self._cpu.count_code(left_100ns * CODE_BYTES_PER_100NS)

    def watch(self, thread: KernelThread) -> None:
        """Called as the thread leaves a trap while anything needs attention: starts or stops counting."""
        if self._scheduler.competitors:
            self._last_competition = self._clock.entries
            if not self.counting:
                self.begin(thread, max(1, thread.quantum_end_100ns - self._clock.uptime_100ns()))
        elif self.counting and self._clock.entries - self._last_competition > QUIET_ENTRIES:
            self._set_counting(False)
            self._cpu.stop_counting()

    def _set_counting(self, counting: bool) -> None:
        """While code is counted the trap loop must look at the time after every trap."""
        self._scheduler.attention += counting - self.counting
        self.counting = counting
