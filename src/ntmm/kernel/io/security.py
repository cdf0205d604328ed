"""The security descriptors of files: those that programs set are kept until the machine is closed.

The host has no room for them, and decides itself who may do what in its folder. A file without a descriptor of its own
belongs to the machine's user, and everybody may do everything, as on a FAT volume.
"""

from typing import Final

from ntmm.kernel.io.constants import (
    DELETE,
    FILE_READ_ATTRIBUTES,
    FILE_READ_DATA,
    MAXIMUM_ALLOWED,
)
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.se import SecurityDescriptor, Token, access_check, assign_security, well_known
from ntmm.kernel.se.access import ACCESS_SYSTEM_SECURITY, FILE_MAPPING
from ntmm.kernel.se.accounts import DEFAULT_USER
from ntmm.kernel.se.acl import CONTAINER_INHERIT, OBJECT_INHERIT, Ace, AceType, Acl
from ntmm.kernel.se.descriptor import descriptor_with_dacl
from ntmm.nt.status import Status

FILE_ADD_FILE: Final = 0x2
FILE_ADD_SUBDIRECTORY: Final = 0x4
FILE_DELETE_CHILD: Final = 0x40


def _open_to_all(flags: int) -> SecurityDescriptor:
    ace = Ace(AceType.ALLOWED, FILE_MAPPING.all, well_known.WORLD, flags)
    return descriptor_with_dacl(DEFAULT_USER.sid, well_known.NONE, Acl((ace,)))


FILE_SECURITY: Final = _open_to_all(0)
FOLDER_SECURITY: Final = _open_to_all(OBJECT_INHERIT | CONTAINER_INHERIT)


def pipe_security(asked: SecurityDescriptor | None, token: Token) -> SecurityDescriptor:
    """The descriptor of a new pipe: without one of the creator's, its owner, administrators and the system may do
    everything, and everybody may read. Raises IoFailure where `asked` may not be had.
    """
    if asked is None:
        full = [well_known.LOCAL_SYSTEM, well_known.ADMINISTRATORS, token.owner]
        aces = [Ace(AceType.ALLOWED, FILE_MAPPING.all, sid) for sid in full]
        aces += [Ace(AceType.ALLOWED, FILE_MAPPING.read, sid) for sid in (well_known.WORLD, well_known.ANONYMOUS)]
        return descriptor_with_dacl(token.owner, token.primary_group, Acl(tuple(aces)))
    status, descriptor = assign_security(asked, None, token, FILE_MAPPING)
    if descriptor is None:
        raise IoFailure(status)
    return descriptor


def granted_access(
    own: SecurityDescriptor | None, folder: SecurityDescriptor | None, token: Token | None, desired: int
) -> int:
    """What an open is granted by the file's descriptor and that of its folder; None stands for the usual one.

    The folder's FILE_DELETE_CHILD lets its files be deleted, FILE_LIST_DIRECTORY their attributes be read. Without a
    token it is the system itself that asks. Raises IoFailure with ACCESS_DENIED or PRIVILEGE_NOT_HELD.
    """
    wanted = FILE_MAPPING.map(desired)
    if token is None or (own is None and not wanted & (MAXIMUM_ALLOWED | ACCESS_SYSTEM_SECURITY)):
        return wanted
    implied = _implied(folder, token)
    granted, status = access_check(own or FILE_SECURITY, token, wanted & ~implied, FILE_MAPPING)
    if status != Status.SUCCESS:
        raise IoFailure(status)
    return granted | (implied if wanted & MAXIMUM_ALLOWED else wanted & implied)


def _implied(folder: SecurityDescriptor | None, token: Token) -> int:
    return sum(
        right
        for right, from_folder in ((DELETE, FILE_DELETE_CHILD), (FILE_READ_ATTRIBUTES, FILE_READ_DATA))
        if access_check(folder or FOLDER_SECURITY, token, from_folder, FILE_MAPPING).status == Status.SUCCESS
    )


def check_folder(folder: SecurityDescriptor | None, token: Token | None, wanted: int) -> None:
    """Whether something may be put into a folder; raises IoFailure with ACCESS_DENIED."""
    if token is None or folder is None:
        return
    status = access_check(folder, token, wanted, FILE_MAPPING).status
    if status != Status.SUCCESS:
        raise IoFailure(status)


def new_security(
    asked: SecurityDescriptor | None, folder: SecurityDescriptor | None, token: Token | None, is_directory: bool
) -> SecurityDescriptor | None:
    """The descriptor of a new file, None for the usual one; raises IoFailure where `asked` may not be had."""
    if token is None or (asked is None and folder is None and token.owner == DEFAULT_USER.sid):
        return None
    status, descriptor = assign_security(asked, folder or FOLDER_SECURITY, token, FILE_MAPPING, is_directory)
    if status != Status.SUCCESS:
        raise IoFailure(status)
    return descriptor
