"""`ntmm imagecfg`: which images may use addresses above 2 GB."""

import json as json_text
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ntmm.runner.errors import UserError

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Image files, and folders of them.")]
Large = Annotated[
    Path | None, typer.Option("--large", metavar="COPY", help="Write a copy of the one FILE that has the flag.")
]
NotLarge = Annotated[
    Path | None, typer.Option("--not-large", metavar="COPY", help="Write a copy of the one FILE without the flag.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def imagecfg(files: Files, large: Large = None, not_large: NotLarge = None, json: AsJson = False) -> int:
    """Print whether images are large-address-aware, or set that flag on a copy.

    With /3GB such a program has up to 3 GB of addresses, on 64-bit Windows a 32-bit one has 4 GB.
    """
    from ntmm.runner.imagecfg import image_rows, write_copy  # noqa: PLC0415 - as in run_command

    for copy, wanted in ((large, True), (not_large, False)):
        if copy is not None:
            if len(files) != 1 or (large and not_large):
                raise UserError("a copy is made of one FILE, with --large or with --not-large")
            write_copy(files[0], copy, wanted)
            return 0
    rows = list(image_rows(files))
    if json:
        print(json_text.dumps([asdict(row) for row in rows]))
        return 0
    for row in rows:
        kind = f"{row.bits}-bit {'DLL' if row.is_dll else 'program'}"
        flags = ["large address aware"] * row.large_address_aware + ["NX compatible"] * row.nx_compatible
        print(f"{row.path}: {kind}{''.join(', ' + flag for flag in flags)}")
    return 0
