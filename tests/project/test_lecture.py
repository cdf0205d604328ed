"""Can everything that the page for teachers says be run and seen as it says?"""

import io
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ntmm.cli import main

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (?P<subject>[^|]+) \| `(?P<command>(?:ntmm|python) [^`]+)` \| (?P<look>[^|]+) \|$")
PAGE = (ROOT / "docs" / "lecture.md").read_text(encoding="utf-8")
ROWS = [found for line in PAGE.splitlines() if (found := ROW.match(line))]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample programs: what runs may write files beside them."""
    folder = tmp_path_factory.mktemp("lecture") / "programs"
    shutil.copytree(ROOT / "programs", folder)
    return folder


SILENT = "nothing is printed"


ABSENT = re.compile(r"and no (\w)\b")
"""A letter among the bits of an entry that must not be there."""


def outcome(command: str, capture: pytest.CaptureFixture[bytes]) -> tuple[int, str]:
    """Exit code, and what was written to both streams."""
    name, *words = shlex.split(command)
    if name == "python":
        run = subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=60, check=False)
        return run.returncode, run.stdout + run.stderr
    code = main(words)
    written = capture.readouterr()
    return code, (written.out + written.err).decode("cp1252").replace("\r\n", "\n")


def missing_words(look: str, text: str) -> list[str]:
    """What the last column names and the output lacks."""
    if look == SILENT:
        return [text] if text else []
    bits = re.findall(r" ([-A-Z]{10,}) ", text)
    if (letter := ABSENT.search(look)) and not (bits and all(letter[1] not in each for each in bits)):
        return [f"entries without {letter[1]}"]
    return [word for word in re.findall(r"`([^`]+)`", look) if word.lower() not in text.lower()]


def test_does_every_row_name_a_command_and_words_to_look_for() -> None:
    tables = [line for line in PAGE.splitlines() if line.startswith("| ")]
    heads = [line for line in tables if line.startswith(("| subject", "| ---"))]
    assert len(ROWS) == len(tables) - len(heads)
    assert len(ROWS) > 80
    assert all("`" in row["look"] or row["look"] == SILENT for row in ROWS)


def test_does_every_command_show_what_the_page_says(
    programs: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(programs)
    seen: dict[str, tuple[int, str]] = {}
    problems = []
    for row in ROWS:
        command = row["command"]
        if command not in seen:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
            seen[command] = outcome(command, capfdbinary)
        code, text = seen[command]
        if code or (missing := missing_words(row["look"], text)):
            problems.append(f"{command}\n  exit code {code}, not seen: {missing if not code else text[-300:]}")
    assert not problems, "\n".join(problems)
