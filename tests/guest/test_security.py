"""Do SIDs, lists and descriptors built in a program's memory mean what the kernel reads there?"""

import ctypes
from ctypes import byref, c_int, c_uint8, c_uint16, c_uint32, c_void_p, create_string_buffer
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ntmm.kernel.se import Ace, AceType, Acl, SecurityDescriptor, Sid, well_known
from ntmm.kernel.se.access import FILE_MAPPING
from ntmm.kernel.se.descriptor import SE_DACL_PRESENT, SE_SACL_PRESENT
from ntmm.kernel.se.sid import sid_length
from tests.guest.host import Host
from tests.kernel.se.strategies import acls, sids

ROOM = 0x1000
ABSOLUTE_BYTES = 40
ADDERS = {
    (AceType.ALLOWED, False): "AddAccessAllowedAce",
    (AceType.DENIED, False): "AddAccessDeniedAce",
    (AceType.ALLOWED, True): "AddAccessAllowedAceEx",
    (AceType.DENIED, True): "AddAccessDeniedAceEx",
}
PLAIN_ACES = st.builds(
    Ace, st.sampled_from([AceType.ALLOWED, AceType.DENIED]), st.integers(0, 0xFFFFFFFF), sids, st.integers(0, 0x1F)
)
same_code = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def last_error(host: Host) -> int:
    teb = ctypes.addressof(ctypes.c_char.in_dll(host.library, "ntmm_host_teb"))
    return c_uint32.from_address(teb + 0x68).value


def call(host: Host, name: str, *arguments: Any) -> int:
    """A function whose arguments are addresses and 32-bit numbers, by their Python types."""
    kinds = [c_uint32 if isinstance(argument, int) else c_void_p for argument in arguments]
    return int(host.function(name, c_int, *kinds)(*arguments))


def buffer_of(data: bytes) -> Any:
    return create_string_buffer(data, max(len(data), 1))


def list_of(host: Host, entries: list[Ace], size: int = ROOM) -> Any:
    """A list that the guest's functions fill."""
    room = create_string_buffer(size)
    assert call(host, "InitializeAcl", room, size, 2)
    for ace in entries:
        flags = (ace.flags,) if ace.flags else ()
        assert call(host, ADDERS[ace.type, bool(flags)], room, 2, *flags, ace.mask, buffer_of(bytes(ace.sid)))
    return room


@given(sids, sids)
@same_code
def test_are_sids_what_the_kernel_takes_them_for(host: Host, one: Sid, other: Sid) -> None:
    left, right, copy = buffer_of(bytes(one)), buffer_of(bytes(other)), create_string_buffer(100)
    assert call(host, "IsValidSid", left)
    assert call(host, "GetLengthSid", left) == len(bytes(one)) == sid_length(len(one.sub_authorities))
    assert bool(call(host, "EqualSid", left, right)) == (one == other)
    same_domain = len(one.sub_authorities) == len(other.sub_authorities) and (
        (one.authority, one.sub_authorities[:-1]) == (other.authority, other.sub_authorities[:-1])
    )
    assert bool(call(host, "EqualPrefixSid", left, right)) == same_domain
    assert call(host, "CopySid", 100, copy, left)
    assert Sid.from_bytes(copy.raw) == one
    assert not call(host, "CopySid", len(bytes(one)) - 1, copy, left)
    assert last_error(host) == 122


def test_is_a_sid_allocated_with_its_parts(host: Host) -> None:
    out = c_void_p()
    authority = buffer_of(b"\0\0\0\0\0\5")
    assert call(host, "AllocateAndInitializeSid", authority, 2, 32, 544, 0, 0, 0, 0, 0, 0, byref(out))
    assert out.value is not None
    assert Sid.from_bytes(ctypes.string_at(out.value, 16)) == well_known.ADMINISTRATORS
    assert not call(host, "FreeSid", out)
    assert not call(host, "AllocateAndInitializeSid", authority, 9, 0, 0, 0, 0, 0, 0, 0, 0, byref(out))
    assert last_error(host) == 1337


@given(st.lists(PLAIN_ACES, max_size=8), st.data())
@same_code
def test_is_a_list_what_was_added_to_it(host: Host, entries: list[Ace], data: st.DataObject) -> None:
    room = list_of(host, entries)
    assert Acl.from_bytes(room.raw).aces == tuple(entries)
    sizes = (c_uint32 * 3)()
    used = len(bytes(Acl(tuple(entries))))
    assert call(host, "GetAclInformation", room, sizes, 12, 2)
    assert list(sizes) == [len(entries), used, ROOM - used]
    for _ in range(3):
        index, ace = data.draw(st.integers(0, 9)), data.draw(PLAIN_ACES)
        if data.draw(st.booleans()):
            assert call(host, "AddAce", room, 2, index, buffer_of(bytes(ace)), len(bytes(ace)))
            entries.insert(min(index, len(entries)), ace)
        else:
            assert bool(call(host, "DeleteAce", room, index)) == (index < len(entries))
            del entries[index : index + 1]
        assert Acl.from_bytes(room.raw).aces == tuple(entries)


