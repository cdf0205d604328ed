"""Is the table of exports what the DLLs are built from?"""

import subprocess
import sys
from pathlib import Path

import pytest

from ntmm.loader.provided import Completeness, ProvidedExport, provided_exports
from ntmm.native.service_table import Service

ROOT = Path(__file__).resolve().parents[2]


def one(dll: str, name: str, **more: object) -> Service:
    return Service(0, dll, name, (), "stdcall", False, lambda call: 0, **more)  # type: ignore[arg-type]


def only(exports: list[ProvidedExport]) -> ProvidedExport:
    (export,) = exports
    return export


def test_is_the_table_current_and_does_each_function_say_what_it_lacks() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "list_exports.py"), "--check"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_does_what_a_service_lacks_make_it_partial() -> None:
    assert only(provided_exports([one("kernel32", "Beep")], "")).completeness is Completeness.COMPLETE
    export = only(provided_exports([one("kernel32", "Beep", lacks="sound")], ""))
    assert (export.completeness, export.lacks) == (Completeness.PARTIAL, "sound")
    export = only(provided_exports([one("kernel32", "Beep", implemented=False)], ""))
    assert export.completeness is Completeness.NOT_IMPLEMENTED


def test_does_guest_code_win_over_a_service() -> None:
    export = only(provided_exports([one("kernel32", "Beep", lacks="sound")], "kernel32 Beep\n"))
    assert (export.is_guest, export.completeness) == (True, Completeness.COMPLETE)


def test_is_a_guest_function_of_one_architecture_read_with_what_it_lacks() -> None:
    both = provided_exports([], "crt _ftol ftol_guest  # x86; lacks: rounding\n")
    assert [export.dll for export in both] == ["msvcrt", "ucrtbase"]
    assert {(export.architecture, export.lacks) for export in both} == {("x86", "rounding")}


def test_is_a_guest_function_that_lacks_everything_not_implemented() -> None:
    export = only(provided_exports([], "kernel32 Beep  # lacks: everything\n"))
    assert export.completeness is Completeness.NOT_IMPLEMENTED


def test_is_a_comment_that_says_neither_refused() -> None:
    with pytest.raises(ValueError, match="no architecture"):
        provided_exports([], "kernel32 Beep  # arm\n")
