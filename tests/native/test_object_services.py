"""Do the Nt services of handles, names, descriptors and tokens answer as documented?"""

import struct
from itertools import count
from typing import Any

import pytest

from ntmm.kernel.io.constants import FILE_GENERIC_READ
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ob import OBJ_INHERIT, OBJ_OPENIF, InvalidHandle, KernelObject, TokenObject
from ntmm.kernel.ob.manager import OBJ_CASE_INSENSITIVE
from ntmm.kernel.se import PRIVILEGES, Accounts, SecurityDescriptor, Token, well_known
from ntmm.kernel.se.access import DELETE, READ_CONTROL, WRITE_DAC
from ntmm.kernel.se.descriptor import DACL_INFORMATION, OWNER_INFORMATION, SACL_INFORMATION
from ntmm.kernel.se.sddl import format_sddl, parse_sddl
from ntmm.native.file import NtCreateFile, NtReadFile, NtWriteFile
from ntmm.native.object_directory import (
    NtCreateDirectoryObject,
    NtCreateSymbolicLinkObject,
    NtOpenDirectoryObject,
    NtOpenSymbolicLinkObject,
    NtQueryDirectoryObject,
    NtQuerySymbolicLinkObject,
)
from ntmm.native.objects import (
    NtClose,
    NtMakePermanentObject,
    NtMakeTemporaryObject,
    NtQueryObject,
    NtSetInformationObject,
)
from ntmm.native.security import NtAccessCheck, NtQuerySecurityObject, NtSetSecurityObject
from ntmm.native.synchronization import NtCreateEvent, NtCreateMutant, NtOpenEvent, NtSetEvent
from ntmm.native.token import NtAdjustPrivilegesToken, NtDuplicateToken, NtPrivilegeCheck
from ntmm.native.token_information import NtQueryInformationToken, NtSetInformationToken
from ntmm.nt.status import Status
from tests.native.test_file_services import object_attributes
from tests.win32.fake_call import BUFFER

HANDLE, OTHER, NEEDED, IO_STATUS, DATA = (BUFFER + 0x40 * at for at in range(5))
EVENT_ALL = 0x1F0003
ROOM = 0x800
SUCCESS = Status.SUCCESS


@pytest.fixture
def machine(call: Any) -> Any:
    """The call with a scheduler, accounts and numbers."""
    call.kernel.scheduler = Scheduler(Clock())
    call.kernel.accounts = Accounts()
    call.kernel.luids = count(0x10001)
    return call


def attributes(call: Any, name: str = "", root: int = 0, flags: int = 0, sddl: str = "") -> int:
    place = object_attributes(call, name, root)
    width = call.memory.pointer_size
    if not name:
        call.memory.write_pointer(place + 2 * width, 0)
    call.memory.write_u32(place + 3 * width, flags)
    if sddl:
        data = bytes(parse_sddl(sddl))
        address = call.reserve(len(data))
        call.memory.write(address, data)
        call.memory.write_pointer(place + 4 * width, address)
    return place


def handle_at(call: Any, address: int = HANDLE) -> int:
    return int(call.memory.read_pointer(address))


def make_event(call: Any, name: str = "", access: int = EVENT_ALL, **more: Any) -> int:
    assert NtCreateEvent(call, HANDLE, access, attributes(call, name, **more), 0, 0) == SUCCESS
    return handle_at(call)


def status_of(service: Any, *arguments: Any) -> int:
    """What the program sees: the way in turns a bad handle into a status."""
    try:
        return int(service(*arguments))
    except InvalidHandle as refused:
        return refused.status


def test_which_handles_do_children_inherit(machine: Any) -> None:
    for flags in (0, OBJ_INHERIT):
        handle = make_event(machine, f"\\BaseNamedObjects\\e{flags}", flags=flags)
        opened = attributes(machine, f"\\BaseNamedObjects\\e{flags}", flags=flags)
        assert NtOpenEvent(machine, OTHER, 1, opened) == SUCCESS
        entries = machine.process.handles
        assert [entries.entry(one).inherit for one in (handle, handle_at(machine, OTHER))] == [bool(flags)] * 2


def test_is_a_handle_good_for_what_was_asked_for(machine: Any) -> None:
    handle = make_event(machine, access=1)
    assert status_of(NtSetEvent, machine, handle, 0) == Status.ACCESS_DENIED
    assert status_of(NtMakeTemporaryObject, machine, handle) == Status.ACCESS_DENIED
    assert status_of(NtSetEvent, machine, handle + 4, 0) == Status.INVALID_HANDLE


