"""How a Windows API function fails: the last error is set and a fixed value is returned."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ob import InvalidHandle
from ntmm.native.call import Call
from ntmm.nt.status import win32_error

INVALID_HANDLE_VALUE: Final = -1
INVALID_FILE_SIZE: Final = 0xFFFFFFFF
INVALID_FILE_ATTRIBUTES: Final = 0xFFFFFFFF
INVALID_SET_FILE_POINTER: Final = 0xFFFFFFFF

Parameters = ParamSpec("Parameters")
Handler = Callable[Concatenate[Call, Parameters], int]


class Win32Failure(Exception):
    """A Windows API function fails with a Win32 error code that no NTSTATUS stands behind."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Win32 error {code}")
        self.code = code


def probing(result: int) -> Callable[[Handler[Parameters]], Handler[Parameters]]:
    """The decorated service hands its pointers on to the kernel, which looks at them before it does anything: a bad
    one makes it answer `result` with NOACCESS (998). In all others it is an exception, for Windows' own code touches
    them in user mode.
    """

    def decorate(handler: Handler[Parameters]) -> Handler[Parameters]:
        @wraps(handler)
        def guarded(call: Call, /, *arguments: Parameters.args, **named: Parameters.kwargs) -> int:
            try:
                return handler(call, *arguments, **named)
            except GuestFault as fault:
                call.set_last_error(win32_error(fault.status))
                return result

        return guarded

    return decorate


def failing(result: int) -> Callable[[Handler[Parameters]], Handler[Parameters]]:
    """The decorated service answers `result` after any failure, with the last error set from it."""

    def decorate(handler: Handler[Parameters]) -> Handler[Parameters]:
        @wraps(handler)
        def guarded(call: Call, /, *arguments: Parameters.args, **named: Parameters.kwargs) -> int:
            try:
                return handler(call, *arguments, **named)
            except (IoFailure, InvalidHandle) as failure:
                call.set_last_error(win32_error(failure.status))
            except Win32Failure as failure:
                call.set_last_error(failure.code)
            return result

        return guarded

    return decorate
