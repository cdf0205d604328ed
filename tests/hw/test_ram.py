"""Is RAM one memory under several views, and does a terabyte cost nothing?"""

import ctypes

import pytest

from ntmm.hw.ram import Ram


def test_do_all_views_show_the_same_bytes() -> None:
    ram = Ram(0x2000)
    ram.u64[1] = 0x1122334455667788
    assert ram.bytes[8:16] == bytes.fromhex("8877665544332211")
    assert (ram.u32[2], ram.u32[3], ram.u16[4]) == (0x55667788, 0x11223344, 0x7788)
    assert ctypes.c_uint64.from_address(ram.address + 8).value == 0x1122334455667788
    assert (ram.size, len(ram.bytes), len(ram.u64)) == (0x2000, 0x2000, 0x400)


def test_is_a_terabyte_legal() -> None:
    ram = Ram(1 << 40)
    ram.u32[-1] = 5
    assert ram.bytes[(1 << 40) - 4] == 5


@pytest.mark.parametrize("size", [0, -0x1000, 0x1001])
def test_is_a_size_that_is_no_number_of_pages_refused(size: int) -> None:
    with pytest.raises(ValueError, match="not a positive multiple"):
        Ram(size)
