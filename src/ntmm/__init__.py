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

from typing import Any


def __getattr__(name: str) -> Any:
    """`ntmm.Machine` and its company, brought in when they are asked for: the command line needs none of them."""
    from ntmm import teaching  # noqa: PLC0415
    from ntmm.nt.boot_options import parse_boot_options  # noqa: PLC0415
    from ntmm.nt.profile import SystemProfile  # noqa: PLC0415
    from ntmm.nt.registry import parse_registry  # noqa: PLC0415

    names = {"SystemProfile": SystemProfile, "boot_options": parse_boot_options, "registry": parse_registry}
    names |= {each: getattr(teaching, each) for each in teaching.__all__}
    try:
        return names[name]
    except KeyError:
        raise AttributeError(f"module 'ntmm' has no attribute {name!r}") from None
