"""The commands of the debugger, one file for each family; each command yields rows.

running      g, p, t, bp, bl, bc
memory       db, dw, dd, dq, dp, da, du
registers    r
modules      lm
process      !process, .process
vad          !vad
pte          !pte
pfn          !pfn
memusage     !memusage
control_area !ca
objects      !handle, !object
vm           !vm
heap         !heap
filecache    !filecache
wsle         !wsle
sysptes      !sysptes
help         .help, ?
"""

from typing import Final

from ntmm.tools.command import Command
from ntmm.tools.commands import (
    control_area,
    filecache,
    heap,
    memory,
    memusage,
    modules,
    objects,
    pfn,
    process,
    pte,
    registers,
    running,
    session_space,
    sysptes,
    vad,
    vm,
    wsle,
)
from ntmm.tools.commands.help import evaluate_command, help_command

_LISTED: Final = (
    *running.COMMANDS,
    *registers.COMMANDS,
    *memory.COMMANDS,
    *modules.COMMANDS,
    *process.COMMANDS,
    *vad.COMMANDS,
    *pte.COMMANDS,
    *pfn.COMMANDS,
    *memusage.COMMANDS,
    *control_area.COMMANDS,
    *objects.COMMANDS,
    *vm.COMMANDS,
    *heap.COMMANDS,
    *filecache.COMMANDS,
    *wsle.COMMANDS,
    *sysptes.COMMANDS,
    *session_space.COMMANDS,
)

COMMANDS: Final[dict[str, Command]] = {command.name: command for command in _LISTED}
COMMANDS[".help"] = help_command(COMMANDS)
COMMANDS["?"] = evaluate_command(COMMANDS)
