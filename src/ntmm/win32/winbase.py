"""winbase.h: messages, pointer checks, and what fits nowhere else."""

from itertools import chain
from typing import Final

from ntmm.kernel.ke.access import GuestFault
from ntmm.native.call import Call
from ntmm.native.file import lookup_file
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.messages import MESSAGES, ArgumentReader, expand_inserts
from ntmm.win32.process_state import state_of
from ntmm.win32.text import ANSI, WIDE, StringKind

FORMAT_MESSAGE_ALLOCATE_BUFFER: Final = 0x100
FORMAT_MESSAGE_IGNORE_INSERTS: Final = 0x200
FORMAT_MESSAGE_FROM_STRING: Final = 0x400
FORMAT_MESSAGE_FROM_HMODULE: Final = 0x800
FORMAT_MESSAGE_FROM_SYSTEM: Final = 0x1000
FORMAT_MESSAGE_ARGUMENT_ARRAY: Final = 0x2000


def _reader(call: Call, kind: StringKind, flags: int, arguments: int) -> ArgumentReader:
    """Reads inserts from an array or from a va_list, which on x86 and x64 is an array too."""
    memory = call.memory
    is_array = flags & FORMAT_MESSAGE_ARGUMENT_ARRAY
    base = memory.read_pointer(arguments) if arguments and not is_array else arguments

    def read(index: int, conversion: str) -> str | int:
        if not base:
            raise Win32Failure(Win32Error.INVALID_PARAMETER)
        value = memory.read_pointer(base + index * memory.pointer_size)
        if conversion in "sS":
            other = ANSI if kind is WIDE else WIDE
            return (kind if conversion == "s" else other).read(call, value) if value else "(null)"
        if conversion == "c":
            return chr(value & 0xFFFF)
        low = value & 0xFFFFFFFF
        return low - (1 << 32) if conversion == "d" and low >> 31 else low

    return read


def _message_text(call: Call, kind: StringKind, flags: int, source: int, identifier: int) -> str:
    if flags & FORMAT_MESSAGE_FROM_STRING:
        return kind.read(call, source)
    if flags & FORMAT_MESSAGE_FROM_SYSTEM and identifier in MESSAGES:
        return MESSAGES[identifier] + ".\r\n"
    raise Win32Failure(Win32Error.MR_MID_NOT_FOUND)


def format_message(
    call: Call, kind: StringKind, flags: int, source: int, identifier: int, buffer: int, size: int, arguments: int
) -> int:
    """FormatMessage into a buffer of `size` units; answers units without the zero. Raises Win32Failure."""
    if flags & FORMAT_MESSAGE_ALLOCATE_BUFFER:
        raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)
    text = _message_text(call, kind, flags, source, identifier)
    if not flags & FORMAT_MESSAGE_IGNORE_INSERTS:
        try:
            text = expand_inserts(text, _reader(call, kind, flags, arguments))
        except (ValueError, TypeError) as error:
            raise Win32Failure(Win32Error.INVALID_PARAMETER) from error
    data = kind.terminated(text)
    if len(data) > size * kind.unit:
        raise Win32Failure(Win32Error.INSUFFICIENT_BUFFER)
    call.memory.write(buffer, data)
    return len(data) // kind.unit - 1


def _register_format_message(dll: str, name: str, kind: StringKind) -> None:
    @service(dll, name, "u32 p u32 u32 p u32 p", lacks="FORMAT_MESSAGE_ALLOCATE_BUFFER, message tables of modules")
    @failing(0)
    def format_(
        call: Call, flags: int, source: int, identifier: int, language: int, buffer: int, size: int, arguments: int
    ) -> int:
        """A system message or a string with its inserts; allocating the buffer is left to guest code."""
        return format_message(call, kind, flags, source, identifier, buffer, size, arguments)


_register_format_message("ntdll", "NtmmFormatMessageW", WIDE)
_register_format_message("ntdll", "NtmmFormatMessageA", ANSI)


