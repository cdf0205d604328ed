"""Takes a process's figures: when it ends, before its memory is returned."""

from dataclasses import dataclass

from ntmm.kernel.ps import Process
from ntmm.runner.machine import Machine
from ntmm.runner.report import MissingFunction, NamedCount, ProcessReport, status_name


@dataclass(frozen=True, slots=True)
class MeasuredProcess:
    """A process's row of the report, and the user pages that it was given over its life."""

    row: ProcessReport
    given: int


def measure_process(machine: Machine, process: Process, program: str) -> MeasuredProcess:
    """The figures of a process that has ended or was stopped; its address space still exists."""
    space = process.space
    row = ProcessReport(
        program=program,
        process_id=process.id,
        parent_id=process.parent_id,
        exit_status=process.exit_status,
        exit_status_name=status_name(process.exit_status),
        page_fault_count=space.page_fault_count,
        peak_working_set=space.working_set.peak,
        peak_commit=space.account.peak,
        private_pages=space.private_given,
        image_pages=space.shared_given["image"],
        address_space_pages=tuple(NamedCount(name, count) for name, count in space.fixed_pages.items()),
        page_tables=_page_tables(machine, process),
        missing_functions=_missing(process),
        missing_dlls=_missing_dlls(process),
    )
    return MeasuredProcess(row, space.private_given + space.shared_given.total())


def _page_tables(machine: Machine, process: Process) -> tuple[NamedCount, ...]:
    """Tables that the process's addresses needed, named by the level they stand at."""
    levels = machine.kernel.architecture.levels
    names = {levels - 1: "page tables", levels - 2: "page directories", levels - 3: "page directory pointer tables"}
    made = process.space.tables.made
    return tuple(NamedCount(names[level], made[level]) for level in sorted(made, reverse=True))


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
