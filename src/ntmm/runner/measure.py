"""Fills the report of a run from the machine's counters."""

from collections.abc import Sequence

from ntmm.kernel.mm.fault import FaultKind
from ntmm.native.service_table import services
from ntmm.runner.machine import Machine
from ntmm.runner.measure_memory import memory_report
from ntmm.runner.measure_process import MeasuredProcess
from ntmm.runner.report import ChangedFile, FaultCount, FaultOrigin, NamedCount, RunReport, ServiceCount
from ntmm.runner.report_memory import SwapReport

_GIVING = (
    FaultKind.DEMAND_ZERO,
    FaultKind.TRANSITION,
    FaultKind.SHARED,
    FaultKind.IN_PAGE,
    FaultKind.PAGING_FILE,
    FaultKind.COPY_ON_WRITE,
)
_ORIGINS: tuple[FaultOrigin, FaultOrigin] = ("cpu", "kernel")


def make_report(
    machine: Machine, processes: Sequence[MeasuredProcess], stopped: str | None, host_seconds: float
) -> RunReport:
    """The report of a run all of whose processes have ended or were stopped, in the order of the command line."""
    kernel, profile, first = machine.kernel, machine.kernel.profile, processes[0].row
    statistics = kernel.mm.statistics()
    return RunReport(
        program=first.program,
        architecture=profile.architecture,
        ram=profile.ram,
        page_size=kernel.architecture.page_size,
        exit_status=first.exit_status,
        stopped=stopped,
        faults=_faults(machine),
        cpu_page_fault_count=kernel.cpu.page_fault_count,
        page_tables=first.page_tables,
        peak_working_set=first.peak_working_set,
        peak_commit=first.peak_commit,
        private_pages=first.private_pages,
        image_pages=first.image_pages,
        eager_pages=_eager_pages(machine, processes),
        address_space_pages=first.address_space_pages,
        system_calls=_system_calls(machine),
        missing_functions=first.missing_functions,
        missing_dlls=first.missing_dlls,
        unsupported=(),
        changed_files=tuple(ChangedFile(change, path) for change, path in machine.volume.changes()),
        instructions=None,
        virtual_time_100ns=kernel.clock.uptime_100ns(),
        host_seconds=host_seconds,
        windows=profile.version.name,
        processors=profile.reported_processors,
        replacement=profile.replacement_policy,
        unused_ram=profile.unused_ram,
        processes=tuple(process.row for process in processes),
        memory=memory_report(statistics, _swaps(machine)),
    )


def _swaps(machine: Machine) -> SwapReport:
    swapper = machine.kernel.swapper
    return SwapReport(swapper.stacks_out, swapper.stacks_in, swapper.processes_out, swapper.processes_in)


def _faults(machine: Machine) -> tuple[FaultCount, ...]:
    counts = machine.kernel.mm.faults.counts
    return tuple(
        FaultCount(kind.name.lower(), origin, counts[number][kind])
        for number, origin in enumerate(_ORIGINS)
        for kind in FaultKind
        if counts[number][kind]
    )


def _eager_pages(machine: Machine, processes: Sequence[MeasuredProcess]) -> tuple[NamedCount, ...]:
    """User pages that became valid without a fault: what faults gave is taken from what all processes were given."""
    counts = machine.kernel.mm.faults.counts
    given = sum(process.given for process in processes)
    by_faults = sum(row[kind] for row in counts for kind in _GIVING)
    return (NamedCount("user pages", given - by_faults),) if given != by_faults else ()


def _system_calls(machine: Machine) -> tuple[ServiceCount, ...]:
    counts = machine.dispatcher.counts
    called = [ServiceCount(entry.dll, entry.name, counts[entry.number]) for entry in services if counts[entry.number]]
    return tuple(sorted(called, key=lambda row: (-row.count, row.dll, row.name)))
