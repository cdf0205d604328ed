"""Does ninja from its wheels read a build as its own build for the host does?"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.external.conftest import WINDOWS
from tests.external.registries import program
from tests.runs.running import Finished, run, sample

pytestmark = [pytest.mark.external, pytest.mark.parametrize("platform", WINDOWS)]

BUILD = """\
cflags = -O2
rule cc
  command = cc $cflags -c $in -o $out
  description = CC $out
  depfile = $out.d
rule link
  command = cc $in -o $out
  pool = link
pool link
  depth = 1
build gen.h: cc gen.in
build a.o: cc a.c
build b.o: cc b.c | gen.h
  cflags = -O0 -g
build prog: link a.o b.o
build all: phony prog
default all
"""
HOST = "manylinux2014_x86_64"


@pytest.fixture(autouse=True)
def build(own_folder: Path) -> None:
    """A small project, of which two sources are newer than what was made of them."""
    (own_folder / "build.ninja").write_text(BUILD)
    for number, name in enumerate(["gen.h", "a.o", "b.o", "prog", "gen.in", "a.c", "b.c"]):
        (own_folder / name).touch()
        os.utime(own_folder / name, (1_000_000_000 + number, 1_000_000_000 + number))


def on_host(ninja: dict[str, Path], *arguments: str) -> str:
    command = [str(program(ninja[HOST], "ninja")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def on_machine(ninja: dict[str, Path], platform: str, *arguments: str) -> Finished:
    finished = run(program(ninja[platform], "ninja.exe"), *arguments)
    assert finished.report.exit_status == 0, finished.output + finished.error
    return finished


@pytest.mark.parametrize("words", ["-n", "-n -v", "-t targets all", "-t commands all", "-t query prog", "-t rules"])
def test_does_it_say_what_it_says_on_the_host(ninja: dict[str, Path], platform: str, words: str) -> None:
    assert on_machine(ninja, platform, *words.split()).output == on_host(ninja, *words.split())


def test_does_it_clean_what_was_made(ninja: dict[str, Path], platform: str, own_folder: Path) -> None:
    finished = on_machine(ninja, platform, "-t", "clean")
    assert "4 files" in finished.output
    left = {path.name for path in own_folder.iterdir()}
    assert left == {"build.ninja", "gen.in", "a.c", "b.c"}
    assert finished.report.unexplained_faults == 0


def test_does_it_run_commands(ninja: dict[str, Path], platform: str, own_folder: Path) -> None:
    (own_folder / "tool.exe").write_bytes(sample("x86", "hello").read_bytes())
    rule = "rule say\n  command = tool.exe $out\n  description = SAY $out\n"
    (own_folder / "build.ninja").write_text(rule + "".join(f"build part{number}: say\n" for number in range(4)))
    finished = on_machine(ninja, platform, "-j", "2")
    assert all(f"argument 1: part{number}\n" in finished.output for number in range(4)), finished.output
    assert finished.output.count("SAY part") == 4
    assert len(finished.report.processes) == 5


def test_does_it_tell_of_a_command_that_is_not_there(ninja: dict[str, Path], platform: str, own_folder: Path) -> None:
    (own_folder / "build.ninja").write_text("rule nothing\n  command = none.exe\nbuild a: nothing\n")
    finished = run(program(ninja[platform], "ninja.exe"))
    assert finished.report.exit_status == 1
    assert "FAILED: " in finished.output, finished.output + finished.error
