"""Are SIDs, lists and descriptors the same after a way through bytes or text?"""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.kernel.se import Ace, AceType, Acl, SecurityDescriptor, Sid, well_known
from ntmm.kernel.se.acl import OtherAce
from ntmm.kernel.se.capture import capture_descriptor
from ntmm.kernel.se.sddl import SddlError, format_sddl, parse_sddl, sid_from_text, sid_text
from ntmm.nt.win32 import Win32Error
from tests.kernel.se.strategies import descriptors, sids
from tests.win32.fake_call import BUFFER, FlatMemory


@given(sids)
def test_is_a_sid_the_same_after_bytes_and_text(sid: Sid) -> None:
    assert Sid.from_bytes(bytes(sid) + b"more") == sid
    assert Sid.from_text(str(sid)) == sid
    assert sid_from_text(sid_text(sid)) == sid


def test_how_do_sids_look() -> None:
    assert str(well_known.ADMINISTRATORS) == "S-1-5-32-544"
    assert bytes(well_known.ADMINISTRATORS) == bytes.fromhex("01 02 00 00 00 00 00 05 20 00 00 00 20 02 00 00")
    assert str(Sid(0x123456789ABC)) == "S-1-0x123456789abc"


@pytest.mark.parametrize("text", ["", "S-1", "S-2-5-1", "X-1-5", "S-1-5-x", "S-1-5--1", "S-1-" + "-".join("1" * 17)])
def test_is_other_text_no_sid(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        Sid.from_text(text)


@given(descriptors())
def test_is_a_descriptor_the_same_after_bytes(descriptor: SecurityDescriptor) -> None:
    data = bytes(descriptor)
    assert SecurityDescriptor.from_bytes(data) == descriptor
    memory = FlatMemory(4)
    memory.write(BUFFER, data)
    assert capture_descriptor(memory, BUFFER) == descriptor  # type: ignore[arg-type]  # as much of memory as is used


@given(descriptors())
def test_is_a_descriptor_the_same_after_sddl(descriptor: SecurityDescriptor) -> None:
    text = format_sddl(descriptor)
    assert parse_sddl(text) == descriptor
    assert parse_sddl(text.lower() if "0x" not in text else text) == descriptor


@given(st.text(alphabet="OGDS:();ABWYFSGRIP-0x1Sd ", max_size=40))
def test_does_any_text_give_a_descriptor_or_a_refusal(text: str) -> None:
    parsed = None
    with suppress(SddlError):
        parsed = parse_sddl(text)
    assert parsed is None or parse_sddl(format_sddl(parsed)) == parsed


@given(st.binary(max_size=80))
def test_do_any_bytes_give_a_descriptor_or_a_refusal(data: bytes) -> None:
    parsed = None
    with suppress(ValueError):
        parsed = SecurityDescriptor.from_bytes(b"\1\0\x14\x80" + data)
    assert parsed is None or SecurityDescriptor.from_bytes(bytes(parsed)) == parsed


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nothing", Win32Error.INVALID_PARAMETER),
        ("O:BAO:BA", Win32Error.INVALID_PARAMETER),
        ("O:XX", Win32Error.INVALID_SID),
        ("D:(A;;GA;;;XX)", Win32Error.INVALID_SID),
        ("D:(A;;GA;;)", Win32Error.INVALID_ACL),
        ("D:(A;;ZZ;;;WD)", Win32Error.INVALID_ACL),
        ("D:(A;;GA;;;WD", Win32Error.INVALID_ACL),
        ("D:(OA;;GA;;;WD)", Win32Error.CALL_NOT_IMPLEMENTED),
    ],
)
def test_which_error_has_a_bad_text(text: str, code: int) -> None:
    with pytest.raises(SddlError) as refused:
        parse_sddl(text)
    assert refused.value.code == code


def test_what_do_the_words_mean() -> None:
    parsed = parse_sddl("O:BAG:SYD:PAI(D;OICI;0x2;;;WD)(A;;GRGX;;;S-1-5-32-545)(A;;FA;;;SY)S:(AU;SAFA;GA;;;WD)")
    assert (parsed.owner, parsed.group) == (well_known.ADMINISTRATORS, well_known.LOCAL_SYSTEM)
    assert parsed.dacl == Acl(
        (
            Ace(AceType.DENIED, 2, well_known.WORLD, 3),
            Ace(AceType.ALLOWED, 0xA0000000, well_known.USERS),
            Ace(AceType.ALLOWED, 0x1F01FF, well_known.LOCAL_SYSTEM),
        )
    )
    assert parsed.sacl == Acl((Ace(AceType.AUDIT, 0x10000000, well_known.WORLD, 0xC0),))
    assert format_sddl(parsed) == "O:BAG:SYD:PAI(D;OICI;DC;;;WD)(A;;GXGR;;;BU)(A;;FA;;;SY)S:(AU;SAFA;GA;;;WD)"


def test_is_an_empty_list_not_a_null_one() -> None:
    empty, null, absent = parse_sddl("D:"), parse_sddl("D:NO_ACCESS_CONTROL"), parse_sddl("O:BA")
    assert [parsed.dacl for parsed in (empty, null, absent)] == [Acl(), None, None]
    assert [parsed.has_dacl for parsed in (empty, null, absent)] == [True, True, False]
    assert [format_sddl(parsed) for parsed in (empty, null, absent)] == ["D:", "D:NO_ACCESS_CONTROL", "O:BA"]


def test_are_entries_of_other_kinds_kept() -> None:
    acl = Acl((OtherAce(5, 0, bytes(16)), Ace(AceType.ALLOWED, 1, well_known.WORLD)), 4)
    assert Acl.from_bytes(bytes(acl)) == acl


@pytest.mark.parametrize("change", [slice(0, 1), slice(2, 3), slice(4, 5), slice(10, 11)])
def test_is_a_broken_list_refused(change: slice) -> None:
    data = bytearray(bytes(Acl((Ace(AceType.ALLOWED, 1, well_known.WORLD),))))
    data[change] = b"\xff"
    with pytest.raises(ValueError, match="access control"):
        Acl.from_bytes(bytes(data))
