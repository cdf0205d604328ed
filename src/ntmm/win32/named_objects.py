"""Names of the Windows API: those of the session's \\BaseNamedObjects, where Global\\ and Local\\ lead elsewhere."""

from ntmm.kernel.ob import OBJ_INHERIT, OBJ_OPENIF, Directory, ObjectAttributes
from ntmm.native.call import Call
from ntmm.win32.security_attributes import descriptor_of, inherits


def _base(call: Call) -> Directory:
    return call.kernel.names.base_directory(call.process.token.session_id)


def creating(call: Call, name: str, security: int) -> ObjectAttributes:
    """What a creating function asks for: a name ("" for none) that may exist already, and a SECURITY_ATTRIBUTES.

    Raises InvalidHandle where its descriptor is none.
    """
    flags = OBJ_OPENIF | (OBJ_INHERIT if inherits(call, security) else 0)
    return ObjectAttributes(name, flags, _base(call) if name else None, descriptor_of(call, security))


def opening(call: Call, name: str, inherit: int) -> ObjectAttributes:
    """What an opening function asks for."""
    return ObjectAttributes(name, OBJ_INHERIT if inherit else 0, _base(call))
