"""Code pages: 1252 (ANSI), 437 (OEM), UTF-7 left out, UTF-8."""

from dataclasses import dataclass
from typing import Final

CP_ACP: Final = 0
CP_OEMCP: Final = 1
CP_MACCP: Final = 2
CP_THREAD_ACP: Final = 3
CP_UTF8: Final = 65001
ANSI: Final = 1252
OEM: Final = 437


def _table(name: str) -> str:
    """The 256 characters of a code page; bytes without one stand for the control character of the same number."""
    return "".join(bytes([byte]).decode(name, "ignore") or chr(byte) for byte in range(256))


@dataclass(frozen=True, slots=True)
class SingleByteCodePage:
    """A code page of 256 characters."""

    number: int
    characters: str
    bytes_of: dict[str, int]

    def decode(self, data: bytes) -> str:
        """Every byte has a character."""
        characters = self.characters
        return "".join([characters[byte] for byte in data])

    def encode(self, text: str, default: bytes = b"?") -> tuple[bytes, bool]:
        """The bytes of a text and whether `default` stood in for a character."""
        units = [self.bytes_of.get(character) for character in text]
        used_default = None in units
        pieces = [default * _units(text[at]) if unit is None else bytes([unit]) for at, unit in enumerate(units)]
        return b"".join(pieces), used_default


def _units(character: str) -> int:
    return 2 if ord(character) > 0xFFFF else 1


def _single_byte(number: int, name: str) -> SingleByteCodePage:
    characters = _table(name)
    return SingleByteCodePage(number, characters, {character: byte for byte, character in enumerate(characters)})


ANSI_PAGE: Final = _single_byte(ANSI, "cp1252")
OEM_PAGE: Final = _single_byte(OEM, "cp437")
_PAGES: Final = {ANSI: ANSI_PAGE, OEM: OEM_PAGE}
_ALIASES: Final = {CP_ACP: ANSI, CP_OEMCP: OEM, CP_THREAD_ACP: ANSI}


def single_byte_page(number: int) -> SingleByteCodePage | None:
    """The code page with this number or alias, or None if it is unknown or UTF-8."""
    return _PAGES.get(_ALIASES.get(number, number))


def is_valid(number: int) -> bool:
    """True for the code pages this system has."""
    return number == CP_UTF8 or single_byte_page(number) is not None