def _is_bad(call: Call, address: int, size: int, write: bool) -> int:
    """1 if any page of the range cannot be read or written."""
    if not size:
        return 0
    page = call.memory.page_size
    try:
        for place in chain([address], range((address | page - 1) + 1, address + size, page)):
            byte = call.memory.read_u8(place)
            if write:
                call.memory.write_u8(place, byte)
    except GuestFault:
        return 1
    return 0


@service("kernel32", "IsBadHugeReadPtr", "p p")
@service("kernel32", "IsBadReadPtr", "p p")
def IsBadReadPtr(call: Call, address: int, size: int) -> int:
    """TRUE if a page of the range cannot be read."""
    return _is_bad(call, address, size, write=False)


@service("kernel32", "IsBadHugeWritePtr", "p p")
@service("kernel32", "IsBadWritePtr", "p p")
def IsBadWritePtr(call: Call, address: int, size: int) -> int:
    """TRUE if a page of the range cannot be written."""
    return _is_bad(call, address, size, write=True)


@service("kernel32", "IsBadCodePtr", "p")
def IsBadCodePtr(call: Call, address: int) -> int:
    """TRUE if the address cannot be read."""
    return _is_bad(call, address, 1, write=False)


def _is_bad_string(call: Call, kind: StringKind, address: int, units: int) -> int:
    try:
        for place in range(address, address + units * kind.unit, kind.unit):
            if not any(call.memory.read(place, kind.unit)):
                return 0
    except GuestFault:
        return 1
    return 0


@service("kernel32", "IsBadStringPtrA", "p p")
def IsBadStringPtrA(call: Call, address: int, units: int) -> int:
    """TRUE if a string of at most `units` characters cannot be read."""
    return _is_bad_string(call, ANSI, address, units)


@service("kernel32", "IsBadStringPtrW", "p p")
def IsBadStringPtrW(call: Call, address: int, units: int) -> int:
    """IsBadStringPtrA in UTF-16."""
    return _is_bad_string(call, WIDE, address, units)


@service("kernel32", "MulDiv", "i32 i32 i32")
def MulDiv(call: Call, number: int, numerator: int, denominator: int) -> int:
    """`number` * `numerator` / `denominator`, rounded away from zero at the half; -1 if it cannot be told."""
    if not denominator:
        return -1
    product = number * numerator
    magnitude = (2 * abs(product) + abs(denominator)) // (2 * abs(denominator))
    result = -magnitude if (product < 0) != (denominator < 0) else magnitude
    return result if -(1 << 31) <= result < 1 << 31 else -1


@service("kernel32", "SetErrorMode", "u32")
def SetErrorMode(call: Call, mode: int) -> int:
    """Keeps the mode and answers the one before; there are no message boxes to suppress."""
    state = state_of(call)
    previous, state.error_mode = state.error_mode, mode
    return previous


@service("kernel32", "GetErrorMode")
def GetErrorMode(call: Call) -> int:
    """The mode that SetErrorMode keeps."""
    return state_of(call).error_mode


@service("kernel32", "SetHandleCount", "u32")
def SetHandleCount(call: Call, count: int) -> int:
    """The number itself: handles have no limit."""
    return count


@service("kernel32", "SetFileApisToOEM")
def SetFileApisToOEM(call: Call) -> int:
    """Makes file names of A functions OEM strings."""
    state_of(call).file_names_are_oem = True
    return 0


@service("kernel32", "SetFileApisToANSI")
def SetFileApisToANSI(call: Call) -> int:
    """Makes file names of A functions ANSI strings."""
    state_of(call).file_names_are_oem = False
    return 0


@service("kernel32", "AreFileApisANSI")
def AreFileApisANSI(call: Call) -> int:
    """TRUE unless SetFileApisToOEM was called."""
    return int(not state_of(call).file_names_are_oem)


@service("kernel32", "DeviceIoControl", "h u32 p u32 p u32 p p")
@failing(0)
def DeviceIoControl(
    call: Call, handle: int, code: int, source: int, source_size: int, target: int, size: int, count: int, over: int
) -> int:
    """No device here knows a control code: INVALID_FUNCTION."""
    lookup_file(call, handle)
    raise Win32Failure(Win32Error.INVALID_FUNCTION)
