"""Does the access check decide as its rules say, and what do new objects get?"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.kernel.se import (
    PRIVILEGES,
    Accounts,
    Ace,
    AceType,
    Acl,
    GenericMapping,
    SecurityDescriptor,
    Sid,
    Token,
    access_check,
    assign_security,
    well_known,
)
from ntmm.kernel.se.access import ACCESS_SYSTEM_SECURITY, MAXIMUM_ALLOWED, READ_CONTROL, WRITE_DAC, WRITE_OWNER
from ntmm.kernel.se.acl import CONTAINER_INHERIT, INHERIT_ONLY, NO_PROPAGATE_INHERIT, OBJECT_INHERIT
from ntmm.kernel.se.descriptor import SE_DACL_PRESENT, SE_SACL_PRESENT, descriptor_with_dacl
from ntmm.kernel.se.token import SE_GROUP_ENABLED, SE_GROUP_USE_FOR_DENY_ONLY
from ntmm.nt.status import Status
from tests.kernel.se.strategies import FEW_SIDS, tokens

MAPPING = GenericMapping(0x20005, 0x20002, 0x20008, 0xF001F)
BITS = tuple(1 << number for number in (0, 1, 2, 3, 4, 16, 17, 18, 19))
FEW_MASKS = st.integers(0, 0x1F).flatmap(lambda low: st.sampled_from([low, low | READ_CONTROL, low | 0xC0000]))
FEW_ACES = st.builds(
    Ace,
    st.sampled_from(AceType),
    FEW_MASKS,
    st.sampled_from(FEW_SIDS),
    st.sampled_from([0, 0, INHERIT_ONLY, OBJECT_INHERIT]),
)
FEW_DESCRIPTORS = st.builds(
    descriptor_with_dacl,
    st.sampled_from(FEW_SIDS),
    st.none(),
    st.none() | st.lists(FEW_ACES, max_size=6).map(lambda found: Acl(tuple(found))),
)


def is_allowed(descriptor: SecurityDescriptor, token: Token, bit: int) -> bool:
    """The rules for a single right, said once more: the first entry that names it for this token decides."""
    enabled = {group.sid for group in token.groups if group.attributes & SE_GROUP_ENABLED} | {token.user}
    denying = enabled | {group.sid for group in token.groups if group.attributes & SE_GROUP_USE_FOR_DENY_ONLY}
    if descriptor.dacl is None or (descriptor.owner in enabled and bit in (READ_CONTROL, WRITE_DAC)):
        return True
    for ace in descriptor.dacl:
        assert isinstance(ace, Ace)
        if ace.flags & INHERIT_ONLY or not ace.mask & bit:
            continue
        if ace.type is AceType.ALLOWED and ace.sid in enabled:
            return True
        if ace.type is AceType.DENIED and ace.sid in denying:
            return False
    return False


@given(FEW_DESCRIPTORS, tokens(), FEW_MASKS)
def test_is_each_right_decided_as_the_rules_say(descriptor: SecurityDescriptor, token: Token, desired: int) -> None:
    allowed = sum(bit for bit in BITS if is_allowed(descriptor, token, bit))
    granted, status = access_check(descriptor, token, desired, MAPPING)
    expected = (0, Status.ACCESS_DENIED) if desired & ~allowed else (desired, Status.SUCCESS)
    assert (granted, status) == expected
    most, status = access_check(descriptor, token, desired | MAXIMUM_ALLOWED, MAPPING)
    if desired & ~allowed or not allowed:
        assert (most, status) == (0, Status.ACCESS_DENIED)
    elif descriptor.dacl is None:
        assert most == desired | MAPPING.all
    else:
        assert most == allowed


def test_are_generic_rights_those_of_the_type() -> None:
    everybody = descriptor_with_dacl(None, None, Acl((Ace(AceType.ALLOWED, 0x20005, well_known.WORLD),)))
    assert access_check(everybody, Token(), 0x80000000, MAPPING) == (0x20005, Status.SUCCESS)
    assert access_check(everybody, Token(), 0x40000000, MAPPING) == (0, Status.ACCESS_DENIED)
    assert access_check(None, Token(), 0x10000000, MAPPING) == (MAPPING.all, Status.SUCCESS)


def test_what_do_privileges_give() -> None:
    token, empty = Token(), descriptor_with_dacl(FEW_SIDS[0], None, Acl())
    assert access_check(empty, token, ACCESS_SYSTEM_SECURITY, MAPPING) == (0, Status.PRIVILEGE_NOT_HELD)
    assert access_check(empty, token, WRITE_OWNER, MAPPING) == (0, Status.ACCESS_DENIED)
    for name in ("SeSecurityPrivilege", "SeTakeOwnershipPrivilege"):
        token.set_enabled(PRIVILEGES[name], True)
    wanted = ACCESS_SYSTEM_SECURITY | WRITE_OWNER
    assert access_check(empty, token, wanted, MAPPING) == (wanted, Status.SUCCESS)
    assert access_check(empty, token, MAXIMUM_ALLOWED, MAPPING) == (WRITE_OWNER, Status.SUCCESS)
    assert access_check(empty, token, 1, MAPPING).status is Status.ACCESS_DENIED


def test_what_does_a_new_object_get_without_a_wish() -> None:
    token = Token()
    status, descriptor = assign_security(None, None, token, MAPPING)
    assert status is Status.SUCCESS
    assert descriptor is not None
    assert (descriptor.owner, descriptor.group) == (token.user, well_known.NONE)
    assert access_check(descriptor, token, MAPPING.all, MAPPING).status is Status.SUCCESS
    other = Token(Accounts().user("other"))
    assert access_check(descriptor, other, READ_CONTROL, MAPPING).status is Status.ACCESS_DENIED


def entry(flags: int, sid: Sid = well_known.WORLD, mask: int = 1) -> Ace:
    return Ace(AceType.ALLOWED, mask, sid, flags)


@pytest.mark.parametrize(
    ("flags", "to_objects", "to_containers"),
    [
        (0, None, None),
        (OBJECT_INHERIT, 0, OBJECT_INHERIT | INHERIT_ONLY),
        (CONTAINER_INHERIT, None, CONTAINER_INHERIT),
        (OBJECT_INHERIT | CONTAINER_INHERIT | INHERIT_ONLY, 0, OBJECT_INHERIT | CONTAINER_INHERIT),
        (OBJECT_INHERIT | NO_PROPAGATE_INHERIT, 0, None),
        (CONTAINER_INHERIT | NO_PROPAGATE_INHERIT, None, 0),
    ],
)
def test_what_does_a_container_hand_down(flags: int, to_objects: int | None, to_containers: int | None) -> None:
    parent = descriptor_with_dacl(None, None, Acl((entry(flags),)))
    token = Token()
    for is_container, expected in ((False, to_objects), (True, to_containers)):
        descriptor = assign_security(None, parent, token, MAPPING, is_container).descriptor
        assert descriptor is not None
        assert descriptor.dacl is not None
        if expected is None:
            assert all(isinstance(ace, Ace) and ace.sid != well_known.WORLD for ace in descriptor.dacl)
        else:
            assert descriptor.dacl.aces == (entry(expected),)


def test_does_a_wish_count_more_than_the_container() -> None:
    parent = descriptor_with_dacl(None, None, Acl((entry(OBJECT_INHERIT),)))
    asked = descriptor_with_dacl(None, None, Acl((entry(0, well_known.CREATOR_OWNER, 0x80000000),)))
    descriptor = assign_security(asked, parent, Token(), MAPPING).descriptor
    assert descriptor is not None
    assert descriptor.dacl == Acl((entry(0, Token().user, MAPPING.read),))
    assert descriptor.control & SE_DACL_PRESENT


def test_who_may_be_named_as_owner() -> None:
    other = Accounts().user("other")
    asked = SecurityDescriptor(owner=other.sid)
    assert assign_security(asked, None, Token(), MAPPING).status is Status.INVALID_OWNER
    assert assign_security(asked, None, Token(other), MAPPING).status is Status.SUCCESS
    administrators = SecurityDescriptor(owner=well_known.ADMINISTRATORS)
    assert assign_security(administrators, None, Token(), MAPPING).status is Status.SUCCESS
    assert assign_security(administrators, None, Token(other), MAPPING).status is Status.INVALID_OWNER
    restoring = Token()
    restoring.set_enabled(PRIVILEGES["SeRestorePrivilege"], True)
    assert assign_security(asked, None, restoring, MAPPING).status is Status.SUCCESS
    audited = replace(asked, owner=None, sacl=Acl(), control=SE_SACL_PRESENT)
    assert assign_security(audited, None, Token(), MAPPING).status is Status.PRIVILEGE_NOT_HELD


def test_are_users_found_and_added() -> None:
    accounts = Accounts()
    other, third = accounts.user("Other"), accounts.user("third")
    assert [account.sid.rid for account in (other, third, accounts.user("other"))] == [1001, 1002, 1001]
    assert accounts.by_sid(other.sid) == accounts.by_name("NTMM\\OTHER") == other
    assert accounts.by_name("nobody") is None
    assert not Token(other).holds(PRIVILEGES["SeDebugPrivilege"])
    for name in ("", "a\\b", "x" * 21, "Everyone", "Guest", " . "):
        with pytest.raises(ValueError, match="user"):
            accounts.user(name)
