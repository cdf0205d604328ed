"""Data Execution Prevention: which processes may execute their data.

`policy` is the /NOEXECUTE switch. Sources: the lecture's "Controlling DEP"; the documentation of GetSystemDEPPolicy and
SetProcessDEPPolicy.
"""

from dataclasses import dataclass
from typing import Final

POLICY_NUMBERS: Final = {"alwaysoff": 0, "alwayson": 1, "optin": 2, "optout": 3}
"""DEP_SYSTEM_POLICY_TYPE; also NXSupportPolicy in the shared user data page."""

PROCESS_DEP_ENABLE: Final = 1
PROCESS_DEP_DISABLE_ATL_THUNK_EMULATION: Final = 2

MEM_EXECUTE_OPTION_DISABLE: Final = 0x1
"""Data is not executable: DEP is on."""
MEM_EXECUTE_OPTION_ENABLE: Final = 0x2
"""Data is executable: DEP is off."""
MEM_EXECUTE_OPTION_DISABLE_THUNK_EMULATION: Final = 0x4
MEM_EXECUTE_OPTION_PERMANENT: Final = 0x8
"""The flags cannot be changed any more."""
MEM_EXECUTE_OPTION_EXECUTE_DISPATCH_ENABLE: Final = 0x10
"""Software DEP lets exception handlers pass that lie in pages which are not executable,"""
MEM_EXECUTE_OPTION_IMAGE_DISPATCH_ENABLE: Final = 0x20
"""and those that lie outside of images."""
MEM_EXECUTE_OPTIONS: Final = 0x3F
_ANY_HANDLER: Final = MEM_EXECUTE_OPTION_EXECUTE_DISPATCH_ENABLE | MEM_EXECUTE_OPTION_IMAGE_DISPATCH_ENABLE


@dataclass(frozen=True, slots=True)
class DepSettings:
    """What a machine does: `policy` of its system, and whether its page tables can forbid execution."""

    policy: str
    in_hardware: bool


def covered_regions(architecture: str, settings: DepSettings) -> tuple[str, ...]:
    """The regions of system space whose pages are never executable: the lecture's lists for 32 and 64 bits."""
    if not settings.in_hardware:
        return ()
    if architecture in ("x64", "ia64"):
        return ("kernel stacks", "paged pool", "session pool")
    return ("kernel stacks",)


def completed_options(options: int) -> int:
    """The flags that a process has when these are set: software DEP ends where DEP does (MmSetExecuteOptions)."""
    return options | _ANY_HANDLER if options & MEM_EXECUTE_OPTION_ENABLE else options


def execute_options(settings: DepSettings, is_64: bool, opts_in: bool, layer: bool | None = None) -> int:
    """The MEM_EXECUTE_OPTION_* flags that a new process gets.

    `opts_in`: the image has the NX_COMPAT flag. `layer` is what the registry says of the image: True, False, or None
    for nothing. 64-bit processes always have DEP where the hardware does.
    """
    if is_64 or settings.policy == "alwayson":
        return MEM_EXECUTE_OPTION_DISABLE | MEM_EXECUTE_OPTION_DISABLE_THUNK_EMULATION | MEM_EXECUTE_OPTION_PERMANENT
    if settings.policy == "alwaysoff":
        return completed_options(MEM_EXECUTE_OPTION_ENABLE | MEM_EXECUTE_OPTION_PERMANENT)
    if layer is None:
        layer = opts_in or settings.policy == "optout"
    return completed_options(MEM_EXECUTE_OPTION_DISABLE if layer else MEM_EXECUTE_OPTION_ENABLE)
