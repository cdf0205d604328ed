"""stringapiset.h: between UTF-16 and code pages."""

from typing import Final

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.codepages import CP_UTF8, single_byte_page
from ntmm.win32.failing import Win32Failure, failing

MB_ERR_INVALID_CHARS: Final = 8
_MB_FLAGS: Final = 0x0F
_WC_FLAGS: Final = 0x6F0


def decode_bytes(page_number: int, data: bytes, strict: bool) -> str:
    """Text of bytes in a code page; raises Win32Failure.

    Bytes that are no UTF-8 fail with NO_UNICODE_TRANSLATION if `strict`, else they are left out, as before Vista.
    """
    if page_number == CP_UTF8:
        try:
            return data.decode("utf-8", "strict" if strict else "ignore")
        except UnicodeDecodeError as error:
            raise Win32Failure(Win32Error.NO_UNICODE_TRANSLATION) from error
    page = single_byte_page(page_number)
    if page is None:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    return page.decode(data)


def encode_text(page_number: int, text: str, default: bytes) -> tuple[bytes, bool]:
    """Bytes of a text in a code page, and whether the default stood in for a character. There is no best fit."""
    if page_number == CP_UTF8:
        return text.encode("utf-8", "surrogatepass"), False
    page = single_byte_page(page_number)
    if page is None:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    return page.encode(text, default)


def counted_bytes(call: Call, address: int, count: int) -> bytes:
    """`count` bytes, or with -1 a string with its zero; raises Win32Failure for 0."""
    if not address or count == 0 or count < -1:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    return call.memory.read_cstring(address) + b"\0" if count < 0 else call.memory.read(address, count)


def counted_wide(call: Call, address: int, count: int) -> str:
    """`count` UTF-16 units, or with -1 a string with its zero; raises Win32Failure for 0."""
    if not address or count == 0 or count < -1:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    if count < 0:
        return call.memory.read_wstring(address) + "\0"
    return call.memory.read(address, 2 * count).decode("utf-16-le", "surrogatepass")


def store_counted(call: Call, data: bytes, unit: int, buffer: int, size: int) -> int:
    """Stores a result of a known size, or answers the size needed if `size` is 0; raises Win32Failure."""
    units = len(data) // unit
    if size < 0 or (size and not buffer):
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    if size == 0:
        return units
    if units > size:
        call.memory.write(buffer, data[: size * unit])
        raise Win32Failure(Win32Error.INSUFFICIENT_BUFFER)
    call.memory.write(buffer, data)
    return units


@service("kernel32", "MultiByteToWideChar", "u32 u32 p i32 p i32")
@failing(0)
def MultiByteToWideChar(
    call: Call, page: int, flags: int, source: int, source_size: int, buffer: int, buffer_size: int
) -> int:
    """Bytes of a code page to UTF-16; answers units written, or needed if `buffer_size` is 0."""
    if flags & ~_MB_FLAGS or (source == buffer and buffer_size):
        raise Win32Failure(Win32Error.INVALID_FLAGS if flags & ~_MB_FLAGS else Win32Error.INVALID_PARAMETER)
    text = decode_bytes(page, counted_bytes(call, source, source_size), bool(flags & MB_ERR_INVALID_CHARS))
    return store_counted(call, text.encode("utf-16-le", "surrogatepass"), 2, buffer, buffer_size)


@service("kernel32", "WideCharToMultiByte", "u32 u32 p i32 p i32 p p")
@failing(0)
def WideCharToMultiByte(
    call: Call,
    page: int,
    flags: int,
    source: int,
    source_size: int,
    buffer: int,
    buffer_size: int,
    default_address: int,
    used_address: int,
) -> int:
    """UTF-16 to bytes of a code page; answers bytes written, or needed if `buffer_size` is 0."""
    if flags & ~_WC_FLAGS:
        raise Win32Failure(Win32Error.INVALID_FLAGS)
    if page == CP_UTF8 and (default_address or used_address):
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    default = call.memory.read_cstring(default_address, 2)[:1] if default_address else b"?"
    data, used = encode_text(page, counted_wide(call, source, source_size), default or b"\0")
    if used_address:
        call.memory.write_u32(used_address, used)
    return store_counted(call, data, 1, buffer, buffer_size)
