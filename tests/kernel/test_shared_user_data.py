"""Does the page that every process reads hold the system's figures and its clock?"""

import struct

import pytest

from ntmm.hw.arch import architecture_named
from ntmm.kernel.ke.clock import BOOT_TIME_100NS, TICK_100NS, Clock
from ntmm.kernel.shared_user_data import SharedUserData
from ntmm.nt.profile import SystemProfile

PAGE = 0x1000


def shared_page(profile: SystemProfile, clock: Clock) -> bytearray:
    page = bytearray(PAGE)
    SharedUserData(memoryview(page), profile, architecture_named(profile.architecture)).keep_times(clock)
    return page


def time_at(page: bytearray, place: int) -> int:
    low, high, high_again = struct.unpack_from("<III", page, place)
    assert high == high_again
    return int(low | high << 32)


@pytest.mark.parametrize(
    ("profile", "version", "has_pae", "large_page"),
    [
        (SystemProfile("x86", windows="nt4"), (4, 0), 0, 0),
        (SystemProfile("pae", windows="xp-sp2"), (5, 1), 1, 0),
        (SystemProfile("x86", windows="2003"), (5, 2), 0, 4 << 20),
        (SystemProfile("x64"), (5, 2), 1, 2 << 20),
    ],
)
def test_what_is_there_from_boot_on(
    profile: SystemProfile, version: tuple[int, int], has_pae: int, large_page: int
) -> None:
    page = shared_page(profile, Clock())
    assert struct.unpack_from("<II", page, 0x26C) == version
    assert page[0x274 + 9] == has_pae
    assert struct.unpack_from("<I", page, 0x2E8)[0] == profile.usable_ram // PAGE
    assert struct.unpack_from("<I", page, 0x244)[0] == large_page
    assert page[0x30:0x44].decode("utf-16-le") == "C:\\WINDOWS"


@pytest.mark.parametrize(("architecture", "windows", "new_place"), [("pae", "xp", 0), ("x64", "2003-sp2", 300)])
def test_how_its_clock_goes(architecture: str, windows: str, new_place: int) -> None:
    clock = Clock()
    page = shared_page(SystemProfile(architecture, windows=windows), clock)
    assert time_at(page, 0x14) == BOOT_TIME_100NS
    clock.advance(300 * TICK_100NS + 77)
    clock.tick()
    assert time_at(page, 0x08) == 300 * TICK_100NS
    assert time_at(page, 0x14) == BOOT_TIME_100NS + 300 * TICK_100NS
    assert time_at(page, 0x320) == new_place
    ticks, multiplier = struct.unpack_from("<II", page, 0)
    assert (ticks, ticks * multiplier >> 24) == (300, clock.tick_count())


def test_do_its_times_outgrow_32_bits() -> None:
    clock = Clock()
    page = shared_page(SystemProfile("pae"), clock)
    clock.advance(10**12)
    clock.tick()
    assert time_at(page, 0x08) == 10**12 // TICK_100NS * TICK_100NS
