"""winperf.h: the counters of memory as HKEY_PERFORMANCE_DATA gives them: PERF_DATA_BLOCK with the object Memory.

An object and its counters have numbers, under which "Counter 009" tells their names. Counter values are those of
`performance_counters`; every one has eight bytes in the counter block, of which four are used for 32-bit ones.
"""

import struct
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.boot import Kernel
from ntmm.win32.performance_counters import CounterPath, CounterType, read_counter
from ntmm.win32.timezoneapi import pack_system_time

MEMORY_OBJECT: Final = 4
COUNTER_NUMBERS: Final = {
    "Available Bytes": 24, "Committed Bytes": 26, "Page Faults/sec": 28, "Commit Limit": 30, "Write Copies/sec": 32,
    "Transition Faults/sec": 34, "Cache Faults/sec": 36, "Demand Zero Faults/sec": 38, "Pages/sec": 40,
    "Page Reads/sec": 42, "Pages Output/sec": 48, "Page Writes/sec": 50, "Pool Paged Bytes": 56,
    "Pool Nonpaged Bytes": 58, "System Cache Resident Bytes": 76, "Free System Page Table Entries": 678,
    "Cache Bytes": 818, "Pages Input/sec": 822, "Available KBytes": 1380, "Available MBytes": 1382,
    "% Committed Bytes In Use": 1406,
}  # fmt: skip
"""Number of each counter of Memory."""

_LANGUAGE: Final = "009"
_RAW_BASE: Final = 0x40030403
_NOVICE: Final = 100
_NO_INSTANCES: Final = -1
_BLOCK: Final = struct.Struct("<8s6Ii16s4xqqqII")
_OBJECT: Final = struct.Struct("<9IiiIqq")
_COUNTER: Final = struct.Struct("<5Ii4I")
_SLOT: Final = 8
_FRACTION: Final = CounterType.RAW_FRACTION
_SIZES: Final = {CounterType.LARGE_RAW_COUNT: 8}
"""Bytes of a value; others have 4."""


class NoSuchValue(Exception):
    """The value's name asks for nothing there is."""


@dataclass(frozen=True, slots=True)
class _Value:
    """One counter, or the base of a fraction."""

    number: int
    kind: int
    size: int
    value: int


def query_performance(kernel: Kernel, value_name: str, computer: str) -> bytes | list[str]:
    """What a value of HKEY_PERFORMANCE_DATA holds: a PERF_DATA_BLOCK, or texts for "Counter 009".

    The name may be "Global" (also empty), "Costly" (nothing here is) or numbers of objects. Raises NoSuchValue.
    """
    words = value_name.lower().split()
    if words[:1] == ["counter"]:
        if words[1:] not in ([], [_LANGUAGE], [_LANGUAGE.lstrip("0")]):
            raise NoSuchValue(value_name)
        return counter_names()
    if not words or words == ["global"]:
        return _data_block(kernel, computer, has_memory=True)
    if words == ["costly"]:
        return _data_block(kernel, computer, has_memory=False)
    if not all(word.isdecimal() for word in words):
        raise NoSuchValue(value_name)
    return _data_block(kernel, computer, has_memory=any(int(word) == MEMORY_OBJECT for word in words))


def counter_names() -> list[str]:
    """Pairs of a number and a name, ascending."""
    numbers = {MEMORY_OBJECT: "Memory", **{number: name for name, number in COUNTER_NUMBERS.items()}}
    return [text for number, name in sorted(numbers.items()) for text in (str(number), name)]


def _data_block(kernel: Kernel, computer: str, *, has_memory: bool) -> bytes:
    name = computer.encode("utf-16-le") + b"\0\0"
    header = (_BLOCK.size + len(name) + 7) & ~7
    objects = _memory_object(kernel) if has_memory else b""
    clock = kernel.clock
    block = _BLOCK.pack(
        "PERF".encode("utf-16-le"),
        1,  # little-endian
        1,
        1,
        header + len(objects),
        header,
        int(has_memory),
        MEMORY_OBJECT,
        pack_system_time(clock.now_100ns()),
        clock.performance_counter(),
        clock.performance_frequency,
        clock.now_100ns(),
        len(name),
        _BLOCK.size,
    )
    return (block + name).ljust(header, b"\0") + objects


def _memory_object(kernel: Kernel) -> bytes:
    values = [value for name in COUNTER_NUMBERS for value in _values(kernel, name)]
    definitions = b"".join(
        _COUNTER.pack(
            _COUNTER.size, each.number, 0, each.number + 1, 0, 0, _NOVICE, each.kind, each.size, (at + 1) * _SLOT
        )
        for at, each in enumerate(values)
    )
    data = struct.pack("<I4x", (len(values) + 1) * _SLOT)
    data += b"".join(each.value.to_bytes(_SLOT, "little") for each in values)
    length = _OBJECT.size + len(definitions)
    clock = kernel.clock
    times = (clock.performance_counter(), clock.performance_frequency)
    header = (length + len(data), length, _OBJECT.size, MEMORY_OBJECT, 0, MEMORY_OBJECT + 1, 0, _NOVICE)
    return _OBJECT.pack(*header, len(values), 0, _NO_INSTANCES, 0, *times) + definitions + data


def _values(kernel: Kernel, name: str) -> list[_Value]:
    """A counter's value; behind a fraction follows what it is a part of."""
    kind, raw = read_counter(kernel, CounterPath("Memory", "", name))
    number, size = COUNTER_NUMBERS[name], _SIZES.get(kind, 4)
    found = [_Value(number, kind, size, raw.value & (1 << 8 * size) - 1)]
    if kind is _FRACTION:
        found.append(_Value(number, _RAW_BASE, 4, raw.base & 0xFFFFFFFF))
    return found
