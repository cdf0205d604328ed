"""Messages over ports: NtRequestPort, NtRequestWaitReplyPort, NtReplyPort, NtReplyWaitReceivePort and their family."""

from ntmm.kernel.lpc.ports import Port
from ntmm.kernel.lpc.queue import Request
from ntmm.kernel.ob import TokenObject
from ntmm.kernel.ps import Process
from ntmm.kernel.ps.impersonate import impersonate
from ntmm.kernel.se.token import ImpersonationLevel, TokenType
from ntmm.native.call import Call
from ntmm.native.memory import copy_between
from ntmm.native.port_connection import client_of, communication_port_of, port_of
from ntmm.native.port_structures import read_message, write_message
from ntmm.native.service_table import service
from ntmm.native.synchronization import timeout_of
from ntmm.nt.status import Status


@service("ntdll", "NtRequestPort", "h p")
def NtRequestPort(call: Call, handle: int, message: int) -> int:
    """Sends a datagram to the other end."""
    port = communication_port_of(call, handle)
    return call.kernel.lpc.request(client_of(call), port, read_message(call, message))


@service("ntdll", "NtRequestWaitReplyPort", "h p p")
def NtRequestWaitReplyPort(call: Call, handle: int, message: int, reply: int) -> int:
    """Sends a request to the other end and waits for its reply; both may be the same buffer."""
    port = communication_port_of(call, handle)
    status, answer = call.kernel.lpc.request_and_wait(client_of(call), port, read_message(call, message))
    if answer is not None:
        write_message(call, reply, answer)
    return status


@service("ntdll", "NtReplyPort", "h p")
def NtReplyPort(call: Call, handle: int, reply: int) -> int:
    """Answers a request; the message has the ids of the one that was received."""
    return call.kernel.lpc.reply(client_of(call), port_of(call, handle), read_message(call, reply))


def _receive(call: Call, port: Port, context: int, message: int, timeout_100ns: int | None) -> int:
    status, queued = call.kernel.lpc.receive(client_of(call), port, timeout_100ns)
    if queued is None:
        return status
    if context:
        call.memory.write_pointer(context, queued.context)
    write_message(call, message, queued.message)
    return Status.SUCCESS


@service("ntdll", "NtReplyWaitReceivePort", "h p p p")
def NtReplyWaitReceivePort(call: Call, handle: int, context: int, reply: int, message: int) -> int:
    """Answers a request, unless `reply` is null, and waits for the next message; `context` may be null."""
    return NtReplyWaitReceivePortEx(call, handle, context, reply, message, 0)


@service("ntdll", "NtReplyWaitReceivePortEx", "h p p p p")
def NtReplyWaitReceivePortEx(call: Call, handle: int, context: int, reply: int, message: int, timeout: int) -> int:
    """NtReplyWaitReceivePort with a timeout (null: none), which answers TIMEOUT."""
    port = port_of(call, handle)
    if reply:
        status = call.kernel.lpc.reply(client_of(call), port, read_message(call, reply))
        if status is not Status.SUCCESS:
            return status
    return _receive(call, port, context, message, timeout_of(call, timeout))


@service("ntdll", "NtReplyWaitReplyPort", "h p")
def NtReplyWaitReplyPort(call: Call, handle: int, reply: int) -> int:
    """Answers a question about the caller's request and waits on for the request's reply, in the same buffer."""
    port = port_of(call, handle)
    status, answer = call.kernel.lpc.answer_and_wait(client_of(call), port, read_message(call, reply))
    if answer is not None:
        write_message(call, reply, answer)
    return status


@service("ntdll", "NtRegisterThreadTerminatePort", "h")
def NtRegisterThreadTerminatePort(call: Call, handle: int) -> int:
    """Has the other end told of the caller's end, with LPC_CLIENT_DIED and the time at which its process was made."""
    clock = call.kernel.clock
    created = clock.now_100ns() - clock.uptime_100ns() + call.process.created_100ns
    return call.kernel.lpc.register_termination(call.thread.id, communication_port_of(call, handle), created)


@service("ntdll", "NtQueryInformationPort", "h u32 p u32 p")
def NtQueryInformationPort(call: Call, handle: int, kind: int, buffer: int, length: int, return_length: int) -> int:
    """There is no class of information about ports."""
    port_of(call, handle)
    return Status.INVALID_INFO_CLASS


@service("ntdll", "NtImpersonateClientOfPort", "h p")
def NtImpersonateClientOfPort(call: Call, handle: int, message: int) -> int:
    """The caller, a server, acts for the client whose request it has received and not answered.

    The client has said how far it trusts servers when it connected. REPLY_MESSAGE_MISMATCH if nobody waits for an
    answer to the message over this port; BAD_IMPERSONATION_LEVEL for a client that wants to stay unknown.
    """
    request = call.kernel.lpc.request_over(communication_port_of(call, handle), read_message(call, message))
    if request is None or request.token is None:
        return Status.REPLY_MESSAGE_MISMATCH
    level = request.trust.level
    if level is ImpersonationLevel.ANONYMOUS:
        return Status.BAD_IMPERSONATION_LEVEL
    return impersonate(call.thread, TokenObject(request.token.duplicate(TokenType.IMPERSONATION, level)))


def _data_entry(call: Call, request: Request, index: int) -> tuple[int, int] | None:
    """Base and size in bytes of an entry of the sender's PORT_DATA_INFORMATION, as it stood in the message."""
    width, message = call.memory.pointer_size, request.message
    start = message.data_information - (40 if width == 8 else 24)
    if start < 0 or index >= int.from_bytes(message.data[start : start + 4], "little"):
        return None
    entry = start + width + index * 2 * width
    words = [message.data[place : place + width] for place in (entry, entry + width)]
    if len(words[1]) < width:
        return None
    return int.from_bytes(words[0], "little"), int.from_bytes(words[1][:4], "little")


def _transfer(
    call: Call, handle: int, message: int, index: int, buffer: int, size: int, count: int, *, write: bool
) -> int:
    """Copies between the caller and the memory that a waiting sender has offered."""
    port_of(call, handle)
    request = call.kernel.lpc.open_request(read_message(call, message))
    if request is None:
        return Status.REPLY_MESSAGE_MISMATCH
    entry = _data_entry(call, request, index)
    if entry is None or size > entry[1]:
        return Status.INVALID_PARAMETER
    sender: Process = request.sender
    sender.reference()
    if write:
        done = copy_between(call.process, buffer, sender, entry[0], size)
    else:
        done = copy_between(sender, entry[0], call.process, buffer, size)
    sender.dereference()
    if count:
        call.memory.write_pointer(count, done)
    return Status.SUCCESS if done == size else Status.PARTIAL_COPY


@service("ntdll", "NtReadRequestData", "h p u32 p p p")
def NtReadRequestData(call: Call, handle: int, message: int, index: int, buffer: int, size: int, count: int) -> int:
    """Copies from the memory that the sender of a request has offered."""
    return _transfer(call, handle, message, index, buffer, size, count, write=False)


@service("ntdll", "NtWriteRequestData", "h p u32 p p p")
def NtWriteRequestData(call: Call, handle: int, message: int, index: int, buffer: int, size: int, count: int) -> int:
    """Copies into the memory that the sender of a request has offered."""
    return _transfer(call, handle, message, index, buffer, size, count, write=True)
