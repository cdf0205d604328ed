"""NtCreatePort, NtConnectPort, NtListenPort, NtAcceptConnectPort, NtCompleteConnectPort."""

from typing import Final

from ntmm.kernel.lpc import Client, CommunicationPort, ConnectionPort, MessageType
from ntmm.kernel.lpc.message import head_size, largest_message
from ntmm.kernel.lpc.ports import Port
from ntmm.kernel.lpc.trust import Trust
from ntmm.kernel.ob import InvalidHandle, ObjectAttributes
from ntmm.kernel.ob.manager import OBJ_CASE_INSENSITIVE, reference_by_name
from ntmm.kernel.se.capture import capture_sid
from ntmm.kernel.se.sid import Sid
from ntmm.kernel.se.token import ImpersonationLevel
from ntmm.native.call import Call
from ntmm.native.object_attributes import create_from_attributes, read_unicode_string
from ntmm.native.port_structures import (
    check_remote_view,
    read_message,
    read_view,
    write_message,
    write_remote_view,
    write_view,
)
from ntmm.native.service_table import service
from ntmm.nt.status import Status

PORT_ALL_ACCESS: Final = 0x1F0001
PORT_CONNECT: Final = 0x1


def client_of(call: Call) -> Client:
    """The caller, as the ports know it."""
    return Client(call.thread, call.process, call.process.id, call.thread.id, call.requester.token)


def port_of(call: Call, handle: int) -> Port:
    """The port of a handle; raises InvalidHandle."""
    target: object = call.process.handles.lookup(handle)
    if not isinstance(target, ConnectionPort | CommunicationPort):
        raise InvalidHandle(Status.OBJECT_TYPE_MISMATCH)
    return target


def communication_port_of(call: Call, handle: int) -> CommunicationPort:
    """One end of a connection; a connection port is INVALID_PORT_HANDLE. Raises InvalidHandle."""
    target = port_of(call, handle)
    if not isinstance(target, CommunicationPort):
        raise InvalidHandle(Status.INVALID_PORT_HANDLE)
    return target


@service("ntdll", "NtCreatePort", "p p u32 u32 u32")
def NtCreatePort(
    call: Call, handle: int, attributes: int, maximum_information: int, maximum_message: int, maximum_pool: int
) -> int:
    """A port to which clients connect by its name. Sizes in bytes; that of messages counts their head."""
    return _create_port(call, handle, attributes, maximum_information, maximum_message, waitable=False)


@service("ntdll", "NtCreateWaitablePort", "p p u32 u32 u32")
def NtCreateWaitablePort(
    call: Call, handle: int, attributes: int, maximum_information: int, maximum_message: int, maximum_pool: int
) -> int:
    """A port whose handle can be waited for: it is signalled while messages are there."""
    return _create_port(call, handle, attributes, maximum_information, maximum_message, waitable=True)


def _create_port(
    call: Call, handle: int, attributes: int, maximum_information: int, maximum_message: int, waitable: bool
) -> int:
    width = call.memory.pointer_size
    if maximum_information > largest_message(width) - head_size(width):
        return Status.INVALID_PARAMETER_3
    if maximum_message > largest_message(width):
        return Status.INVALID_PARAMETER_4
    call.memory.probe_for_write(handle, width)
    port = call.kernel.lpc.create(maximum_information, maximum_message, waitable)
    port.owner = call.requester.token.user
    return create_from_attributes(call, handle, PORT_ALL_ACCESS, attributes, port)


def _read_trust(call: Call, address: int) -> Trust | None:
    """A SECURITY_QUALITY_OF_SERVICE; None for a level that does not exist."""
    if not address:
        return Trust()
    level, is_dynamic = call.memory.read_u32(address + 4), call.memory.read_u8(address + 8)
    return Trust(ImpersonationLevel(level), bool(is_dynamic)) if level <= max(ImpersonationLevel) else None


