"""Does `ntmm run` hand the program what belongs to it, and bring back what the program answered?"""

import dataclasses
import json
import os
import sys
from pathlib import Path

import pytest

from ntmm.cli import main
from ntmm.nt.profile import PagingFileSize
from ntmm.runner.errors import UserError
from ntmm.runner.options import ProgramLine, RunOptions
from ntmm.runner.report import RunReport
from tests.cli.conftest import Machine
from tests.samples import sample_process, sample_report


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--ram", "1G", "--help", "--version"],
        ["-x", "--", "--", "-"],
        ["", "two words", "*.c", 'quo"te'],
        ["--report=json"],
    ],
)
def test_does_everything_after_the_program_reach_it_untouched(
    machine: Machine, program: str, arguments: list[str]
) -> None:
    assert main(["run", "--report", "none", program, *arguments]) == 0
    assert machine.asked[0].arguments == tuple(arguments)
    assert machine.asked[0].ram == 64 << 20


def test_do_two_dashes_end_our_own_options(machine: Machine, program: str) -> None:
    Path("-prog.exe").write_bytes(b"MZ")
    assert main(["run", "--report", "none", "--", "-prog.exe", "--"]) == 0
    assert (machine.asked[0].program, machine.asked[0].arguments) == (Path("-prog.exe"), ("--",))


def test_do_all_options_arrive(machine: Machine, program: str) -> None:
    options = (
        "--ram 1G --arch x64 --report none --events e.jsonl --overlay o --time-limit 1.5 --output-limit 10K --disk 2M"
    )
    assert main(["run", *options.split(), program]) == 0
    asked = machine.asked[0]
    assert (asked.ram, asked.architecture, asked.events) == (1 << 30, "x64", Path("e.jsonl"))
    assert (asked.overlay, asked.time_limit, asked.output_limit, asked.disk) == (Path("o"), 1.5, 10240, 2 << 20)


def test_do_the_options_of_the_machine_arrive(machine: Machine, program: str) -> None:
    options = "--windows 2000 --processors 2 --replacement clock --pagefile 2M --pagefile 4M-8M --timeline t.csv"
    assert main(["run", *options.split(), "--timeline-interval", "5", "--report", "none", program]) == 0
    asked = machine.asked[0]
    assert (asked.windows, asked.processors, asked.replacement) == ("2000", 2, "clock")
    assert asked.paging_files == (PagingFileSize(2 << 20, 2 << 20), PagingFileSize(4 << 20, 8 << 20))
    assert (asked.timeline, asked.timeline_interval) == (Path("t.csv"), 5)


@pytest.mark.parametrize(("text", "value"), [("0x70", 0x70), ("112", 112), ("htc+hfc", 0x30), ("DHC", 0x200000)])
def test_does_the_global_flag_arrive(machine: Machine, program: str, text: str, value: int) -> None:
    assert main(["run", "--report", "none", "--global-flag", text, program]) == 0
    assert machine.asked[0].global_flag == value


def test_is_the_machine_its_own_default_where_nothing_is_asked(machine: Machine, program: str) -> None:
    assert main(["run", "--report", "none", program]) == 0
    asked = machine.asked[0]
    assert (asked.windows, asked.processors, asked.replacement, asked.paging_files) == ("auto", 1, "auto", None)
    assert (asked.timeline, asked.timeline_interval, asked.others) == (None, 100, ())


def test_can_a_machine_have_no_paging_file(machine: Machine, program: str) -> None:
    assert main(["run", "--report", "none", "--pagefile", "none", program]) == 0
    assert machine.asked[0].paging_files == ()


def test_does_the_separator_begin_another_program(machine: Machine, program: str) -> None:
    Path("b.exe").write_bytes(b"MZ")
    words = "run --report none prog.exe 1 --ram 2 --and b.exe -x -- --and prog.exe"
    assert main(words.split()) == 0
    asked = machine.asked[0]
    assert (asked.program, asked.arguments) == (Path("prog.exe"), ("1", "--ram", "2"))
    assert asked.others == (ProgramLine(Path("b.exe"), ("-x", "--")), ProgramLine(Path("prog.exe")))


