"""Do the guest's dates agree with Python's calendar, and its strftime with the host's?"""

import ctypes
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.guest.host import Host

LAST_SECOND = 32_535_215_999
moments = st.one_of(st.integers(0, LAST_SECOND), st.integers(0, 2**31 - 1))
Fields = ctypes.c_int * 9
INT64_POINTER = ctypes.POINTER(ctypes.c_int64)


def split(host: Host, moment: int) -> list[int]:
    fields = Fields()
    function = host.function("_gmtime64_s", ctypes.c_int, Fields, INT64_POINTER)
    assert function(fields, ctypes.byref(ctypes.c_int64(moment))) == 0
    return list(fields)


def expected(moment: int) -> list[int]:
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment)
    year_day = when.timetuple().tm_yday - 1
    date = (when.day, when.month - 1, when.year - 1900, when.isoweekday() % 7, year_day)
    return [when.second, when.minute, when.hour, *date, 0]


@given(moments)
def test_is_each_second_split_as_python_splits_it(host: Host, moment: int) -> None:
    assert split(host, moment) == expected(moment)


@given(moments)
def test_does_mktime_undo_it(host: Host, moment: int) -> None:
    fields = Fields(*expected(moment))
    assert host.function("_mkgmtime64", ctypes.c_int64, Fields)(fields) == moment


@given(st.integers(0, 200), st.integers(-50, 50), st.integers(-400, 400), st.integers(-100, 100))
def test_does_mktime_carry_over(host: Host, year: int, month: int, day: int, hour: int) -> None:
    fields = Fields(0, 0, hour, day, month, 70 + year, 0, 0, 0)
    answer = host.function("_mkgmtime64", ctypes.c_int64, Fields)(fields)
    first = datetime(1970 + year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    moment = int((first + timedelta(days=day - 1, hours=hour)).timestamp())
    assert answer == (moment if moment >= 0 else -1)
    if moment >= 0:
        assert list(fields) == expected(moment)


def test_are_times_outside_windows_range_refused(host: Host) -> None:
    for moment in (-1, LAST_SECOND + 1):
        fields = Fields()
        function = host.function("_gmtime64_s", ctypes.c_int, Fields, INT64_POINTER)
        assert function(fields, ctypes.byref(ctypes.c_int64(moment))) == 22
        assert list(fields) == [-1] * 9


def formatted(host: Host, name: str, text: str, moment: int) -> str:
    buffer = ctypes.create_string_buffer(200)
    arguments: tuple[Any, ...] = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, Fields)
    length = host.function(name, ctypes.c_size_t, *arguments)(buffer, 200, text.encode(), Fields(*expected(moment)))
    assert length == len(buffer.value)
    return buffer.value.decode()


@given(moments, st.lists(st.sampled_from("aAbBcCdDeFgGhHIjmMpRrSTuUVwWxXyY%"), max_size=8))
def test_is_strftime_that_of_the_host(host: Host, moment: int, letters: list[str]) -> None:
    text = "-".join(f"%{letter}" for letter in letters)
    assert formatted(host, "strftime", text, moment) == time.strftime(text, time.gmtime(moment))


@given(moments)
def test_does_the_old_strftime_write_dates_as_msvcrt_did(host: Host, moment: int) -> None:
    when = time.gmtime(moment)
    assert formatted(host, "strftime_old", "%c", moment) == time.strftime("%m/%d/%y %H:%M:%S", when)
    assert formatted(host, "strftime", "%#d.%#m.%#H", moment) == f"{when.tm_mday}.{when.tm_mon}.{when.tm_hour}"
