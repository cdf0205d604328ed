"""Checking runs: the full audit after the programs, and that their memory is returned to the last page."""

from ntmm.kernel.mm.audit import audit
from ntmm.runner.errors import MACHINE_FAILURE_EXIT, UserError
from ntmm.runner.machine import Machine

_SHOWN = 10


def check_books(machine: Machine) -> None:
    """Audits the memory manager, deletes all processes and audits again; raises UserError naming what is wrong."""
    kernel = machine.kernel
    _audit(machine, "when the last program ended")
    kernel.scheduler.drop_all()
    for process in list(kernel.ps.processes):
        kernel.ps.delete_process(process)
    _audit(machine, "when all memory was returned")


def _audit(machine: Machine, moment: str) -> None:
    problems = audit(machine.kernel.mm)
    if problems:
        told = "; ".join(problems[:_SHOWN])
        raise UserError(f"the memory manager's books were wrong {moment}: {told}", MACHINE_FAILURE_EXIT)
