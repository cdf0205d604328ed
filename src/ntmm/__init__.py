"""ntmm: the Windows NT memory manager in Python, managing the memory of unmodified Windows programs.

Rooms, top down; each imports only from those after it, and rooms on one line do not know each other:

    cli | teaching  the command line | the memory manager driven from Python
    runner          loads and runs programs on a machine; the report of a run
    crt             the C run-time exports that programs import
    win32           the Windows API, by SDK header
    loader          images, imports, relocations, PEB and TEB, system DLLs as images
    native          Nt* services by family, and the service table
    kernel          memory manager, processes, objects, files, threads, and their wiring
    hw | pe | nt    the machine | the PE format | NTSTATUS, protections, limits, profiles
    trace           event types and recorders
    guest           C: the part of the system DLLs that runs as guest code, and where its built form lies
"""

from importlib import import_module
from typing import Any, Final

_HOMES: Final = {
    "Bugcheck": ("ntmm.teaching", "Bugcheck"),
    "Driver": ("ntmm.teaching", "Driver"),
    "DriverMachine": ("ntmm.teaching", "DriverMachine"),
    "LockedPages": ("ntmm.teaching", "LockedPages"),
    "Machine": ("ntmm.teaching", "Machine"),
    "MemoryFault": ("ntmm.teaching", "MemoryFault"),
    "Process": ("ntmm.teaching", "Process"),
    "RefusedCall": ("ntmm.teaching", "RefusedCall"),
    "Region": ("ntmm.teaching", "Region"),
    "Session": ("ntmm.teaching", "Session"),
    "Table": ("ntmm.teaching", "Table"),
    "SystemProfile": ("ntmm.nt.profile", "SystemProfile"),
    "boot_options": ("ntmm.teaching.arguments", "boot_options"),
    "registry": ("ntmm.teaching.arguments", "registry"),
}
"""Module and name of what users find here."""


def __getattr__(name: str) -> Any:
    """`ntmm.Machine` and its company, brought in when they are asked for: the command line needs none of them.

    The import system asks here too, for rooms that are not imported yet: only names of the table may import anything.
    """
    if name not in _HOMES:
        raise AttributeError(f"module 'ntmm' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    """What tab completion offers."""
    return sorted([*globals(), *_HOMES])
