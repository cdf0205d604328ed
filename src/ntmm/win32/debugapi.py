"""debugapi.h: output for a debugger, which the run's report shows."""

from typing import Final

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.win32.process_state import state_of
from ntmm.win32.text import ANSI, WIDE, StringKind

_KEPT_STRINGS: Final = 1000


def _record(call: Call, kind: StringKind, text: int) -> int:
    output = state_of(call).debug_output
    if text and len(output) < _KEPT_STRINGS:
        output.append(kind.read(call, text))
    return 0


@service("kernel32", "OutputDebugStringW", "p")
def OutputDebugStringW(call: Call, text: int) -> int:
    """Records a string; the first thousand are kept."""
    return _record(call, WIDE, text)


@service("kernel32", "OutputDebugStringA", "p")
def OutputDebugStringA(call: Call, text: int) -> int:
    """OutputDebugStringW in ANSI."""
    return _record(call, ANSI, text)