def test_are_names_below_a_directory(machine: Any) -> None:
    path = "\\BaseNamedObjects\\folder"
    assert NtCreateDirectoryObject(machine, HANDLE, 0xF, attributes(machine, path)) == SUCCESS
    folder = handle_at(machine)
    event = make_event(machine, "e", root=folder)
    for name, root, flags, expected in (
        ("e", folder, 0, SUCCESS),
        (f"{path}\\e", 0, 0, SUCCESS),
        ("E", folder, 0, Status.OBJECT_NAME_NOT_FOUND),
        ("E", folder, OBJ_CASE_INSENSITIVE, SUCCESS),
        ("\\e", folder, 0, Status.OBJECT_PATH_SYNTAX_BAD),
        ("e\\f", folder, 0, Status.OBJECT_TYPE_MISMATCH),
        ("e", event, 0, Status.OBJECT_TYPE_MISMATCH),
        ("", 0, 0, Status.OBJECT_PATH_SYNTAX_BAD),
    ):
        asked = attributes(machine, name, root, flags)
        assert status_of(NtOpenEvent, machine, OTHER, 1, asked) == expected, name
    assert NtOpenDirectoryObject(machine, OTHER, 1, attributes(machine, path)) == SUCCESS
    assert NtCreateMutant(machine, OTHER, 1, attributes(machine, "e", folder), 0) == Status.OBJECT_NAME_COLLISION
    opened = attributes(machine, "e", folder, OBJ_OPENIF)
    assert NtCreateEvent(machine, OTHER, 1, opened, 0, 0) == Status.OBJECT_NAME_EXISTS


def test_what_does_a_directory_list(machine: Any) -> None:
    NtCreateDirectoryObject(machine, HANDLE, 0xF, attributes(machine, "\\BaseNamedObjects\\folder"))
    folder = handle_at(machine)
    for name in ("b", "C", "a"):
        make_event(machine, name, root=folder)
    width, listed = machine.memory.pointer_size, list[tuple[str, str]]()
    machine.memory.write_u32(NEEDED, 0)
    while (status := NtQueryDirectoryObject(machine, folder, DATA, 100, 0, 0, NEEDED, 0)) in (
        SUCCESS,
        Status.MORE_ENTRIES,
    ):
        texts = []
        for at in (DATA, DATA + 2 * width):
            length, buffer = machine.memory.read_u16(at), machine.memory.read_pointer(at + width)
            texts.append(machine.memory.read(buffer, length).decode("utf-16-le"))
        listed.append((texts[0], texts[1]))
        machine.memory.write_u32(NEEDED, len(listed))
    assert status == Status.NO_MORE_ENTRIES
    assert listed == [("a", "Event"), ("b", "Event"), ("C", "Event")]
    assert NtQueryDirectoryObject(machine, folder, DATA, 8, 1, 1, NEEDED, OTHER) == Status.BUFFER_TOO_SMALL
    assert machine.memory.read_u32(OTHER) > 8


def test_what_does_a_link_stand_for(machine: Any) -> None:
    make_event(machine, "\\BaseNamedObjects\\e")
    target = object_attributes(machine, "\\BaseNamedObjects")
    string = machine.memory.read_pointer(target + 2 * machine.memory.pointer_size)
    link = attributes(machine, "\\BaseNamedObjects\\link")
    assert NtCreateSymbolicLinkObject(machine, HANDLE, 1, link, string) == SUCCESS
    assert NtOpenEvent(machine, OTHER, 1, attributes(machine, "\\BaseNamedObjects\\link\\e")) == SUCCESS
    assert NtOpenSymbolicLinkObject(machine, OTHER, 1, link) == SUCCESS
    machine.memory.write(NEEDED, struct.pack("<HH", 0, 64))
    machine.memory.write_pointer(NEEDED + machine.memory.pointer_size, DATA)
    assert NtQuerySymbolicLinkObject(machine, handle_at(machine, OTHER), NEEDED, 0) == SUCCESS
    assert machine.memory.read(DATA, machine.memory.read_u16(NEEDED)).decode("utf-16-le") == "\\BaseNamedObjects"


