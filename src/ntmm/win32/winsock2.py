"""winsock2.h: Windows Sockets of a machine on which no transport protocol is installed.

Programs can start them and ask for protocols; there are none, so no socket can ever be made.
"""

import struct
from typing import Final

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.win32.process_state import state_of

_WSAEFAULT: Final = 10014
_WSAENOTSOCK: Final = 10038
_WSAEAFNOSUPPORT: Final = 10047
_WSAVERNOTSUPPORTED: Final = 10092
_WSANOTINITIALISED: Final = 10093
_FAILED: Final = -1
"""SOCKET_ERROR and INVALID_SOCKET."""

_HIGHEST: Final = (2, 2)
_DESCRIPTION: Final = b"WinSock 2.0"
_STATUS: Final = b"Running"


def _fail(call: Call, error: int, answer: int = _FAILED) -> int:
    """Sets the error and answers; where sockets were not started that is the error."""
    call.set_last_error(error if state_of(call).socket_starts else _WSANOTINITIALISED)
    return answer


def _socket_data(call: Call, version: tuple[int, int]) -> bytes:
    """WSADATA: on 64 bits the numbers and the pointer stand before the texts."""
    numbers = bytes((*version, *_HIGHEST))
    texts = _DESCRIPTION.ljust(257, b"\0") + _STATUS.ljust(129, b"\0")
    if call.memory.pointer_size == 8:
        return numbers + struct.pack("<HHQ", 0, 0, 0) + texts
    return numbers + texts + struct.pack("<HHI", 0, 0, 0)


@service("ws2_32", "WSAStartup", "u16 p")
def WSAStartup(call: Call, version: int, data: int) -> int:
    """Starts sockets for the process; unlike the others it answers its error itself."""
    asked = (version & 0xFF, version >> 8)
    if not asked[0]:
        return _WSAVERNOTSUPPORTED
    if not data:
        return _WSAEFAULT
    call.memory.write(data, _socket_data(call, min(asked, _HIGHEST)))
    state_of(call).socket_starts += 1
    return 0


@service("ws2_32", "WSACleanup")
def WSACleanup(call: Call) -> int:
    """Takes one start back."""
    state = state_of(call)
    if not state.socket_starts:
        return _fail(call, _WSANOTINITIALISED)
    state.socket_starts -= 1
    return 0


@service("ws2_32", "socket", "i32 i32 i32")
def socket(call: Call, family: int, kind: int, protocol: int) -> int:
    """No family of addresses has a protocol."""
    return _fail(call, _WSAEAFNOSUPPORT)


@service("ws2_32", "WSASocketA", "i32 i32 i32 p u32 u32")
def WSASocketA(call: Call, family: int, kind: int, protocol: int, info: int, group: int, flags: int) -> int:
    """As socket."""
    return _fail(call, _WSAEAFNOSUPPORT)


@service("ws2_32", "WSASocketW", "i32 i32 i32 p u32 u32")
def WSASocketW(call: Call, family: int, kind: int, protocol: int, info: int, group: int, flags: int) -> int:
    """As socket."""
    return _fail(call, _WSAEAFNOSUPPORT)


@service("ws2_32", "closesocket", "p")
def closesocket(call: Call, handle: int) -> int:
    """No handle is a socket's."""
    return _fail(call, _WSAENOTSOCK)


@service("ws2_32", "WSAGetOverlappedResult", "p p p u32 p")
def WSAGetOverlappedResult(call: Call, handle: int, overlapped: int, count: int, wait: int, flags: int) -> int:
    """No handle is a socket's."""
    return _fail(call, _WSAENOTSOCK, 0)


def _enumerate(call: Call, length: int) -> int:
    if not length:
        return _fail(call, _WSAEFAULT)
    if not state_of(call).socket_starts:
        return _fail(call, _WSANOTINITIALISED)
    call.memory.write_u32(length, 0)
    return 0


@service("ws2_32", "WSAEnumProtocolsA", "p p p")
def WSAEnumProtocolsA(call: Call, wanted: int, buffer: int, length: int) -> int:
    """No protocol, which takes no bytes."""
    return _enumerate(call, length)


@service("ws2_32", "WSAEnumProtocolsW", "p p p")
def WSAEnumProtocolsW(call: Call, wanted: int, buffer: int, length: int) -> int:
    """No protocol, which takes no bytes."""
    return _enumerate(call, length)
