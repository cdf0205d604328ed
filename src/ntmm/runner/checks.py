"""What can be refused before a machine is built, each with one sentence."""

import os
import stat
from pathlib import Path
from typing import Final

from ntmm.runner.errors import UserError
from ntmm.runner.options import RunOptions, profile_for

_ROOMIEST: Final = "x64"
"""What "auto" may become at best; the program's own architecture is asked when it is known."""


def check_options(options: RunOptions) -> None:
    """Raises UserError where the machine, the program, the events file or the overlay cannot be had."""
    profile_for(options.architecture, options.ram, default=_ROOMIEST)
    _check_program(options.program)
    if options.events is not None:
        _check_writable(options.events)
    if options.overlay is not None:
        _check_folder(options.overlay)


def _check_program(program: Path) -> None:
    try:
        mode = program.stat().st_mode
    except (OSError, ValueError) as error:
        raise UserError(f"cannot open program {str(program)!r}: {reason(error)}") from error
    if stat.S_ISDIR(mode):
        raise UserError(f"{str(program)!r} is a directory, not a program")
    if not stat.S_ISREG(mode):
        raise UserError(f"{str(program)!r} is not a regular file")
    if not os.access(program, os.R_OK):
        raise UserError(f"cannot open program {str(program)!r}: permission denied")


def _check_writable(path: Path) -> None:
    """The file need not exist; its folder must."""
    what = f"cannot write events to {str(path)!r}"
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise UserError(f"{what}: is a directory")
    if not target.parent.is_dir():
        raise UserError(f"{what}: no such folder")
    # A regular file is written beside its place first, a device or pipe directly.
    place = target if target.exists() and not target.is_file() else target.parent
    if not os.access(place, os.W_OK) or (target.exists() and not os.access(target, os.W_OK)):
        raise UserError(f"{what}: permission denied")


def _check_folder(overlay: Path) -> None:
    """The folder is made when it is missing; what stands above it must be a writable folder."""
    what = f"cannot use {str(overlay)!r} as overlay"
    if overlay.exists() and not overlay.is_dir():
        raise UserError(f"{what}: not a directory")
    nearest = next(folder for folder in (overlay.absolute(), *overlay.absolute().parents) if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise UserError(f"{what}: permission denied")


def reason(error: OSError | ValueError) -> str:
    """Why the host refused, in lower case and without numbers."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text[:1].lower() + text[1:]
