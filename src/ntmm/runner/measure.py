"""Fills the report of a run from the machine's counters."""

from ntmm.kernel.mm.fault import FaultKind
from ntmm.kernel.ps import Process
from ntmm.native.service_table import services
from ntmm.runner.machine import Machine
from ntmm.runner.options import RunOptions
from ntmm.runner.report import (
    ChangedFile,
    FaultCount,
    FaultOrigin,
    MissingFunction,
    NamedCount,
    RunReport,
    ServiceCount,
)

_GIVING = (
    FaultKind.DEMAND_ZERO,
    FaultKind.TRANSITION,
    FaultKind.SHARED,
    FaultKind.IN_PAGE,
    FaultKind.COPY_ON_WRITE,
)
_ORIGINS: tuple[FaultOrigin, FaultOrigin] = ("cpu", "kernel")


def make_report(
    machine: Machine, process: Process, options: RunOptions, stopped: str | None, host_seconds: float
) -> RunReport:
    """The report of a run whose process has ended or was stopped; its address space still exists."""
    kernel, space = machine.kernel, process.space
    return RunReport(
        program=options.program.name,
        architecture=kernel.profile.architecture,
        ram=kernel.profile.ram,
        page_size=kernel.architecture.page_size,
        exit_status=process.exit_status,
        stopped=stopped,
        faults=_faults(machine),
        cpu_page_fault_count=kernel.cpu.page_fault_count,
        page_tables=_page_tables(machine, process),
        peak_working_set=space.working_set.peak,
        peak_commit=space.account.peak,
        private_pages=space.private_given,
        image_pages=space.shared_given["image"],
        eager_pages=_eager_pages(machine, process),
        address_space_pages=tuple(NamedCount(name, count) for name, count in space.fixed_pages.items()),
        system_calls=_system_calls(machine),
        missing_functions=_missing(process),
        missing_dlls=_missing_dlls(process),
        unsupported=(),
        changed_files=tuple(ChangedFile(change, path) for change, path in machine.volume.changes()),
        instructions=None,
        virtual_time_100ns=kernel.clock.uptime_100ns(),
        host_seconds=host_seconds,
    )


def _faults(machine: Machine) -> tuple[FaultCount, ...]:
    counts = machine.kernel.mm.faults.counts
    return tuple(
        FaultCount(kind.name.lower(), origin, counts[number][kind])
        for number, origin in enumerate(_ORIGINS)
        for kind in FaultKind
        if counts[number][kind]
    )


def _eager_pages(machine: Machine, process: Process) -> tuple[NamedCount, ...]:
    """User pages that became valid without a fault: what faults gave is taken from what was given."""
    space, counts = process.space, machine.kernel.mm.faults.counts
    given = space.private_given + space.shared_given.total()
    by_faults = sum(row[kind] for row in counts for kind in _GIVING)
    return (NamedCount("user pages", given - by_faults),) if given != by_faults else ()


def _page_tables(machine: Machine, process: Process) -> tuple[NamedCount, ...]:
    """Tables that the process's addresses needed, named by the level they stand at."""
    levels = machine.kernel.architecture.levels
    names = {levels - 1: "page tables", levels - 2: "page directories", levels - 3: "page directory pointer tables"}
    made = process.space.tables.made
    return tuple(NamedCount(names[level], made[level]) for level in sorted(made, reverse=True))


def _system_calls(machine: Machine) -> tuple[ServiceCount, ...]:
    counts = machine.dispatcher.counts
    called = [ServiceCount(entry.dll, entry.name, counts[entry.number]) for entry in services if counts[entry.number]]
    return tuple(sorted(called, key=lambda row: (-row.count, row.dll, row.name)))


def _missing(process: Process) -> tuple[MissingFunction, ...]:
    called = process.called_missing
    return tuple(
        sorted(MissingFunction(dll, name, at in called) for at, (dll, name) in enumerate(process.missing_imports))
    )


def _missing_dlls(process: Process) -> tuple[str, ...]:
    """DLLs of which nothing at all could be bound."""
    if process.modules is None:
        return ()
    lacking = {dll.lower() for dll, _ in process.missing_imports}
    return tuple(sorted(dll for dll in lacking if process.modules.modules.by_name(dll) is None))
