"""Rows that describe the simulated machine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InfoRow:
    """One line of `ntmm info`. Addresses and size in bytes, `end` exclusive; None where a row has none of them."""

    section: str
    name: str
    start: int | None = None
    end: int | None = None
    size: int | None = None
    note: str = ""
