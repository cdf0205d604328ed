"""Performance data as the registry gives it below HKEY_PERFORMANCE_DATA (winperf.h): the objects of memory with all
their instances and counters, raw, and the list of their names.

PERF_DATA_BLOCK
    PERF_OBJECT_TYPE        an object, with its counters' definitions
        PERF_INSTANCE_DEFINITION, name, PERF_COUNTER_BLOCK      for each instance
        PERF_COUNTER_BLOCK                                      or one alone, of an object without instances
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from ntmm.kernel.boot import Kernel
from ntmm.win32.performance_counters import CounterPath, CounterType, Raw, read_counter
from ntmm.win32.sysinfoapi import COMPUTER_NAME
from ntmm.win32.timezoneapi import pack_system_time

_BLOCK: Final = struct.Struct("<8sIIIIIIi16s4xQQQII")
_OBJECT: Final = struct.Struct("<IIIIIIIIIiiIQQ")
_DEFINITION: Final = struct.Struct("<IIIIIiIIII")
_INSTANCE: Final = struct.Struct("<IIIiII")
_COUNTER_BLOCK: Final = struct.Struct("<I4x")

_NO_INSTANCES: Final = -1
_NO_UNIQUE_ID: Final = -1
_RAW_BASE: Final = 0x40030403
_NOVICE: Final = 100
_SLOT: Final = 8
"""Bytes of each counter in a counter block."""


class _Object(NamedTuple):
    number: int
    counters: dict[str, int]


_MEMORY: Final = _Object(
    4,
    {
        "Available Bytes": 24,
        "Committed Bytes": 26,
        "Page Faults/sec": 28,
        "Commit Limit": 30,
        "Write Copies/sec": 32,
        "Transition Faults/sec": 34,
        "Cache Faults/sec": 36,
        "Demand Zero Faults/sec": 38,
        "Pages/sec": 40,
        "Page Reads/sec": 42,
        "Pages Output/sec": 48,
        "Page Writes/sec": 50,
        "Pool Paged Bytes": 56,
        "Pool Nonpaged Bytes": 58,
        "System Cache Resident Bytes": 76,
        "Free System Page Table Entries": 678,
        "Cache Bytes": 818,
        "Pages Input/sec": 822,
        "Available KBytes": 1380,
        "Available MBytes": 1382,
        "% Committed Bytes In Use": 1406,
    },
)
_PROCESS: Final = _Object(
    230,
    {
        "Virtual Bytes Peak": 172,
        "Virtual Bytes": 174,
        "Page Faults/sec": 28,
        "Working Set Peak": 178,
        "Working Set": 180,
        "Page File Bytes Peak": 182,
        "Page File Bytes": 184,
        "Private Bytes": 186,
        "Thread Count": 680,
        "ID Process": 784,
        "Pool Paged Bytes": 56,
        "Pool Nonpaged Bytes": 58,
        "Handle Count": 952,
        "Creating Process ID": 1410,
    },
)
_PAGING_FILE: Final = _Object(700, {"% Usage": 702, "% Usage Peak": 704})

_OBJECTS: Final = {"Memory": _MEMORY, "Process": _PROCESS, "Paging File": _PAGING_FILE}
"""By name: the numbers that stand for the object and its counters; an explanation has the number behind."""


def counter_names() -> str:
    """The value "Counter 009": number and name of each object and counter, each ended by a zero, and one more zero."""
    names = {known.number: name for name, known in _OBJECTS.items()}
    names |= {index: name for known in _OBJECTS.values() for name, index in known.counters.items()}
    return "".join(f"{index}\0{name}\0" for index, name in sorted(names.items())) + "\0"


def wanted_objects(query: str) -> list[str]:
    """The objects that a value's name asks for: "Global", "Costly" (none is), or their numbers."""
    if query.lower() == "global":
        return list(_OBJECTS)
    numbers = {int(word) for word in query.split() if word.isascii() and word.isdigit()}
    return [name for name, known in _OBJECTS.items() if known.number in numbers]


