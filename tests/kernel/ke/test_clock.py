"""Virtual time."""

import pytest

from ntmm.kernel.ke.clock import BOOT_TIME_100NS, KERNEL_ENTRY_100NS, NEVER, TICK_100NS, Clock


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


def test_who_is_told_of_clock_interrupts() -> None:
    clock, told = Clock(), list[int]()
    clock.advance(3 * TICK_100NS + 5)
    assert clock.alarm_entries == NEVER
    clock.start_ticks(told.append)
    assert told == [3 * TICK_100NS]
    clock.entries += clock.alarm_entries - clock.entries - 1
    clock.tick()
    assert told == [3 * TICK_100NS]
    clock.entries += 1
    clock.tick()
    clock.advance(2 * TICK_100NS)
    clock.tick()
    clock.tick()
    assert told == [3 * TICK_100NS, 4 * TICK_100NS, 6 * TICK_100NS]


def test_does_a_timer_alone_decide_when_the_next_one_is_due() -> None:
    clock = Clock()
    clock.start_ticks(lambda uptime: None)
    clock.set_alarm(TICK_100NS // 2)
    assert clock.alarm_entries * KERNEL_ENTRY_100NS == pytest.approx(TICK_100NS // 2, abs=KERNEL_ENTRY_100NS)
    clock.set_alarm(None)
    assert clock.alarm_entries * KERNEL_ENTRY_100NS == pytest.approx(TICK_100NS, abs=KERNEL_ENTRY_100NS)
    assert clock.alarm_100ns == NEVER
