"""The performance counters of memory under the names that Windows gives them: what each counts, and how it is shown.

Objects: Memory, Process (an instance for each process, `name#1` for a second one, and _Total), Paging File (an instance
for each file, and _Total). Counts of what this system lacks are not listed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ntmm.kernel.boot import Kernel
from ntmm.kernel.mm.statistics import MemoryStatistics
from ntmm.kernel.ps import Process

KB: Final = 1 << 10
MB: Final = 1 << 20


class CounterType(IntEnum):
    """winperf.h's types: how a shown value comes from raw ones."""

    RAW_COUNT = 0x00010000
    LARGE_RAW_COUNT = 0x00010100
    RATE = 0x10410400
    RAW_FRACTION = 0x20020400


@dataclass(frozen=True, slots=True)
class Raw:
    """One sample; `base` is what a fraction is a part of."""

    value: int
    base: int = 0


MemoryCounter = tuple[CounterType, Callable[[Kernel, MemoryStatistics], Raw]]


def _pages(read: Callable[[MemoryStatistics], int], unit: int = 1) -> MemoryCounter:
    """A number of pages now, in bytes or in `unit` bytes."""
    return CounterType.LARGE_RAW_COUNT, lambda kernel, figures: Raw(read(figures) * figures.page_size // unit)


def _rate(read: Callable[[MemoryStatistics], int]) -> MemoryCounter:
    return CounterType.RATE, lambda kernel, figures: Raw(read(figures) & 0xFFFFFFFF)


def _pool(read: Callable[[Kernel], int]) -> MemoryCounter:
    return CounterType.LARGE_RAW_COUNT, lambda kernel, figures: Raw(read(kernel) * figures.page_size)


_MEMORY: Final[dict[str, MemoryCounter]] = {
    "Available Bytes": _pages(lambda it: it.available),
    "Available KBytes": _pages(lambda it: it.available, KB),
    "Available MBytes": _pages(lambda it: it.available, MB),
    "Committed Bytes": _pages(lambda it: it.commit),
    "Commit Limit": _pages(lambda it: it.commit_limit),
    "% Committed Bytes In Use": (
        CounterType.RAW_FRACTION,
        lambda kernel, figures: Raw(figures.commit, figures.commit_limit),
    ),
    "Page Faults/sec": _rate(lambda it: it.hard_faults + it.soft_faults),
    "Demand Zero Faults/sec": _rate(lambda it: it.demand_zero_faults),
    "Write Copies/sec": _rate(lambda it: it.copy_on_write_faults),
    "Transition Faults/sec": _rate(lambda it: it.soft_faults - it.demand_zero_faults - it.copy_on_write_faults),
    "Cache Faults/sec": _rate(lambda it: it.cache.faults),
    "Pages/sec": _rate(lambda it: it.pages_read + it.pages_written),
    "Pages Input/sec": _rate(lambda it: it.pages_read),
    "Page Reads/sec": _rate(lambda it: it.read_ios),
    "Pages Output/sec": _rate(lambda it: it.pages_written),
    "Page Writes/sec": _rate(lambda it: it.write_ios),
    "Pool Paged Bytes": _pool(lambda kernel: kernel.mm.system.paged_pool.pages),
    "Pool Nonpaged Bytes": _pool(lambda kernel: kernel.mm.system.nonpaged_pool.pages),
    "Free System Page Table Entries": (
        CounterType.RAW_COUNT,
        lambda kernel, figures: Raw(figures.system_ptes_free),
    ),
    "Cache Bytes": _pool(lambda kernel: kernel.mm.system.working_set.count),
    "System Cache Resident Bytes": _pages(lambda it: it.cache.cached),
}

_PROCESS_BYTES: Final = {
    "Virtual Bytes": "virtual_size",
    "Virtual Bytes Peak": "peak_virtual_size",
    "Working Set": "working_set",
    "Working Set Peak": "peak_working_set",
    "Page File Bytes": "commit",
    "Page File Bytes Peak": "peak_commit",
    "Private Bytes": "commit",
    "Pool Paged Bytes": "paged_pool_quota",
    "Pool Nonpaged Bytes": "nonpaged_pool_quota",
}
"""What `process_memory` calls each."""

_PROCESS_COUNTS: Final[dict[str, Callable[[Process], int]]] = {
    "ID Process": lambda process: process.id,
    "Creating Process ID": lambda process: process.parent_id,
    "Handle Count": lambda process: len(process.handles),
    "Thread Count": lambda process: sum(not thread.ended for thread in process.threads),
}

_PAGING_FILE: Final = {"% Usage": "usage", "% Usage Peak": "peak"}

TOTAL: Final = "_total"

_PATH: Final = re.compile(r"\\([^\\()]+)(?:\((.+)\))?\\([^\\]+)")
"""Object, instance, counter."""


class UnknownCounter(Exception):
    """`what` is "object", "counter" or "instance"."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True, slots=True)
class CounterPath:
    """`\\\\Object(instance)\\\\Counter`, in the case in which it was written; no instance: empty."""

    object: str
    instance: str
    counter: str


def parse_path(text: str) -> CounterPath | None:
    """A counter's path, with or without `\\\\\\\\machine` in front; None if it is none."""
    if text.startswith("\\\\"):
        text = text[2:]
        text = text[text.find("\\") :] if "\\" in text else ""
    found = _PATH.fullmatch(text)
    return CounterPath(found[1], found[2] or "", found[3]) if found else None


def _find(counters: dict[str, object], name: str) -> str:
    for known in counters:
        if known.lower() == name.lower():
            return known
    raise UnknownCounter("counter")


def read_counter(kernel: Kernel, path: CounterPath) -> tuple[CounterType, Raw]:
    """A sample of now. Raises UnknownCounter."""
    readers = {"memory": _read_memory, "process": _read_process, "paging file": _read_paging_file}
    reader = readers.get(path.object.lower())
    if reader is None:
        raise UnknownCounter("object")
    return reader(kernel, path)


def _read_memory(kernel: Kernel, path: CounterPath) -> tuple[CounterType, Raw]:
    kind, read = _MEMORY[_find(dict(_MEMORY), path.counter)]
    return kind, read(kernel, kernel.mm.statistics())


def _instances(kernel: Kernel, instance: str) -> list[Process]:
    """The process of a name without its extension; `name#1` is the second one. All for _Total."""
    running = [process for process in kernel.ps.processes if not process.ended]
    if instance.lower() == TOTAL:
        return running
    name, _, number = instance.lower().partition("#")
    alike = [process for process in running if process.name.lower().removesuffix(".exe") == name]
    index = int(number) if number.isdigit() else 0
    if index >= len(alike):
        raise UnknownCounter("instance")
    return [alike[index]]


def _read_process(kernel: Kernel, path: CounterPath) -> tuple[CounterType, Raw]:
    processes = _instances(kernel, path.instance)
    known: dict[str, object] = {**_PROCESS_BYTES, **_PROCESS_COUNTS, "Page Faults/sec": 0}
    name = _find(known, path.counter)
    if name in _PROCESS_COUNTS:
        return CounterType.RAW_COUNT, Raw(sum(map(_PROCESS_COUNTS[name], processes)))
    memory = [kernel.mm.process_memory(process) for process in processes]
    if name == "Page Faults/sec":
        return CounterType.RATE, Raw(sum(each.page_fault_count for each in memory) & 0xFFFFFFFF)
    return CounterType.LARGE_RAW_COUNT, Raw(sum(getattr(each, _PROCESS_BYTES[name]) for each in memory))


def _read_paging_file(kernel: Kernel, path: CounterPath) -> tuple[CounterType, Raw]:
    files = [
        file for file in kernel.mm.statistics().paging_files if path.instance.lower() in (TOTAL, file.name.lower())
    ]
    if not files and path.instance.lower() != TOTAL:
        raise UnknownCounter("instance")
    name = _PAGING_FILE[_find(dict(_PAGING_FILE), path.counter)]
    size = sum(file.size for file in files)
    return CounterType.RAW_FRACTION, Raw(sum(getattr(file, name) for file in files), size)
