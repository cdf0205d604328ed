"""A stand-in for the machine, so that the command line is tested alone."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

from ntmm.runner.options import RunOptions
from ntmm.runner.report import RunReport
from tests.samples import sample_report

Action = Callable[[RunOptions], RunReport]


@dataclass
class Machine:
    """Remembers what it was asked to run; `action` is what running does."""

    action: Action = field(default=lambda options: sample_report(exit_status=0))
    asked: list[RunOptions] = field(default_factory=list)

    def run_program(self, options: RunOptions) -> RunReport:
        self.asked.append(options)
        return self.action(options)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    module = ModuleType("ntmm.runner.run")
    module.__dict__["run_program"] = machine.run_program
    monkeypatch.setitem(sys.modules, "ntmm.runner.run", module)
    return machine


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file to name on the command line, in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prog.exe").write_bytes(b"MZ")
    return "prog.exe"
