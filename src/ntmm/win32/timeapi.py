"""timeapi.h: the multimedia timer's resolution and clock, which winmm.dll exports.

Waits and timers of this machine end at their exact time whatever the resolution is, so a request changes nothing that
a program could see.
"""

import struct
from typing import Final

from ntmm.native.call import Call
from ntmm.native.service_table import service

_TIMERR_NOERROR: Final = 0
_TIMERR_NOCANDO: Final = 97
_SHORTEST_MS: Final = 1
_LONGEST_MS: Final = 1_000_000
_TIMECAPS: Final = struct.Struct("<II")


@service("winmm", "timeBeginPeriod", "u32")
def timeBeginPeriod(call: Call, period: int) -> int:
    """Asks for timers as exact as `period` milliseconds; TIMERR_NOCANDO beyond what timeGetDevCaps tells."""
    return _TIMERR_NOERROR if _SHORTEST_MS <= period <= _LONGEST_MS else _TIMERR_NOCANDO


@service("winmm", "timeEndPeriod", "u32")
def timeEndPeriod(call: Call, period: int) -> int:
    """Takes such a request back."""
    return _TIMERR_NOERROR if _SHORTEST_MS <= period <= _LONGEST_MS else _TIMERR_NOCANDO


@service("winmm", "timeGetDevCaps", "p u32")
def timeGetDevCaps(call: Call, caps: int, size: int) -> int:
    """TIMECAPS: the shortest and the longest period; TIMERR_NOCANDO for another size."""
    if not caps or size < _TIMECAPS.size:
        return _TIMERR_NOCANDO
    call.memory.write(caps, _TIMECAPS.pack(_SHORTEST_MS, _LONGEST_MS))
    return _TIMERR_NOERROR


@service("winmm", "timeGetTime")
def timeGetTime(call: Call) -> int:
    """Milliseconds since boot in 32 bits, to the millisecond."""
    return call.kernel.clock.uptime_100ns() // 10_000 & 0xFFFFFFFF
