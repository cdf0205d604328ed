"""Does Ruff, 25 MB of Rust from its wheels, check and format sources as its own build for the host does?"""

import subprocess
from pathlib import Path

import pytest

from tests.external.conftest import WINDOWS
from tests.external.registries import program
from tests.runs.running import Finished, run

pytestmark = [pytest.mark.external, pytest.mark.parametrize("platform", WINDOWS)]

HOST = "manylinux2014_x86_64"
SOURCE = """\
import os, sys
from typing import List
def f( x:List[int] ):
    try: return [ y for y in x if y == None ]
    except: pass
class A : pass
print('a' 'b'   , f"{ 1 }" )
"""
ALONE = ("--isolated", "--no-cache")


@pytest.fixture(autouse=True)
def sources(own_folder: Path) -> None:
    """One file with things to say about, and one of this project's own."""
    (own_folder / "source.py").write_bytes(SOURCE.encode())
    (own_folder / "clean.py").write_bytes(Path(__file__).read_bytes())


def on_host(ruff: dict[str, Path], *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(program(ruff[HOST], "ruff")), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def on_machine(ruff: dict[str, Path], platform: str, *words: str) -> Finished:
    return run(program(ruff[platform], "ruff.exe"), *words, ram=256 << 20)


def test_does_it_find_what_it_finds_on_the_host(ruff: dict[str, Path], platform: str) -> None:
    words = ["check", *ALONE, "--select", "ALL", "--output-format", "concise", "source.py", "clean.py"]
    expected = on_host(ruff, *words)
    finished = on_machine(ruff, platform, *words)
    assert (finished.report.exit_status, finished.output) == (expected.returncode, expected.stdout)
    assert finished.report.unexplained_faults == 0


def test_does_it_format_as_on_the_host(ruff: dict[str, Path], platform: str, own_folder: Path) -> None:
    finished = on_machine(ruff, platform, "format", *ALONE, "source.py")
    ours = (own_folder / "source.py").read_bytes()
    assert finished.report.exit_status == 0, finished.error
    (own_folder / "source.py").write_bytes(SOURCE.encode())
    on_host(ruff, "format", *ALONE, "source.py")
    assert ours == (own_folder / "source.py").read_bytes()
