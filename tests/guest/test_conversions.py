"""Do the guest's conversions, paths, checked numbers and searches answer what their documentation says?"""

import ctypes
import math
from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.guest.host import Host

TEXT, SIZE, INT, POINTER = ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_void_p
TRUNCATE = (1 << 64) - 1
ERANGE, EILSEQ, STRUNCATE = 34, 42, 80
latin = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=30)


def wide(text: str) -> bytes:
    return text.encode("utf-16-le") + b"\0\0"


@given(latin)
def test_are_bytes_characters_and_characters_bytes(host: Host, text: str) -> None:
    room = ctypes.create_string_buffer(100)
    data = text.encode("latin-1")
    assert host.function("mbstowcs", SIZE, POINTER, TEXT, SIZE)(room, data, 50) == len(text)
    assert room.raw.startswith(wide(text))
    back = ctypes.create_string_buffer(100)
    assert host.function("wcstombs", SIZE, POINTER, POINTER, SIZE)(back, room, 100) == len(text)
    assert back.value == data


@given(latin, st.integers(1, 40))
def test_does_the_checked_conversion_cut_or_refuse(host: Host, text: str, room: int) -> None:
    made, buffer = ctypes.c_size_t(), ctypes.create_string_buffer(200)
    convert = host.function("wcstombs_s", INT, POINTER, POINTER, SIZE, POINTER, SIZE)
    data, fits = text.encode("latin-1"), len(text) < room
    answer = convert(ctypes.byref(made), buffer, room, wide(text), TRUNCATE)
    assert (answer, buffer.value) == (0 if fits else STRUNCATE, data[: room - 1])
    answer = convert(ctypes.byref(made), buffer, room, wide(text), 100)
    assert (answer, buffer.value, made.value) == ((0, data, len(data) + 1) if fits else (ERANGE, b"", 0))


def test_is_a_character_past_255_refused(host: Host) -> None:
    made, buffer = ctypes.c_size_t(), ctypes.create_string_buffer(20)
    convert = host.function("wcstombs_s", INT, POINTER, POINTER, SIZE, POINTER, SIZE)
    assert convert(ctypes.byref(made), buffer, 20, wide("a\u20ac"), 10) == EILSEQ
    assert buffer.value == b""


parts = st.tuples(
    st.sampled_from(["", "C:", "z:"]),
    st.sampled_from(["", "\\", "a\\", "\\a.b\\c d\\", "x/y/"]),
    st.text("ab.c", max_size=6).map(lambda name: name.rstrip(".")).filter(lambda name: not name.startswith(".")),
    st.sampled_from(["", ".", ".c", ".tar"]),
)


@given(parts)
def test_is_a_path_split_into_what_it_was_made_of(host: Host, pieces: tuple[str, str, str, str]) -> None:
    drive, folder, name, extension = pieces
    if not extension and "." in name:
        name, _, rest = name.rpartition(".")
        extension = "." + rest
    rooms = [ctypes.create_string_buffer(256) for _ in range(4)]
    host.function("_splitpath", None, TEXT, *[POINTER] * 4)(f"{drive}{folder}{name}{extension}".encode(), *rooms)
    assert [room.value.decode() for room in rooms] == [drive, folder, name, extension]
    made = ctypes.create_string_buffer(300)
    host.function("_makepath", None, POINTER, *[TEXT] * 4)(made, *(room.value for room in rooms))
    assert made.value.decode() == f"{drive}{folder}{name}{extension}"


def digits(value: int, base: int) -> str:
    letters = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while value:
        value, digit = divmod(value, base)
        text = letters[digit] + text
    return text or "0"


@given(st.integers(-(2**31), 2**31 - 1), st.integers(2, 36), st.integers(1, 40))
def test_are_numbers_written_where_they_fit(host: Host, value: int, base: int, room: int) -> None:
    text = digits(value & 0xFFFFFFFF, base) if base != 10 else str(value)
    buffer = ctypes.create_string_buffer(80)
    answer = host.function("_itoa_s", INT, INT, POINTER, SIZE, INT)(value, buffer, room, base)
    assert (answer, buffer.value.decode()) == ((0, text) if len(text) < room else (ERANGE, ""))


@given(st.lists(st.integers(-1000, 1000), max_size=80), st.integers(-1000, 1000))
def test_do_the_sorts_with_a_context_sort_and_find(host: Host, numbers: list[int], key: int) -> None:
    compare = ctypes.CFUNCTYPE(INT, POINTER, ctypes.POINTER(INT), ctypes.POINTER(INT))(
        lambda context, left, right: (left[0] > right[0]) - (left[0] < right[0])
    )
    array, wanted = (INT * len(numbers))(*numbers), INT(key)
    host.function("qsort_s", None, POINTER, SIZE, SIZE, POINTER, POINTER)(array, len(numbers), 4, compare, None)
    assert list(array) == sorted(numbers)
    search = host.function("bsearch_s", POINTER, POINTER, POINTER, SIZE, SIZE, POINTER, POINTER)
    found = search(ctypes.byref(wanted), array, len(numbers), 4, compare, None)
    at = bisect_left(array, key)
    if found is None:
        assert key not in numbers
    else:
        assert at < len(numbers) and array[(found - ctypes.addressof(array)) // 4] == key


@pytest.mark.parametrize("name", ["_rotl", "_rotr"])
@given(st.integers(0, 2**32 - 1), st.integers(-64, 64))
def test_do_rotations_keep_every_bit(host: Host, name: str, value: int, shift: int) -> None:
    turn = shift % 32 if name == "_rotl" else -shift % 32
    rotated = (value << turn | value >> (32 - turn)) & 0xFFFFFFFF
    assert host.function(name, ctypes.c_uint32, ctypes.c_uint32, INT)(value, shift) == rotated


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, st.floats(allow_nan=False, allow_infinity=False).filter(lambda value: value != 0))
def test_is_the_mathematics_that_of_python(host: Host, first: float, second: float) -> None:
    double = ctypes.c_double

    def two(name: str) -> float:
        return float(host.function(name, double, double, double)(first, second))

    assert two("fmax") == max(first, second)
    assert two("fmin") == min(first, second)
    assert two("fdim") == (first - second if first > second else 0)
    if first:
        assert host.function("logb", double, double)(first) == math.frexp(first)[1] - 1
        assert host.function("ilogb", INT, double)(first) == math.frexp(first)[1] - 1


@given(st.floats(-1e15, 1e15), st.integers(1, 15))
def test_are_digits_those_of_python(host: Host, value: float, count: int) -> None:
    point, negative, room = INT(), INT(), ctypes.create_string_buffer(400)
    convert = host.function("_ecvt_s", INT, POINTER, SIZE, ctypes.c_double, INT, POINTER, POINTER)
    assert convert(room, 400, value, count, ctypes.byref(point), ctypes.byref(negative)) == 0
    mantissa, _, exponent = f"{value:.{count - 1}e}".partition("e")
    assert room.value.decode() == mantissa.lstrip("-").replace(".", "")
    assert bool(negative.value) == mantissa.startswith("-")
    assert point.value == (int(exponent) + 1 if value else 0)
