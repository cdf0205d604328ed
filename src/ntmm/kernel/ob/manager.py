"""Making and opening objects: name, access check and handle in one place (ObInsertObject, ObOpenObjectByName,
ObOpenObjectByPointer, ObDuplicateObject).
"""

from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, TypeVar

from ntmm.kernel.ob.directory import DIRECTORY_CREATE_OBJECT, DIRECTORY_CREATE_SUBDIRECTORY, Directory
from ntmm.kernel.ob.handles import HandleTable
from ntmm.kernel.ob.names import Lookup, ObjectNames
from ntmm.kernel.ob.objects import KernelObject
from ntmm.kernel.se.access import ACCESS_SYSTEM_SECURITY, MAXIMUM_ALLOWED, SPECIFIC_RIGHTS_ALL, STANDARD_RIGHTS_ALL
from ntmm.kernel.se.assign import assign_security
from ntmm.kernel.se.check import AccessAnswer, access_check
from ntmm.kernel.se.descriptor import SecurityDescriptor
from ntmm.kernel.se.privileges import PRIVILEGES
from ntmm.kernel.se.token import Token
from ntmm.nt.status import Status

OBJ_INHERIT: Final = 0x002
OBJ_PERMANENT: Final = 0x010
OBJ_EXCLUSIVE: Final = 0x020
OBJ_CASE_INSENSITIVE: Final = 0x040
OBJ_OPENIF: Final = 0x080
OBJ_OPENLINK: Final = 0x100
OBJ_VALID_ATTRIBUTES: Final = 0x1F2

DUPLICATE_CLOSE_SOURCE: Final = 1
DUPLICATE_SAME_ACCESS: Final = 2
DUPLICATE_SAME_ATTRIBUTES: Final = 4

_DEBUG: Final = PRIVILEGES["SeDebugPrivilege"]
_CREATE_PERMANENT: Final = PRIVILEGES["SeCreatePermanentPrivilege"]
_CREATE_GLOBAL: Final = PRIVILEGES["SeCreateGlobalPrivilege"]


class Requester(Protocol):
    """Who asks: a process, or a thread that acts for somebody else."""

    @property
    def handles(self) -> HandleTable:
        """Where new handles go."""

    @property
    def token(self) -> Token:
        """On whose behalf it asks."""


@dataclass(frozen=True, slots=True)
class ObjectAttributes:
    """Name ("" for none) from `root` or as a full path, OBJ_* flags, and the descriptor that a new object is to have.

    `security` counts for new objects only.
    """

    name: str = ""
    flags: int = 0
    root: Directory | None = None
    security: SecurityDescriptor | None = None


NAMELESS: Final = ObjectAttributes()

Kind = TypeVar("Kind", bound=KernelObject)


class HandleAnswer(NamedTuple):
    """A new handle, or 0 and why there is none."""

    status: Status
    handle: int = 0


def create_object(
    names: ObjectNames, requester: Requester, target: KernelObject, attributes: ObjectAttributes, access: int
) -> HandleAnswer:
    """Gives a new object its descriptor, its name and a first handle.

    With OBJ_OPENIF and a name that is taken, a handle to the object that has it, and OBJECT_NAME_EXISTS; the new object
    is closed then, as after any failure: OBJECT_NAME_COLLISION, OBJECT_TYPE_MISMATCH for a name of another type,
    ACCESS_DENIED, INVALID_OWNER, PRIVILEGE_NOT_HELD, and what `ObjectNames.find` answers. The creator gets all of
    `access`, whatever the descriptor says.
    """
    answer = _create(names, requester, target, attributes, access)
    target.close_if_unused()
    return answer


def _create(
    names: ObjectNames, requester: Requester, target: KernelObject, attributes: ObjectAttributes, access: int
) -> HandleAnswer:
    if not attributes.name and not target.is_security_required:
        return _new_handle(requester, target, _created_access(target, access), attributes)
    place = _find(names, requester, attributes) if attributes.name else Lookup(Status.SUCCESS)
    if place.target is not None:
        if not attributes.flags & OBJ_OPENIF:
            return HandleAnswer(Status.OBJECT_NAME_COLLISION)
        opened = _open(requester, type(target), place.target, attributes, access)
        return opened._replace(status=Status.OBJECT_NAME_EXISTS) if opened.status == Status.SUCCESS else opened
    refusal = _refusal_to_name(requester, target, attributes, place)
    if refusal != Status.SUCCESS:
        return HandleAnswer(refusal)
    parent = place.directory.security if place.directory is not None else None
    status, security = assign_security(
        attributes.security, parent, requester.token, target.mapping, target.is_container
    )
    if status != Status.SUCCESS:
        return HandleAnswer(status)
    target.security = security
    if place.directory is not None:
        target.is_permanent = bool(attributes.flags & OBJ_PERMANENT)
        place.directory.insert(place.name, target)
    return _new_handle(requester, target, _created_access(target, access), attributes)


def _refusal_to_name(requester: Requester, target: KernelObject, attributes: ObjectAttributes, place: Lookup) -> Status:
    """Why a new object may not have the name it is to have; SUCCESS if it may."""
    token, directory = requester.token, place.directory
    if directory is None:
        return Status.SUCCESS if place.status == Status.SUCCESS else place.status
    needed = DIRECTORY_CREATE_SUBDIRECTORY if isinstance(target, Directory) else DIRECTORY_CREATE_OBJECT
    answer = check_access(requester, directory, needed)
    if answer.status != Status.SUCCESS:
        return answer.status
    if attributes.flags & OBJ_PERMANENT and not token.is_enabled(_CREATE_PERMANENT):
        return Status.PRIVILEGE_NOT_HELD
    is_elsewhere = token.session_id not in (0, directory.session_id)
    if target.is_global_privileged and is_elsewhere and not token.is_enabled(_CREATE_GLOBAL):
        return Status.ACCESS_DENIED
    return Status.SUCCESS


