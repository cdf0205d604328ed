"""Handles and named objects: !handle, !object."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.ob import KernelObject
from ntmm.kernel.ob.handles import HandleEntry
from ntmm.tools.command import Command, process_of
from ntmm.tools.debugger import Debugger
from ntmm.tools.expressions import number_of
from ntmm.tools.object_view import (
    entries_of,
    handles,
    link_target,
    name_of,
    named_objects,
    object_named,
    security_of,
)
from ntmm.tools.rows import CommandError, Form, Row, column


@dataclass(frozen=True, slots=True)
class HandleRow(Row):
    """One open handle of a process."""

    handle: int = column("Handle", Form.HEX, "its value in the program")
    type: str = column("Type", Form.TEXT, "type of the object")
    access: int = column("GrantedAccess", Form.HEX, "what it may be used for (an access mask)")
    inherit: bool = column("Inherit", Form.TEXT, "whether child processes get it")
    protect: bool = column("Protect", Form.TEXT, "whether it is protected from being closed")
    handle_count: int = column("HandleCount", Form.COUNT, "handles to the object in all processes")
    pointer_count: int = column("PointerCount", Form.COUNT, "references of the kernel to the object")
    name: str = column("Name", Form.TEXT, "the object's name, or its file")


@dataclass(frozen=True, slots=True)
class ObjectRow(Row):
    """One named object, by its full path."""

    type: str = column("Type", Form.TEXT, "type of the object")
    handle_count: int = column("HandleCount", Form.COUNT, "handles to the object in all processes")
    pointer_count: int = column("PointerCount", Form.COUNT, "references of the kernel to the object")
    name: str = column("Name", Form.TEXT, "its full path")
    target: str = column("Target", Form.TEXT, "what a symbolic link stands for")


@dataclass(frozen=True, slots=True)
class SecurityRow(Row):
    """The security descriptor of an object, in SDDL."""

    owner: str = column("Owner", Form.TEXT, "the owner's account, or its SID where it has no name")
    descriptor: str = column("SecurityDescriptor", Form.TEXT, "owner, group and lists")


def _handles(debugger: Debugger, arguments: str) -> Iterator[Row]:
    wanted, _, process_text = arguments.partition(" ")
    process = process_of(debugger, process_text.strip())
    number = number_of(wanted) if wanted else 0
    if number is None:
        raise CommandError(f"{wanted!r} is no handle: write hexadecimal digits, 0 for all")
    found = [(handle, entry) for handle, entry in handles(process) if not number or handle == number & ~3]
    if number and not found:
        raise CommandError(f"process {process.id:x} has no handle {number:x}")
    yield from (_handle_row(debugger, handle, entry) for handle, entry in found)


def _handle_row(debugger: Debugger, handle: int, entry: HandleEntry) -> HandleRow:
    target = entry.object
    return HandleRow(
        handle,
        target.type_name,
        entry.access,
        entry.inherit,
        entry.protect,
        target.handle_count,
        target.pointer_count,
        name_of(target),
    )


def _objects(debugger: Debugger, arguments: str) -> Iterator[Row]:
    kernel = debugger.kernel
    if not arguments:
        yield from (_object_row(path, one) for path, one in named_objects(kernel))
        return
    found = object_named(kernel, arguments)
    if found is None:
        raise CommandError(f"no object has the name '{arguments}'")
    yield _object_row(name_of(found), found)
    security = security_of(kernel, found)
    if security is not None:
        yield SecurityRow(*security)
    yield from (_object_row(path, one) for path, one in entries_of(found))


def _object_row(path: str, target: KernelObject) -> ObjectRow:
    return ObjectRow(target.type_name, target.handle_count, target.pointer_count, path, link_target(target))


COMMANDS: Final = (
    Command("!handle", "[HANDLE [ID]]", "open handles of a process; 0 for all", _handles, (HandleRow,)),
    Command(
        "!object",
        "[NAME]",
        "the tree of names; or one object with its security and, of a directory, what is in it",
        _objects,
        (ObjectRow, SecurityRow),
    ),
)
