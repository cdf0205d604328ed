"""Handles and named objects: !handle, !object."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.ob.handles import HandleEntry
from ntmm.tools.command import Command, process_of
from ntmm.tools.debugger import Debugger
from ntmm.tools.expressions import number_of
from ntmm.tools.object_view import handles, name_of, named_objects
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
    """One named object."""

    type: str = column("Type", Form.TEXT, "type of the object")
    handle_count: int = column("HandleCount", Form.COUNT, "handles to the object in all processes")
    pointer_count: int = column("PointerCount", Form.COUNT, "references of the kernel to the object")
    name: str = column("Name", Form.TEXT, "its name")


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
    found = [(name, one) for name, one in named_objects(debugger.kernel) if arguments in ("", name)]
    if arguments and not found:
        raise CommandError(f"no object has the name {arguments!r}")
    for name, one in found:
        yield ObjectRow(one.type_name, one.handle_count, one.pointer_count, name)


COMMANDS: Final = (
    Command("!handle", "[HANDLE [ID]]", "open handles of a process; 0 for all", _handles, (HandleRow,)),
    Command("!object", "[NAME]", "named objects, or the one with a name", _objects, (ObjectRow,)),
)
