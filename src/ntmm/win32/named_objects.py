"""Names of the Windows API: those of the session's \\BaseNamedObjects, where Global\\ and Local\\ lead elsewhere."""

from typing import Final

from ntmm.kernel.ob import OBJ_INHERIT, OBJ_OPENIF, Directory, InvalidHandle, ObjectAttributes
from ntmm.native.call import Call
from ntmm.nt.status import Status
from ntmm.win32.security_attributes import descriptor_of, inherits
from ntmm.win32.text import WIDE, StringKind


def _base(call: Call) -> Directory:
    return call.kernel.names.base_directory(call.process.token.session_id)


LONGEST_NARROW: Final = 260
"""MAX_PATH units: the A functions turn names into UTF-16 in a buffer of the TEB."""
LONGEST_WIDE: Final = 32766
"""Units that a UNICODE_STRING holds beside its zero."""


def read_object_name(call: Call, kind: StringKind, address: int) -> str:
    """The name at an address, "" for null; raises InvalidHandle(NAME_TOO_LONG), which is FILENAME_EXCED_RANGE (206)."""
    name = kind.read(call, address) if address else ""
    units = len(name.encode("utf-16-le", "surrogatepass")) // 2
    if units > (LONGEST_WIDE if kind is WIDE else LONGEST_NARROW):
        raise InvalidHandle(Status.NAME_TOO_LONG)
    return name


def creating(call: Call, name: str, security: int) -> ObjectAttributes:
    """What a creating function asks for: a name ("" for none) that may exist already, and a SECURITY_ATTRIBUTES.

    Raises InvalidHandle where its descriptor is none.
    """
    flags = OBJ_OPENIF | (OBJ_INHERIT if inherits(call, security) else 0)
    return ObjectAttributes(name, flags, _base(call) if name else None, descriptor_of(call, security))


def opening(call: Call, name: str, inherit: int) -> ObjectAttributes:
    """What an opening function asks for."""
    return ObjectAttributes(name, OBJ_INHERIT if inherit else 0, _base(call))
