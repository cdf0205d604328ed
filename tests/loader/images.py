"""Small PE images with imports, exports, TLS and relocations, made for the loader's tests."""

import struct
from dataclasses import dataclass, field

from ntmm.pe.build import _assemble, _Section

TEXT, RDATA, DATA, RELOC = 0x1000, 0x2000, 0x3000, 0x4000


@dataclass
class Image:
    """A description of an image; `imports` maps DLL names to names or ordinals."""

    is_64: bool = False
    base: int = 0x400000
    is_dll: bool = False
    entry_point: int = TEXT
    imports: dict[str, list[str | int]] = field(default_factory=dict)
    exports: dict[str, int | str] = field(default_factory=dict)
    relocations: bytes | None = None
    has_tls: bool = False
    text: bytes = b"\xc3"
    iat_at: int = 0
    """RVA of the first import address table, once built."""

    def build(self) -> bytes:
        data, directories = bytearray(b"\x11" * 0x100), {}
        rdata = bytearray(b"\0" * 16)
        if self.imports:
            directories[1] = (RDATA + len(rdata), 0x1000 - len(rdata))
            rdata += self._imports(RDATA + len(rdata))
        if self.exports:
            content = self._exports(RDATA + len(rdata))
            directories[0] = (RDATA + len(rdata), len(content))
            rdata += content
        if self.has_tls:
            directories[9] = (RDATA + len(rdata), 40 if self.is_64 else 24)
            rdata += self._tls()
        sections = [
            _Section(b".text", TEXT, self.text, 0x60000020),
            _Section(b".rdata", RDATA, bytes(rdata), 0x40000040),
            _Section(b".data", DATA, bytes(data), 0xC0000040),
        ]
        if self.relocations is not None:
            sections.append(_Section(b".reloc", RELOC, self.relocations or bytes(8), 0x42000040))
            directories[5] = (RELOC, len(self.relocations))
        return self._finish(_assemble(self.is_64, self.base, sections, directories))

    def _finish(self, image: bytes) -> bytes:
        result = bytearray(image)
        flags = 0x22 | (0x2000 if self.is_dll else 0) | (0 if self.relocations is not None else 1)
        struct.pack_into("<H", result, 0x80 + 22, flags)
        struct.pack_into("<I", result, 0x80 + 24 + 16, self.entry_point)
        return bytes(result)

    def _imports(self, at: int) -> bytes:
        """Descriptors, then for each DLL its name, name table, address table, and hint/name entries."""
        width, pack = (8, "<Q") if self.is_64 else (4, "<I")
        descriptors, rest = b"", b""
        start = at + 20 * (len(self.imports) + 1)
        for dll, symbols in self.imports.items():
            name_at = start + len(rest)
            rest += dll.encode() + b"\0"
            entries_at, values = {}, []
            for symbol in symbols:
                if isinstance(symbol, str):
                    entries_at[symbol] = start + len(rest)
                    rest += b"\0\0" + symbol.encode() + b"\0"
                    values.append(entries_at[symbol])
                else:
                    values.append(symbol | 1 << (8 * width - 1))
            rest += bytes(-(start + len(rest)) % 8)
            table = b"".join(struct.pack(pack, value) for value in [*values, 0])
            names_at, addresses_at = start + len(rest), start + len(rest) + len(table)
            self.iat_at = self.iat_at or addresses_at
            rest += table + table
            descriptors += struct.pack("<5I", names_at, 0, 0, name_at, addresses_at)
        return descriptors + bytes(20) + rest + bytes(-len(rest) % 8)

    def _exports(self, at: int) -> bytes:
        names = sorted(self.exports)
        count = len(names)
        functions_at = at + 40
        texts_at = functions_at + 10 * count
        texts, functions, name_addresses = b"self\0", [], []
        for name in names:
            name_addresses.append(texts_at + len(texts))
            texts += name.encode() + b"\0"
        for name in names:
            target = self.exports[name]
            if isinstance(target, str):
                functions.append(texts_at + len(texts))
                texts += target.encode() + b"\0"
            else:
                functions.append(target)
        header = struct.pack(
            "<IIHHIIIIIII", 0, 0, 0, 0, texts_at, 5, count, count, functions_at,
            functions_at + 4 * count, functions_at + 8 * count,
        )  # fmt: skip
        return header + struct.pack(f"<{count}I{count}I{count}H", *functions, *name_addresses, *range(count)) + texts

    def _tls(self) -> bytes:
        """Template: the 16 bytes at DATA + 0x10; index at DATA + 0x80; callbacks at DATA + 0x90; 8 bytes of zeros."""
        pack = "<4QII" if self.is_64 else "<4III"
        address = self.base + DATA
        return struct.pack(pack, address + 0x10, address + 0x20, address + 0x80, address + 0x90, 8, 0)


def relocation_block(page: int, *entries: tuple[int, int]) -> bytes:
    """A block of (kind, offset) entries."""
    words = [kind << 12 | offset for kind, offset in entries]
    return struct.pack(f"<II{len(words)}H", page, 8 + 2 * len(words), *words)
