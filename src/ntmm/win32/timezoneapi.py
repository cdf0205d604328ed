"""timezoneapi.h and the conversions between time formats. The machine's time zone is UTC."""

import struct
from datetime import UTC, datetime, timedelta
from typing import Final

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing

_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)
_SECOND_100NS: Final = 10_000_000
_DAY_100NS: Final = 86_400 * _SECOND_100NS
_CYCLE_DAYS: Final = 146_097
_CYCLE_YEARS: Final = 400
"""The calendar repeats after 400 years, which lets years past 9999 be computed in years before."""

_DOS_FIRST_YEAR: Final = 1980
_DOS_LAST_YEAR: Final = 2107
_TIME_ZONE_ID_UNKNOWN: Final = 0


def pack_system_time(filetime: int) -> bytes:
    """SYSTEMTIME, 16 bytes: year, month, day of week (0 is Sunday), day, hour, minute, second, millisecond."""
    days, rest = divmod(filetime, _DAY_100NS)
    cycles, days = divmod(days, _CYCLE_DAYS)
    moment = _EPOCH + timedelta(days=days, microseconds=rest // 10)
    year = moment.year + cycles * _CYCLE_YEARS
    day = (moment.month, moment.isoweekday() % 7, moment.day)
    return struct.pack("<8H", year, *day, moment.hour, moment.minute, moment.second, moment.microsecond // 1000)


def unpack_system_time(data: bytes) -> int:
    """The FILETIME of a SYSTEMTIME, whose day of week is ignored; raises ValueError if it is no date since 1601."""
    fields: tuple[int, ...] = struct.unpack("<8H", data)
    year, month, _weekday, day, hour, minute, second, millisecond = fields
    if not 1601 <= year <= 30827 or millisecond > 999:
        raise ValueError("not a SYSTEMTIME")
    cycles, year_of_cycle = divmod(year - 1601, _CYCLE_YEARS)
    moment = datetime(1601 + year_of_cycle, month, day, hour, minute, second, tzinfo=UTC)
    passed = moment - _EPOCH
    days = passed.days + cycles * _CYCLE_DAYS
    return days * _DAY_100NS + passed.seconds * _SECOND_100NS + millisecond * 10_000


def dos_time_of(filetime: int) -> tuple[int, int]:
    """MS-DOS date and time, in steps of two seconds; raises ValueError outside 1980 to 2107."""
    year, month, _weekday, day, hour, minute, second, _ms = struct.unpack("<8H", pack_system_time(filetime))
    if not _DOS_FIRST_YEAR <= year <= _DOS_LAST_YEAR:
        raise ValueError("not an MS-DOS date")
    return (year - _DOS_FIRST_YEAR) << 9 | month << 5 | day, hour << 11 | minute << 5 | second // 2


def filetime_of_dos(date: int, time: int) -> int:
    """The FILETIME of an MS-DOS date and time; raises ValueError if it is none."""
    day = ((date >> 9) + _DOS_FIRST_YEAR, date >> 5 & 15, 0, date & 31)
    return unpack_system_time(struct.pack("<8H", *day, time >> 11, time >> 5 & 63, (time & 31) * 2, 0))


@service("kernel32", "FileTimeToSystemTime", "p p")
@failing(0)
def FileTimeToSystemTime(call: Call, filetime: int, system_time: int) -> int:
    """FILETIME to SYSTEMTIME; INVALID_PARAMETER for a negative one."""
    value = call.memory.read_u64(filetime)
    if value >> 63:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    call.memory.write(system_time, pack_system_time(value))
    return 1


@service("kernel32", "SystemTimeToFileTime", "p p")
@failing(0)
def SystemTimeToFileTime(call: Call, system_time: int, filetime: int) -> int:
    """SYSTEMTIME to FILETIME; INVALID_PARAMETER if it is no date."""
    try:
        value = unpack_system_time(call.memory.read(system_time, 16))
    except ValueError as error:
        raise Win32Failure(Win32Error.INVALID_PARAMETER) from error
    call.memory.write_u64(filetime, value)
    return 1


@service("kernel32", "FileTimeToLocalFileTime", "p p")
def FileTimeToLocalFileTime(call: Call, filetime: int, local: int) -> int:
    """The same time: the zone is UTC."""
    call.memory.write_u64(local, call.memory.read_u64(filetime))
    return 1


@service("kernel32", "LocalFileTimeToFileTime", "p p")
def LocalFileTimeToFileTime(call: Call, local: int, filetime: int) -> int:
    """The same time: the zone is UTC."""
    call.memory.write_u64(filetime, call.memory.read_u64(local))
    return 1


@service("kernel32", "SystemTimeToTzSpecificLocalTime", "p p p", lacks="zones other than the machine's")
@failing(0)
def SystemTimeToTzSpecificLocalTime(call: Call, zone: int, universal: int, local: int) -> int:
    """The same time in the machine's zone; other zones are not supported."""
    if zone:
        raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)
    call.memory.write(local, call.memory.read(universal, 16))
    return 1


@service("kernel32", "FileTimeToDosDateTime", "p p p")
@failing(0)
def FileTimeToDosDateTime(call: Call, filetime: int, date_address: int, time_address: int) -> int:
    """FILETIME to MS-DOS date and time; INVALID_PARAMETER outside 1980 to 2107."""
    try:
        date, time = dos_time_of(call.memory.read_u64(filetime))
    except ValueError as error:
        raise Win32Failure(Win32Error.INVALID_PARAMETER) from error
    call.memory.write_u16(date_address, date)
    call.memory.write_u16(time_address, time)
    return 1


@service("kernel32", "DosDateTimeToFileTime", "u16 u16 p")
@failing(0)
def DosDateTimeToFileTime(call: Call, date: int, time: int, filetime: int) -> int:
    """MS-DOS date and time to FILETIME; INVALID_PARAMETER if they are none."""
    try:
        value = filetime_of_dos(date, time)
    except ValueError as error:
        raise Win32Failure(Win32Error.INVALID_PARAMETER) from error
    call.memory.write_u64(filetime, value)
    return 1


@service("kernel32", "CompareFileTime", "p p")
def CompareFileTime(call: Call, first: int, second: int) -> int:
    """-1, 0 or 1."""
    left, right = call.memory.read_u64(first), call.memory.read_u64(second)
    return (left > right) - (left < right)


@service("kernel32", "GetTimeZoneInformation", "p")
def GetTimeZoneInformation(call: Call, buffer: int) -> int:
    """TIME_ZONE_INFORMATION, 172 bytes: UTC without daylight saving time."""
    name = "UTC".encode("utf-16-le").ljust(64, b"\0")
    call.memory.write(buffer, bytes(4) + name + bytes(20) + name + bytes(20))
    return _TIME_ZONE_ID_UNKNOWN
