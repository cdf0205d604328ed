"""Checking runs: the full audit after the program, and that its memory is returned to the last page."""

from ntmm.kernel.mm.audit import audit
from ntmm.kernel.ps import Process
from ntmm.runner.errors import MACHINE_FAILURE_EXIT, UserError
from ntmm.runner.machine import Machine

_SHOWN = 10


def check_books(machine: Machine, process: Process) -> None:
    """Audits the memory manager, deletes the process and audits again; raises UserError naming what is wrong."""
    kernel = machine.kernel
    _audit(machine, "when the program ended")
    kernel.scheduler.drop_all()
    kernel.ps.delete_process(process)
    _audit(machine, "when its memory was returned")


def _audit(machine: Machine, moment: str) -> None:
    problems = audit(machine.kernel.mm)
    if problems:
        told = "; ".join(problems[:_SHOWN])
        raise UserError(f"the memory manager's books were wrong {moment}: {told}", MACHINE_FAILURE_EXIT)
