"""What can be refused before a machine is built, each with one sentence."""

import difflib
import os
import stat
from pathlib import Path

from ntmm.kernel.se import PRIVILEGES, Accounts
from ntmm.nt.profile import AUTO
from ntmm.nt.versions import RELEASES
from ntmm.runner.errors import UserError
from ntmm.runner.options import ArchitectureChoice, RunOptions
from ntmm.runner.text import printable


def check_privilege(name: str) -> None:
    """Raises UserError for a name that is not one of a privilege."""
    if name not in PRIVILEGES:
        close = difflib.get_close_matches(name, PRIVILEGES, 1, 0.3)
        hint = f": did you mean {close[0]}?" if close else ""
        raise UserError(f"{printable(name)!r} is not the name of a privilege{hint} (--grant)")


def check_options(options: RunOptions) -> None:
    """Raises UserError where the machine, a program, a file to write or the overlay cannot be had."""
    _check_machine(options)
    for name in options.granted:
        check_privilege(name)
    for line in options.programs:
        _check_program(line.program)
        _check_user(line.user)
    if options.events is not None:
        _check_writable(options.events, "events")
    if options.timeline is not None:
        _check_writable(options.timeline, "a time line")
        _check_apart(options.events, options.timeline)
    if options.overlay is not None:
        _check_folder(options.overlay)


def _check_machine(options: RunOptions) -> None:
    """There is a machine for 32-bit programs or one for 64-bit programs; which it is, the program decides later."""
    if options.architecture == ArchitectureChoice.IA64:
        raise UserError("no program runs on ia64, which has no processor here: use ntmm info or the Python interface")
    try:
        options.profile(ArchitectureChoice.PAE)
    except UserError as error:
        try:
            options.profile(ArchitectureChoice.X64)
        except UserError as other:
            raise (error if _is_for_32_bits(options) else other) from None


def _is_for_32_bits(options: RunOptions) -> bool:
    boot = options.system.boot
    if boot.three_gb or boot.pae or boot.no_pae:
        return True
    return options.windows != AUTO and (str(options.windows), "x64") not in RELEASES


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


def _check_user(name: str) -> None:
    try:
        if name:
            Accounts().user(name)
    except ValueError as error:
        raise UserError(str(error)) from error


def _check_apart(events: Path | None, timeline: Path) -> None:
    if events is not None and os.path.realpath(events) == os.path.realpath(timeline):
        raise UserError(f"events and time line cannot both be written to {str(timeline)!r}")


def _check_writable(path: Path, content: str) -> None:
    """The file need not exist; its folder must."""
    what = f"cannot write {content} to {str(path)!r}"
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
