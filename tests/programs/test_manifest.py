"""The sample programs are what their sources say: no compiler is needed to know it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = Path(__file__).parents[2] / "programs"
MANIFEST: dict[str, Any] = json.loads((PROGRAMS / "manifest.json").read_text(encoding="utf-8"))
SOURCES = sorted(path.name for pattern in ("*.c", "*.cpp", "*.h") for path in PROGRAMS.glob(pattern))
BUILT = sorted(f"{path.parent.name}/{path.name}" for path in PROGRAMS.glob("bin/*/*.exe"))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", SOURCES)
def test_was_the_source_built_as_it_is_now(name: str) -> None:
    assert sha256(PROGRAMS / name) == MANIFEST["sources"][name], "run `make programs`"


@pytest.mark.parametrize("name", BUILT)
def test_is_the_program_the_one_that_was_built(name: str) -> None:
    assert sha256(PROGRAMS / "bin" / name) == MANIFEST["programs"][name], "run `make programs`"


def test_are_all_sources_and_programs_named_and_no_others() -> None:
    assert sorted(MANIFEST["sources"]) == SOURCES
    assert sorted(MANIFEST["programs"]) == BUILT


def test_is_every_source_built_for_both_architectures_but_where_it_makes_no_sense() -> None:
    stems = {Path(name).stem for name in SOURCES if not name.endswith(".h")}
    assert {Path(name).stem for name in BUILT if name.startswith("x86/")} == stems - {"unwind"}
    assert {Path(name).stem for name in BUILT if name.startswith("x64/")} == stems - {"handlers"}


@pytest.mark.parametrize("name", [name for name in SOURCES if not name.endswith(".h")])
def test_does_the_first_line_say_what_the_program_shows(name: str) -> None:
    first_line = (PROGRAMS / name).read_text(encoding="ascii").splitlines()[0]
    assert first_line.startswith("/* Shows ")
    assert first_line.endswith(". */")


def test_does_it_all_stay_small() -> None:
    assert sum(path.stat().st_size for path in PROGRAMS.rglob("*") if path.is_file()) < 16 << 20