def _connect(
    call: Call,
    handle: int,
    port_name: int,
    quality: int,
    client_view: int,
    server: Sid | None,
    server_view: int,
    maximum_message: int,
    information: int,
    information_length: int,
) -> int:
    named = ObjectAttributes(read_unicode_string(call, port_name), OBJ_CASE_INSENSITIVE)
    status, target = reference_by_name(call.kernel.names, call.requester, ConnectionPort, named, PORT_CONNECT)
    if target is None:
        return status
    if server is not None and target.owner != server:
        return Status.SERVER_SID_MISMATCH
    trust = _read_trust(call, quality)
    if trust is None:
        return Status.INVALID_PARAMETER
    check_remote_view(call, server_view)
    call.memory.probe_for_write(handle, call.memory.pointer_size)
    room = call.memory.read_u32(information_length) if information and information_length else 0
    told = call.memory.read(information, min(room, target.maximum_information))
    result = call.kernel.lpc.connect(client_of(call), target, told, read_view(call, client_view), trust)
    if information and information_length:
        answer = result.information[:room]
        call.memory.write(information, answer)
        call.memory.write_u32(information_length, len(answer))
    if result.port is None:
        return result.status
    write_view(call, client_view, result.view)
    write_remote_view(call, server_view, *result.server_view)
    if maximum_message:
        call.memory.write_u32(maximum_message, target.maximum_message)
    call.memory.write_pointer(handle, call.process.handles.insert(result.port, PORT_ALL_ACCESS))
    return Status.SUCCESS


@service("ntdll", "NtConnectPort", "p p p p p p p p")
def NtConnectPort(
    call: Call,
    handle: int,
    port_name: int,
    quality: int,
    client_view: int,
    server_view: int,
    maximum_message: int,
    information: int,
    information_length: int,
) -> int:
    """Connects to a named port and waits until the server has accepted and completed, or refused, the connection.

    `client_view` brings a section for this end; `server_view` tells of the server's. The connection information goes
    to the server, and what it answers comes back in its place.
    """
    views = (client_view, None, server_view)
    return _connect(call, handle, port_name, quality, *views, maximum_message, information, information_length)


@service("ntdll", "NtSecureConnectPort", "p p p p p p p p p")
def NtSecureConnectPort(
    call: Call,
    handle: int,
    port_name: int,
    quality: int,
    client_view: int,
    server: int,
    server_view: int,
    maximum_message: int,
    information: int,
    information_length: int,
) -> int:
    """NtConnectPort to a server of the user whose SID is at `server`; SERVER_SID_MISMATCH for another one's."""
    try:
        wanted = capture_sid(call.memory, server) if server else None
    except ValueError:
        return Status.INVALID_SID
    views = (client_view, wanted, server_view)
    return _connect(call, handle, port_name, quality, *views, maximum_message, information, information_length)


@service("ntdll", "NtListenPort", "h p")
def NtListenPort(call: Call, handle: int, request: int) -> int:
    """Waits for a client that wants to connect; other messages that arrive meanwhile are lost, as on Windows."""
    port = port_of(call, handle)
    while True:
        status, queued = call.kernel.lpc.receive(client_of(call), port)
        if queued is None:
            return status
        if queued.message.type == MessageType.CONNECTION_REQUEST:
            write_message(call, request, queued.message)
            return Status.SUCCESS


@service("ntdll", "NtAcceptConnectPort", "p p p u32 p p")
def NtAcceptConnectPort(
    call: Call, handle: int, context: int, request: int, accept: int, server_view: int, client_view: int
) -> int:
    """Accepts or refuses a connection request; the new handle is this end of the connection.

    `context` comes with every message over it. The data of the request is what the client is answered.
    """
    message = read_message(call, request)
    check_remote_view(call, client_view)
    view = read_view(call, server_view) if accept & 0xFF else None
    call.memory.probe_for_write(handle, call.memory.pointer_size)
    result = call.kernel.lpc.accept(client_of(call), message, bool(accept & 0xFF), context, view)
    if result.port is None:
        return result.status
    call.memory.write_pointer(handle, call.process.handles.insert(result.port, PORT_ALL_ACCESS))
    write_view(call, server_view, result.view)
    write_remote_view(call, client_view, *result.client_view)
    return Status.SUCCESS


@service("ntdll", "NtCompleteConnectPort", "h")
def NtCompleteConnectPort(call: Call, handle: int) -> int:
    """Lets the client of an accepted connection go on."""
    return call.kernel.lpc.complete(communication_port_of(call, handle))
