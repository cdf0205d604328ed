"""Does esbuild, a program of Go with its collector of garbage, bundle as its own build for the host does?"""

import subprocess
from pathlib import Path

import pytest

from tests.external.conftest import WINDOWS
from tests.external.registries import program
from tests.runs.running import run

pytestmark = [pytest.mark.external, pytest.mark.parametrize("platform", WINDOWS)]

BUNDLE = ("three.module.js", "--bundle", "--minify", "--sourcemap", "--outfile=bundle.js")
MADE = ("bundle.js", "bundle.js.map")
SOURCE = """\
import { area, Shape } from "./shapes";
enum Colour { Red, Green = 5, Blue }
const square: Shape = { side: 3 };
console.log(area(square), Colour.Blue);
"""
SHAPES = """\
export interface Shape { side: number }
export const area = (shape: Shape): number => shape.side ** 2;
export const unused = () => "never";
"""


def made_on_host(esbuild: dict[str, Path], folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    command = [str(program(esbuild["linux"], "esbuild")), *words]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=60)


def install(esbuild: dict[str, Path], platform: str, folder: Path) -> Path:
    place = folder / "esbuild.exe"
    place.write_bytes(program(esbuild[platform], "esbuild.exe").read_bytes())
    return place


@pytest.mark.parametrize("megabytes", [64, 24])
def test_is_the_bundle_that_of_the_host(
    esbuild: dict[str, Path], three: Path, platform: str, megabytes: int, own_folder: Path
) -> None:
    """With 24 MB it must page: it commits some 60 MB on x64 and 36 MB on 32 bits."""
    (own_folder / BUNDLE[0]).write_bytes((three / "build" / BUNDLE[0]).read_bytes())
    finished = run(install(esbuild, platform, own_folder), *BUNDLE, ram=megabytes << 20)
    assert finished.report.exit_status == 0, finished.error
    ours = {name: (own_folder / name).read_bytes() for name in MADE}
    made_on_host(esbuild, own_folder, *BUNDLE).check_returncode()
    assert ours == {name: (own_folder / name).read_bytes() for name in MADE}
    assert finished.report.unexplained_faults == 0
    assert finished.report.audit_findings == 0


def test_does_it_translate_typescript(esbuild: dict[str, Path], platform: str, own_folder: Path) -> None:
    (own_folder / "main.ts").write_text(SOURCE)
    (own_folder / "shapes.ts").write_text(SHAPES)
    words = ("main.ts", "--bundle", "--log-level=warning")
    finished = run(install(esbuild, platform, own_folder), *words)
    assert finished.report.exit_status == 0, finished.error
    assert finished.output.encode() == made_on_host(esbuild, own_folder, *words).stdout


def test_does_it_refuse_what_is_not_there(esbuild: dict[str, Path], platform: str, own_folder: Path) -> None:
    (own_folder / "main.ts").write_text(SOURCE)
    finished = run(install(esbuild, platform, own_folder), "main.ts", "--bundle")
    assert finished.report.exit_status == 1
    assert 'Could not resolve "./shapes"' in finished.error
