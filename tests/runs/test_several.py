"""Do several programs run on one machine, each with its own process, and is all of it accounted for?"""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from ntmm.kernel.ps import Process
from ntmm.runner.errors import UserError
from ntmm.runner.machine import Machine
from ntmm.runner.options import ProgramLine, RunOptions
from ntmm.runner.report import RunReport
from ntmm.runner.run import run_program
from tests.runs.running import MACHINES, run, sample

PLACES = pytest.mark.parametrize(("folder", "architecture"), MACHINES)


def several(lines: Sequence[tuple[Path, str]], output: io.BytesIO | None = None, **more: object) -> RunReport:
    """Runs programs with their arguments together, with the books audited at the end."""
    (program, words), *others = lines
    options = RunOptions(
        program=program,
        arguments=words.split(),
        others=[ProgramLine(path, arguments.split()) for path, arguments in others],
        checking=True,
        standard_input=io.BytesIO(),
        standard_output=output or io.BytesIO(),
        standard_error=io.BytesIO(),
        **more,  # type: ignore[arg-type]
    )
    return run_program(options)


@PLACES
def test_does_every_program_run_to_its_end(folder: str, architecture: str) -> None:
    output = io.BytesIO()
    lines = [(sample(folder, "hello"), "first"), (sample(folder, "touch"), "2 2"), (sample(folder, "hello"), "third")]
    report = several(lines, output, architecture=architecture)
    assert [(row.program, row.exit_status) for row in report.processes] == [
        ("hello.exe", 0),
        ("touch.exe", 0),
        ("hello.exe", 0),
    ]
    text = output.getvalue()
    assert text.index(b"argument 1: first") < text.index(b"argument 1: third")
    assert b"PASS" in text
    assert report.eager_pages == ()
    assert report.unexplained_faults == 0


@PLACES
def test_are_the_faults_of_all_processes_those_of_the_machine(folder: str, architecture: str) -> None:
    report = several([(sample(folder, "touch"), "2 1"), (sample(folder, "touch"), "4 1")], architecture=architecture)
    small, large = report.processes
    assert small.page_fault_count + large.page_fault_count == sum(row.count for row in report.faults)
    assert large.private_pages - small.private_pages == (2 << 20) // 4096
    assert len({row.process_id for row in report.processes}) == 2


def test_is_the_first_program_the_one_of_the_old_keys() -> None:
    program = sample("x86", "hello")
    alone = run(program, "one").report
    report = several([(program, "one"), (sample("x86", "touch"), "2 2")])
    first = report.processes[0]
    assert (report.program, report.private_pages) == (alone.program, alone.private_pages) == ("hello.exe", 15)
    assert (first.peak_commit, first.page_tables) == (alone.peak_commit, alone.page_tables)
    assert report.address_space_pages == alone.address_space_pages == first.address_space_pages


def test_do_processes_share_the_pages_of_their_images() -> None:
    program = sample("x86", "hello")
    report = several([(program, "")] * 3)
    read = sum(row.count for row in report.faults if row.kind == "in_page")
    alone = sum(row.count for row in run(program).report.faults if row.kind == "in_page")
    assert read == alone


def test_does_the_run_end_with_the_first_status_that_is_not_zero() -> None:
    unhandled = sample("x86", "unhandled")
    report = several([(sample("x86", "hello"), ""), (unhandled, "div"), (unhandled, "av")])
    assert (report.exit_status, report.ending_status) == (0, 0xC0000094)
    assert [row.exit_status_name for row in report.processes][1:] == [
        "STATUS_INTEGER_DIVIDE_BY_ZERO",
        "STATUS_ACCESS_VIOLATION",
    ]