def test_has_every_program_a_user_and_a_session_of_its_own(machine: Machine, program: str) -> None:
    words = "run --report none --user one --session 2 prog.exe --user x"
    assert main([*words.split(), *["--and", "--session=3", "--user", "two", "prog.exe", "--and", "prog.exe"]]) == 0
    asked = machine.asked[0]
    assert asked.programs == (
        ProgramLine(Path("prog.exe"), ("--user", "x"), "one", 2),
        ProgramLine(Path("prog.exe"), (), "two", 3),
        ProgramLine(Path("prog.exe"), (), "", 0),
    )


@pytest.mark.parametrize(("statuses", "exit_code"), [((0, 0), 0), ((0, 7, 3), 7), ((0, 0, 0xC0000100), 1)])
def test_is_the_exit_code_the_first_that_is_not_zero(
    machine: Machine, program: str, statuses: tuple[int, ...], exit_code: int
) -> None:
    rows = tuple(sample_process(status) for status in statuses)
    machine.action = lambda options: dataclasses.replace(sample_report(), processes=rows)
    assert main(["run", "--report", "none", program]) == exit_code


def test_are_a_terabyte_and_auto_allowed_together(machine: Machine, program: str) -> None:
    assert main(["run", "--ram", "1T", "--report", "none", program]) == 0


@pytest.mark.parametrize(
    ("exit_status", "exit_code"),
    [(0, 0), (1, 1), (255, 255), (256, 1), (258, 2), (0xFFFFFFFF, 255), (0xC0000005, 5), (0xC0000100, 1)],
)
def test_is_the_exit_code_the_programs_low_byte_but_never_a_false_success(
    machine: Machine, program: str, exit_status: int, exit_code: int
) -> None:
    machine.action = lambda options: sample_report(exit_status)
    assert main(["run", "--report", "none", program]) == exit_code


def test_is_standard_output_the_programs_alone(
    machine: Machine, program: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    def write(options: RunOptions) -> RunReport:
        options.standard_output.write(b"\x00\xff\r\n")
        options.standard_error.write(b"no newline")
        return sample_report()

    machine.action = write
    assert main(["run", "--report", "json", program]) == 0
    output, errors = capfdbinary.readouterr()
    assert output == b"\x00\xff\r\n"
    program_part, report_line = errors.splitlines()
    assert program_part == b"no newline"
    assert json.loads(report_line)["exit_status"] == 0


def test_is_the_report_text_unless_asked_otherwise(
    machine: Machine, program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", program]) == 0
    output, errors = capsys.readouterr()
    assert not output
    assert "hello.exe on pae, 64 MB of RAM: exit status 0" in errors


def test_does_a_stopped_run_say_so_and_fail(machine: Machine, program: str, capsys: pytest.CaptureFixture[str]) -> None:
    machine.action = lambda options: sample_report(stopped="the program was stopped after 1 second")
    assert main(["run", "--report", "none", program]) == 124
    assert capsys.readouterr().err == "ntmm: the program was stopped after 1 second\n"


def test_is_a_refused_program_one_sentence(machine: Machine, program: str, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(options: RunOptions) -> RunReport:
        raise UserError("'prog.exe' is not a Windows program: \x1b[31mtruncated")

    machine.action = refuse
    assert main(["run", program]) == 2
    assert capsys.readouterr().err == "ntmm: 'prog.exe' is not a Windows program: \\x1b[31mtruncated\n"


def test_does_an_interrupt_end_quietly(machine: Machine, program: str, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(options: RunOptions) -> RunReport:
        raise KeyboardInterrupt

    machine.action = interrupt
    assert main(["run", program]) == 130
    assert capsys.readouterr() == ("", "")


def test_does_a_full_disk_end_with_a_sentence(
    machine: Machine, program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(options: RunOptions) -> RunReport:
        raise OSError(28, "No space left on device", "e.jsonl")

    machine.action = fail
    assert main(["run", program]) == 2
    assert capsys.readouterr().err == "ntmm: 'e.jsonl': no space left on device\n"


def test_does_a_bug_of_ours_show_its_traceback(machine: Machine, program: str) -> None:
    def fail(options: RunOptions) -> RunReport:
        raise AssertionError("a page in two states")

    machine.action = fail
    with pytest.raises(AssertionError, match="a page in two states"):
        main(["run", program])


@pytest.mark.parametrize("form", ["text", "json"])
def test_is_a_reader_that_left_no_error(
    machine: Machine, program: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    monkeypatch.setattr(sys, "stderr", os.fdopen(writer, "w"))
    assert main(["run", "--report", form, program]) == 0
    sys.stderr.close()
