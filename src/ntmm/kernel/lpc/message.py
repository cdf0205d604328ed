"""PORT_MESSAGE: the head of every message in a program's memory, and what of it the kernel keeps.

    data length 00 | total length 02 | type 04 | offset of the data information 06
    process id 08 | thread id 0C (x64: 10) | message id 10 (18) | size of the client's view 14 (20) | data 18 (28)

Lengths in bytes; the total length counts the head.
"""

import struct
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

_HEAD_32: Final = struct.Struct("<HHHHIIII")
_HEAD_64: Final = struct.Struct("<HHHHQQI4xQ")


class MessageType(IntEnum):
    """LPC_*: what a message is for."""

    NEW_MESSAGE = 0
    REQUEST = 1
    REPLY = 2
    DATAGRAM = 3
    LOST_REPLY = 4
    PORT_CLOSED = 5
    CLIENT_DIED = 6
    EXCEPTION = 7
    DEBUG_EVENT = 8
    ERROR_EVENT = 9
    CONNECTION_REQUEST = 10


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `process_id` and `thread_id` are the sender's; the kernel fills them, the type and the id."""

    data: bytes
    type: int = MessageType.NEW_MESSAGE
    process_id: int = 0
    thread_id: int = 0
    message_id: int = 0
    view_size: int = 0
    data_information: int = 0
    """Offset of PORT_DATA_INFORMATION from the head; 0 if the message has none."""
    total_length: int = 0

    def encode(self, pointer_size: int) -> bytes:
        """The message as a program finds it."""
        head = _head(pointer_size)
        size = len(self.data)
        numbers = (self.process_id, self.thread_id, self.message_id, self.view_size)
        return head.pack(size, head.size + size, self.type, self.data_information, *numbers) + self.data

    def sent(self, kind: MessageType, process_id: int, thread_id: int, message_id: int) -> "Message":
        """The message as the receiver gets it."""
        return replace(self, type=kind, process_id=process_id, thread_id=thread_id, message_id=message_id, view_size=0)


def _head(pointer_size: int) -> struct.Struct:
    return _HEAD_64 if pointer_size == 8 else _HEAD_32


def head_size(pointer_size: int) -> int:
    """Bytes of the head: 24 or 40."""
    return _head(pointer_size).size


def largest_message(pointer_size: int) -> int:
    """PORT_MAXIMUM_MESSAGE_LENGTH in bytes with the head: 256 or 512."""
    return 512 if pointer_size == 8 else 256


def decode_head(data: bytes, pointer_size: int) -> tuple[Message, int]:
    """A message without its data, and the length of its data, from the bytes of a head."""
    size, total, kind, information, process_id, thread_id, message_id, view = _head(pointer_size).unpack(data)
    return Message(b"", kind, process_id, thread_id, message_id, view, information, total), size
