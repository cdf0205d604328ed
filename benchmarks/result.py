"""What a benchmark answers."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One ratio with its two sides. `at_least` or `at_most` is the target; None: only shown."""

    name: str
    ours: float
    other: float
    unit: str
    ratio: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def target(self) -> str:
        """The target as text."""
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return "" if self.at_most is None else f"at most {self.at_most:g}"

    @property
    def is_met(self) -> bool:
        """True if there is no target or the ratio reaches it."""
        if self.at_least is not None:
            return self.ratio >= self.at_least
        return self.at_most is None or self.ratio <= self.at_most


def best_of(rounds: int, *measures: Callable[[], float]) -> list[float]:
    """The smallest of `rounds` answers of each measure; they take turns, so that a busy host troubles all alike."""
    answers = [[measure() for measure in measures] for _ in range(rounds)]
    return [min(column) for column in zip(*answers, strict=True)]


def best_of_all(rounds: int, measure: Callable[[], list[float]]) -> list[float]:
    """The smallest of `rounds` answers of each of the figures that one run measures together."""
    return [min(column) for column in zip(*(measure() for _ in range(rounds)), strict=True)]


def seconds(action: Callable[[], object]) -> float:
    """How long an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