def performance_data(kernel: Kernel, query: str) -> bytes:
    """A PERF_DATA_BLOCK with what a value's name asks for, of now."""
    objects = [_object(kernel, name) for name in wanted_objects(query)]
    name = (COMPUTER_NAME + "\0").encode("utf-16-le")
    header = -(-(_BLOCK.size + len(name)) // 8) * 8
    total = header + sum(map(len, objects))
    clock = kernel.clock
    signature, system_time = "PERF".encode("utf-16-le"), pack_system_time(clock.now_100ns())
    times = (clock.performance_counter(), clock.performance_frequency, clock.now_100ns())
    block = _BLOCK.pack(
        signature, 1, 1, 1, total, header, len(objects), _PROCESS.number, system_time, *times, len(name), _BLOCK.size
    )
    return (block + name).ljust(header, b"\0") + b"".join(objects)


def _instances(kernel: Kernel, name: str) -> list[tuple[str, str]]:
    """(name to show, name to read it by) of each instance, then _Total; nothing for an object without instances."""
    if name == "Memory":
        return []
    found: list[tuple[str, str]] = []
    if name == "Process":
        seen: dict[str, int] = {}
        for process in kernel.ps.processes:
            if not process.ended:
                shown = process.name[:-4] if process.name.lower().endswith(".exe") else process.name
                number = seen[shown.lower()] = seen.get(shown.lower(), -1) + 1
                found.append((shown, f"{shown}#{number}"))
    else:
        found = [(file.name, file.name) for file in kernel.mm.statistics().paging_files]
    return [*found, ("_Total", "_Total")]


def _object(kernel: Kernel, name: str) -> bytes:
    known, instances = _OBJECTS[name], _instances(kernel, name)
    samples = [_samples(kernel, name, read_by) for _, read_by in instances or [("", "")]]
    definitions = b"".join(_definitions(known, samples[0]))
    length = _OBJECT.size + len(definitions)
    if instances:
        parts = [_instance(shown) + _values(sample) for (shown, _), sample in zip(instances, samples, strict=True)]
    else:
        parts = [_values(samples[0])]
    count = len(definitions) // _DEFINITION.size
    times = (kernel.clock.performance_counter(), kernel.clock.performance_frequency)
    titles = (known.number, 0, known.number + 1, 0)
    total = length + sum(map(len, parts))
    shown = len(instances) if instances else _NO_INSTANCES
    head = _OBJECT.pack(total, length, _OBJECT.size, *titles, _NOVICE, count, 0, shown, 0, *times)
    return head + definitions + b"".join(parts)


def _samples(kernel: Kernel, name: str, instance: str) -> list[tuple[str, CounterType, Raw]]:
    return [
        (counter, *read_counter(kernel, CounterPath(name, instance, counter))) for counter in _OBJECTS[name].counters
    ]


def _definitions(known: _Object, samples: list[tuple[str, CounterType, Raw]]) -> Iterator[bytes]:
    """A definition for each counter; a fraction's base has one of its own behind."""
    offset = _COUNTER_BLOCK.size
    for name, kind, _ in samples:
        index = known.counters[name]
        for type_ in (kind, _RAW_BASE) if kind is CounterType.RAW_FRACTION else (kind,):
            size = 8 if kind is CounterType.LARGE_RAW_COUNT else 4
            titles = (index, 0, index + 1, 0)
            yield _DEFINITION.pack(_DEFINITION.size, *titles, 0, _NOVICE, type_, size, offset)
            offset += _SLOT


def _values(samples: list[tuple[str, CounterType, Raw]]) -> bytes:
    """A PERF_COUNTER_BLOCK."""
    numbers: list[int] = []
    for _, kind, raw in samples:
        if kind is CounterType.RAW_FRACTION:
            numbers += [raw.value & 0xFFFFFFFF, raw.base & 0xFFFFFFFF]
        else:
            numbers.append(raw.value if kind is CounterType.LARGE_RAW_COUNT else raw.value & 0xFFFFFFFF)
    return _COUNTER_BLOCK.pack(_COUNTER_BLOCK.size + _SLOT * len(numbers)) + struct.pack(f"<{len(numbers)}Q", *numbers)


def _instance(name: str) -> bytes:
    """A PERF_INSTANCE_DEFINITION and its name."""
    text = (name + "\0").encode("utf-16-le", "surrogatepass")
    size = -(-(_INSTANCE.size + len(text)) // 8) * 8
    return (_INSTANCE.pack(size, 0, 0, _NO_UNIQUE_ID, _INSTANCE.size, len(text)) + text).ljust(size, b"\0")
