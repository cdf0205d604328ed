"""Are image headers read as they are, and is everything malformed refused with a sentence?"""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntmm.pe.build import CodeExport, build_dll
from ntmm.pe.headers import MalformedImage, parse_headers, require_program
from tests.pe.mutations import mutations

DLLS = [build_dll("sample.dll", is_64, 0x10000000, [CodeExport("f", b"\xc3")]) for is_64 in (False, True)]
PE = 0x80
OPTIONAL = PE + 24


def patched(offset: int, layout: str, value: int, image: bytes = DLLS[0]) -> bytes:
    result = bytearray(image)
    struct.pack_into(layout, result, offset, value)
    return bytes(result)


@pytest.mark.parametrize("image", DLLS)
def test_are_the_fields_of_a_good_image_read(image: bytes) -> None:
    headers = parse_headers(memoryview(image))
    assert headers.image_base == 0x10000000
    assert headers.is_64 == (headers.machine == 0x8664)
    assert headers.is_dll and headers.is_relocatable and headers.is_large_address_aware
    assert [section.name for section in headers.sections] == [".text", ".rdata", ".reloc"]
    assert headers.sections[0].is_executable and not headers.sections[0].is_writable
    assert headers.size_of_image == 0x4000
    assert headers.subsystem_version == (4, 0)
    assert (headers.stack_reserve, headers.heap_commit) == (0x40000, 0x1000)


@pytest.mark.parametrize(
    ("image", "words", "status"),
    [
        (b"", "does not begin with MZ", 0xC000012F),
        (b"\x7fELF" + bytes(200), "does not begin with MZ", 0xC000012F),
        (b"MZ" + bytes(10), "ends inside its DOS header", 0xC0000130),
        (b"MZ" + bytes(62), "DOS program", 0xC0000130),
        (patched(0x3C, "<I", 0xFFFFFFF0), "DOS program", 0xC0000130),
        (patched(PE, "<I", 0x454E), "16-bit", 0xC0000131),
        (patched(PE, "<I", 0x454C), "VxD", 0xC000012E),
        (patched(PE + 4, "<H", 0xAA64), "ARM64", 0xC000007B),
        (patched(PE + 6, "<H", 0), "no sections", 0xC000007B),
        (patched(PE + 6, "<H", 0xFFFF), "claims 65535 sections", 0xC000007B),
        (patched(PE + 20, "<H", 0xE0 - 1), "too small", 0xC000007B),
        (patched(PE + 22, "<H", 0x2020), "not marked as an executable", 0xC000007B),
        (patched(OPTIONAL, "<H", 0x20B), "magic", 0xC000007B),
        (patched(OPTIONAL + 16, "<I", 0x7FFFFFFF), "entry point", 0xC000007B),
        (patched(OPTIONAL + 28, "<I", 0x10001000), "64 KB", 0xC000007B),
        (patched(OPTIONAL + 32, "<I", 0), "power of two", 0xC000007B),
        (patched(OPTIONAL + 32, "<I", 0x200), "smaller than a page", 0xC000007B),
        (patched(OPTIONAL + 36, "<I", 3), "power of two", 0xC000007B),
        (patched(OPTIONAL + 36, "<I", 0x2000), "smaller than the file alignment", 0xC000007B),
        (patched(OPTIONAL + 36, "<I", 0x100), "disk sector", 0xC000007B),
        (patched(OPTIONAL + 56, "<I", 0), "size of zero", 0xC000007B),
        (patched(OPTIONAL + 56, "<I", 0x80000000), "more than Windows maps", 0xC000007B),
        (patched(OPTIONAL + 56, "<I", 0x2000), "beyond the size of the image", 0xC000007B),
        (patched(OPTIONAL + 60, "<I", 0x5000), "headers claim", 0xC000007B),
        (patched(OPTIONAL + 224 + 12, "<I", 0x2000), "not behind the part before", 0xC000007B),
        (patched(OPTIONAL + 224 + 12, "<I", 0), "overlaps", 0xC000007B),
        (patched(OPTIONAL + 224 + 8, "<I", 0x1001), "overlaps", 0xC000007B),
        (patched(OPTIONAL + 224 + 16, "<I", 0xFFFFFE00), "end of the file", 0xC000007B),
        (patched(OPTIONAL + 224 + 20, "<I", 0x201), "disk sector", 0xC000007B),
        (DLLS[0][:0x190], "section table", 0xC000007B),
        (DLLS[0][:OPTIONAL], "optional header", 0xC000007B),
    ],
)
def test_is_a_malformed_image_refused_with_its_reason(image: bytes, words: str, status: int) -> None:
    with pytest.raises(MalformedImage, match=words) as refusal:
        parse_headers(image)
    assert refusal.value.status == status


def test_is_a_dll_refused_as_a_program() -> None:
    with pytest.raises(MalformedImage, match="a DLL, not a program"):
        require_program(parse_headers(DLLS[0]))


def test_is_a_driver_refused_as_a_program() -> None:
    image = patched(OPTIONAL + 68, "<H", 1, patched(PE + 22, "<H", 0x122))
    with pytest.raises(MalformedImage, match="subsystem 1"):
        require_program(parse_headers(image))


def parse_or_refuse(image: bytes) -> str:
    """The sentence of the refusal, or "" for an image that is accepted."""
    try:
        headers = parse_headers(image)
    except MalformedImage as refusal:
        return refusal.sentence
    assert all(section.raw_offset + section.raw_size <= len(image) for section in headers.sections)
    return ""


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=1024))
def test_are_arbitrary_bytes_refused_quietly(data: bytes) -> None:
    assert parse_or_refuse(data)
    assert parse_or_refuse(b"MZ" + data)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(DLLS), st.lists(st.tuples(st.integers(0, 0x1F0), st.integers(0, 255)), max_size=8))
def test_are_damaged_headers_refused_quietly(image: bytes, changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(image)
    for offset, value in changes:
        damaged[offset] = value
    assert "\n" not in parse_or_refuse(bytes(damaged))


@pytest.mark.parametrize("image", DLLS)
def test_are_all_mutations_read_or_refused(image: bytes) -> None:
    variants = list(mutations(image, seed=1))
    assert len(variants) >= 300
    assert len({name for name, _ in variants}) == len(variants)
    assert variants == list(mutations(image, seed=1))
    for _, variant in variants:
        assert "\n" not in parse_or_refuse(variant)
