"""Do the samples about sections and mapped files do on every machine what they do on Windows?"""

import io
import re
import shutil
import struct
from pathlib import Path

import pytest

from ntmm.runner.options import ProgramLine, RunOptions
from ntmm.runner.run import run_program
from tests.runs.running import MACHINES, Finished, run, sample

MB = 1 << 20
PAGE = 4096

PLACES = pytest.mark.parametrize(("folder", "architecture"), MACHINES)


def assert_passed(finished: Finished) -> None:
    assert "FAIL" not in finished.output, finished.output
    assert "PASS" in finished.output, finished.output + finished.error
    assert finished.report.exit_status == 0, finished.output + finished.error
    assert finished.report.unexplained_faults == 0


@PLACES
@pytest.mark.parametrize(("name", "arguments"), [("convert", ()), ("flush", ()), ("exchange", ("500",))])
def test_does_every_check_of_the_program_pass(
    name: str, arguments: tuple[str, ...], folder: str, architecture: str, own_folder: Path
) -> None:
    assert_passed(run(sample(folder, name), *arguments, architecture=architecture))
    assert list(own_folder.iterdir()) == []


@PLACES
def test_what_does_a_full_disk_refuse(folder: str, architecture: str, own_folder: Path) -> None:
    assert_passed(run(sample(folder, "full"), architecture=architecture, disk=5 * 0x10000 + 100))
    assert list(own_folder.iterdir()) == []


def test_is_the_disk_of_a_usual_run_too_large_to_fill(own_folder: Path) -> None:
    finished = run(sample("x86", "full"))
    assert (finished.report.exit_status, list(own_folder.iterdir())) == (2, [])
    assert "--disk" in finished.output


@PLACES
def test_are_sections_what_they_are_on_windows(folder: str, architecture: str, own_folder: Path) -> None:
    program = own_folder / "sections.exe"
    shutil.copyfile(sample(folder, "sections"), program)
    finished = run(program, architecture=architecture)
    assert_passed(finished)
    assert "PASS  a section of this program's file as an image" in finished.output
    assert list(own_folder.iterdir()) == [program]


@PLACES
@pytest.mark.parametrize("ram", [8 * MB, 64 * MB])
def test_is_a_file_converted_to_the_last_byte(folder: str, architecture: str, ram: int, own_folder: Path) -> None:
    text = "".join(chr(32 + number * 11 % 95) for number in range(3 * MB + 77))
    (own_folder / "in.txt").write_text(text, encoding="ascii", newline="")
    finished = run(sample(folder, "convert"), "in.txt", "out.txt", architecture=architecture, ram=ram)
    assert finished.report.exit_status == 0, finished.error
    assert (own_folder / "out.txt").read_bytes() == text.encode("utf-16-le")
    assert (own_folder / "in.txt").read_text(encoding="ascii") == text


def test_which_step_of_a_conversion_failed(own_folder: Path) -> None:
    (own_folder / "empty").touch()
    (own_folder / "full").write_bytes(b"text")
    program = sample("x86", "convert")
    for arguments, status, sentence in (
        (("missing", "out"), 1, "Failure opening the input file (error 2)."),
        (("empty", "out"), 2, "Failure creating the input map (error 1006)."),
        (("full", "full"), 4, "Failure opening the output file (error 32)."),
        (("full", "none\\out"), 4, "Failure opening the output file (error 3)."),
    ):
        finished = run(program, *arguments)
        assert (finished.report.exit_status, finished.error.strip()) == (status, sentence)
    assert sorted(path.name for path in own_folder.iterdir()) == ["empty", "full"]


def exchange(folder: str, roles: tuple[str, str], count: int, **more: object) -> str:
    output = io.BytesIO()
    program = sample(folder, "exchange")
    options = RunOptions(
        program=program,
        arguments=[roles[0], str(count)],
        others=[ProgramLine(program, [roles[1], str(count)])],
        checking=True,
        standard_input=io.BytesIO(),
        standard_output=output,
        standard_error=io.BytesIO(),
        **more,  # type: ignore[arg-type]
    )
    report = run_program(options)
    text = output.getvalue().decode("ascii").replace("\r\n", "\n")
    assert [row.exit_status for row in report.processes] == [0, 0], text
    return text


@PLACES
@pytest.mark.parametrize("roles", [("produce", "consume"), ("consume", "produce")])
def test_do_two_processes_exchange_messages(folder: str, architecture: str, roles: tuple[str, str]) -> None:
    text = exchange(folder, roles, 500, architecture=architecture)
    assert "FAIL" not in text
    assert "PASS  500 messages were produced" in text
    assert "PASS  500 messages were consumed in order, each as it was sent" in text


def flushed(output: str) -> dict[int, int]:
    """By page: the last round that was told to be flushed."""
    last: dict[int, int] = {}
    for turn, first, count in re.findall(r"^flushed (\d+) (\d+) (\d+)$", output, re.MULTILINE):
        last.update(dict.fromkeys(range(int(first), int(first) + int(count)), int(turn)))
    return last


@PLACES
@pytest.mark.parametrize("ram", [8 * MB, 64 * MB])
def test_is_in_the_file_what_was_told_to_be_flushed(folder: str, architecture: str, ram: int, own_folder: Path) -> None:
    finished = run(sample(folder, "flush"), "f.bin", "60", "300", architecture=architecture, ram=ram)
    assert_passed(finished)
    data, last = (own_folder / "f.bin").read_bytes(), flushed(finished.output)
    assert (len(data), sorted(last)) == (300 * PAGE, list(range(300)))
    for page, turn in last.items():
        record = struct.pack("<4s3I", b"NTMM", turn, page, turn + page)
        assert data[page * PAGE : page * PAGE + 16] == data[(page + 1) * PAGE - 16 : (page + 1) * PAGE] == record


def test_is_a_file_still_short_that_was_cut_while_its_pages_were_written(own_folder: Path) -> None:
    """`convert` replaces an output of 2 MB, with pages on their way to the disk, by one of ten bytes."""
    finished = run(sample("x86", "convert"))
    assert "PASS  a longer output is replaced" in finished.output
