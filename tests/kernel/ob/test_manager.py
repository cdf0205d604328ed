"""Making, opening and duplicating objects: names, access checks and handles together."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.kernel.ob import (
    OBJ_INHERIT,
    OBJ_OPENIF,
    Directory,
    Event,
    HandleTable,
    InvalidHandle,
    KernelObject,
    ObjectAttributes,
    ObjectNames,
    Semaphore,
    create_object,
    open_object,
)
from ntmm.kernel.ob.handles import HandleEntry
from ntmm.kernel.ob.manager import (
    DUPLICATE_CLOSE_SOURCE,
    DUPLICATE_SAME_ACCESS,
    DUPLICATE_SAME_ATTRIBUTES,
    OBJ_CASE_INSENSITIVE,
    OBJ_PERMANENT,
    duplicate_object,
    make_temporary,
    open_by_pointer,
    open_for_debugging,
)
from ntmm.kernel.se import PRIVILEGES, Accounts, Token
from ntmm.kernel.se.access import MAXIMUM_ALLOWED, READ_CONTROL, SYNCHRONIZE
from ntmm.kernel.se.sddl import parse_sddl
from ntmm.kernel.se.token import ImpersonationLevel, TokenType
from ntmm.nt.status import Status
from tests.kernel.ke.kernel_threads import Bench

ACCOUNTS = Accounts()
MODIFY = 2


@dataclass
class Somebody:
    """Who asks."""

    token: Token = field(default_factory=Token)
    handles: HandleTable = field(default_factory=HandleTable)


def other_user(session_id: int = 0) -> Somebody:
    return Somebody(Token(ACCOUNTS.user("other"), session_id))


def event(bench: Bench) -> Event:
    return Event(bench.scheduler, manual_reset=True, signalled=False)


def named(names: ObjectNames, name: str, flags: int = 0, sddl: str = "", session: int = 0) -> ObjectAttributes:
    return ObjectAttributes(name, flags, names.base_directory(session), parse_sddl(sddl) if sddl else None)


def test_who_opens_what_somebody_has_made(bench: Bench) -> None:
    names, owner, other = ObjectNames(), Somebody(), other_user()
    sddl = "D:(D;;0x2;;;WD)(A;;GA;;;WD)"
    status, handle = create_object(names, owner, event(bench), named(names, "e", OBJ_INHERIT, sddl), 0x10000000)
    entry = owner.handles.entry(handle)
    assert (status, entry.access, entry.inherit) == (Status.SUCCESS, Event.mapping.all, True)
    answers = [
        open_object(names, other, Event, named(names, "e"), access).status
        for access in (SYNCHRONIZE, MODIFY, 0x40000000, READ_CONTROL, MAXIMUM_ALLOWED)
    ]
    denied, granted = Status.ACCESS_DENIED, Status.SUCCESS
    assert answers == [granted, denied, denied, granted, granted]
    assert [held.access for _, held in other.handles.items()] == [SYNCHRONIZE, READ_CONTROL, 0x1F0001]
    assert open_object(names, other, Semaphore, named(names, "e"), 1).status is Status.OBJECT_TYPE_MISMATCH
    assert open_object(names, other, Event, named(names, "E"), 1).status is Status.OBJECT_NAME_NOT_FOUND
    assert open_object(names, other, Event, named(names, "E", OBJ_CASE_INSENSITIVE), 1).status is granted


def test_what_does_creating_a_name_again_do(bench: Bench) -> None:
    names, owner, other = ObjectNames(), Somebody(), other_user()
    create_object(names, owner, event(bench), named(names, "e"), 1)
    again = create_object(names, owner, event(bench), named(names, "e", OBJ_OPENIF | OBJ_INHERIT), 1)
    assert again.status is Status.OBJECT_NAME_EXISTS
    assert owner.handles.entry(again.handle).inherit
    assert len({id(entry.object) for _, entry in owner.handles.items()}) == 1
    assert create_object(names, owner, event(bench), named(names, "e"), 1).status is Status.OBJECT_NAME_COLLISION
    refused = create_object(names, other, event(bench), named(names, "e", OBJ_OPENIF), 1)
    assert refused == (Status.ACCESS_DENIED, 0)
    wrong = create_object(names, owner, Semaphore(bench.scheduler, 0, 1), named(names, "e", OBJ_OPENIF), 1)
    assert wrong.status is Status.OBJECT_TYPE_MISMATCH


def test_does_a_name_last_as_long_as_handles_or_for_good(bench: Bench) -> None:
    names, owner = ObjectNames(), Somebody()
    handle = create_object(names, owner, event(bench), named(names, "e"), 1).handle
    owner.handles.close(handle)
    assert names.get("e") is None
    refused = create_object(names, owner, event(bench), named(names, "p", OBJ_PERMANENT), 1)
    assert (refused.status, names.get("p")) == (Status.PRIVILEGE_NOT_HELD, None)
    for luid in (PRIVILEGES["SeCreatePermanentPrivilege"],):
        owner.token.grant(luid)
        owner.token.set_enabled(luid, True)
    handle = create_object(names, owner, event(bench), named(names, "p", OBJ_PERMANENT), 1).handle
    owner.handles.close(handle)
    lasting = names.get("p")
    assert lasting is not None
    make_temporary(lasting)
    assert names.get("p") is None


def test_who_makes_names_for_everybody(bench: Bench) -> None:
    names = ObjectNames()
    in_session, administrator = other_user(session_id=3), Somebody(Token(session_id=3))
    section = type("Section", (KernelObject,), {"is_global_privileged": True})
    name = named(names, "Global\\s", session=3)
    assert create_object(names, in_session, section(), name, 1).status is Status.ACCESS_DENIED
    assert create_object(names, in_session, event(bench), named(names, "Global\\e", session=3), 1).handle
    assert create_object(names, in_session, section(), named(names, "s", session=3), 1).handle
    assert create_object(names, administrator, section(), name, 1).handle
    assert names.get("s") is not None


def test_who_makes_names_in_a_directory(bench: Bench) -> None:
    names, owner, other = ObjectNames(), Somebody(), other_user()
    handle = create_object(names, owner, Directory(), named(names, "d", 0, "D:(A;;0x3;;;WD)"), 0xF).handle
    root = owner.handles.lookup(handle, Directory)
    inside = ObjectAttributes("e", 0, root)
    assert create_object(names, other, event(bench), inside, 1).status is Status.ACCESS_DENIED
    assert create_object(names, other, event(bench), ObjectAttributes("\\e"), 1).status is Status.ACCESS_DENIED
    assert open_object(names, other, Event, inside, 1).status is Status.OBJECT_NAME_NOT_FOUND


def test_does_somebody_who_is_only_identified_open_anything(bench: Bench) -> None:
    names, owner = ObjectNames(), Somebody()
    create_object(names, owner, event(bench), named(names, "e", 0, "D:(A;;GA;;;WD)"), 1)
    for level in ImpersonationLevel:
        shadow = Somebody(owner.token.duplicate(TokenType.IMPERSONATION, level))
        status = open_object(names, shadow, Event, named(names, "e"), 1).status
        assert status is (Status.SUCCESS if level >= 2 else Status.BAD_IMPERSONATION_LEVEL)


def test_does_debugging_open_everything(bench: Bench) -> None:
    owner, target = Somebody(), event(bench)
    target.security = parse_sddl("O:SYD:")
    assert open_by_pointer(owner, target, MODIFY).status is Status.ACCESS_DENIED
    assert open_for_debugging(owner, target, MODIFY).status is Status.ACCESS_DENIED
    owner.token.set_enabled(PRIVILEGES["SeDebugPrivilege"], True)
    handle = open_for_debugging(owner, target, MAXIMUM_ALLOWED).handle
    assert owner.handles.entry(handle).access == Event.mapping.all
    assert open_by_pointer(owner, target, MODIFY).status is Status.ACCESS_DENIED


@pytest.mark.parametrize(
    ("access", "options", "status", "granted"),
    [
        (0, DUPLICATE_SAME_ACCESS, Status.SUCCESS, SYNCHRONIZE | 1),
        (1, 0, Status.SUCCESS, 1),
        (MODIFY, 0, Status.SUCCESS, MODIFY),
        (READ_CONTROL, 0, Status.ACCESS_DENIED, None),
        (READ_CONTROL, DUPLICATE_SAME_ACCESS, Status.SUCCESS, SYNCHRONIZE | 1),
    ],
)
def test_what_may_a_duplicate_do(bench: Bench, access: int, options: int, status: Status, granted: int | None) -> None:
    giver, taker, target = other_user(), HandleTable(), event(bench)
    target.security = parse_sddl("O:SYD:(A;;0x3;;;WD)")
    source = giver.handles.insert(target, SYNCHRONIZE | 1, inherit=True)
    answer = duplicate_object(giver, giver.handles, source, taker, access, 0, options)
    assert answer.status is status
    assert (taker.entry(answer.handle).access if answer.handle else None) == granted
    assert len(giver.handles) == 1


def test_what_becomes_of_the_flags_and_the_source(bench: Bench) -> None:
    giver, taker, target = Somebody(), HandleTable(), event(bench)
    source = giver.handles.insert(target, 1, inherit=True)
    options = DUPLICATE_SAME_ACCESS | DUPLICATE_SAME_ATTRIBUTES
    same = duplicate_object(giver, giver.handles, source, taker, 0, 0, options).handle
    plain = duplicate_object(giver, giver.handles, source, taker, 0, 0, DUPLICATE_SAME_ACCESS).handle
    options = DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE
    moved = duplicate_object(giver, giver.handles, source, taker, 0, OBJ_INHERIT, options).handle
    assert [taker.entry(handle).inherit for handle in (same, plain, moved)] == [True, False, True]
    assert (len(giver.handles), target.handle_count) == (0, 3)
    with pytest.raises(InvalidHandle):
        duplicate_object(giver, giver.handles, source, taker, 0, 0, options)


def test_does_a_closed_source_go_even_if_the_duplicate_is_refused(bench: Bench) -> None:
    giver, target = other_user(), event(bench)
    target.security = parse_sddl("O:SYD:")
    source = giver.handles.insert(target, 1)
    answer = duplicate_object(giver, giver.handles, source, HandleTable(), MODIFY, 0, DUPLICATE_CLOSE_SOURCE)
    assert (answer.status, len(giver.handles)) == (Status.ACCESS_DENIED, 0)


ACTIONS = st.one_of(
    st.tuples(st.just("insert"), st.integers(0, 7), st.booleans()),
    st.tuples(st.just("close"), st.integers(0, 7), st.booleans()),
    st.tuples(st.just("flags"), st.integers(0, 7), st.booleans()),
)


@given(st.lists(ACTIONS, max_size=40), st.integers(0, 7))
def test_is_the_table_a_dictionary_of_handles(actions: list[tuple[str, int, bool]], wanted: int) -> None:
    table, known, target = HandleTable(), dict[int, HandleEntry](), KernelObject()
    target.reference()
    for action, number, flag in actions:
        handle = 4 * (number + 1)
        if action == "insert":
            new = table.insert(target, number, inherit=flag)
            assert new not in known
            known[new] = HandleEntry(target, number, flag, protect=False)
        elif handle not in known:
            with pytest.raises(InvalidHandle, match="INVALID_HANDLE"):
                table.close(handle) if action == "close" else table.set_flags(handle, inherit=flag, protect=flag)
        elif action == "flags":
            table.set_flags(handle, inherit=not flag, protect=flag)
            known[handle] = HandleEntry(target, known[handle].access, not flag, flag)
        elif known[handle].protect:
            with pytest.raises(InvalidHandle, match="HANDLE_NOT_CLOSABLE"):
                table.close(handle)
        else:
            table.close(handle)
            del known[handle]
    assert dict(table.items()) == known
    for handle, entry in known.items():
        if wanted & ~entry.access:
            with pytest.raises(InvalidHandle, match="ACCESS_DENIED"):
                table.lookup(handle, KernelObject, wanted)
        else:
            assert table.lookup(handle, KernelObject, wanted) is target
    child = table.inherited()
    assert dict(child.items()) == {handle: entry for handle, entry in known.items() if entry.inherit}
    assert target.handle_count == len(table) + len(child)
    new = child.insert(target)
    assert new == next(handle for handle in range(4, 1000, 4) if handle not in known or not known[handle].inherit)
    table.close_all()
    child.close_all()
    assert target.handle_count == 0
