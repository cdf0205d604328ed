"""What the Windows API keeps for a process outside its memory."""

from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from ntmm.kernel.ps import Process
from ntmm.native.call import Call
from ntmm.win32.codepages import OEM


@dataclass(slots=True)
class ProcessState:
    """Console settings, code page of file names, priority, debug output."""

    console_input_page: int = OEM
    console_output_page: int = OEM
    console_title: str = ""
    control_handlers: list[int] = field(default_factory=list)
    file_names_are_oem: bool = False
    affinity: int | None = None
    error_mode: int = 0
    ansi_command_line: int = 0
    debug_output: list[str] = field(default_factory=list)
    random_blocks: int = 0
    performance_queries: object = None
    """Open queries of performance counters, kept by `pdh`."""


_states: WeakKeyDictionary[Process, ProcessState] = WeakKeyDictionary()


def state_of(call: Call) -> ProcessState:
    """The state of the calling process."""
    state = _states.get(call.process)
    if state is None:
        state = _states[call.process] = ProcessState()
    return state


def debug_output_of(process: Process) -> tuple[str, ...]:
    """What a process gave to OutputDebugString, for the run's report."""
    state = _states.get(process)
    return tuple(state.debug_output) if state else ()
