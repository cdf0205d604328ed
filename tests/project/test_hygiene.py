"""Is the repository free of what belongs to one machine or to nobody?"""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "ntmm"
TEXT_SUFFIXES = {"", ".c", ".cfg", ".h", ".json", ".lock", ".md", ".py", ".toml", ".txt", ".yaml", ".yml"}
SMALL_ROOM_LIMIT = 350
"""Lines a source file may have before it is questioned; the exceptions below say why."""

LONG_FILES: dict[str, str] = {
    "kernel/mm/pfn/database.py": "every transition of a page stands where its invariants can be seen together",
    "kernel/mm/tables/page_tables.py": "every walk of one set of tables, with what it may find on its way",
    "kernel/io/volume.py": "one drive: every way from a name to an open file goes through the same few checks",
    "nt/status.py": "one list: every status code, and what Win32 makes of it",
}
"""Longer files, each with its reason."""

# Written in parts, so that this file does not find itself.
MACHINE_PATH = re.compile(r"(?<![\w.\]>])/(?:home/\w|root/|Users/\w|work/|tmp/\w)")
REGISTRY_HOST = re.compile("(?:index-" + r"url|regis" + r"try\.npm|py" + r"pi\.org/simple|files\.python" + "hosted)")


def repository_files() -> list[Path]:
    """What is or will be committed; a copy without git has no such list."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    answer = subprocess.run(command, capture_output=True, check=False)
    if answer.returncode:
        pytest.skip("not a git checkout")
    return [path for name in answer.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def text_files() -> Iterator[tuple[str, str]]:
    for path in repository_files():
        if path.suffix in TEXT_SUFFIXES and path != Path(__file__):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY_HOST])
def test_does_no_file_name_one_machine(pattern: re.Pattern[str]) -> None:
    assert not [f"{name}: {match.group()}" for name, text in text_files() for match in [pattern.search(text)] if match]


def test_does_every_package_say_what_it_holds() -> None:
    missing = []
    for folder in {path.parent for path in SOURCE.rglob("*.py")}:
        room = folder / "__init__.py"
        if not room.is_file() or not ast.get_docstring(ast.parse(room.read_text(encoding="utf-8"))):
            missing.append(str(folder.relative_to(ROOT)))
    assert not missing


def test_is_no_room_a_dump() -> None:
    names = {path.stem for path in SOURCE.rglob("*.py")} | {path.name for path in SOURCE.rglob("*") if path.is_dir()}
    assert not names & {"utils", "util", "helpers", "helper", "misc", "common"}


def test_does_every_long_file_have_a_reason() -> None:
    long = set()
    for path in SOURCE.rglob("*.py"):
        with path.open(encoding="utf-8") as lines:
            if sum(1 for _ in lines) > SMALL_ROOM_LIMIT:
                long.add(str(path.relative_to(SOURCE)))
    assert long == LONG_FILES.keys()


def test_are_programs_of_others_kept_out() -> None:
    assert not [path for path in repository_files() if path.name.lower().startswith("7z")]
