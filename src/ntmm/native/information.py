"""NtQuerySystemInformation, RtlNtStatusToDosError."""

import struct
from collections.abc import Callable
from typing import Final

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.native.system_cache import SYSTEM_FILE_CACHE_INFORMATION, file_cache_information
from ntmm.native.system_performance import page_file_information, performance_information
from ntmm.native.system_processes import process_information
from ntmm.nt.memory import ALLOCATION_GRANULARITY
from ntmm.nt.status import Status, win32_error

SYSTEM_BASIC_INFORMATION: Final = 0
SYSTEM_PERFORMANCE_INFORMATION: Final = 2
SYSTEM_TIME_OF_DAY_INFORMATION: Final = 3
SYSTEM_PROCESS_INFORMATION: Final = 5
SYSTEM_FLAGS_INFORMATION: Final = 9
SYSTEM_PAGE_FILE_INFORMATION: Final = 18
SYSTEM_RANGE_START_INFORMATION: Final = 50

_TIMER_RESOLUTION_100NS: Final = 156_250


def _basic_information(call: Call) -> bytes:
    """SYSTEM_BASIC_INFORMATION: 44 bytes on 32 bit, 64 on 64 bit."""
    profile, page = call.kernel.profile, call.kernel.architecture.page_size
    pages = profile.usable_ram // page
    numbers = (0, _TIMER_RESOLUTION_100NS, page, pages, 1, pages - 1, ALLOCATION_GRANULARITY)
    user = call.process.space.user
    pointers = (user.lowest, user.highest, (1 << profile.reported_processors) - 1)
    form = "<7I4x3QB7x" if call.memory.pointer_size == 8 else "<7I3IB3x"
    return struct.pack(form, *numbers, *pointers, profile.reported_processors)


def _time_of_day(call: Call) -> bytes:
    """SYSTEM_TIMEOFDAY_INFORMATION: boot time, current time, bias, zone; 48 bytes."""
    clock = call.kernel.clock
    now = clock.now_100ns()
    return struct.pack("<QQqI4xQQ", now - clock.uptime_100ns(), now, 0, 0, 0, 0)


def _range_start(call: Call) -> bytes:
    """Where system space begins (MmSystemRangeStart)."""
    return call.kernel.mm.layout.system_range_start.to_bytes(call.memory.pointer_size, "little")


_QUERIES: Final[dict[int, Callable[[Call, int], bytes]]] = {
    SYSTEM_BASIC_INFORMATION: lambda call, buffer: _basic_information(call),
    SYSTEM_PERFORMANCE_INFORMATION: lambda call, buffer: performance_information(call),
    SYSTEM_TIME_OF_DAY_INFORMATION: lambda call, buffer: _time_of_day(call),
    SYSTEM_PROCESS_INFORMATION: process_information,
    SYSTEM_FLAGS_INFORMATION: lambda call, buffer: struct.pack("<I", call.kernel.profile.global_flag),
    SYSTEM_PAGE_FILE_INFORMATION: page_file_information,
    SYSTEM_FILE_CACHE_INFORMATION: lambda call, buffer: file_cache_information(call),
    SYSTEM_RANGE_START_INFORMATION: lambda call, buffer: _range_start(call),
}
"""By class: what gives the bytes, told where they will lie."""


@service(
    "ntdll",
    "NtQuerySystemInformation",
    "u32 p u32 p",
    lacks="classes beyond those about the system, its processes, its memory and its time",
)
def NtQuerySystemInformation(call: Call, information_class: int, buffer: int, length: int, return_length: int) -> int:
    """Answers the classes that are known here; others are NOT_IMPLEMENTED."""
    query = _QUERIES.get(information_class)
    if query is None:
        return Status.NOT_IMPLEMENTED
    data = query(call, buffer)
    if return_length:
        call.memory.write_u32(return_length, len(data))
    if length < len(data):
        return Status.INFO_LENGTH_MISMATCH
    call.memory.write(buffer, data)
    return Status.SUCCESS


@service("ntdll", "RtlNtStatusToDosError", "u32")
def RtlNtStatusToDosError(call: Call, status: int) -> int:
    """The Win32 error of a status."""
    return win32_error(status)