def test_what_is_told_of_an_object(machine: Any) -> None:
    handle = make_event(machine, "\\BaseNamedObjects\\e", access=3, flags=OBJ_INHERIT)
    assert NtQueryObject(machine, handle, 0, DATA, 56, 0) == SUCCESS
    flags, access, handles, _ = struct.unpack("<4I", machine.memory.read(DATA, 16))
    assert (flags, access, handles) == (OBJ_INHERIT, 3, 1)
    width = machine.memory.pointer_size
    for kind, text in ((1, "\\BaseNamedObjects\\e"), (2, "Event")):
        assert NtQueryObject(machine, handle, kind, DATA, ROOM, NEEDED) == SUCCESS
        length, buffer = machine.memory.read_u16(DATA), machine.memory.read_pointer(DATA + width)
        assert machine.memory.read(buffer, length).decode("utf-16-le") == text
        needed = machine.memory.read_u32(NEEDED)
        assert NtQueryObject(machine, handle, kind, DATA, needed - 1, 0) == Status.INFO_LENGTH_MISMATCH
    machine.memory.write(DATA, b"\0\1")
    assert NtSetInformationObject(machine, handle, 4, DATA, 2) == SUCCESS
    assert NtClose(machine, handle) == Status.HANDLE_NOT_CLOSABLE
    assert NtQueryObject(machine, handle, 4, OTHER, 2, 0) == SUCCESS
    assert machine.memory.read(OTHER, 2) == b"\0\1"
    assert NtQueryObject(machine, handle, 9, DATA, ROOM, 0) == Status.INVALID_INFO_CLASS


def test_how_long_does_a_permanent_name_last(machine: Any) -> None:
    handle = make_event(machine, "\\BaseNamedObjects\\e", access=EVENT_ALL | DELETE)
    assert NtMakePermanentObject(machine, handle) == Status.PRIVILEGE_NOT_HELD
    luid = PRIVILEGES["SeCreatePermanentPrivilege"]
    machine.process.token.grant(luid)
    machine.process.token.set_enabled(luid, True)
    assert NtMakePermanentObject(machine, handle) == SUCCESS
    NtClose(machine, handle)
    assert NtOpenEvent(machine, OTHER, DELETE, attributes(machine, "\\BaseNamedObjects\\e")) == SUCCESS
    assert NtMakeTemporaryObject(machine, handle_at(machine, OTHER)) == SUCCESS
    NtClose(machine, handle_at(machine, OTHER))
    assert machine.kernel.names.get("e") is None


def descriptor_at(call: Any, handle: int, information: int) -> str:
    assert NtQuerySecurityObject(call, handle, information, DATA, ROOM, NEEDED) == SUCCESS
    return format_sddl(SecurityDescriptor.from_bytes(call.memory.read(DATA, call.memory.read_u32(NEEDED))))


def write_descriptor(call: Any, sddl: str) -> int:
    data = bytes(parse_sddl(sddl))
    address: int = call.reserve(len(data))
    call.memory.write(address, data)
    return address


def test_is_a_descriptor_kept_and_changed(machine: Any) -> None:
    handle = make_event(machine, sddl="D:(A;;GR;;;WD)", name="\\BaseNamedObjects\\e")
    user = machine.process.token.user
    assert descriptor_at(machine, handle, DACL_INFORMATION | OWNER_INFORMATION) == f"O:{user}D:(A;;CCRC;;;WD)"
    assert NtQuerySecurityObject(machine, handle, DACL_INFORMATION, DATA, 4, NEEDED) == Status.BUFFER_TOO_SMALL
    changed = write_descriptor(machine, "D:(A;;GA;;;BG)")
    assert NtSetSecurityObject(machine, handle, DACL_INFORMATION, changed) == SUCCESS
    assert descriptor_at(machine, handle, DACL_INFORMATION) == "D:(A;;0x1f0003;;;BG)"
    foreign = write_descriptor(machine, "O:SY")
    assert NtSetSecurityObject(machine, handle, OWNER_INFORMATION, foreign) == Status.INVALID_OWNER
    assert status_of(NtQuerySecurityObject, machine, handle, SACL_INFORMATION, DATA, ROOM, NEEDED) == (
        Status.ACCESS_DENIED
    )
    weak = make_event(machine, access=READ_CONTROL)
    assert status_of(NtSetSecurityObject, machine, weak, DACL_INFORMATION, changed) == Status.ACCESS_DENIED
    nameless = make_event(machine)
    assert status_of(NtSetSecurityObject, machine, nameless, DACL_INFORMATION, changed) == Status.NO_SECURITY_ON_OBJECT
    bad = machine.reserve(20)
    machine.memory.write(bad, b"\2" + bytes(19))
    refused = Status.INVALID_SECURITY_DESCR
    assert status_of(NtSetSecurityObject, machine, handle, DACL_INFORMATION, bad) == refused


