"""Is guest code counted while, and only while, threads compete?"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from ntmm.hw.cpu import Cpu
from ntmm.kernel.ke.clock import CODE_BYTES_PER_100NS, Clock
from ntmm.kernel.ke.quantum import QUIET_ENTRIES, QuantumCounter
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.switching import QUANTUM_100NS
from ntmm.kernel.ke.thread import KernelThread


@dataclass
class FakeCpu:
    """Remembers what it was told."""

    calls: list[Any] = field(default_factory=list)

    def count_code(self, limit: int) -> None:
        self.calls.append(limit)

    def stop_counting(self) -> None:
        self.calls.append("stop")


class Thread(KernelThread):
    """A thread whose code a test gives."""

    def __init__(self, number: int, code: Callable[["Thread"], None]) -> None:
        self.initialize(number)
        self._code = code

    def main(self) -> None:
        self._code(self)


class Bench:
    """A scheduler with a counter over a CPU that runs nothing."""

    def __init__(self) -> None:
        self.clock, self.cpu = Clock(), FakeCpu()
        self.scheduler = Scheduler(self.clock)
        self.counter = QuantumCounter(cast(Cpu, self.cpu), self.clock, self.scheduler)

    def trap(self, thread: Thread, entries: int = 1) -> None:
        """Leaves a trap as the trap loop does."""
        self.clock.entries += entries
        if self.scheduler.attention:
            self.counter.watch(thread)
            self.scheduler.take_turns()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_is_nothing_counted_for_a_thread_alone(bench: Bench) -> None:
    bench.scheduler.start(Thread(1, lambda thread: bench.trap(thread, 3 * QUIET_ENTRIES)))
    bench.scheduler.run(lambda: False)
    assert bench.cpu.calls == []
    assert bench.scheduler.attention == 0


def test_does_a_thread_that_competes_get_its_quantum_of_code(bench: Bench) -> None:
    for number in range(2):
        bench.scheduler.start(Thread(number, bench.trap))
    bench.scheduler.run(lambda: False)
    assert bench.cpu.calls[0] == QUANTUM_100NS * CODE_BYTES_PER_100NS


def test_does_counting_stop_after_enough_entries_without_competition(bench: Bench) -> None:
    def alone(thread: Thread) -> None:
        bench.trap(thread, QUIET_ENTRIES)
        assert "stop" not in bench.cpu.calls
        bench.trap(thread)
        assert bench.cpu.calls[-1] == "stop"
        assert bench.scheduler.attention == 0

    for number, code in enumerate((bench.trap, alone)):
        bench.scheduler.start(Thread(number, code))
    bench.scheduler.run(lambda: False)
    assert "stop" in bench.cpu.calls
