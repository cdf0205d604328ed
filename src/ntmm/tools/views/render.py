"""Views as text and as JSON. Both show the same rows."""

import json
from collections.abc import Iterator
from typing import Final

from ntmm.tools.render import to_text
from ntmm.tools.rows import Result, Row
from ntmm.tools.views.snapshot import ProcessView, Views

JSON_FORMAT: Final = 1
"""Raised when a key changes its meaning or goes; new keys may come at any time."""

_TITLES: Final = {"mapped": "Mapped files and DLLs", "types": "Memory by type", "regions": "Regions"}


def views_to_json(views: Views) -> str:
    """One object on one line: "format" and "processes"."""
    return json.dumps({"format": JSON_FORMAT, "processes": [view.as_json() for view in views.processes]})


def views_to_text(views: Views, with_regions: bool = False) -> str:
    """The processes one below the other, each with its tables."""
    if not views.processes:
        return "\nNo process was running at that time"
    return "\n".join(part for view in views.processes for part in _parts(view, views, with_regions))


def _parts(view: ProcessView, views: Views, with_regions: bool) -> Iterator[str]:
    yield ""
    yield _text((view.figures,), views)
    for name, rows in view.tables():
        if rows and (with_regions or name != "regions"):
            yield f"\n{_TITLES[name]}"
            yield _text(rows, views)


def _text(rows: tuple[Row, ...], views: Views) -> str:
    return to_text(Result("", rows), views.widths)
