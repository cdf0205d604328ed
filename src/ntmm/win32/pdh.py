"""pdh.h: queries of performance counters. The functions answer a PDH_STATUS and leave the last error alone.

Counters are those of `performance_counters`; there is no log file and no other machine.
"""

import struct
from dataclasses import dataclass, field
from typing import Final

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.win32.performance_counters import CounterPath, CounterType, Raw, UnknownCounter, parse_path, read_counter
from ntmm.win32.process_state import state_of
from ntmm.win32.text import ANSI, WIDE, StringKind

SUCCESS: Final = 0
NO_INSTANCE: Final = 0x800007D1
NO_DATA: Final = 0x800007D5
NO_OBJECT: Final = 0xC0000BB8
NO_COUNTER: Final = 0xC0000BB9
INVALID_HANDLE: Final = 0xC0000BBC
INVALID_ARGUMENT: Final = 0xC0000BBD
NOT_IMPLEMENTED: Final = 0xC0000BD3
BAD_COUNTER_NAME: Final = 0xC0000BC0
INVALID_DATA: Final = 0xC0000BC6

_LONG: Final = 0x100
_DOUBLE: Final = 0x200
_LARGE: Final = 0x400
_NO_SCALE: Final = 0x1000
_TIMES_1000: Final = 0x2000
_NO_CAP: Final = 0x8000
_MISSING: Final = {"object": NO_OBJECT, "counter": NO_COUNTER, "instance": NO_INSTANCE}


@dataclass(slots=True)
class Counter:
    """A counter of a query, with its last two samples as (100 ns of virtual time, sample), newest last."""

    query: int
    path: CounterPath
    kind: CounterType
    samples: list[tuple[int, Raw]] = field(default_factory=list)


@dataclass(slots=True)
class Queries:
    """What a process has open; `None` stands for a query."""

    objects: dict[int, Counter | None] = field(default_factory=dict)
    last: int = 0

    def add(self, item: Counter | None) -> int:
        """A new handle."""
        self.last += 0x10
        self.objects[self.last] = item
        return self.last


def _queries(call: Call) -> Queries:
    state = state_of(call)
    if state.performance_queries is None:
        state.performance_queries = Queries()
    found = state.performance_queries
    assert isinstance(found, Queries)
    return found


def _open(call: Call, source: int, result: int) -> int:
    if source:
        return NOT_IMPLEMENTED
    call.memory.write_pointer(result, _queries(call).add(None))
    return SUCCESS


@service("pdh", "PdhOpenQueryW", "p p p")
def PdhOpenQueryW(call: Call, source: int, user_data: int, result: int) -> int:
    """A query of the running system; log files (`source`) are PDH_NOT_IMPLEMENTED."""
    return _open(call, source, result)


@service("pdh", "PdhOpenQueryA", "p p p")
def PdhOpenQueryA(call: Call, source: int, user_data: int, result: int) -> int:
    """PdhOpenQueryW."""
    return _open(call, source, result)


@service("pdh", "PdhOpenQuery", "p p p")
def PdhOpenQuery(call: Call, source: int, user_data: int, result: int) -> int:
    """PdhOpenQueryW under the name of NT 4."""
    return _open(call, source, result)


def _check(call: Call, text: str) -> tuple[int, CounterPath | None, CounterType]:
    path = parse_path(text)
    if path is None:
        return BAD_COUNTER_NAME, None, CounterType.RAW_COUNT
    try:
        return SUCCESS, path, read_counter(call.kernel, path)[0]
    except UnknownCounter as error:
        return _MISSING[error.what], None, CounterType.RAW_COUNT


def _register(suffix: str, kind: StringKind) -> None:
    @service("pdh", f"PdhAddEnglishCounter{suffix}", "p p p p")
    @service("pdh", f"PdhAddCounter{suffix}", "p p p p")
    def add(call: Call, query: int, path: int, user_data: int, result: int) -> int:
        """A counter of a query, by its path; names are English."""
        queries = _queries(call)
        if queries.objects.get(query, 0) is not None:
            return INVALID_HANDLE
        status, parsed, counter_type = _check(call, kind.read(call, path))
        if parsed is not None:
            call.memory.write_pointer(result, queries.add(Counter(query, parsed, counter_type)))
        return status

    @service("pdh", f"PdhValidatePath{suffix}", "p")
    def validate(call: Call, path: int) -> int:
        """Whether a path names a counter that there is."""
        return _check(call, kind.read(call, path))[0]


