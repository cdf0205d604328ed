"""What the Windows API keeps for a process outside its memory."""

from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from ntmm.kernel.ps import Process
from ntmm.native.call import Call
from ntmm.win32.codepages import OEM

USUAL_ATTRIBUTES: Final = 7
"""White on black: FOREGROUND_RED | FOREGROUND_GREEN | FOREGROUND_BLUE."""


@dataclass(slots=True)
class ProcessState:
    """Console settings, code page of file names, priority, debug output."""

    console_input_page: int = OEM
    console_output_page: int = OEM
    console_title: str = ""
    console_attributes: int = USUAL_ATTRIBUTES
    control_handlers: list[int] = field(default_factory=list)
    file_names_are_oem: bool = False
    affinity: int | None = None
    error_mode: int = 0
    error_reporting: int = 0
    ansi_command_line: int = 0
    debug_output: list[str] = field(default_factory=list)
    random_blocks: int = 0
    socket_starts: int = 0
    """How often Windows Sockets were started and not cleaned up."""
    performance_queries: object = None
    """Open queries of performance counters, kept by `pdh`."""


_states: WeakKeyDictionary[Process, ProcessState] = WeakKeyDictionary()


def state_of(call: Call) -> ProcessState:
    """The state of the calling process."""
    return state_of_process(call.process)


def state_of_process(process: Process) -> ProcessState:
    """The state of any process."""
    state = _states.get(process)
    if state is None:
        state = _states[process] = ProcessState()
    return state


def debug_output_of(process: Process) -> tuple[str, ...]:
    """What a process gave to OutputDebugString, for the run's report."""
    state = _states.get(process)
    return tuple(state.debug_output) if state else ()
