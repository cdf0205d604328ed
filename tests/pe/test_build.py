"""Are built DLLs what a PE reader expects?"""

import pefile
import pytest

from ntmm.pe.build import CodeExport, ForwarderExport, build_dll
from ntmm.pe.headers import parse_headers

EXPORTS: list[CodeExport | ForwarderExport] = [
    ForwarderExport("memcpy", "ntmmrt.memcpy"),
    CodeExport("_b", b"\x90\xc3"),
    CodeExport("A", b"\xc3" * 17),
    ForwarderExport("ByOrdinal", "other.#7"),
]


@pytest.mark.parametrize("is_64", [False, True])
def test_does_pefile_read_the_exports_back(is_64: bool) -> None:
    image = build_dll("sample.dll", is_64, 0x7C900000, EXPORTS)
    parsed = pefile.PE(data=image)
    symbols = {symbol.name.decode(): symbol for symbol in parsed.DIRECTORY_ENTRY_EXPORT.symbols}
    assert [*symbols] == ["A", "ByOrdinal", "_b", "memcpy"]
    assert symbols["memcpy"].forwarder == b"ntmmrt.memcpy"
    assert symbols["ByOrdinal"].forwarder == b"other.#7"
    assert parsed.get_data(symbols["_b"].address, 3) == b"\x90\xc3\xcc"
    assert parsed.get_data(symbols["A"].address, 17) == b"\xc3" * 17
    assert parsed.DIRECTORY_ENTRY_EXPORT.name == b"sample.dll"
    assert not [warning for warning in parsed.get_warnings() if "export" in warning or "relocation" in warning]
    assert parsed.is_dll()


@pytest.mark.parametrize("is_64", [False, True])
def test_do_our_own_headers_accept_it(is_64: bool) -> None:
    headers = parse_headers(build_dll("sample.dll", is_64, 0x7C900000, EXPORTS))
    assert headers.is_64 == is_64
    assert headers.entry_point == 0
    assert headers.size_of_image == 0x4000


def test_are_the_bytes_always_the_same() -> None:
    first = build_dll("sample.dll", False, 0x7C900000, EXPORTS)
    assert first == build_dll("sample.dll", False, 0x7C900000, reversed(EXPORTS))


def test_is_a_dll_of_forwarders_alone_possible() -> None:
    image = build_dll("f.dll", True, 0x10000, [ForwarderExport("a", "b.c")])
    assert len(parse_headers(image).sections) == 3


def test_is_a_name_exported_twice_refused() -> None:
    with pytest.raises(ValueError, match="exports A twice"):
        build_dll("s.dll", False, 0, [CodeExport("A", b"\xc3"), CodeExport("A", b"\xc3")])


def test_is_a_dll_without_exports_refused() -> None:
    with pytest.raises(ValueError, match="no exports"):
        build_dll("s.dll", False, 0, [])
