"""Options that several commands share: each group is a dataclass, and a command takes one where a parameter has its
type.

`spread` makes of such a command one that typer understands.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from ntmm.cli.arguments import (
    Arch,
    Boot,
    BootIni,
    Disk,
    Edition,
    Events,
    GlobalFlag,
    Grant,
    LeadingSeparator,
    OutputLimit,
    Overlay,
    PagingFiles,
    ProcessorKind,
    Processors,
    Ram,
    RamDisk,
    RegistryValues,
    Replacement,
    Session,
    TimeLimit,
    User,
    Windows,
    paging_files_of,
    system_options,
)
from ntmm.cli.programs import program_lines
from ntmm.kernel.io.quota import DEFAULT_DISK
from ntmm.nt.profile import SystemProfile
from ntmm.runner.options import (
    DEFAULT_RAM,
    ArchitectureChoice,
    ProcessorChoice,
    ReplacementChoice,
    RunOptions,
    SystemOptions,
    WindowsChoice,
    profile_for,
)


@dataclass(frozen=True, kw_only=True)
class MachineGroup:
    """What the machine is."""

    ram: Ram = DEFAULT_RAM
    arch: Arch = ArchitectureChoice.AUTO
    windows: Windows = WindowsChoice.AUTO
    edition: Edition = "auto"
    cpu: ProcessorKind = ProcessorChoice.AUTO
    boot: Boot = ""
    boot_ini: BootIni = None
    registry: RegistryValues = None
    ram_disk: RamDisk = ""
    processors: Processors = 1
    replacement: Replacement = ReplacementChoice.AUTO
    pagefile: PagingFiles = None

    def profile(self) -> SystemProfile:
        """The machine alone, as no program would have it chosen. Raises UserError."""
        return profile_for(
            self.arch,
            self.ram,
            windows=self.windows,
            replacement=self.replacement,
            processors=self.processors,
            paging_files=paging_files_of(self.pagefile),
            system=self._system(),
        )

    def _system(self) -> SystemOptions:
        return system_options(self.edition, self.cpu, self.boot, self.boot_ini, self.registry, self.ram_disk)


@dataclass(frozen=True, kw_only=True)
class RunGroup(MachineGroup):
    """The machine, and how programs run on it."""

    global_flag: GlobalFlag = 0
    user: User = ""
    session: Session = 0
    events: Events = None
    overlay: Overlay = None
    grant: Grant = None
    time_limit: TimeLimit = None
    output_limit: OutputLimit = None
    disk: Disk = DEFAULT_DISK
    leading_separator: LeadingSeparator = False

    def options(self, program: Path, arguments: list[str] | None) -> RunOptions:
        """The run of a command line, with `--and` among the arguments. Raises UserError."""
        first, *others = program_lines(program, arguments or ())
        return RunOptions(
            program=first.program,
            arguments=first.arguments,
            others=tuple(others),
            ram=self.ram,
            architecture=self.arch,
            overlay=self.overlay,
            time_limit=self.time_limit,
            output_limit=self.output_limit,
            disk=self.disk,
            events=self.events,
            windows=self.windows,
            replacement=self.replacement,
            processors=self.processors,
            paging_files=paging_files_of(self.pagefile),
            system=self._system(),
            user=self.user,
            session=self.session,
            granted=tuple(self.grant or ()),
            global_flag=self.global_flag,
        )


def spread(command: Callable[..., int]) -> Callable[..., int]:
    """The same command with an option for each field of its groups, in their order."""
    parameters: list[inspect.Parameter] = []
    groups: dict[str, Any] = {}
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        if is_dataclass(parameter.annotation):
            groups[parameter.name] = parameter.annotation
            parameters += _options_of(parameter.annotation)
        else:
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))

    def spread_command(**values: Any) -> int:
        for name, group in groups.items():
            values[name] = group(**{field.name: values.pop(field.name) for field in fields(group)})
        return command(**values)

    functools.update_wrapper(spread_command, command, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
    del spread_command.__dict__["__wrapped__"]  # typer would look through it
    spread_command.__dict__["__signature__"] = inspect.Signature(parameters, return_annotation=int)
    spread_command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return spread_command


def _options_of(group: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in fields(group)
    ]
