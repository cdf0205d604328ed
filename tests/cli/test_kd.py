"""Does `ntmm kd` carry out scripts, answer in JSON, and offer a prompt?"""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from ntmm.cli import kd_prompt, main
from ntmm.runner.options import RunOptions
from ntmm.tools.session import DebugSession

PROGRAMS = Path(__file__).parents[2] / "programs" / "bin"
HELLO = {folder: str(PROGRAMS / folder / "hello.exe") for folder in ("x86", "x64")}
MACHINES = pytest.mark.parametrize(("folder", "architecture"), [("x86", "x86"), ("x86", "pae"), ("x64", "x64")])


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


X86_SESSION = """\
Stopped: ntmmrt!NtmmProcessStart, pc ADDRESS, thread c of process 8
kd> bp kernel32!WriteFile
Number  Cid  Address   Hits  Name
     0    8  ADDRESS     0  kernel32!WriteFile
kd> g
Breakpoint 0 hit: kernel32!WriteFile, pc ADDRESS, thread c of process 8
kd> bl
Number  Cid  Address   Hits  Name
     0    8  ADDRESS     1  kernel32!WriteFile
kd> bc *
kd> da 0
kd> g
Hello from a 32-bit Windows program.
The program has ended with exit status 0x0
kd> !process 0
Cid  Peb       ParentCid  DirBase   HandleCount  Image      State
  8  ADDRESS          4  ADDRESS            0  hello.exe  ended with 0x0
"""


def test_is_the_whole_session_of_a_script_written(capsys: pytest.CaptureFixture[str]) -> None:
    script = "bp kernel32!WriteFile; g; bl; bc *; da 0; g; !process 0; q; g"
    assert main(["kd", "--script", script, HELLO["x86"]]) == 1
    seen = capsys.readouterr()
    assert re.sub(r"\b[0-9a-f]{8}\b", "ADDRESS", seen.out.replace("\r\n", "\n")) == X86_SESSION
    assert seen.err == "no page at 00000000 is in RAM: its entry says Zero\n"


@MACHINES
def test_does_json_hold_the_same_rows_and_nothing_else(
    folder: str, architecture: str, capsys: pytest.CaptureFixture[str]
) -> None:
    script = "bp fault; g; !pte 1000; bc *; bp nosuch; lm; g"
    assert main(["kd", "--json", "--arch", architecture, "--script", script, HELLO[folder], "word"]) == 1
    seen = capsys.readouterr()
    answers: list[dict[str, Any]] = [json.loads(line) for line in seen.out.splitlines()]
    assert [answer["command"] for answer in answers] == ["", *script.split("; ")]
    first, _, fault, _, _, wrong, modules, end = answers
    assert first["rows"][0]["reason"] == "break in"
    assert (fault["rows"][0]["reason"], fault["rows"][0]["entry"]) == ("page fault", "Zero")
    assert wrong == {"command": "bp nosuch", "error": "no loaded module has a function 'nosuch'"}
    assert "C:\\hello.exe" in {module["path"].replace("/", "\\") for module in modules["rows"]} or modules["rows"]
    assert (end["rows"][0]["reason"], end["rows"][0]["exit_status"]) == ("ended", 0)
    assert "argument 1: word" in seen.err


def test_are_the_commands_of_a_file_carried_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "look.txt"
    script.write_text("* a comment; g\nbp kernel32!WriteFile\n\ng; r\nq\nnonsense\n")
    assert main(["kd", "--script", str(script), HELLO["x64"]]) == 0
    seen = capsys.readouterr()
    commands = [line for line in seen.out.splitlines() if line.startswith("kd> ")]
    assert commands == ["kd> bp kernel32!WriteFile", "kd> g", "kd> r"]
    assert "rip=" in seen.out and seen.err == ""


def test_are_commands_read_from_standard_input_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"g\n")))
    assert main(["kd", HELLO["x86"]]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "The program has ended with exit status 0x0"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nosuch.exe"], "ntmm: cannot open program 'nosuch.exe': no such file or directory"),
        (["--ram", "1x", HELLO["x86"]], "ntmm: invalid value for '--ram'"),
        (["--arch", "pae", HELLO["x64"]], f"ntmm: {HELLO['x64']!r} is a 64-bit program, which cannot run on a machine"),
        (["--and", HELLO["x86"]], "ntmm: --and stands between two programs: there is none before it"),
    ],
)
def test_is_what_cannot_be_started_told_in_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["kd", "--script", "g", *arguments]) == 2
    seen = capsys.readouterr()
    assert seen.out == "" and seen.err.startswith(sentence) and seen.err.count("\n") == 1


def options(output: io.BytesIO) -> RunOptions:
    return RunOptions(program=Path(HELLO["x86"]), standard_output=output, standard_input=io.BytesIO())


def test_does_the_prompt_take_commands_go_on_after_mistakes_and_remember(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = io.BytesIO()
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        keys.send_text("frobnicate\r")
        keys.send_text("half a line\x03")
        keys.send_text("lm\r")
        keys.send_text("t\r\r\r")  # an empty line repeats the last one
        keys.send_text("g\rq\r")
        assert kd_prompt.run(options(output), json=False) == 0
    seen = capsys.readouterr()
    assert seen.err == "there is no command 'frobnicate': .help lists them\n"
    lines = seen.out.splitlines()
    assert lines[0].startswith("Stopped: ") and lines[1].startswith("start ")
    assert sum(line.startswith("Stepped: ") for line in lines) == 3
    assert lines[-1] == "The program has ended with exit status 0x0"
    assert output.getvalue().startswith(b"Hello")
    history = (tmp_path / "state" / "ntmm" / "kd_history").read_text()
    assert [line[1:] for line in history.splitlines() if line.startswith("+")] == ["frobnicate", "lm", "t", "g", "q"]


def test_does_the_prompt_offer_commands_and_functions() -> None:
    with DebugSession(options(io.BytesIO())) as session:
        found = kd_prompt._Completer(session).get_completions(Document("lm; bp SetEndOf"), CompleteEvent())
        assert [(one.text, one.start_position) for one in found] == [("kernel32!SetEndOfFile", -8)]


def test_does_the_end_of_input_leave_the_prompt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))  # where no history can be kept
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        keys.send_text("\x04")
        assert kd_prompt.run(options(io.BytesIO()), json=False) == 0


ENDLESS = "int main(void) { for (volatile int i = 0;; i++) { } }"


def test_does_a_script_end_at_the_time_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "endless.c").write_text(ENDLESS)
    assert main(["kd", "--time-limit", "1", "--script", "g; r", "endless.c"]) == 124
    seen = capsys.readouterr()
    assert seen.out.splitlines()[-2:-1] == ["kd> g"]
    assert seen.out.splitlines()[-1].startswith("Stopped: ")  # where the program was by then depends on the host
    assert seen.err == "ntmm: the time limit was reached before the commands were done (--time-limit)\n"


def test_does_ctrl_c_break_into_the_program(tmp_path: Path) -> None:
    (tmp_path / "endless.c").write_text(ENDLESS)
    command = [sys.executable, "-m", "ntmm", "kd", "--script", "g; r", "endless.c"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline(), process.stdout.readline()]
        time.sleep(0.3)  # the program runs in another process, whose clock is the host's
        process.send_signal(signal.SIGINT)
        lines += process.stdout.readlines()
        assert process.wait(30) == 130
    assert lines[1] == "kd> g\n" and lines[-1].startswith("Stopped: endless!main")
