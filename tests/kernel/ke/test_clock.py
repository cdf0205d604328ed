"""Virtual time."""

import pytest

from ntmm.kernel.ke.clock import BOOT_TIME_100NS, KERNEL_ENTRY_100NS, TICK_100NS, Clock


def readings(clock: Clock) -> tuple[int, ...]:
    return (
        clock.uptime_100ns(),
        clock.now_100ns() - BOOT_TIME_100NS,
        clock.tick_count(),
        clock.performance_counter(),
        clock.time_stamp_counter(),
    )


@pytest.mark.parametrize(
    ("entries", "waited", "expected"),
    [
        (0, 0, (0, 0, 0, 0, 0)),
        (1, 0, (10, 10, 0, 10, 2000)),
        (0, TICK_100NS - 1, (156249, 156249, 0, 156249, 31249800)),
        (0, TICK_100NS, (156250, 156250, 15, 156250, 31250000)),
        (2, 2 * TICK_100NS, (312520, 312520, 31, 312520, 62504000)),
    ],
)
def test_what_do_the_clocks_show(entries: int, waited: int, expected: tuple[int, ...]) -> None:
    clock = Clock()
    clock.entries = entries
    clock.advance(waited)
    assert readings(clock) == expected


def test_does_time_pass_by_itself() -> None:
    first, second = Clock(), Clock()
    assert readings(first) == readings(second) == readings(first)
    assert Clock.performance_frequency == KERNEL_ENTRY_100NS * 1_000_000  # 1 us for each entry
