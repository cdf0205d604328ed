"""Do the guest's memory, string, number and sorting functions answer what C's do?"""

import ctypes
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.guest.host import Host

POINTER, SIZE, INT, TEXT = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_char_p
plain = st.binary(max_size=80).map(lambda data: data.replace(b"\0", b"\1"))
few_letters = st.binary(max_size=40).map(lambda data: bytes(b"abc"[byte % 3] for byte in data))


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 600))
def test_does_memmove_survive_overlap(host: Host, source: int, target: int, size: int) -> None:
    pattern = bytes(index * 7 & 255 for index in range(1000))
    buffer = ctypes.create_string_buffer(pattern, 1000)
    address = ctypes.addressof(buffer)
    for name in ("memmove", "memcpy"):
        ctypes.memmove(address, pattern, 1000)
        assert host.function(name, POINTER, POINTER, POINTER, SIZE)(address + target, address + source, size)
        expected = bytearray(pattern)
        expected[target : target + size] = pattern[source : source + size]
        assert buffer.raw == bytes(expected)


@given(st.integers(0, 40), st.integers(0, 400), st.integers(0, 255))
def test_does_memset_fill_exactly(host: Host, start: int, size: int, byte: int) -> None:
    buffer = ctypes.create_string_buffer(b"\x55" * 500, 500)
    host.function("memset", POINTER, POINTER, INT, SIZE)(ctypes.addressof(buffer) + start, byte, size)
    assert buffer.raw == b"\x55" * start + bytes([byte]) * size + b"\x55" * (500 - start - size)


def sign(value: int) -> int:
    return (value > 0) - (value < 0)


def order(left: bytes, right: bytes) -> int:
    return (left > right) - (left < right)


@given(few_letters, few_letters, st.integers(0, 40))
def test_is_text_ordered_as_bytes_are(host: Host, left: bytes, right: bytes, limit: int) -> None:
    compare = host.function("strcmp", INT, TEXT, TEXT)
    compare_some = host.function("strncmp", INT, TEXT, TEXT, SIZE)
    assert compare(left, right) == order(left, right)
    assert compare_some(left, right, limit) == order(left[:limit], right[:limit])
    assert sign(host.function("_stricmp", INT, TEXT, TEXT)(left.upper(), right)) == order(left, right)
    shorter = min(len(left), len(right))
    compare_memory = host.function("memcmp", INT, TEXT, TEXT, SIZE)
    assert sign(compare_memory(left, right, shorter)) == order(left[:shorter], right[:shorter])


@given(few_letters, few_letters)
def test_is_text_found_where_python_finds_it(host: Host, text: bytes, part: bytes) -> None:
    buffer = ctypes.create_string_buffer(text)
    address = ctypes.addressof(buffer)
    found = host.function("strstr", POINTER, POINTER, TEXT)(address, part)
    assert (-1 if found is None else found - address) == text.find(part)
    last = host.function("strrchr", POINTER, POINTER, INT)(address, ord("b"))
    assert (-1 if last is None else last - address) == text.rfind(b"b")
    first = host.function("memchr", POINTER, POINTER, INT, SIZE)(address, ord("c"), len(text))
    assert (-1 if first is None else first - address) == text.find(b"c")
    assert host.function("strspn", SIZE, TEXT, TEXT)(text, b"ab") == len(text) - len(text.lstrip(b"ab"))


@given(plain)
def test_are_lengths_right_at_every_alignment(host: Host, text: bytes) -> None:
    length = host.function("strlen", SIZE, POINTER)
    for shift in range(9):
        buffer = ctypes.create_string_buffer(b"x" * shift + text)
        assert length(ctypes.addressof(buffer) + shift) == len(text)


@given(st.text("ab ,;", max_size=30))
def test_does_strtok_split(host: Host, text: str) -> None:
    split = host.function("strtok", TEXT, POINTER, TEXT)
    buffer = ctypes.create_string_buffer(text.encode())
    parts, part = [], split(ctypes.addressof(buffer), b" ,;")
    while part is not None:
        parts.append(part.decode())
        part = split(None, b" ,;")
    assert parts == text.replace(",", " ").replace(";", " ").split()


def clamp(value: int, low: int, high: int) -> int:
    return min(max(value, low), high)


@given(st.integers(-(2**65), 2**65), st.sampled_from([0, 10, 16, 8, 2, 36]))
def test_are_numbers_parsed_and_limited(host: Host, value: int, base: int) -> None:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    magnitude, text = abs(value), ""
    shown_base = base or 10
    while magnitude:
        magnitude, digit = divmod(magnitude, shown_base)
        text = digits[digit] + text
    text = f" \t{'-' if value < 0 else '+'}{'0x' if base == 16 else ''}{text or '0'}_"
    end = ctypes.c_char_p()

    def parsed(name: str, kind: Any) -> int:
        number: int = host.function(name, kind, TEXT, POINTER, INT)(text.encode(), ctypes.addressof(end), base)
        assert end.value == b"_"
        return number

    assert parsed("strtol", ctypes.c_int32) == clamp(value, -(2**31), 2**31 - 1)
    assert parsed("strtoll", ctypes.c_int64) == clamp(value, -(2**63), 2**63 - 1)
    if abs(value) < 2**64:
        assert parsed("strtoull", ctypes.c_uint64) == value % 2**64
    if abs(value) < 2**32:
        assert parsed("strtoul", ctypes.c_uint32) == value % 2**32


