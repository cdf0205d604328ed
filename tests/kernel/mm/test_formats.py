"""PTE formats and protection codes, bit by bit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.hw.arch import architecture_named
from ntmm.kernel.mm.layout import layout_for
from ntmm.kernel.mm.tables import PteFormat, format_for
from ntmm.kernel.mm.tables.formats import SplitPointers
from ntmm.nt.memory import (
    MM_DECOMMIT,
    MM_EXECUTE_WRITECOPY,
    MM_NOACCESS,
    MM_READONLY,
    MM_READWRITE,
    make_protection_mask,
    page_protection,
)
from tests.kernel.mm.machine import ARCHITECTURES

NX = 1 << 63
POINTERS_X86 = SplitPointers(0xE1000000, 0xFFBE0000, 0x80400000)


def pte_format(name: str) -> PteFormat:
    layout = layout_for(name)
    return format_for(architecture_named(name), layout.paged_pool, layout.nonpaged_pool_end, 0x80400000)


@pytest.mark.parametrize(
    ("address", "pte"),
    [
        (0xE1000000, 0x00000400),
        (0xE1012348, 0x00048CA4),
        (0xE1ABCDEC, 0x02AF34F6),
        (0xFFFC8000, 0x7BF20400),
    ],
)
def test_how_does_x86_pack_a_prototype_address(address: int, pte: int) -> None:
    assert (POINTERS_X86.prototype(address), POINTERS_X86.prototype_address(pte)) == (pte, address)


def test_how_does_x86_pack_a_subsection_address() -> None:
    packed = POINTERS_X86.subsection(0xFFAACBB8, 1)
    assert (packed, POINTERS_X86.subsection_address(packed)) == (0x01334432, 0xFFAACBB8)
    packed = POINTERS_X86.subsection(0x80412348, 1)
    assert (packed, POINTERS_X86.subsection_address(packed)) == (0x80000000 | 0x246 << 11 | 0x432, 0x80412348)


@pytest.mark.parametrize(
    ("name", "address", "prototype", "subsection"),
    [
        ("pae", 0xE1012348, 0xE101234800000400, 0xE101234800000480),
        ("pae", 0xFFFFFFF8, 0xFFFFFFF800000400, 0xFFFFFFF800000480),
        ("x64", 0xFFFFF8A000012348, 0xF8A0000123480400, 0xF8A0000123480480),
        ("x64", 0x0000000012345678, 0x0000123456780400, 0x0000123456780480),
    ],
)
def test_where_do_8_byte_entries_keep_addresses(name: str, address: int, prototype: int, subsection: int) -> None:
    pointers = pte_format(name).pointers
    assert (pointers.prototype(address), pointers.subsection(address, MM_READWRITE)) == (prototype, subsection)
    assert (pointers.prototype_address(prototype), pointers.subsection_address(subsection)) == (address, address)


@pytest.mark.parametrize("address", [0xFFBE0008, 0xFFBE0000 - (1 << 27), 0xFFAACBB4])
def test_is_a_subsection_out_of_reach_refused(address: int) -> None:
    with pytest.raises(AssertionError, match="out of reach of a PTE"):
        POINTERS_X86.subsection(address, MM_READONLY)


@given(offset=st.integers(0, (1 << 30) // 4 - 1), protection=st.integers(0, 31))
def test_does_every_pool_address_come_back(offset: int, protection: int) -> None:
    for name in ARCHITECTURES:
        layout, chosen = layout_for(name), pte_format(name)
        prototype = chosen.pointers.prototype(address := layout.paged_pool + 4 * offset & (1 << 64) - 1)
        if name != "x86" or address < 1 << 32:
            assert chosen.pointers.prototype_address(prototype) == address & architecture_named(name).address_mask
        below = layout.nonpaged_pool_end - offset % (1 << 24) * 8
        subsection = chosen.pointers.subsection(below, protection)
        assert chosen.pointers.subsection_address(subsection) == below
        assert chosen.protection(subsection) == protection
        for pte in (prototype, subsection):
            assert chosen.is_prototype(pte)
            assert not chosen.is_transition(pte)


def test_which_constants_do_debuggers_know() -> None:
    chosen = pte_format("x86")
    known = {
        "demand zero": chosen.demand_zero(MM_READWRITE),
        "decommitted": chosen.demand_zero(MM_DECOMMIT),
        "no access": chosen.demand_zero(MM_NOACCESS),
        "lookup read/write": chosen.lookup(MM_READWRITE),
        "lookup read-only": chosen.lookup(MM_READONLY),
    }
    assert known == {
        "demand zero": 0x80,
        "decommitted": 0x200,
        "no access": 0x300,
        "lookup read/write": 0xFFFFF480,
        "lookup read-only": 0xFFFFF420,
    }


@pytest.mark.parametrize("name", ["pae", "x64"])
def test_which_lookup_form_do_8_byte_entries_have(name: str) -> None:
    assert pte_format(name).lookup(MM_READWRITE) == 0xFFFFFFFF00000480


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("code", range(32))
def test_is_every_invalid_form_told_from_the_others(name: str, code: int) -> None:
    chosen = pte_format(name)
    forms = {
        "demand zero": chosen.demand_zero(code),
        "transition": chosen.transition(0x123, code),
        "lookup": chosen.lookup(code),
        "subsection": chosen.pointers.subsection(layout_for(name).nonpaged_pool_end - 0x20, code),
    }
    told = {
        form: (chosen.is_transition(pte), chosen.is_prototype(pte), chosen.is_lookup(pte), chosen.protection(pte))
        for form, pte in forms.items()
    }
    assert told == {
        "demand zero": (False, False, False, code),
        "transition": (True, False, False, code),
        "lookup": (False, True, True, code),
        "subsection": (False, True, False, code),
    }
    assert not any(pte & 1 for pte in forms.values())
    assert chosen.frame(forms["transition"]) == 0x123
    for pte in forms.values():
        assert chosen.with_protection(pte, code ^ 0x1F) & ~0x3E0 == pte & ~0x3E0
        assert chosen.protection(chosen.with_protection(pte, code ^ 0x1F)) == code ^ 0x1F


HARDWARE = {
    # low three bits of the MM_* code: bits beside valid, accessed and owner; with NX
    0: (0, True),
    1: (0, True),
    2: (0, False),
    3: (0, False),
    4: (0x002, True),
    5: (0x200, True),
    6: (0x002, False),
    7: (0x200, False),
}


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("code", HARDWARE)
def test_which_hardware_bits_does_a_code_have(name: str, code: int) -> None:
    chosen, (bits, forbids) = pte_format(name), HARDWARE[code]
    no_execute = NX if forbids and name != "x86" else 0
    assert chosen.user_bits[code] == 0x25 | bits | no_execute
    assert chosen.kernel_bits[code] == 0x21 | bits | no_execute
    assert chosen.user_bits[code | 8] == 0x25 | bits | no_execute | 0x18
    if code:
        assert chosen.user_bits[code | 0x18] == 0x25 | bits | no_execute | 0x10


CODES = {
    0x01: 0x18, 0x02: 1, 0x04: 4, 0x08: 5, 0x10: 2, 0x20: 3, 0x40: 6, 0x80: 7,
    0x102: 0x11, 0x104: 0x14, 0x180: 0x17, 0x204: 0x0C, 0x220: 0x0B, 0x404: 0x1C, 0x440: 0x1E,
}  # fmt: skip


@pytest.mark.parametrize(("page", "code"), CODES.items())
def test_which_code_does_a_page_protection_have(page: int, code: int) -> None:
    assert (make_protection_mask(page), page_protection(code)) == (code, page)


def test_which_of_all_values_are_protections() -> None:
    bases = [1 << bit for bit in range(8)]
    allowed = {1} | {base | modifier for base in bases[1:] for modifier in (0, 0x100, 0x200, 0x400)}
    assert {value for value in range(0x2000) if make_protection_mask(value) is not None} == allowed
    assert make_protection_mask(-1) is None
    assert make_protection_mask(0x80000004) is None


def test_which_codes_read_as_no_access() -> None:
    assert {code for code in range(32) if page_protection(code) == 1} == {0, 8, 0x10, 0x18}
    assert page_protection(MM_EXECUTE_WRITECOPY) == 0x80