def open_file(call: Any, name: str, access: int, sddl: str = "", how: int = 3) -> int:
    asked = attributes(call, f"\\??\\C:\\{name}", sddl=sddl)
    return int(NtCreateFile(call, HANDLE, access, asked, IO_STATUS, 0, 0x80, 7, how, 0x60, 0, 0))


def test_does_a_file_keep_its_descriptor(machine: Any) -> None:
    assert open_file(machine, "f", 0x40000000 | WRITE_DAC, "D:(A;;FR;;;WD)") == SUCCESS
    first = handle_at(machine)
    assert NtWriteFile(machine, first, 0, 0, 0, IO_STATUS, DATA, 4, 0, 0) == SUCCESS
    assert open_file(machine, "f", 0x40000000) == Status.ACCESS_DENIED
    assert open_file(machine, "f", FILE_GENERIC_READ) == SUCCESS
    assert descriptor_at(machine, handle_at(machine), DACL_INFORMATION) == "D:(A;;FR;;;WD)"
    changed = write_descriptor(machine, "D:(A;;FA;;;WD)")
    assert NtSetSecurityObject(machine, first, DACL_INFORMATION, changed) == SUCCESS
    assert open_file(machine, "f", 0x40000000) == SUCCESS
    assert open_file(machine, "f", 0x02000000) == SUCCESS
    entry = machine.process.handles.entry(handle_at(machine))
    assert entry.access == entry.object.access == 0x1F01FF


def test_whose_is_a_new_file(machine: Any) -> None:
    machine.process.token = Token(machine.kernel.accounts.user("other"))
    assert open_file(machine, "f", FILE_GENERIC_READ) == SUCCESS
    owner = machine.process.token.user
    text = f"O:{owner}D:(A;;FA;;;WD)"
    assert descriptor_at(machine, handle_at(machine), OWNER_INFORMATION | DACL_INFORMATION) == text


def test_is_a_handle_to_a_file_good_for_what_it_may(machine: Any) -> None:
    assert open_file(machine, "f", 0xC0000000) == SUCCESS
    file = machine.process.handles.entry(handle_at(machine)).object
    writing, reading = (machine.process.handles.insert(file, access) for access in (2, 1))
    for handle, expected in ((writing, Status.ACCESS_DENIED), (reading, Status.END_OF_FILE)):
        assert status_of(NtReadFile, machine, handle, 0, 0, 0, IO_STATUS, DATA, 4, 0, 0) == expected
    for handle, expected in ((reading, Status.ACCESS_DENIED), (writing, SUCCESS)):
        assert status_of(NtWriteFile, machine, handle, 0, 0, 0, IO_STATUS, DATA, 4, 0, 0) == expected


def token_handle(call: Any, access: int = 0xF01FF) -> int:
    return int(call.process.handles.insert(TokenObject(call.process.token), access))


def test_what_does_a_token_tell(machine: Any) -> None:
    handle, width = token_handle(machine), machine.memory.pointer_size
    assert NtQueryInformationToken(machine, handle, 1, DATA, 4, NEEDED) == Status.BUFFER_TOO_SMALL
    assert NtQueryInformationToken(machine, handle, 1, DATA, ROOM, NEEDED) == SUCCESS
    assert machine.memory.read_u32(NEEDED) == 2 * width + 28
    place = machine.memory.read_pointer(DATA)
    assert machine.memory.read(place, 28) == bytes(machine.process.token.user)
    assert NtQueryInformationToken(machine, handle, 3, DATA, ROOM, NEEDED) == SUCCESS
    rows = struct.iter_unpack("<QI", machine.memory.read(DATA + 4, 12 * machine.memory.read_u32(DATA)))
    enabled = {luid for luid, attributes in rows if attributes & 2}
    assert enabled == {luid for luid, is_enabled in machine.process.token.privileges() if is_enabled}
    assert NtQueryInformationToken(machine, handle, 9, DATA, ROOM, NEEDED) == Status.INVALID_INFO_CLASS
    assert status_of(NtQueryInformationToken, machine, token_handle(machine, 2), 1, DATA, ROOM, NEEDED) == (
        Status.ACCESS_DENIED
    )


