"""What goes wrong, as Python exceptions."""

from typing import Final

from ntmm.nt.status import Status

_ACCESS: Final = {0: "reading", 1: "writing", 8: "executing"}


def status_name(status: int) -> str:
    """STATUS_ACCESS_VIOLATION and the like; a number where it has no name."""
    try:
        return f"STATUS_{Status(status).name}"
    except ValueError:
        return f"{status:#010x}"


class RefusedCall(Exception):
    """A function of the memory manager answered an error; `status` is its NTSTATUS."""

    def __init__(self, function: str, status: int) -> None:
        super().__init__(f"{function}: {status_name(status)}")
        self.status = Status(status)


class MemoryFault(Exception):
    """An access raised an exception: `status`, the byte `address`, and `access` 0 (read), 1 (write) or 8 (execute)."""

    def __init__(self, status: int, address: int, access: int) -> None:
        super().__init__(f"{status_name(status)} {_ACCESS[access]} {address:#x}")
        self.status = Status(status)
        self.address = address
        self.access = access