_register("W", WIDE)
_register("A", ANSI)


def _counter(call: Call, handle: int) -> Counter | None:
    found = _queries(call).objects.get(handle)
    return found if isinstance(found, Counter) else None


@service("pdh", "PdhCollectQueryData", "p")
def PdhCollectQueryData(call: Call, query: int) -> int:
    """Takes a sample of every counter of the query; PDH_NO_DATA if it has none."""
    queries, now = _queries(call), call.kernel.clock.now_100ns()
    if queries.objects.get(query, 0) is not None:
        return INVALID_HANDLE
    counters = [item for item in queries.objects.values() if item is not None and item.query == query]
    for counter in counters:
        try:
            counter.samples = [*counter.samples[-1:], (now, read_counter(call.kernel, counter.path)[1])]
        except UnknownCounter:
            counter.samples = []
    return SUCCESS if counters else NO_DATA


def _value(counter: Counter) -> float | int | None:
    """The value that is shown; None if there are not enough samples."""
    if not counter.samples:
        return None
    now, newest = counter.samples[-1]
    if counter.kind is CounterType.RAW_FRACTION:
        return 100 * newest.value / newest.base if newest.base else 0
    if counter.kind is not CounterType.RATE:
        return newest.value
    if len(counter.samples) < 2 or counter.samples[0][0] == now:
        return None
    before, oldest = counter.samples[0]
    return (newest.value - oldest.value & 0xFFFFFFFF) * 10_000_000 / (now - before)


@service("pdh", "PdhGetFormattedCounterValue", "p u32 p p")
def PdhGetFormattedCounterValue(call: Call, handle: int, form: int, type_address: int, result: int) -> int:
    """PDH_FMT_COUNTERVALUE, 16 bytes, as PDH_FMT_LONG, _LARGE or _DOUBLE. A rate needs two samples: PDH_INVALID_DATA.

    Fractions stop at 100 without PDH_FMT_NOCAP100.
    """
    counter, chosen = _counter(call, handle), form & (_LONG | _DOUBLE | _LARGE)
    if counter is None:
        return INVALID_HANDLE
    if chosen not in (_LONG, _DOUBLE, _LARGE) or form & ~(chosen | _NO_SCALE | _TIMES_1000 | _NO_CAP):
        return INVALID_ARGUMENT
    value = _value(counter)
    if value is None:
        return INVALID_DATA
    if counter.kind is CounterType.RAW_FRACTION and not form & _NO_CAP:
        value = min(value, 100)
    value *= 1000 if form & _TIMES_1000 else 1
    if type_address:
        call.memory.write_u32(type_address, counter.kind)
    call.memory.write(result, struct.pack("<I4x", 0) + _packed(chosen, value))
    return SUCCESS


def _packed(form: int, value: float) -> bytes:
    if form == _DOUBLE:
        return struct.pack("<d", float(value))
    if form == _LARGE:
        return struct.pack("<q", int(value))
    return struct.pack("<i4x", min(int(value), 0x7FFFFFFF))


@service("pdh", "PdhGetRawCounterValue", "p p p")
def PdhGetRawCounterValue(call: Call, handle: int, type_address: int, result: int) -> int:
    """PDH_RAW_COUNTER, 40 bytes: status, time, the sample and its base, and a count of one."""
    counter = _counter(call, handle)
    if counter is None:
        return INVALID_HANDLE
    if type_address:
        call.memory.write_u32(type_address, counter.kind)
    time, raw = counter.samples[-1] if counter.samples else (0, Raw(0))
    status = SUCCESS if counter.samples else NO_DATA
    call.memory.write(result, struct.pack("<IQ4xqqI4x", status, time, raw.value, raw.base, 1))
    return SUCCESS


@service("pdh", "PdhRemoveCounter", "p")
def PdhRemoveCounter(call: Call, handle: int) -> int:
    """Takes a counter out of its query."""
    if _counter(call, handle) is None:
        return INVALID_HANDLE
    del _queries(call).objects[handle]
    return SUCCESS


@service("pdh", "PdhCloseQuery", "p")
def PdhCloseQuery(call: Call, query: int) -> int:
    """Closes a query with its counters."""
    queries = _queries(call)
    if queries.objects.get(query, 0) is not None:
        return INVALID_HANDLE
    gone = [handle for handle, item in queries.objects.items() if item is not None and item.query == query]
    for handle in (query, *gone):
        del queries.objects[handle]
    return SUCCESS