@given(st.integers(-(2**31), 2**31 - 1), st.sampled_from([2, 8, 10, 16, 36]))
def test_do_numbers_become_text_that_reads_the_same(host: Host, value: int, base: int) -> None:
    buffer = ctypes.create_string_buffer(80)
    host.function("_itoa", POINTER, INT, POINTER, INT)(value, buffer, base)
    expected = value if base == 10 else value & 0xFFFFFFFF
    assert int(buffer.value, base) == expected


@pytest.mark.parametrize(
    ("text", "value", "used"),
    [("1.5e3x", 1500.0, 5), (" -0x1.8p1,", -3.0, 9), ("infinityx", float("inf"), 8), (".", 0.0, 0), ("1e+", 1.0, 1)],
)
def test_are_doubles_parsed_to_their_end(host: Host, text: str, value: float, used: int) -> None:
    end = ctypes.c_void_p()
    buffer = ctypes.create_string_buffer(text.encode())
    parse = host.function("strtod", ctypes.c_double, POINTER, POINTER)
    assert parse(ctypes.addressof(buffer), ctypes.addressof(end)) == value
    assert (end.value or 0) - ctypes.addressof(buffer) == used


Comparison = ctypes.CFUNCTYPE(INT, ctypes.POINTER(ctypes.c_int32), ctypes.POINTER(ctypes.c_int32))


def sorted_by_guest(host: Host, values: list[int]) -> list[int]:
    array = (ctypes.c_int32 * len(values))(*values)
    compare = Comparison(lambda left, right: order_of(left[0], right[0]))
    host.function("qsort", None, POINTER, SIZE, SIZE, Comparison)(array, len(values), 4, compare)
    return list(array)


def order_of(left: int, right: int) -> int:
    return (left > right) - (left < right)


@given(st.lists(st.integers(-20, 20), max_size=200))
def test_does_qsort_sort(host: Host, values: list[int]) -> None:
    assert sorted_by_guest(host, values) == sorted(values)


@pytest.mark.parametrize(
    "make",
    [
        lambda index: index,
        lambda index: -index,
        lambda index: index % 2,
        lambda index: index ^ 0x55,
        lambda index: index if index % 2 else 2000 - index,
    ],
)
def test_is_qsort_quick_on_patterns(host: Host, make: Callable[[int], int]) -> None:
    values = [make(index) for index in range(2000)]
    assert sorted_by_guest(host, values) == sorted(values)


@given(st.lists(st.integers(0, 100), max_size=50, unique=True).map(sorted), st.integers(0, 100))
def test_does_bsearch_find(host: Host, values: list[int], key: int) -> None:
    array = (ctypes.c_int32 * len(values))(*values)
    compare = Comparison(lambda left, right: order_of(left[0], right[0]))
    search = host.function("bsearch", POINTER, POINTER, POINTER, SIZE, SIZE, Comparison)
    wanted = ctypes.c_int32(key)
    found = search(ctypes.addressof(wanted), array, len(values), 4, compare)
    assert (found is not None) == (key in values)
    if found is not None:
        assert ctypes.c_int32.from_address(found).value == key


def scanned(host: Host, text: str, pattern: str, *targets: Any) -> int:
    scan = host.function("sscanf", INT, TEXT, TEXT)
    result: int = scan(text.encode(), pattern.encode(), *(ctypes.byref(target) for target in targets))
    return result


def test_does_sscanf_convert(host: Host) -> None:
    number, short, big = ctypes.c_int(), ctypes.c_short(), ctypes.c_int64()
    double, word, letters = ctypes.c_double(), ctypes.create_string_buffer(20), ctypes.create_string_buffer(20)
    used = ctypes.c_int()
    text = " -12 0x1F 99999999999 2.5e1 word [abc]%7"
    pattern = "%d %hi %I64d %lf %s [%[a-c]]%%%n%*d"
    assert scanned(host, text, pattern, number, short, big, double, word, letters, used) == 6
    assert (number.value, short.value, big.value, double.value) == (-12, 31, 99999999999, 25.0)
    assert (word.value, letters.value, used.value) == (b"word", b"abc", len(text) - 1)


@pytest.mark.parametrize(
    ("text", "pattern", "result"), [("", "%d", -1), ("x", "%d", 0), ("5 x", "%d %d", 1), ("ab", "abc", -1)]
)
def test_what_does_sscanf_answer_when_it_stops(host: Host, text: str, pattern: str, result: int) -> None:
    assert scanned(host, text, pattern, ctypes.c_int(), ctypes.c_int()) == result


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('"C:\\a b\\p.exe" x  y', ["C:\\a b\\p.exe", "x", "y"]),
        ('p "a b" c"d e"f', ["p", "a b", "cd ef"]),
        (r'p a\\b "c\\" \"d\" e\\\"f', ["p", r"a\\b", "c\\", '"d"', 'e\\"f']),
        ('p "a""b" "" x', ["p", 'a"b', "", "x"]),
    ],
)
def test_are_command_lines_split_by_microsofts_rules(host: Host, line: str, expected: list[str]) -> None:
    split = host.function("split_command_line", ctypes.POINTER(POINTER), TEXT, POINTER)
    count = ctypes.c_int()
    arguments = split(line.encode("utf-16-le") + b"\0\0", ctypes.byref(count))
    assert [wide_text(arguments[index]) for index in range(count.value)] == expected
    assert arguments[count.value] is None


def wide_text(address: int) -> str:
    text = b""
    while (unit := ctypes.string_at(address + len(text), 2)) != b"\0\0":
        text += unit
    return text.decode("utf-16-le")
