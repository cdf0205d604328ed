"""Processors: how many there are, what they share, and how long they and threads have worked."""

import struct
from typing import Final

from ntmm.native.call import Call
from ntmm.native.handles import THREAD_QUERY_INFORMATION, thread_of
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing

_RELATION_CORE, _RELATION_NODE, _RELATION_CACHE, _RELATION_PACKAGE, _RELATION_GROUP = range(5)
_RELATION_ALL: Final = 0xFFFF
_ALL_GROUPS: Final = 0xFFFF


def _answer(call: Call, data: bytes, buffer: int, length_address: int) -> int:
    """Stores what fits whole; otherwise only the length that is needed (INSUFFICIENT_BUFFER)."""
    room = call.memory.read_u32(length_address)
    call.memory.write_u32(length_address, len(data))
    if room < len(data):
        raise Win32Failure(Win32Error.INSUFFICIENT_BUFFER)
    call.memory.write(buffer, data)
    return 1


@service("kernel32", "GetLogicalProcessorInformation", "p p", lacks="caches")
@failing(0)
def GetLogicalProcessorInformation(call: Call, buffer: int, length_address: int) -> int:
    """A core and a package for each processor, one node for all."""
    form = "<QI4xI12x" if call.memory.pointer_size == 8 else "<III12x"
    count = call.kernel.profile.processors
    rows = [(1 << number, relation) for number in range(count) for relation in (_RELATION_CORE, _RELATION_PACKAGE)]
    rows.append(((1 << count) - 1, _RELATION_NODE))
    return _answer(
        call, b"".join(struct.pack(form, mask, relation, 0) for mask, relation in rows), buffer, length_address
    )


def _extended(call: Call, relation: int, mask: int) -> bytes:
    """One SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, with its size in the second field."""
    is_64 = call.memory.pointer_size == 8
    affinity = struct.pack("<QH6x" if is_64 else "<IH6x", mask, 0)
    if relation == _RELATION_GROUP:
        count = call.kernel.profile.processors
        body = struct.pack("<HH20xBB38x", 1, 1, count, count) + struct.pack("<Q" if is_64 else "<I", mask)
    elif relation == _RELATION_NODE:
        body = struct.pack("<I18xH", 0, 1) + affinity
    else:
        body = struct.pack("<BB20xH", 0, 0, 1) + affinity
    return struct.pack("<II", relation, 8 + len(body)) + body


@service("kernel32", "GetLogicalProcessorInformationEx", "u32 p p", lacks="caches")
@failing(0)
def GetLogicalProcessorInformationEx(call: Call, relation: int, buffer: int, length_address: int) -> int:
    """The processors by what they share: cores, packages, nodes, groups; 0xFFFF for all."""
    if relation > _RELATION_GROUP and relation != _RELATION_ALL:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    count = call.kernel.profile.processors
    each = [(kind, 1 << number) for kind in (_RELATION_CORE, _RELATION_PACKAGE) for number in range(count)]
    rows = [*each, (_RELATION_NODE, (1 << count) - 1), (_RELATION_GROUP, (1 << count) - 1)]
    wanted = [_extended(call, kind, mask) for kind, mask in rows if relation in (kind, _RELATION_ALL)]
    return _answer(call, b"".join(wanted), buffer, length_address)


def _count(call: Call, group: int) -> int:
    if group in (0, _ALL_GROUPS):
        return call.kernel.profile.processors
    call.set_last_error(Win32Error.INVALID_PARAMETER)
    return 0


@service("kernel32", "GetActiveProcessorCount", "u16")
def GetActiveProcessorCount(call: Call, group: int) -> int:
    """How many processors a group has; there is one group."""
    return _count(call, group)


@service("kernel32", "GetMaximumProcessorCount", "u16")
def GetMaximumProcessorCount(call: Call, group: int) -> int:
    """GetActiveProcessorCount: no processor can be added."""
    return _count(call, group)


@service("kernel32", "GetActiveProcessorGroupCount")
def GetActiveProcessorGroupCount(call: Call) -> int:
    """1."""
    return 1


@service("kernel32", "GetCurrentProcessorNumber")
def GetCurrentProcessorNumber(call: Call) -> int:
    """0: one processor runs all threads."""
    return 0


@service("kernel32", "GetSystemTimes", "p p p", lacks="idle and kernel time: all time counts as user time")
def GetSystemTimes(call: Call, idle: int, kernel: int, user: int) -> int:
    """FILETIMEs of the time since boot; each address may be null."""
    for address, value in ((idle, 0), (kernel, 0), (user, call.kernel.clock.uptime_100ns())):
        if address:
            call.memory.write_u64(address, value)
    return 1


@service("kernel32", "GetThreadTimes", "h p p p p", lacks="single threads: the time since boot is that of each")
@failing(0)
def GetThreadTimes(call: Call, thread: int, creation: int, exited: int, kernel: int, user: int) -> int:
    """Times as FILETIMEs."""
    thread_of(call, thread, THREAD_QUERY_INFORMATION)
    clock = call.kernel.clock
    uptime = clock.uptime_100ns()
    for address, value in ((creation, clock.now_100ns() - uptime), (exited, 0), (kernel, 0), (user, uptime)):
        call.memory.write_u64(address, value)
    return 1