def test_is_the_memory_of_an_ended_process_returned_while_others_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """`sieve` never waits: what is done before it ends is done at once."""
    deleted: list[tuple[str, int]] = []
    load = Machine.load

    def load_and_watch(machine: Machine, *arguments: object) -> Process:
        process = load(machine, *arguments)  # type: ignore[arg-type]
        if not process.name.startswith("hello"):
            return process
        delete = machine.kernel.ps.delete_process

        def watched(gone: Process) -> None:
            delete(gone)
            deleted.append((gone.name, sum(not other.ended for other in machine.kernel.ps.processes)))

        monkeypatch.setattr(machine.kernel.ps, "delete_process", watched)
        return process

    monkeypatch.setattr(Machine, "load", load_and_watch)
    several([(sample("x86", "hello"), ""), (sample("x86", "sieve"), "10000 2")])
    assert deleted == [("hello.exe", 1), ("sieve.exe", 0)]


def test_is_memory_returned_while_another_process_has_a_handle(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[Process] = []
    returned: list[tuple[str, int, bool]] = []
    load = Machine.load

    def load_and_open(machine: Machine, *arguments: object) -> Process:
        process = load(machine, *arguments)  # type: ignore[arg-type]
        if loaded:
            process.handles.insert(loaded[0])
        else:
            delete = machine.kernel.ps.delete_process

            def watched(gone: Process) -> None:
                delete(gone)
                is_known = machine.kernel.ps.find(gone.id) is gone
                returned.append((gone.name, gone.handle_count, is_known and gone.space.deleted))

            monkeypatch.setattr(machine.kernel.ps, "delete_process", watched)
        loaded.append(process)
        return process

    monkeypatch.setattr(Machine, "load", load_and_open)
    report = several([(sample("x86", "hello"), ""), (sample("x86", "sieve"), "10000 2")])
    assert [row.exit_status for row in report.processes] == [0, 0]
    assert returned == [("hello.exe", 1, True), ("sieve.exe", 0, False)]


def test_do_all_programs_share_one_output_limit() -> None:
    output = io.BytesIO()
    report = several([(sample("x86", "hello"), "")] * 2, output, output_limit=60)
    assert len(output.getvalue()) == 60
    assert report.stopped is not None


def test_does_the_time_limit_stop_all_programs() -> None:
    endless = (sample("x86", "sieve"), "5000000 100000")
    report = several([(sample("x86", "hello"), ""), endless, endless], time_limit=1.0)
    assert report.stopped is not None
    assert [row.exit_status for row in report.processes] == [0, 0xC0000001, 0xC0000001]


def test_is_a_64_bit_program_refused_on_a_32_bit_machine() -> None:
    with pytest.raises(UserError, match=r"x64.hello.exe' is a 64-bit program, which cannot run on a machine .* pae$"):
        several([(sample("x86", "hello"), ""), (sample("x64", "hello"), "")], architecture="pae")


def test_is_the_program_named_that_cannot_be_loaded(own_folder: Path) -> None:
    broken = own_folder / "broken.exe"
    broken.write_bytes(sample("x86", "hello").read_bytes()[:0x200])
    with pytest.raises(UserError, match=r"broken\.exe' cannot be run"):
        several([(sample("x86", "hello"), ""), (broken, "")])


def test_is_the_program_named_for_which_ram_is_too_small() -> None:
    with pytest.raises(UserError, match=r"touch\.exe' cannot be run: .* memory"):
        several([(sample("x86", "touch"), "1 1")] * 60, ram=4 << 20)


@PLACES
def test_do_two_runs_of_several_programs_give_identical_event_streams(
    folder: str, architecture: str, own_folder: Path
) -> None:
    streams = []
    for turn in range(2):
        target = own_folder / f"{turn}.jsonl"
        lines = [(sample(folder, "hello"), "1"), (sample(folder, "veh"), ""), (sample(folder, "touch"), "2 2")]
        several(lines, events=target, architecture=architecture)
        streams.append(target.read_bytes())
    assert streams[0] == streams[1]


@pytest.mark.parametrize(
    ("windows", "architecture", "name"), [("nt4", "x86", "NT 4.0 SP6"), ("2000", "x86", "2000 SP4")]
)
def test_does_a_program_run_on_an_older_windows(windows: str, architecture: str, name: str) -> None:
    report = several([(sample("x86", "hello"), "")], windows=windows)
    assert (report.architecture, report.windows) == (architecture, f"Windows {name}")
    assert report.exit_status == 0