def test_what_do_new_objects_get_from_a_changed_token(machine: Any) -> None:
    handle = token_handle(machine)
    sid = bytes(well_known.ADMINISTRATORS)
    machine.memory.write(DATA, sid)
    machine.memory.write_pointer(OTHER, DATA)
    assert NtSetInformationToken(machine, handle, 4, OTHER, 8) == SUCCESS
    event = make_event(machine, "\\BaseNamedObjects\\e")
    assert descriptor_at(machine, event, OWNER_INFORMATION) == "O:BA"
    machine.memory.write(DATA, bytes(well_known.LOCAL_SYSTEM))
    assert NtSetInformationToken(machine, handle, 4, OTHER, 8) == Status.INVALID_OWNER


def privileges_at(call: Any, *rows: tuple[str, int]) -> int:
    data = struct.pack("<I", len(rows)) + b"".join(struct.pack("<QI", PRIVILEGES[name], bits) for name, bits in rows)
    address: int = call.reserve(len(data))
    call.memory.write(address, data)
    return address


def test_are_privileges_adjusted_and_checked(machine: Any) -> None:
    handle, token = token_handle(machine), machine.process.token
    wanted = privileges_at(machine, ("SeDebugPrivilege", 2), ("SeChangeNotifyPrivilege", 2))
    assert NtAdjustPrivilegesToken(machine, handle, 0, wanted, ROOM, DATA, NEEDED) == SUCCESS
    assert machine.memory.read(DATA, 16) == struct.pack("<IQI", 1, PRIVILEGES["SeDebugPrivilege"], 0)
    missing = privileges_at(machine, ("SeTcbPrivilege", 2))
    assert NtAdjustPrivilegesToken(machine, handle, 0, missing, 0, 0, 0) == Status.NOT_ALL_ASSIGNED
    required = machine.reserve(20)
    machine.memory.write(required, struct.pack("<IIQI", 1, 1, PRIVILEGES["SeDebugPrivilege"], 0))
    assert NtPrivilegeCheck(machine, handle, required, OTHER) == SUCCESS
    assert machine.memory.read_u8(OTHER) == 1
    assert NtAdjustPrivilegesToken(machine, handle, 1, 0, 0, 0, 0) == SUCCESS
    assert not any(enabled for _, enabled in token.privileges())
    removed = privileges_at(machine, ("SeDebugPrivilege", 4))
    assert NtAdjustPrivilegesToken(machine, handle, 0, removed, 0, 0, 0) == SUCCESS
    assert not token.holds(PRIVILEGES["SeDebugPrivilege"])


def test_what_would_somebody_be_granted(machine: Any) -> None:
    primary = token_handle(machine)
    width = machine.memory.pointer_size
    quality = machine.reserve(12)
    machine.memory.write(quality, struct.pack("<III", 12, 1, 0))
    asked = attributes(machine)
    machine.memory.write_pointer(asked + 5 * width, quality)
    assert NtDuplicateToken(machine, primary, 8, asked, 0, 2, HANDLE) == SUCCESS
    shadow, descriptor = handle_at(machine), write_descriptor(machine, "O:SYG:SYD:(A;;0x1;;;WD)")
    mapping = machine.reserve(16)
    machine.memory.write(mapping, struct.pack("<4I", 1, 2, 4, 7))

    def checked(token: int, desired: int) -> tuple[int, ...]:
        machine.memory.write_u32(NEEDED, 20)
        arguments = (descriptor, token, desired, mapping, DATA, NEEDED, OTHER, OTHER + 4)
        status = status_of(NtAccessCheck, machine, *arguments)
        return status, machine.memory.read_u32(OTHER), machine.memory.read_u32(OTHER + 4)

    assert checked(shadow, 1) == (SUCCESS, 1, SUCCESS)
    assert checked(shadow, 3) == (SUCCESS, 0, Status.ACCESS_DENIED)
    assert checked(shadow, 0x02000000) == (SUCCESS, 1, SUCCESS)
    assert checked(shadow, 0x80000000)[0] == Status.GENERIC_NOT_MAPPED
    assert checked(primary, 1)[0] == Status.NO_IMPERSONATION_TOKEN
    assert isinstance(machine.process.handles.lookup(shadow), KernelObject)
