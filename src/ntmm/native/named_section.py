"""Section objects as handles and names: whatever finds a section or gives it to a program goes through here."""

from dataclasses import dataclass
from typing import Final

from ntmm.kernel.io.constants import GENERIC_ALL, GENERIC_EXECUTE, GENERIC_READ, GENERIC_WRITE, MAXIMUM_ALLOWED
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.mm.section import Section
from ntmm.kernel.ob import InvalidHandle
from ntmm.native.call import Call
from ntmm.nt.memory import (
    SECTION_ALL_ACCESS,
    SECTION_MAP_EXECUTE,
    SECTION_MAP_READ,
    SECTION_MAP_WRITE,
    SECTION_QUERY,
)
from ntmm.nt.status import Status

OBJ_INHERIT: Final = 0x02
OBJ_PERMANENT: Final = 0x10
OBJ_OPENIF: Final = 0x80

_BASE_NAMED_OBJECTS: Final = "\\basenamedobjects\\"
_STANDARD_READ: Final = 0x20000
_GENERIC_RIGHTS: Final = {
    GENERIC_READ: _STANDARD_READ | SECTION_QUERY | SECTION_MAP_READ,
    GENERIC_WRITE: _STANDARD_READ | SECTION_MAP_WRITE,
    GENERIC_EXECUTE: _STANDARD_READ | SECTION_MAP_EXECUTE,
    GENERIC_ALL: SECTION_ALL_ACCESS,
    MAXIMUM_ALLOWED: SECTION_ALL_ACCESS,
}


@dataclass(frozen=True, slots=True)
class ObjectRequest:
    """What an OBJECT_ATTRIBUTES asks for: a name ("" for none) and OBJ_* flags."""

    name: str = ""
    flags: int = 0


def read_attributes(call: Call, address: int) -> ObjectRequest:
    """The request in guest memory; names are those of \\BaseNamedObjects. Raises IoFailure with the refusal."""
    if not address:
        return ObjectRequest()
    memory, pointer = call.memory, call.memory.pointer_size
    string, flags = memory.read_pointer(address + 2 * pointer), memory.read_u32(address + 3 * pointer)
    length = memory.read_u16(string) if string else 0
    if not length:
        return ObjectRequest("", flags)
    if memory.read_pointer(address + pointer):
        raise IoFailure(Status.NOT_IMPLEMENTED)
    data = memory.read(memory.read_pointer(string + pointer), length & ~1)
    return ObjectRequest(_below_base(data.decode("utf-16-le", "surrogatepass")), flags)


def _below_base(path: str) -> str:
    if not path.startswith("\\"):
        raise IoFailure(Status.OBJECT_PATH_SYNTAX_BAD)
    if not path.lower().startswith(_BASE_NAMED_OBJECTS):
        raise IoFailure(Status.OBJECT_PATH_NOT_FOUND)
    return path[len(_BASE_NAMED_OBJECTS) :]


def specific_access(access: int) -> int:
    """An access mask with its generic rights turned into those of sections."""
    for generic, rights in _GENERIC_RIGHTS.items():
        if access & generic:
            access = access & ~generic | rights
    return access


def insert_section(call: Call, section: Section, access: int, request: ObjectRequest) -> tuple[Status, int]:
    """A handle to a new section, or with OBJ_OPENIF to the one that has the name (OBJECT_NAME_EXISTS)."""
    inherit = bool(request.flags & OBJ_INHERIT)
    existing = call.kernel.names.get(request.name) if request.name else None
    if existing is None:
        if request.name:
            call.kernel.names.insert(request.name, section)
        return Status.SUCCESS, call.process.handles.insert(section, specific_access(access), inherit)
    section.close_if_unused()
    if not isinstance(existing, Section):
        return Status.OBJECT_TYPE_MISMATCH, 0
    if not request.flags & OBJ_OPENIF:
        return Status.OBJECT_NAME_COLLISION, 0
    return Status.OBJECT_NAME_EXISTS, call.process.handles.insert(existing, specific_access(access), inherit)


def open_section(call: Call, access: int, request: ObjectRequest) -> int:
    """A handle to the section that has a name. Raises IoFailure with the refusal."""
    found = call.kernel.names.get(request.name)
    if found is None:
        raise IoFailure(Status.OBJECT_NAME_NOT_FOUND)
    if not isinstance(found, Section):
        raise IoFailure(Status.OBJECT_TYPE_MISMATCH)
    return call.process.handles.insert(found, specific_access(access), bool(request.flags & OBJ_INHERIT))


def section_of(call: Call, handle: int, needed: int) -> Section:
    """The section of a handle that grants the `needed` SECTION_* rights. Raises InvalidHandle."""
    section = call.process.handles.lookup(handle, Section)
    if call.process.handles.entry(handle).access & needed != needed:
        raise InvalidHandle(Status.ACCESS_DENIED)
    return section
