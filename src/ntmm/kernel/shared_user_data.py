"""KUSER_SHARED_DATA: what programs read of the system without asking it, at the documented places of one page.

The clock interrupt keeps its times; the rest is written at boot. Its tick count has moved with Windows 5.2, which keeps
the old place for what was built before.
"""

import struct
from typing import Final

from ntmm.hw.arch import Architecture
from ntmm.kernel.ke.clock import BOOT_TIME_100NS, TICK_100NS, Clock
from ntmm.nt.dep import POLICY_NUMBERS
from ntmm.nt.profile import SystemProfile

_TICK_COUNT_LOW: Final = 0x000
_TICK_COUNT_MULTIPLIER: Final = 0x004
_INTERRUPT_TIME: Final = 0x008
_SYSTEM_TIME: Final = 0x014
_SYSTEM_ROOT: Final = 0x030
_LARGE_PAGE_MINIMUM: Final = 0x244
_PRODUCT_TYPE: Final = 0x264
_VERSION: Final = 0x26C
_PROCESSOR_FEATURES: Final = 0x274
_PF_PAE: Final = 9
_PF_NX: Final = 12
_NX_SUPPORT_POLICY: Final = 0x2D5
_PHYSICAL_PAGES: Final = 0x2E8
_TICK_COUNT: Final = 0x320

_MULTIPLIER: Final = 0x0FA00000
"""Milliseconds of a tick, times 2^24."""


class SharedUserData:
    """The page: `page` is its memory."""

    def __init__(self, page: memoryview, profile: SystemProfile, architecture: Architecture) -> None:
        self._page = page
        version = profile.version
        self._has_new_place = (version.major, version.minor) >= (5, 2)
        root = "C:\\WINDOWS".encode("utf-16-le")
        page[_SYSTEM_ROOT : _SYSTEM_ROOT + len(root)] = root
        struct.pack_into("<I", page, _TICK_COUNT_MULTIPLIER, _MULTIPLIER)
        struct.pack_into("<IB", page, _PRODUCT_TYPE, profile.edition_data.product_type, 1)
        struct.pack_into("<II", page, _VERSION, version.major, version.minor)
        struct.pack_into("<I", page, _PHYSICAL_PAGES, min(profile.usable_ram // architecture.page_size, 0xFFFFFFFF))
        if self._has_new_place:
            struct.pack_into("<I", page, _LARGE_PAGE_MINIMUM, architecture.large_page_size)
        page[_PROCESSOR_FEATURES + _PF_PAE] = architecture.pte_size == 8
        page[_PROCESSOR_FEATURES + _PF_NX] = profile.dep.in_hardware
        page[_NX_SUPPORT_POLICY] = POLICY_NUMBERS[profile.dep.policy]

    def keep_times(self, clock: Clock) -> None:
        """From now on every clock interrupt writes interrupt time, system time and the count of ticks."""
        clock.start_ticks(self._tick)

    def _tick(self, uptime_100ns: int) -> None:
        ticks = uptime_100ns // TICK_100NS
        struct.pack_into("<I", self._page, _TICK_COUNT_LOW, ticks & 0xFFFFFFFF)
        self._write_time(_INTERRUPT_TIME, uptime_100ns)
        self._write_time(_SYSTEM_TIME, BOOT_TIME_100NS + uptime_100ns)
        if self._has_new_place:
            self._write_time(_TICK_COUNT, ticks)

    def _write_time(self, place: int, value: int) -> None:
        """KSYSTEM_TIME: the high half stands twice, for readers that a write comes between."""
        high = value >> 32
        struct.pack_into("<III", self._page, place, value & 0xFFFFFFFF, high, high)
