"""Are the changelog's fragments such that a release can be made of them?"""

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SETTINGS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["towncrier"]
KINDS = {kind["directory"] for kind in SETTINGS["type"]}


def fragments() -> list[Path]:
    return [path for path in (ROOT / SETTINGS["directory"]).iterdir() if path.name != "README.md"]


def test_is_every_fragment_named_for_its_kind() -> None:
    """`+what-it-is-about.added.md`: the plus says that no tracker number belongs to it."""
    for path in fragments():
        name, kind, suffix = path.name.rsplit(".", 2)
        assert name.startswith("+"), path.name
        assert (kind in KINDS, suffix) == (True, "md"), path.name


def test_is_every_fragment_one_paragraph() -> None:
    for path in fragments():
        text = path.read_text(encoding="utf-8")
        assert text.endswith(".\n"), path.name
        assert "\n\n" not in text, path.name


def test_has_the_changelog_a_place_for_them() -> None:
    assert SETTINGS["start_string"] in (ROOT / SETTINGS["filename"]).read_text(encoding="utf-8")