def _created_access(target: KernelObject, access: int) -> int:
    granted = target.mapping.map(access)
    if granted & MAXIMUM_ALLOWED:
        granted |= target.mapping.all
    return granted & (STANDARD_RIGHTS_ALL | SPECIFIC_RIGHTS_ALL | ACCESS_SYSTEM_SECURITY)


def open_object(
    names: ObjectNames, requester: Requester, kind: type[Kind], attributes: ObjectAttributes, access: int
) -> HandleAnswer:
    """A handle to the object that has a name, if its descriptor allows the requester all of `access`."""
    place = _find(names, requester, attributes)
    if place.target is None:
        return HandleAnswer(place.status)
    return _open(requester, kind, place.target, attributes, access)


def reference_by_name(
    names: ObjectNames, requester: Requester, kind: type[Kind], attributes: ObjectAttributes, access: int
) -> tuple[Status, Kind | None]:
    """The object that has a name, checked as `open_object` does, without a handle (ObReferenceObjectByName)."""
    target = (place := _find(names, requester, attributes)).target
    if target is None:
        return place.status, None
    if not isinstance(target, kind):
        return Status.OBJECT_TYPE_MISMATCH, None
    status = check_access(requester, target, access).status
    return status, target if status == Status.SUCCESS else None


def open_by_pointer(
    requester: Requester, target: KernelObject, access: int, attributes: ObjectAttributes = NAMELESS
) -> HandleAnswer:
    """A handle to an object that was found otherwise, if its descriptor allows all of `access`."""
    granted, status = check_access(requester, target, access)
    if status != Status.SUCCESS:
        return HandleAnswer(status)
    return _new_handle(requester, target, granted, attributes)


def open_for_debugging(
    requester: Requester, target: KernelObject, access: int, attributes: ObjectAttributes = NAMELESS
) -> HandleAnswer:
    """As `open_by_pointer` for a process or thread: with SeDebugPrivilege enabled everything is allowed."""
    if not requester.token.is_enabled(_DEBUG):
        return open_by_pointer(requester, target, access, attributes)
    return _new_handle(requester, target, _created_access(target, access), attributes)


def check_access(requester: Requester, target: KernelObject, access: int) -> AccessAnswer:
    """What a handle to an object would grant (ObCheckObjectAccess)."""
    if not requester.token.may_act:
        return AccessAnswer(0, Status.BAD_IMPERSONATION_LEVEL)
    return access_check(target.descriptor(), requester.token, access, target.mapping)


def _find(names: ObjectNames, requester: Requester, attributes: ObjectAttributes) -> Lookup:
    return names.find(
        attributes.name,
        attributes.root,
        ignore_case=bool(attributes.flags & OBJ_CASE_INSENSITIVE),
        open_link=bool(attributes.flags & OBJ_OPENLINK),
        token=requester.token,
    )


def _open(
    requester: Requester, kind: type[KernelObject], target: KernelObject, attributes: ObjectAttributes, access: int
) -> HandleAnswer:
    if not isinstance(target, kind):
        return HandleAnswer(Status.OBJECT_TYPE_MISMATCH)
    return open_by_pointer(requester, target, access, attributes)


def _new_handle(requester: Requester, target: KernelObject, granted: int, attributes: ObjectAttributes) -> HandleAnswer:
    inherit = bool(attributes.flags & OBJ_INHERIT)
    return HandleAnswer(Status.SUCCESS, requester.handles.insert(target, granted & ~MAXIMUM_ALLOWED, inherit))


def duplicate_object(
    requester: Requester, source: HandleTable, handle: int, target: HandleTable, access: int, flags: int, options: int
) -> HandleAnswer:
    """A second handle, in the table `target`, to the object of a handle of `source`; `flags` are OBJ_* flags.

    Rights that the source has not need the object's descriptor; files and keys never gain any. With
    DUPLICATE_CLOSE_SOURCE the source is closed whatever comes of it. Raises InvalidHandle for a bad source.
    """
    entry = source.entry(handle)
    answer = duplicate_to(requester, entry.object, entry.access, target, access, options)
    if answer.handle:
        inherit, protect = bool(flags & OBJ_INHERIT), False
        if options & DUPLICATE_SAME_ATTRIBUTES:
            inherit, protect = entry.inherit, entry.protect
        target.set_flags(answer.handle, inherit, protect)
    if options & DUPLICATE_CLOSE_SOURCE and not entry.protect:
        source.close(handle)
    return answer


def duplicate_to(
    requester: Requester, subject: KernelObject, granted: int, target: HandleTable, access: int, options: int
) -> HandleAnswer:
    """A handle in the table `target` to an object that somebody has a handle to with `granted` rights."""
    wanted = granted
    if not options & DUPLICATE_SAME_ACCESS:
        wanted = subject.mapping.map(access)
        if wanted & ~granted:
            if not subject.may_gain_access:
                return HandleAnswer(Status.ACCESS_DENIED)
            wanted, status = check_access(requester, subject, wanted)
            if status != Status.SUCCESS:
                return HandleAnswer(status)
    return HandleAnswer(Status.SUCCESS, target.insert(subject, wanted & ~MAXIMUM_ALLOWED))


def make_temporary(target: KernelObject) -> None:
    """Lets an object's name go with its last handle (ObMakeTemporaryObject)."""
    target.is_permanent = False
    target.close_if_unused()
