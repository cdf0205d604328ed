"""From the path a program gives to the NT path the kernel opens."""

from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.paths import nt_path
from ntmm.native.call import Call
from ntmm.nt.status import Status
from ntmm.win32.process_parameters import current_directory
from ntmm.win32.process_state import state_of
from ntmm.win32.text import ANSI, OEM, StringKind


def nt_path_of(call: Call, path: str) -> str:
    """The NT path of a program's path, relative to its current folder; raises IoFailure."""
    return nt_path(path, current_directory(call))


def read_path(call: Call, kind: StringKind, address: int) -> str:
    """The path at an address; raises IoFailure(OBJECT_PATH_NOT_FOUND) for null, which names no path."""
    if not address:
        raise IoFailure(Status.OBJECT_PATH_NOT_FOUND)
    return kind.read(call, address)


def nt_path_at(call: Call, kind: StringKind, address: int) -> str:
    """The NT path of the path at an address; raises IoFailure."""
    return nt_path_of(call, read_path(call, kind, address))


def narrow(call: Call) -> StringKind:
    """How A functions of this process spell file names: in ANSI, or in OEM after SetFileApisToOEM."""
    return OEM if state_of(call).file_names_are_oem else ANSI