@given(st.lists(PLAIN_ACES, min_size=1, max_size=4))
@same_code
def test_is_a_list_never_filled_beyond_its_end(host: Host, entries: list[Ace]) -> None:
    room = list_of(host, entries[:-1], len(bytes(Acl(tuple(entries)))) - 4)
    before, last = room.raw, entries[-1]
    assert not call(host, ADDERS[last.type, True], room, 2, last.flags, last.mask, buffer_of(bytes(last.sid)))
    assert (last_error(host), room.raw) == (1344, before)


@given(st.binary(min_size=8, max_size=64))
@same_code
def test_are_broken_lists_seen(host: Host, data: bytes) -> None:
    size = len(data).to_bytes(2, "little")
    room = buffer_of(data[:2] + size + data[4:])
    is_valid, _ = call(host, "IsValidAcl", room), call(host, "DeleteAce", room, data[7])
    try:
        Acl.from_bytes(room.raw)
    except ValueError:
        return  # the kernel looks closer: at SIDs, too
    assert is_valid or room.raw[0] > 4


@st.composite
def whole_descriptors(draw: st.DrawFn) -> SecurityDescriptor:
    dacl, sacl = draw(st.none() | acls), draw(st.none() | acls)
    control = (SE_DACL_PRESENT if draw(st.booleans()) or dacl is not None else 0) | (SE_SACL_PRESENT if sacl else 0)
    return SecurityDescriptor(draw(st.none() | sids), draw(st.none() | sids), dacl, sacl, control)


@given(whole_descriptors())
@same_code
def test_do_both_forms_of_a_descriptor_say_the_same(host: Host, descriptor: SecurityDescriptor) -> None:
    descriptor = replace(descriptor, sacl=descriptor.sacl if descriptor.control & SE_SACL_PRESENT else None)
    parts = {name: create_string_buffer(ROOM) for name in ("dacl", "sacl", "owner", "group")}
    rooms = {name: c_uint32(ROOM) for name in ("descriptor", *parts)}
    absolute, relative = create_string_buffer(ABSOLUTE_BYTES), create_string_buffer(4 * ROOM)
    arguments: list[Any] = [byref(rooms["descriptor"])]
    for name, part in parts.items():
        arguments += [part, byref(rooms[name])]
    given_form = buffer_of(bytes(descriptor))
    assert call(host, "IsValidSecurityDescriptor", given_form)
    assert call(host, "GetSecurityDescriptorLength", given_form) == len(bytes(descriptor))
    assert call(host, "MakeAbsoluteSD", given_form, absolute, *arguments)
    assert call(host, "IsValidSecurityDescriptor", absolute)
    size = c_uint32(4 * ROOM)
    assert call(host, "MakeSelfRelativeSD", absolute, relative, byref(size))
    assert size.value == len(bytes(descriptor))
    assert SecurityDescriptor.from_bytes(relative.raw[: size.value]) == descriptor
    assert not call(host, "MakeSelfRelativeSD", absolute, relative, byref(c_uint32(size.value - 1)))
    assert last_error(host) == 122


def test_is_a_descriptor_built_step_by_step(host: Host) -> None:
    absolute, relative, size = create_string_buffer(ABSOLUTE_BYTES), create_string_buffer(ROOM), c_uint32(ROOM)
    entry, owner = Ace(AceType.ALLOWED, 3, well_known.WORLD), buffer_of(bytes(well_known.GUESTS))
    acl = list_of(host, [entry], 64)
    assert call(host, "InitializeSecurityDescriptor", absolute, 1)
    assert call(host, "SetSecurityDescriptorDacl", absolute, 1, acl, 0)
    assert call(host, "SetSecurityDescriptorOwner", absolute, owner, 1)
    control, revision = c_uint16(), c_uint32()
    assert call(host, "GetSecurityDescriptorControl", absolute, byref(control), byref(revision))
    assert (control.value, revision.value) == (SE_DACL_PRESENT | 1, 1)
    assert call(host, "MakeSelfRelativeSD", absolute, relative, byref(size))
    read = SecurityDescriptor.from_bytes(relative.raw)
    assert (read.owner, read.dacl, read.group) == (well_known.GUESTS, Acl((entry,)), None)
    assert not call(host, "SetSecurityDescriptorDacl", relative, 0, acl, 0)
    assert last_error(host) == 1338
    assert not call(host, "InitializeSecurityDescriptor", absolute, 2)
    assert last_error(host) == 1305


@given(st.integers(0, 0xFFFFFFFF))
@same_code
def test_are_generic_rights_mapped_as_in_the_kernel(host: Host, mask: int) -> None:
    mapping = (c_uint32 * 4)(FILE_MAPPING.read, FILE_MAPPING.write, FILE_MAPPING.execute, FILE_MAPPING.all)
    value = c_uint32(mask)
    host.function("MapGenericMask", None, c_void_p, c_void_p)(byref(value), mapping)
    assert value.value == FILE_MAPPING.map(mask)


@pytest.mark.parametrize(("revision", "parts"), [(2, 1), (1, 16)])
def test_is_a_wrong_sid_seen(host: Host, revision: int, parts: int) -> None:
    data = (c_uint8 * 80)(revision, parts)
    assert not call(host, "IsValidSid", data)
    assert not call(host, "AddAccessAllowedAce", list_of(host, [], 200), 2, 1, data)
    assert last_error(host) == 1337
