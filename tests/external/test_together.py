"""Do programs of Go, Haskell and Rust, 32 and 64 bit, compete for a machine that is too small for one of them?"""

import shutil
import subprocess
from pathlib import Path

import pytest

from ntmm.nt.profile import PagingFileSize
from ntmm.runner.options import ProgramLine
from tests.external.registries import program
from tests.external.test_shellcheck import SCRIPT
from tests.runs.running import run

pytestmark = pytest.mark.external

MB = 1 << 20
SOURCE = "three.module.js"
BUNDLE = (SOURCE, "--bundle", "--minify", "--outfile=bundle.js")
MINIFY = (SOURCE, "--minify", "--outfile=small.js")
CHECK = ("-f", "gcc", "script.sh")
COUNT = ("-c", "function", SOURCE)
HOST = "manylinux2014_x86_64"


def test_do_all_of_them_end_right(
    esbuild: dict[str, Path],
    shellcheck: dict[str, Path],
    ripgrep: dict[str, Path],
    three: Path,
    own_folder: Path,
) -> None:
    """Together they commit more than 130 MB; the paging file grows under them while they wait for it."""
    shutil.copy(three / "build" / SOURCE, SOURCE)
    Path("script.sh").write_text(SCRIPT)
    finished = run(
        place(esbuild["win32"], "esbuild.exe", "bundle.exe"),
        *BUNDLE,
        ram=24 * MB,
        architecture="x64",
        paging_files=(PagingFileSize(32 * MB, 512 * MB),),
        others=[
            ProgramLine(place(esbuild["win_amd64"], "esbuild.exe", "minify.exe"), MINIFY),
            ProgramLine(place(shellcheck["win_amd64"], "shellcheck.exe", "check.exe"), CHECK),
            ProgramLine(place(ripgrep["win32"], "rg.exe", "count.exe"), COUNT),
        ],
    )
    assert finished.report.unexplained_faults == 0
    assert finished.report.audit_findings == 0
    said = finished.output.splitlines()
    expected = on_host(shellcheck[HOST], "shellcheck", *CHECK) + on_host(ripgrep[HOST], "rg", *COUNT)
    assert sorted(said) == sorted(expected), finished.error
    made = {name: Path(name).read_bytes() for name in ("bundle.js", "small.js")}
    for words in (BUNDLE, MINIFY):
        on_host(esbuild["linux"], "esbuild", *words)
    assert made == {name: Path(name).read_bytes() for name in made}


def place(package: Path, name: str, own: str) -> Path:
    return Path(shutil.copy(program(package, name), own)).absolute()


def on_host(package: Path, name: str, *words: str) -> list[str]:
    command = [str(program(package, name)), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout.splitlines()
