"""Do the architectures' numbers agree with Windows' published self-map addresses?"""

import pytest

from ntmm.hw.arch import architecture_named

SELF_MAP = [
    ("x86", 0x7FFE0000, 0xC03007FC, 0xC01FFF80),
    ("x86", 0xFFFFF000, 0xC0300FFC, 0xC03FFFFC),
    ("x86", 0xC0300000, 0xC0300C00, 0xC0300C00),
    ("pae", 0x7FFE0000, 0xC0601FF8, 0xC03FFF00),
    ("pae", 0xC0000000, 0xC0603000, 0xC0600000),
    ("pae", 0xFFFFF000, 0xC0603FF8, 0xC07FFFF8),
    ("x64", 0x7FFE0000, 0xFFFFF6FB40001FF8, 0xFFFFF680003FFF00),
]


@pytest.mark.parametrize(("name", "address", "pde", "pte"), SELF_MAP)
def test_are_self_map_addresses_windows_own(name: str, address: int, pde: int, pte: int) -> None:
    architecture = architecture_named(name)
    assert (architecture.pde_address(address), architecture.pte_address(address)) == (pde, pte)
    assert architecture.address_of_pte(pte) == address


@pytest.mark.parametrize("name", ["x86", "pae", "x64"])
def test_is_the_geometry_consistent(name: str) -> None:
    architecture = architecture_named(name)
    assert sum(architecture.index_bits) + architecture.page_shift == architecture.virtual_bits
    assert architecture.levels == len(architecture.table_bases) == len(architecture.index_bits)
    for level in range(architecture.levels - 1):  # each table window is the window below, seen through the map
        assert architecture.table_bases[level] == architecture.pte_address(architecture.table_bases[level + 1])
    entry = architecture.entry_address(0, architecture.pte_base)
    assert architecture.pte_address(architecture.entry_address(0, architecture.pte_base)) <= architecture.pte_top
    assert entry >= architecture.table_bases[0]
    assert architecture.entries_per_table[-1] * architecture.pte_size == architecture.page_size


def test_are_x64_addresses_sign_extended() -> None:
    x64 = architecture_named("x64")
    assert x64.canonical(0x8000_0000_0000) == 0xFFFF_8000_0000_0000
    assert x64.is_canonical(0x7FFF_FFFE_FFFF)
    assert not x64.is_canonical(0x8000_0000_0000)
    assert x64.entry_address(0, 0xFFFFF680_00000000) == 0xFFFFF6FB_7DBEDF68


def test_are_page_sizes_right() -> None:
    sizes = {name: architecture_named(name).large_page_size for name in ("x86", "pae", "x64")}
    assert sizes == {"x86": 4 << 20, "pae": 2 << 20, "x64": 2 << 20}
    assert architecture_named("pae").tables_per_level == (1, 4, 2048)
    assert architecture_named("x86").tables_per_level == (1, 1024)


def test_is_an_unknown_name_refused() -> None:
    with pytest.raises(ValueError, match="No architecture is named 'mips'"):
        architecture_named("mips")
