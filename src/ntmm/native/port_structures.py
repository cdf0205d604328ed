"""The structures of the port services in a program's memory: messages, PORT_VIEW and REMOTE_PORT_VIEW.

PORT_VIEW          length 00 | section 04 (x64: 08) | offset 08 (10) | size 0C (18) | base 10 (20) |
                   remote base 14 (28) | end 18 (30)
REMOTE_PORT_VIEW   length 00 | size 04 (08) | base 08 (10) | end 0C (18)
"""

import struct
from typing import Final

from ntmm.kernel.lpc import Message, PortView, ViewRequest
from ntmm.kernel.lpc.message import decode_head, head_size
from ntmm.kernel.mm.section import Section
from ntmm.kernel.ob import InvalidHandle
from ntmm.native.call import Call
from ntmm.nt.memory import SECTION_MAP_READ, SECTION_MAP_WRITE
from ntmm.nt.status import Status

_VIEW: Final = {4: struct.Struct("<6I"), 8: struct.Struct("<I4xQI4x3Q")}
_REMOTE_VIEW: Final = {4: struct.Struct("<3I"), 8: struct.Struct("<I4x2Q")}


def read_message(call: Call, address: int) -> Message:
    """A message to send. Raises InvalidHandle(INVALID_PARAMETER) where its lengths contradict each other."""
    width = call.memory.pointer_size
    head = head_size(width)
    message, size = decode_head(call.memory.read(address, head), width)
    if message.total_length < head + size or (message.data_information and message.data_information >= head + size):
        raise InvalidHandle(Status.INVALID_PARAMETER)
    data = call.memory.read(address + head, size)
    numbers = (message.process_id, message.thread_id, message.message_id, message.view_size)
    return Message(data, message.type, *numbers, message.data_information, message.total_length)


def write_message(call: Call, address: int, message: Message) -> None:
    """A received message; the program's buffer must hold the largest one of its port."""
    call.memory.write(address, message.encode(call.memory.pointer_size))


def read_view(call: Call, address: int) -> ViewRequest | None:
    """The section that a PORT_VIEW brings; None for a null address. Raises InvalidHandle."""
    if not address:
        return None
    form = _VIEW[call.memory.pointer_size]
    length, section, offset, size, _, _ = form.unpack(call.memory.read(address, form.size))
    if length != form.size:
        raise InvalidHandle(Status.INVALID_PARAMETER)
    return ViewRequest(
        call.process.handles.lookup(section & 0xFFFFFFFF, Section, SECTION_MAP_READ | SECTION_MAP_WRITE), offset, size
    )


def write_view(call: Call, address: int, view: PortView | None) -> None:
    """Fills in size and bases of a PORT_VIEW."""
    if address and view is not None:
        form = _VIEW[call.memory.pointer_size]
        length, section, offset, *_ = form.unpack(call.memory.read(address, form.size))
        call.memory.write(address, form.pack(length, section, offset, view.size, view.base, view.remote_base))


def check_remote_view(call: Call, address: int) -> None:
    """A REMOTE_PORT_VIEW must know its length. Raises InvalidHandle(INVALID_PARAMETER)."""
    if address and call.memory.read_u32(address) != _REMOTE_VIEW[call.memory.pointer_size].size:
        raise InvalidHandle(Status.INVALID_PARAMETER)


def write_remote_view(call: Call, address: int, size: int, base: int) -> None:
    """Fills in a REMOTE_PORT_VIEW: zeros where the other end brought no section."""
    if address:
        form = _REMOTE_VIEW[call.memory.pointer_size]
        call.memory.write(address, form.pack(form.size, size, base))
