"""Do ten processes of one program share its pages, are they charged exactly, and is all memory back at their end?"""

import io
from collections import Counter
from dataclasses import dataclass, field

import pytest

from ntmm.kernel.boot import Kernel
from ntmm.kernel.mm.audit import audit
from ntmm.kernel.mm.pfn import PageState
from ntmm.kernel.mm.pfn.state import PROTOTYPE_FLAG
from ntmm.kernel.ps import Process
from ntmm.runner import run as runner_run
from ntmm.runner.check import check_books
from ntmm.runner.machine import Machine
from ntmm.runner.options import ProgramLine, RunOptions
from ntmm.runner.run import PreparedRun, run_program
from tests.runs.running import MACHINES, sample

COUNT = 10
MIDDLE_100NS = 30_000_000
"""All ten are loaded and sleep."""


@dataclass
class Watch:
    """What is found in the middle of the run, while all programs sleep."""

    problems: list[str] = field(default_factory=list)
    processes: int = 0
    commit: dict[str, int] = field(default_factory=dict)
    wanted: Counter[int] = field(default_factory=Counter)
    """How many working sets have each frame of a section."""
    shares: dict[int, int] = field(default_factory=dict)
    image_frames: dict[int, str] = field(default_factory=dict)
    image_pages: dict[str, set[int]] = field(default_factory=dict)
    committed_at_boot: int = 0
    system_at_boot: int = 0
    active_at_boot: int = 0

    def prepare(self, prepared: PreparedRun) -> None:
        kernel = prepared.machine.kernel
        self.committed_at_boot, self.system_at_boot = kernel.mm.ledger.committed, kernel.mm.system_account.pages
        self.active_at_boot = active_pages(kernel)
        kernel.scheduler.call_at(MIDDLE_100NS, lambda: self.look(kernel))

    def look(self, kernel: Kernel) -> None:
        self.problems = audit(kernel.mm)
        self.processes = len(kernel.ps.started_processes)
        for process in kernel.ps.started_processes:
            self._count(kernel, process)
        self.shares = {frame: kernel.mm.pfn.share_count[frame] for frame in self.wanted}
        accounts = sum(process.space.account.pages for process in kernel.ps.started_processes)
        accounts += sum(session.account.pages for session in kernel.mm.sessions_by_id.values())
        self.commit = {"ledger": kernel.mm.ledger.committed, "accounts": accounts + kernel.mm.system_account.pages}

    def _count(self, kernel: Kernel, process: Process) -> None:
        pfn, shift = kernel.mm.pfn, kernel.architecture.page_shift
        for entry in process.space.working_set.entries():
            index = process.space.tables.find(entry.vpn << shift)
            frame = kernel.mm.table_memory.format.frame(kernel.mm.table_memory.entries[index])
            vad = process.space.vads.find(entry.vpn)
            if vad is None or not pfn.flags[frame] & PROTOTYPE_FLAG:
                continue
            self.wanted[frame] += 1
            self.image_pages.setdefault(vad.control_area.name, set()).add(entry.vpn)
            self.image_frames[frame] = vad.control_area.name


def active_pages(kernel: Kernel) -> int:
    """Frames that are in use."""
    return sum(1 for state in kernel.mm.pfn.state if state in (PageState.ACTIVE, PageState.TRANSITION))


def ten(folder: str, architecture: str, watch: Watch) -> io.BytesIO:
    output, program = io.BytesIO(), sample(folder, "sleeper")
    options = RunOptions(
        program=program,
        architecture=architecture,
        others=[ProgramLine(program, ())] * (COUNT - 1),
        checking=True,
        standard_input=io.BytesIO(),
        standard_output=output,
        standard_error=io.BytesIO(),
    )
    report = run_program(options, watch.prepare)
    assert {row.exit_status for row in report.processes} == {0}
    return output


@pytest.mark.parametrize(("folder", "architecture"), MACHINES)
def test_are_code_frames_counted_once_and_charges_exact(folder: str, architecture: str) -> None:
    watch = Watch()
    output = ten(folder, architecture, watch)
    assert (watch.problems, watch.processes) == ([], COUNT)
    assert watch.commit["ledger"] == watch.commit["accounts"]
    assert watch.shares == dict(watch.wanted)
    frames_of = Counter(watch.image_frames.values())
    for name, pages in watch.image_pages.items():
        assert frames_of[name] == len(pages), name
    assert max(watch.wanted.values()) == COUNT
    assert b"FAIL" not in output.getvalue()


@pytest.mark.parametrize(("folder", "architecture"), MACHINES)
def test_is_every_frame_back_after_they_end(folder: str, architecture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    watch, after = Watch(), list[tuple[int, int, int]]()

    def check_and_look(machine: Machine) -> None:
        check_books(machine)
        mm = machine.kernel.mm
        after.append((mm.ledger.committed, active_pages(machine.kernel), mm.system_account.pages))
        assert not any(area.mapped_views or area.section_references for area in mm.sections.areas())

    monkeypatch.setattr(runner_run, "check_books", check_and_look)
    ten(folder, architecture, watch)
    [(committed, active, system)] = after
    grown = system - watch.system_at_boot
    assert committed - watch.committed_at_boot == grown, "commit is left that nobody has"
    assert active - watch.active_at_boot == grown, "frames are left that nobody has"
