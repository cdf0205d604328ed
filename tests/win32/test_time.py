import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.nt.win32 import Win32Error
from ntmm.win32 import timezoneapi
from ntmm.win32.timezoneapi import dos_time_of, filetime_of_dos, pack_system_time, unpack_system_time
from tests.win32.fake_call import BUFFER

MILLISECOND = 10_000


def test_what_known_times_are() -> None:
    assert struct.unpack("<8H", pack_system_time(0)) == (1601, 1, 1, 1, 0, 0, 0, 0)
    known = 125_911_584_000_000_000
    assert struct.unpack("<8H", pack_system_time(known)) == (2000, 1, 6, 1, 0, 0, 0, 0)
    assert unpack_system_time(struct.pack("<8H", 2000, 1, 0, 1, 0, 0, 0, 0)) == known


@given(time=st.integers(0, 9_223_149_888_000_000_000 - 1))
def test_does_a_system_time_up_to_year_30827_keep_milliseconds(time: int) -> None:
    assert unpack_system_time(pack_system_time(time)) == time - time % MILLISECOND


@pytest.mark.parametrize("fields", [(1600, 1, 0, 1), (2000, 13, 0, 1), (2001, 2, 0, 29), (2000, 1, 0, 0)])
def test_which_dates_are_none(fields: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError):
        unpack_system_time(struct.pack("<8H", *fields, 0, 0, 0, 0))


@given(
    time=st.integers(119_600_064_000_000_000, 159_992_928_000_000_000 - 1),
)
def test_does_a_dos_time_keep_two_seconds(time: int) -> None:
    assert filetime_of_dos(*dos_time_of(time)) == time - time % 20_000_000


def test_is_1979_a_dos_date(call: Any) -> None:
    call.memory.write_u64(BUFFER, 119_600_064_000_000_000 - 1)
    assert timezoneapi.FileTimeToDosDateTime(call, BUFFER, BUFFER + 8, BUFFER + 10) == 0
    assert call.last_error == Win32Error.INVALID_PARAMETER
    assert timezoneapi.DosDateTimeToFileTime(call, 0, 0, BUFFER) == 0


def test_how_file_times_compare(call: Any) -> None:
    call.memory.write_u64(BUFFER, 1 << 40)
    call.memory.write_u64(BUFFER + 8, 5)
    assert timezoneapi.CompareFileTime(call, BUFFER, BUFFER + 8) == 1
    assert timezoneapi.CompareFileTime(call, BUFFER + 8, BUFFER) == -1
    assert timezoneapi.CompareFileTime(call, BUFFER, BUFFER) == 0


def test_is_the_time_zone_utc(call: Any) -> None:
    assert timezoneapi.GetTimeZoneInformation(call, BUFFER) == 0
    assert call.wide_at(BUFFER + 4) == "UTC"
    assert call.memory.read_u32(BUFFER) == 0
