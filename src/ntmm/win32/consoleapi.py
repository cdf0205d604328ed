"""consoleapi.h: the console, where a standard stream is one.

A stream of the host that is no terminal is a pipe to the program, and every console function fails for it.
"""

from typing import Final

from ntmm.kernel.io.console import ConsoleFile
from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.codepages import CP_UTF8, OEM, is_valid, single_byte_page
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.process_state import state_of
from ntmm.win32.text import ANSI, WIDE, StringKind

_LONGEST_TITLE: Final = 64 << 10


def _console(call: Call, handle: int) -> ConsoleFile:
    file = call.process.handles.lookup(handle, ConsoleFile)
    if not file.is_console:
        raise Win32Failure(Win32Error.INVALID_HANDLE)
    return file


def console_output(call: Call, handle: int) -> ConsoleFile:
    """The console behind a handle for output; raises Win32Failure (INVALID_HANDLE) for anything else."""
    console = _console(call, handle)
    if console.is_input:
        raise Win32Failure(Win32Error.INVALID_HANDLE)
    return console


@service("kernel32", "GetConsoleMode", "h p")
@failing(0)
def GetConsoleMode(call: Call, handle: int, mode_address: int) -> int:
    """Input or output mode of a console."""
    call.memory.write_u32(mode_address, _console(call, handle).mode)
    return 1


@service("kernel32", "SetConsoleMode", "h u32")
@failing(0)
def SetConsoleMode(call: Call, handle: int, mode: int) -> int:
    """Keeps the mode; the host's terminal goes on as it is."""
    console = _console(call, handle)
    if mode & ~(0x1FF if console.is_input else 0x3):
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    console.mode = mode
    return 1


def console_encode(call: Call, text: str) -> bytes:
    """Text as bytes for the host's terminal, which is taken to show UTF-8."""
    return text.encode("utf-8", "replace")


def _write_console(call: Call, handle: int, text: str, units: int, count_address: int) -> int:
    _console(call, handle).write(0, console_encode(call, text))
    if count_address:
        call.memory.write_u32(count_address, units)
    return 1


@service("kernel32", "WriteConsoleW", "h p u32 p p")
@failing(0)
def WriteConsoleW(call: Call, handle: int, buffer: int, units: int, count_address: int, reserved: int) -> int:
    """Writes UTF-16 text to a console."""
    text = call.memory.read(buffer, 2 * units).decode("utf-16-le", "replace")
    return _write_console(call, handle, text, units, count_address)


@service("kernel32", "WriteConsoleA", "h p u32 p p")
@failing(0)
def WriteConsoleA(call: Call, handle: int, buffer: int, units: int, count_address: int, reserved: int) -> int:
    """Writes text of the console's code page to a console."""
    data = call.memory.read(buffer, units)
    page = single_byte_page(state_of(call).console_output_page)
    text = page.decode(data) if page else data.decode("utf-8", "replace")
    return _write_console(call, handle, text, units, count_address)


@service("kernel32", "ReadConsoleW", "h p u32 p p")
@failing(0)
def ReadConsoleW(call: Call, handle: int, buffer: int, units: int, count_address: int, control: int) -> int:
    """Reads a line of UTF-8 from the host's terminal as UTF-16; a line feed becomes CR LF."""
    console = _console(call, handle)
    text = console.read(0, max(1, units // 2)).decode("utf-8", "replace").replace("\n", "\r\n")
    data = WIDE.encode(text)[: 2 * units]
    call.memory.write(buffer, data)
    call.memory.write_u32(count_address, len(data) // 2)
    return 1


@service("kernel32", "SetConsoleCtrlHandler", "p u32")
def SetConsoleCtrlHandler(call: Call, handler: int, add: int) -> int:
    """Keeps the list of handlers; control events never arrive, since the host's Ctrl+C ends the whole run."""
    handlers = state_of(call).control_handlers
    if add:
        handlers.append(handler)
    elif handler in handlers:
        handlers.remove(handler)
    else:
        call.set_last_error(Win32Error.INVALID_PARAMETER)
        return 0
    return 1


@service("kernel32", "GetConsoleCP")
def GetConsoleCP(call: Call) -> int:
    """The console's input code page."""
    return state_of(call).console_input_page


@service("kernel32", "GetConsoleOutputCP")
def GetConsoleOutputCP(call: Call) -> int:
    """The console's output code page."""
    return state_of(call).console_output_page


def _checked_page(number: int) -> int:
    if number not in (OEM, CP_UTF8) and not is_valid(number):
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    return number


@service("kernel32", "SetConsoleCP", "u32")
@failing(0)
def SetConsoleCP(call: Call, number: int) -> int:
    """Sets the input code page."""
    state_of(call).console_input_page = _checked_page(number)
    return 1


@service("kernel32", "SetConsoleOutputCP", "u32")
@failing(0)
def SetConsoleOutputCP(call: Call, number: int) -> int:
    """Sets the output code page."""
    state_of(call).console_output_page = _checked_page(number)
    return 1


def _set_title(call: Call, kind: StringKind, title: int) -> int:
    text = kind.read(call, title)
    if len(text) >= _LONGEST_TITLE:
        raise Win32Failure(Win32Error.NOT_ENOUGH_MEMORY)
    state_of(call).console_title = text
    return 1


@service("kernel32", "SetConsoleTitleW", "p")
@failing(0)
def SetConsoleTitleW(call: Call, title: int) -> int:
    """Keeps the title for GetConsoleTitle; the host's window keeps its own."""
    return _set_title(call, WIDE, title)


@service("kernel32", "SetConsoleTitleA", "p")
@failing(0)
def SetConsoleTitleA(call: Call, title: int) -> int:
    """SetConsoleTitleW in ANSI."""
    return _set_title(call, ANSI, title)


@service("kernel32", "GetConsoleTitleW", "p u32")
def GetConsoleTitleW(call: Call, buffer: int, size: int) -> int:
    """The title, cut to the buffer; answers its full length."""
    text = state_of(call).console_title
    if size:
        call.memory.write(buffer, WIDE.encode(text)[: 2 * (size - 1)] + b"\0\0")
    return len(text)
