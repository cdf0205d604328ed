"""The file cache's working set: SystemFileCacheInformation, which is told and set (NtSetSystemInformation)."""

import struct
from typing import Final

from ntmm.native.call import Call
from ntmm.native.privilege import has_privilege
from ntmm.native.service_table import service
from ntmm.nt.status import Status

SYSTEM_FILE_CACHE_INFORMATION: Final = 21

# FILE_CACHE_*
MAXIMUM_ENABLE: Final = 1
MAXIMUM_DISABLE: Final = 2
MINIMUM_ENABLE: Final = 4
MINIMUM_DISABLE: Final = 8
_PAIRS: Final = (MAXIMUM_ENABLE | MAXIMUM_DISABLE, MINIMUM_ENABLE | MINIMUM_DISABLE)

_FORMS: Final = {4: struct.Struct("<9I"), 8: struct.Struct("<QQI4x4QII")}
"""By size of a pointer: current and peak size, faults, minimum, maximum, two counts of pages, repurposed, flags."""


def file_cache_information(call: Call) -> bytes:
    """SYSTEM_FILECACHE_INFORMATION, 36 or 64 bytes: the system working set in bytes, its limits in pages."""
    mm = call.kernel.mm
    figures, working_set = mm.statistics(), mm.system.working_set
    page, limits = figures.page_size, working_set.limits
    cache = (working_set.count * page, working_set.peak * page, figures.cache.faults & 0xFFFFFFFF)
    pages = (limits.minimum, limits.maximum, working_set.count, working_set.peak)
    return _FORMS[call.memory.pointer_size].pack(
        *cache, *pages, 0, file_cache_flags(limits.hard_minimum, limits.hard_maximum)
    )


def set_file_cache(call: Call, minimum: int, maximum: int, flags: int) -> Status:
    """Sets the limits of the system working set in bytes; PRIVILEGE_NOT_HELD without SeIncreaseQuotaPrivilege.

    A flag of a pair turns a hard limit on or off, none leaves it. Both sizes all ones empty the cache.
    """
    if not has_privilege(call, "SeIncreaseQuotaPrivilege"):
        return Status.PRIVILEGE_NOT_HELD
    if flags & ~sum(_PAIRS) or any(flags & pair == pair for pair in _PAIRS):
        return Status.INVALID_PARAMETER
    hard_maximum, hard_minimum = (_choice(flags, pair) for pair in _PAIRS)
    return call.kernel.mm.set_cache_limits(minimum, maximum, hard_minimum, hard_maximum)


def _choice(flags: int, pair: int) -> bool | None:
    """Of each pair the lower flag turns on."""
    return bool(flags & pair & (MAXIMUM_ENABLE | MINIMUM_ENABLE)) if flags & pair else None


def file_cache_flags(hard_minimum: bool, hard_maximum: bool) -> int:
    """The FILE_CACHE_* flags of the limits that are hard."""
    return hard_maximum * MAXIMUM_ENABLE | hard_minimum * MINIMUM_ENABLE


@service("ntdll", "NtSetSystemInformation", "u32 p u32", lacks="classes beyond the limits of the file cache")
def NtSetSystemInformation(call: Call, information_class: int, buffer: int, length: int) -> int:
    """Sets the limits of the file cache; other classes are NOT_IMPLEMENTED."""
    if information_class != SYSTEM_FILE_CACHE_INFORMATION:
        return Status.NOT_IMPLEMENTED
    form = _FORMS[call.memory.pointer_size]
    if length != form.size:
        return Status.INFO_LENGTH_MISMATCH
    fields = form.unpack(call.memory.read(buffer, length))
    return set_file_cache(call, fields[3], fields[4], fields[8])
