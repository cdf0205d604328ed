"""consoleapi2.h: the console's screen buffer and its colours.

Colours are sent to the host's terminal as escape sequences; its size is that of Windows' own console.
"""

import struct
from typing import Final

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.win32.consoleapi import console_output
from ntmm.win32.failing import failing
from ntmm.win32.process_state import USUAL_ATTRIBUTES, state_of

_COLUMNS: Final = 80
_LINES: Final = 300
_WINDOW_LINES: Final = 25
_INTENSITY: Final = 8
_HOST_COLOURS: Final = (0, 4, 2, 6, 1, 5, 3, 7)
"""Windows counts blue, green, red; terminals red, green, blue."""


def _escape_sequence(attributes: int) -> bytes:
    """What sets a terminal to the colours of FOREGROUND_* (bits 0 to 3) and BACKGROUND_* (4 to 7)."""
    if attributes == USUAL_ATTRIBUTES:
        return b"\x1b[0m"
    front, back = attributes & 0xF, attributes >> 4 & 0xF
    codes = [0, (90 if front & _INTENSITY else 30) + _HOST_COLOURS[front & 7]]
    if back:
        codes.append((100 if back & _INTENSITY else 40) + _HOST_COLOURS[back & 7])
    return b"\x1b[%bm" % b";".join(b"%d" % code for code in codes)


@service("kernel32", "SetConsoleTextAttribute", "h u16")
@failing(0)
def SetConsoleTextAttribute(call: Call, handle: int, attributes: int) -> int:
    """The colours of what is written from now on."""
    console_output(call, handle).write(0, _escape_sequence(attributes))
    state_of(call).console_attributes = attributes
    return 1


@service("kernel32", "GetConsoleScreenBufferInfo", "h p", lacks="the cursor's place: it is always 0, 0")
@failing(0)
def GetConsoleScreenBufferInfo(call: Call, handle: int, buffer: int) -> int:
    """CONSOLE_SCREEN_BUFFER_INFO: 80 columns, 300 lines of which a window shows 25, and the colours."""
    console_output(call, handle)
    window = (0, 0, _COLUMNS - 1, _WINDOW_LINES - 1)
    sizes = (_COLUMNS, _LINES, 0, 0, state_of(call).console_attributes, *window, _COLUMNS, _WINDOW_LINES)
    call.memory.write(buffer, struct.pack("<4hH6h", *sizes))
    return 1
