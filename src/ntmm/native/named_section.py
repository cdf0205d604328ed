"""Section objects as handles and names: whatever finds a section or gives it to a program goes through here."""

from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.mm.section import Section
from ntmm.kernel.ob import ObjectAttributes, create_object, open_object
from ntmm.native.call import Call
from ntmm.nt.status import Status, is_success


def insert_section(call: Call, section: Section, access: int, attributes: ObjectAttributes) -> tuple[Status, int]:
    """A handle to a new section, or with OBJ_OPENIF to the one that has the name (OBJECT_NAME_EXISTS)."""
    return create_object(call.kernel.names, call.requester, section, attributes, access)


def open_section(call: Call, access: int, attributes: ObjectAttributes) -> int:
    """A handle to the section that has a name. Raises IoFailure with the refusal."""
    status, handle = open_object(call.kernel.names, call.requester, Section, attributes, access)
    if not is_success(status):
        raise IoFailure(status)
    return handle


def section_of(call: Call, handle: int, needed: int) -> Section:
    """The section of a handle that grants the `needed` SECTION_* rights. Raises InvalidHandle."""
    return call.process.handles.lookup(handle, Section, needed)
