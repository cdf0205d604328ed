"""`ntmm imagecfg`: which images may use addresses above 2 GB, and which opt in to DEP."""

import json as json_text
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ntmm.runner.errors import USER_ERROR_EXIT, UserError
from ntmm.runner.text import printable

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Image files, and folders of them.")]
Large = Annotated[
    Path | None, typer.Option("--large", metavar="COPY", help="Write a copy of the one FILE that has the flag.")
]
NotLarge = Annotated[
    Path | None, typer.Option("--not-large", metavar="COPY", help="Write a copy of the one FILE without the flag.")
]
Nx = Annotated[
    Path | None, typer.Option("--nx", metavar="COPY", help="Write a copy that opts in to DEP (NX compatible).")
]
NotNx = Annotated[Path | None, typer.Option("--not-nx", metavar="COPY", help="Write a copy that does not.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def imagecfg(
    files: Files,
    large: Large = None,
    not_large: NotLarge = None,
    nx: Nx = None,
    not_nx: NotNx = None,
    json: AsJson = False,
) -> int:
    """Print whether images are large-address-aware and NX-compatible, or set such a flag on a copy.

    With /3GB a large-address-aware program has up to 3 GB of addresses, on 64-bit Windows a 32-bit one has 4 GB. With
    /NOEXECUTE=OPTIN an NX-compatible one cannot execute its data.
    """
    from ntmm.pe.flags import with_large_address_aware, with_nx_compatible  # noqa: PLC0415 - as in run_command
    from ntmm.runner.imagecfg import write_copy  # noqa: PLC0415

    changes = (
        (large, partial(with_large_address_aware, wanted=True)),
        (not_large, partial(with_large_address_aware, wanted=False)),
        (nx, partial(with_nx_compatible, wanted=True)),
        (not_nx, partial(with_nx_compatible, wanted=False)),
    )
    copies = [(copy, changed) for copy, changed in changes if copy is not None]
    if not copies:
        return _print_rows(files, json)
    if len(files) != 1 or len(copies) > 1:
        raise UserError("a copy is made of one FILE, with one of --large, --not-large, --nx and --not-nx")
    write_copy(files[0], *copies[0])
    return 0


def _print_rows(files: list[Path], json: bool) -> int:
    """Files that cannot be told are named on standard error; the exit code says so."""
    from ntmm.runner.imagecfg import image_rows  # noqa: PLC0415

    rows, code = [], 0
    for row in image_rows(files):
        if isinstance(row, UserError):
            print(f"ntmm: {printable(row.sentence)}", file=sys.stderr)
            code = USER_ERROR_EXIT
            continue
        rows.append(asdict(row))
        if not json:
            kind = f"{row.bits}-bit {'DLL' if row.is_dll else 'program'}"
            flags = ["large address aware"] * row.large_address_aware + ["NX compatible"] * row.nx_compatible
            print(f"{row.path}: {kind}{''.join(', ' + flag for flag in flags)}")
    if json:
        print(json_text.dumps(rows))
    return code
